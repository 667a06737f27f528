"""Sound as it should not be, through the real chain: what is right is done, nothing wrong is.

| input | what the program does |
|---|---|
| clipping, shouting | understood or rejected; the meter shows the clipping |
| DC offset, 8 kHz, 48 kHz, stereo, float, 24 bit | as any other sound |
| silence, digital silence, music, a television | nothing |
| a whisper, two people at once | understood or rejected, never another command |
| a truncated file, samples that are no numbers | heard as far as it goes |
| lost sound | said, and listening goes on |
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from surgery_assist.errors import AudioSourceError
from surgery_assist.settings import VoiceSettings, models_dir
from surgery_assist.voice.assembly import load_ears
from surgery_assist.voice.audio import AudioBlock, FileSource, SoundLost
from surgery_assist.voice.events import (
    LevelEvent,
    RejectedEvent,
    UnderstoodEvent,
    VoiceEvent,
    WarningEvent,
)
from surgery_assist.voice.listening import VoiceContext
from surgery_assist.voice.microphone import MicrophoneSource
from surgery_assist.voice.offline import transcribe_file
from surgery_assist.voice.phrases import load_phrases
from surgery_assist.voice.pipeline import Ears
from surgery_assist.voice.service import VoiceService
from tests.helpers.ears import said
from tests.helpers.events import Log
from tests.helpers.speech import VOICES, have_espeak, resampled

PACK = models_dir() / "ro-en-command"
RATE = 16000
COMMANDS = """\
window.preset: [{say: "fereastră osoasă", slots: {preset: bone}}, {say: "fereastră pulmonară", slots: {preset: lung}}]
image.next: ["imaginea următoare"]
image.previous: ["imaginea anterioară"]
rotate: [{say: "rotește la dreapta", slots: {side: right}}, {say: "rotește la stânga", slots: {side: left}}]
layout.set: [{say: "împarte în patru", slots: {rows: 2, columns: 2}}]
invert: ["inversează culorile"]
stop: ["stop"]
"""
Sound = NDArray[np.int16]
pytestmark = pytest.mark.skipif(not have_espeak(), reason="lacks espeak-ng")


@pytest.fixture(scope="module")
def ears(tmp_path_factory: pytest.TempPathFactory) -> Ears:
    phrases = tmp_path_factory.mktemp("phrases") / "ro.yaml"
    phrases.write_text(COMMANDS, "utf-8")
    made = load_ears({"ro": load_phrases(phrases)})
    made.load()
    return made


@cache
def command() -> Sound:
    """ "Bone window" by a robot, over faint noise."""
    return said((0.5, "fereastră osoasă"), length=3.0)


def heard(sound: NDArray[Any], ears: Ears, path: Path, **options: Any) -> list[VoiceEvent]:
    import soundfile

    soundfile.write(path, sound, options.pop("rate", RATE), **options)
    return transcribe_file(path, ears, "ro")


def actions(events: list[VoiceEvent]) -> list[str]:
    return [
        str(event.invocation.arguments.get("preset", event.invocation.command_id))
        for event in events
        if isinstance(event, UnderstoodEvent)
    ]


def rejections(events: list[VoiceEvent]) -> list[RejectedEvent]:
    return [event for event in events if isinstance(event, RejectedEvent)]


def level_at(sound: Sound, factor: float) -> Sound:
    return np.clip(sound * factor, -32768, 32767).astype(np.int16)


@pytest.mark.parametrize(
    "options",
    [
        {"subtype": "FLOAT"},
        {"subtype": "DOUBLE"},
        {"subtype": "PCM_24"},
        {"subtype": "PCM_32"},
        {"subtype": "PCM_U8"},
        {"subtype": "ULAW"},
    ],
    ids=lambda options: options["subtype"],
)
def test_every_kind_of_wav(ears: Ears, tmp_path: Path, options: dict[str, str]) -> None:
    sound = command() / 32768.0
    assert actions(heard(sound, ears, tmp_path / "a.wav", **options)) == ["bone"]


@pytest.mark.parametrize("rate", [8000, 11025, 48000])
@pytest.mark.parametrize("channels", [1, 2, 4])
def test_every_device(ears: Ears, tmp_path: Path, rate: int, channels: int) -> None:
    sound = np.repeat(resampled(command(), rate, was=RATE)[:, None], channels, axis=1)
    assert actions(heard(sound, ears, tmp_path / "a.wav", rate=rate)) == ["bone"]


def test_one_dead_channel(ears: Ears, tmp_path: Path) -> None:
    sound = np.stack((command(), np.zeros_like(command())), axis=1)
    assert actions(heard(sound, ears, tmp_path / "a.wav")) == ["bone"]


@pytest.mark.parametrize("offset", [-9000, 3000])
def test_dc_offset(ears: Ears, tmp_path: Path, offset: int) -> None:
    sound = np.clip(command() // 2 + offset, -32768, 32767).astype(np.int16)
    assert actions(heard(sound, ears, tmp_path / "a.wav")) == ["bone"]


@pytest.mark.parametrize("factor", [4.0, 12.0])
def test_clipping_and_shouting_are_shown(ears: Ears, tmp_path: Path, factor: float) -> None:
    events = heard(level_at(command(), factor), ears, tmp_path / "a.wav")
    assert max(e.clipped for e in events if isinstance(e, LevelEvent)) > 100
    assert actions(events) == ["bone"] or rejections(events)


@pytest.mark.parametrize("factor", [0.05, 0.02])
def test_somebody_far_away(ears: Ears, tmp_path: Path, factor: float) -> None:
    assert actions(heard(level_at(command(), factor), ears, tmp_path / "a.wav")) in (["bone"], [])


def test_silence_of_any_kind_does_nothing(ears: Ears, tmp_path: Path) -> None:
    chance = np.random.default_rng(1)
    for sound in (
        np.zeros(5 * RATE),
        chance.normal(0, 3, 5 * RATE),
        chance.normal(0, 300, 5 * RATE),
    ):
        events = heard(sound.astype(np.int16), ears, tmp_path / "a.wav")
        assert actions(events) == []
        assert rejections(events) == []


def test_music_does_nothing(ears: Ears, tmp_path: Path) -> None:
    """A melody with chords and a beat, loud, for 20 s."""
    moments = np.arange(20 * RATE) / RATE
    sound = np.zeros(len(moments))
    for beat in range(40):
        pitch = 220.0 * 2 ** ([0, 3, 7, 10, 12, 7, 5, 3][beat % 8] / 12)
        part = (moments >= beat / 2) & (moments < beat / 2 + 0.48)
        fade = np.exp(-4 * (moments[part] - beat / 2))
        for overtone in range(1, 6):
            sound[part] += fade * np.sin(2 * np.pi * pitch * overtone * moments[part]) / overtone
        sound[part] += fade**4 * np.random.default_rng(beat).normal(0, 0.5, int(part.sum()))
    events = heard((sound * 5000).astype(np.int16), ears, tmp_path / "a.wav")
    assert actions(events) == []


def test_a_whisper_is_understood_or_rejected(
    ears: Ears, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(VOICES, "ro", "ro+whisper")
    events = heard(said((0.5, "fereastră osoasă"), length=3.0), ears, tmp_path / "a.wav")
    assert actions(events) in (["bone"], [])


@pytest.mark.parametrize("shift", [0.0, 0.3, 0.7])
@pytest.mark.parametrize("decibel", [0.0, -10.0])
def test_two_people_at_once(
    ears: Ears, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shift: float, decibel: float
) -> None:
    """Each says a command: at most one of these two acts, and nothing else."""
    first = command().astype(np.float64)
    monkeypatch.setitem(VOICES, "ro", "ro+f4")
    second = said((0.5 + shift, "imaginea următoare"), length=3.0)
    both = np.clip(first + second * 10 ** (decibel / 20), -32768, 32767).astype(np.int16)
    assert set(actions(heard(both, ears, tmp_path / "a.wav"))) <= {"bone", "image.next"}


def test_a_television_does_nothing(
    ears: Ears, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """News without end, in both languages, with music under it."""
    news = {
        "ro": "vremea va fi frumoasă în cea mai mare parte a țării iar temperaturile vor crește",
        "en-us": "the prime minister said on monday that talks would go on until an agreement",
    }
    for voice, text in news.items():
        monkeypatch.setitem(VOICES, "ro", voice)
        speech = said(*((0.2 + 6.0 * part, text) for part in range(3)), length=19.0)
        hum = 800 * np.sin(2 * np.pi * 330 * np.arange(len(speech)) / RATE)
        events = heard(level_at(speech + hum, 0.4), ears, tmp_path / "a.wav")
        assert actions(events) == [], voice


def test_a_command_in_front_of_a_television(
    ears: Ears, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    near = command().astype(np.float64)
    monkeypatch.setitem(VOICES, "ro", "ro+f2")
    far = said((0.0, "guvernul a anunțat astăzi măsuri noi pentru spitale"), length=3.0)
    events = heard((near + 0.1 * far).astype(np.int16), ears, tmp_path / "a.wav")
    assert actions(events) in (["bone"], [])


def test_a_truncated_file_is_heard_as_far_as_it_goes(ears: Ears, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    sound = np.concatenate((command(), said((0.5, "imaginea următoare"), length=3.0)))
    heard(sound, ears, path)
    path.write_bytes(path.read_bytes()[: 44 + 2 * len(command()) + 4001])
    assert actions(transcribe_file(path, ears, "ro")) == ["bone"]


def test_samples_that_are_no_numbers(ears: Ears, tmp_path: Path) -> None:
    sound = (command() / 32768.0).astype(np.float32)
    sound[100:200], sound[-200:-100] = np.nan, np.inf
    assert actions(heard(sound, ears, tmp_path / "a.wav", subtype="FLOAT")) == ["bone"]


def test_sixteen_bits_stay_the_same(tmp_path: Path) -> None:
    import soundfile

    sound = np.arange(-32768, 32768, 7, dtype=np.int16)
    soundfile.write(tmp_path / "a.wav", sound, RATE)
    with FileSource(tmp_path / "a.wav") as source:
        frames = [frames for frames, _ in source._frames()]
    assert np.array_equal(np.concatenate(frames)[: len(sound)], sound)


class StrainedSource(FileSource):
    """A file that loses sound in its middle, as a microphone does."""

    def blocks(self) -> Iterator[Any]:
        for number, item in enumerate(super().blocks()):
            if number == 20:
                assert isinstance(item, AudioBlock)
                yield SoundLost(item.time)
                continue
            yield item


def test_lost_sound_is_said_and_listening_goes_on(ears: Ears, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    sound = np.concatenate((np.zeros(2 * RATE, np.int16), command()))
    heard(sound, ears, path)
    log = Log()
    with VoiceService(VoiceSettings(), lambda: ears, StrainedSource(path), log) as service:
        service.set_context(VoiceContext("ro", "awake"))
        event = log.wait(UnderstoodEvent)
    assert isinstance(event, UnderstoodEvent)
    assert event.invocation.arguments["preset"] == "bone"
    [warning] = log.of(WarningEvent)
    assert isinstance(warning, WarningEvent)
    assert warning.error.key == "error.sound_lost"
    assert isinstance(warning.error, AudioSourceError)


@pytest.mark.expects_log_warnings
def test_a_microphone_that_is_not_read_in_time_says_what_it_lost() -> None:
    """The queue is full: blocks are dropped and counted, and told at most once in ten seconds."""
    from types import SimpleNamespace

    source = MicrophoneSource("test")
    source._rate = RATE
    source._stream = SimpleNamespace(active=True)
    source._last_heard = 1e12
    quiet = SimpleNamespace(input_overflow=False)
    for _ in range(205):
        source._callback(np.zeros(800, np.int16), 800, None, quiet)
    assert source.overruns == 5
    items = source._blocks_until_lost(0.0)
    source.overruns = 0
    first = [next(items) for _ in range(3)]
    source.overruns = 7
    later = [next(items) for _ in range(5)]
    source.overruns = 9
    last = [next(items) for _ in range(5)]
    assert not any(isinstance(item, SoundLost) for item in first + last)
    assert [isinstance(item, SoundLost) for item in later].count(True) == 1
