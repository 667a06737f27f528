"""The level meter tells the truth, and speech is told from silence and hum."""

import numpy as np
import pytest

from surgery_assist.voice.audio import SAMPLE_RATE, AudioBlock, Conditioner
from surgery_assist.voice.events import LevelEvent
from surgery_assist.voice.vad import VoiceActivity
from tests.helpers.speech import ESPEAK_RATE, have_espeak, resampled, speech, tone

SEED = 7


def noise(seconds: float, dbfs: float) -> np.ndarray:
    rng = np.random.default_rng(SEED)
    level = 32768 * 10 ** (dbfs / 20)
    return np.asarray(rng.normal(0, level, round(seconds * SAMPLE_RATE)), np.int16)


def judged(samples: np.ndarray) -> tuple[VoiceActivity, list[LevelEvent], list[bool]]:
    activity = VoiceActivity()
    events, speaking = [], []
    for block in Conditioner(SAMPLE_RATE).feed(samples.astype(np.int16)):
        event = activity.feed(block)
        if event is not None:
            events.append(event)
        speaking.append(activity.speaking)
    return activity, events, speaking


def test_the_meter_reads_dbfs_ten_times_a_second() -> None:
    _, events, _ = judged(tone(2.0, rate=SAMPLE_RATE, level=0.1))
    assert 18 <= len(events) <= 21
    assert events[-1].dbfs == pytest.approx(-23.0, abs=0.3)


def test_silence_and_steady_noise_are_no_speech() -> None:
    for sound in (np.zeros(3 * SAMPLE_RATE), noise(3.0, -30.0)):
        _, _, speaking = judged(sound)
        assert not any(speaking[22:])


@pytest.mark.skipif(not have_espeak(), reason="lacks espeak-ng")
@pytest.mark.parametrize("language", ["ro", "en"])
@pytest.mark.parametrize("floor", [-75.0, -45.0])
def test_speech_is_found_in_its_place(language: str, floor: float) -> None:
    text = {"ro": "fereastră pulmonară", "en": "lung window"}[language]
    said = resampled(speech(text, language), SAMPLE_RATE, was=ESPEAK_RATE)
    loud = np.flatnonzero(np.abs(said) > 800)
    said = said[loud[0] : loud[-1]]
    sound = noise(3.0 + len(said) / SAMPLE_RATE, floor)
    sound[2 * SAMPLE_RATE : 2 * SAMPLE_RATE + len(said)] += said
    activity, events, speaking = judged(sound)
    moments = [index * 0.05 for index, flag in enumerate(speaking) if flag and index > 25]
    assert moments[0] == pytest.approx(2.0, abs=0.15)
    assert activity.last_voiced == pytest.approx(2.0 + len(said) / SAMPLE_RATE, abs=0.15)
    assert not activity.speaking
    assert max(event.snr_db for event in events) > 15.0


def test_clipping_is_reported() -> None:
    activity = VoiceActivity()
    block = AudioBlock(np.zeros(1600, np.int16), 0.0, clipped=5)
    event = activity.feed(block)
    assert event is not None
    assert event.clipped == 5


def test_the_noise_floor_is_found() -> None:
    _, events, _ = judged(noise(8.0, -40.0))
    assert events[-1].floor_dbfs == pytest.approx(-40.0, abs=3.0)
