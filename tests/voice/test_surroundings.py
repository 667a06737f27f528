"""Loud rooms and far talkers."""

import numpy as np
import pytest

from surgery_assist.voice.events import LevelEvent
from surgery_assist.voice.surroundings import (
    FAR_DB,
    KNOWN_AFTER,
    LOUD_SECONDS,
    QUIET_SECONDS,
    NearTalker,
    NoiseWatch,
    speech_level,
)


def level(time: float, snr: float, floor: float = -60.0) -> LevelEvent:
    return LevelEvent(time, floor + snr, floor, snr, speaking=snr > 0, clipped=0)


def changes(watch: NoiseWatch, *parts: tuple[float, float, float]) -> list[tuple[float, bool]]:
    """Moments at which the room became loud or quiet, over parts of (seconds, SNR, floor)."""
    found, now = [], 0.0
    for seconds, snr, floor in parts:
        for _ in range(round(seconds * 10)):
            now += 0.1
            if watch.feed(level(now, snr, floor)):
                found.append((round(now, 1), watch.loud))
    return found


def test_a_loud_room_is_told_once_and_so_is_the_quiet_after_it() -> None:
    told = changes(NoiseWatch(), (5.0, 25.0, -60.0), (10.0, 5.0, -45.0), (10.0, 20.0, -60.0))
    assert [loud for _, loud in told] == [True, False]
    assert told[0][0] == pytest.approx(5.1 + LOUD_SECONDS, abs=0.11)
    assert told[1][0] == pytest.approx(15.1 + QUIET_SECONDS, abs=0.11)


def test_a_dropped_instrument_is_no_noise() -> None:
    assert changes(NoiseWatch(), (5.0, 25.0, -60.0), (1.0, 3.0, -30.0), (5.0, 25.0, -60.0)) == []


def test_between_loud_and_quiet_nothing_changes() -> None:
    """Hysteresis: at 11 dB a loud room stays loud and a quiet one quiet."""
    assert changes(NoiseWatch(), (20.0, 11.0, -50.0)) == []
    assert len(changes(NoiseWatch(), (5.0, 5.0, -50.0), (20.0, 11.0, -50.0))) == 1


def test_a_floor_that_drowns_any_voice_is_loud_before_anyone_speaks() -> None:
    assert changes(NoiseWatch(), (5.0, 0.0, -25.0))[0][1] is True
    assert changes(NoiseWatch(), (60.0, 0.0, -50.0)) == []


def test_somebody_far_is_refused_once_the_near_talker_is_known() -> None:
    talker = NearTalker()
    assert not talker.is_far(-60.0)
    for _ in range(KNOWN_AFTER):
        talker.understood(-25.0)
    assert not talker.is_far(-25.0 - FAR_DB + 1.0)
    assert talker.is_far(-25.0 - FAR_DB - 3.0)


def test_who_moved_away_is_heard_at_the_second_try() -> None:
    talker = NearTalker()
    for _ in range(KNOWN_AFTER):
        talker.understood(-25.0)
    assert [talker.is_far(-40.0) for _ in range(3)] == [True, False, False]


def test_speech_level_is_that_of_the_louder_parts() -> None:
    tone = 0.1 * np.sin(np.arange(8000) * 0.3) * 32768
    sound = np.concatenate([np.zeros(16000), tone, np.zeros(16000)]).astype(np.int16)
    assert speech_level(sound) == pytest.approx(-23.0, abs=0.2)
    assert speech_level(np.zeros(10, np.int16)) == -90.0
