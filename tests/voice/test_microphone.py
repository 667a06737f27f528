"""A real sound server, heard through PortAudio."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from surgery_assist.errors import AudioSourceError
from surgery_assist.voice import portaudio
from surgery_assist.voice.audio import SAMPLE_RATE, AudioBlock, SourceFound, SourceLost
from surgery_assist.voice.microphone import MicrophoneSource
from tests.helpers.pulse import PulseServer, missing_tools
from tests.helpers.speech import tone, write_wav

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(bool(missing_tools()), reason=f"lacks {missing_tools()}"),
]


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[PulseServer]:
    with PulseServer() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


def collect(source: MicrophoneSource, seconds: float) -> list[AudioBlock]:
    blocks = []
    end = time.monotonic() + seconds
    for item in source.blocks():
        if isinstance(item, AudioBlock):
            blocks.append(item)
        if time.monotonic() > end:
            break
    return blocks


def strongest_hertz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * SAMPLE_RATE / len(samples)


def test_what_is_played_is_heard_at_16_khz(room: PulseServer, tmp_path: Path) -> None:
    played = write_wav(tmp_path / "tone.wav", tone(2.5, hertz=1000.0, rate=44100), rate=44100)
    player = Thread(target=room.play, args=(played,))
    with MicrophoneSource("pulse") as source:
        assert source.name == "pulse"
        player.start()
        blocks = collect(source, 3.5)
    player.join()
    samples = np.concatenate([block.samples for block in blocks])
    loud = samples[np.abs(samples) > 1000]
    assert len(loud) > 1.5 * SAMPLE_RATE * 0.5
    middle = int(np.argmax(np.abs(samples) > 1000)) + SAMPLE_RATE // 2
    heard = strongest_hertz(samples[middle : middle + SAMPLE_RATE // 2])
    assert heard == pytest.approx(1000.0, abs=4.0)
    assert source.overruns == 0


@pytest.mark.parametrize(
    ("goes", "comes"),
    [(PulseServer.kill, PulseServer.start), (PulseServer.pull_out, PulseServer.plug_in)],
    ids=["with its server", "while the server stays"],
)
def test_a_microphone_that_is_pulled_out_is_lost_and_found(
    room: PulseServer,
    goes: Callable[[PulseServer], object],
    comes: Callable[[PulseServer], object],
) -> None:
    seen: list[str] = []
    start = time.monotonic()
    with MicrophoneSource("pulse") as source:
        for item in source.blocks():
            if isinstance(item, AudioBlock) and not seen:
                goes(room)
                seen.append("first sound")
            elif isinstance(item, SourceLost):
                seen.append("lost")
                comes(room)
            elif isinstance(item, SourceFound):
                seen.append("found")
            elif isinstance(item, AudioBlock) and seen[-1] == "found":
                seen.append("sound again")
                break
            assert time.monotonic() - start < 40.0, seen
    assert seen == ["first sound", "lost", "found", "sound again"]


def test_a_telephone_headset_is_heard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """8 kHz, one channel: what Bluetooth headsets give."""
    played = write_wav(tmp_path / "tone.wav", tone(2.0, hertz=1000.0, rate=8000), rate=8000)
    with PulseServer(rate=8000, channels=1) as room:
        for name, value in room.environment.items():
            monkeypatch.setenv(name, value)
        player = Thread(target=room.play, args=(played,))
        with MicrophoneSource("pulse") as source:
            player.start()
            blocks = collect(source, 3.0)
        player.join()
    samples = np.concatenate([block.samples for block in blocks])
    middle = int(np.argmax(np.abs(samples) > 1000)) + SAMPLE_RATE // 2
    heard = strongest_hertz(samples[middle : middle + SAMPLE_RATE // 2])
    assert heard == pytest.approx(1000.0, abs=4.0)


@pytest.mark.usefixtures("room")
def test_blocks_follow_one_another_in_time() -> None:
    with MicrophoneSource("pulse") as source:
        blocks = collect(source, 2.5)
    times = [block.time for block in blocks]
    assert times == sorted(times)
    assert np.allclose(np.diff(times), 0.05)


@pytest.mark.usefixtures("room")
def test_a_microphone_is_chosen_by_number_or_part_of_its_name() -> None:
    portaudio.refresh()
    for device in portaudio.devices("input"):
        assert portaudio.find_microphone(str(device.index)) == device
    assert portaudio.find_microphone("PUL").name == "pulse"
    assert portaudio.find_microphone("").name in {"pulse", "default"}


@pytest.mark.usefixtures("room")
def test_an_unknown_microphone_is_refused_with_the_known_ones() -> None:
    with pytest.raises(AudioSourceError) as refusal, MicrophoneSource("no such thing"):
        pass
    assert refusal.value.key == "error.microphone_unknown"
    assert "pulse" in str(refusal.value.arguments["known"])


def test_without_any_microphone_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    portaudio.refresh()
    if portaudio.devices("input"):
        pytest.skip("this machine has a microphone of its own")
    with pytest.raises(AudioSourceError) as refusal, MicrophoneSource():
        pass
    assert refusal.value.key == "error.no_microphone"
