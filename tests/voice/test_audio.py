"""Files of every kind become 16 kHz mono blocks, and what is wrong is said."""

import time
from pathlib import Path

import numpy as np
import pytest

from surgery_assist.errors import AudioSourceError
from surgery_assist.voice.audio import (
    BLOCK_SAMPLES,
    SAMPLE_RATE,
    AudioBlock,
    Conditioner,
    FileSource,
)
from tests.helpers.speech import tone, write_wav


def heard(path: Path, **options: float) -> list[AudioBlock]:
    with FileSource(path, tail=options.get("tail", 0.0)) as source:
        return [item for item in source.blocks() if isinstance(item, AudioBlock)]


def joined(blocks: list[AudioBlock]) -> np.ndarray:
    return np.concatenate([block.samples for block in blocks])


def strongest_hertz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * SAMPLE_RATE / len(samples)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000, 96000])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_rate_and_channels(tmp_path: Path, rate: int, channels: int) -> None:
    path = write_wav(tmp_path / "a.wav", tone(1.0, rate=rate), rate=rate, channels=channels)
    samples = joined(heard(path))
    assert len(samples) == pytest.approx(SAMPLE_RATE, abs=20)
    assert samples.dtype == np.int16
    assert strongest_hertz(samples) == pytest.approx(440.0, abs=2.0)
    middle = samples[4000:12000]
    assert np.abs(middle).max() == pytest.approx(0.3 * 32767, rel=0.03)


@pytest.mark.parametrize("kind", ["flac", "ogg"])
def test_other_file_formats(tmp_path: Path, kind: str) -> None:
    import soundfile

    path = tmp_path / f"a.{kind}"
    soundfile.write(path, tone(1.0, rate=44100), 44100)
    assert strongest_hertz(joined(heard(path))) == pytest.approx(440.0, abs=2.0)


def test_blocks_are_50_ms_and_follow_one_another(tmp_path: Path) -> None:
    blocks = heard(write_wav(tmp_path / "a.wav", tone(1.01, rate=44100), rate=44100), tail=0.3)
    assert {len(block.samples) for block in blocks[:-1]} == {BLOCK_SAMPLES}
    assert np.allclose([block.time for block in blocks], np.arange(len(blocks)) * 0.05)
    assert blocks[-1].end == pytest.approx(1.31, abs=0.005)


def test_a_truncated_file_is_heard_as_far_as_it_goes(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", tone(2.0, rate=16000), rate=16000)
    path.write_bytes(path.read_bytes()[: 44 + 2 * 16000 + 1])
    assert len(joined(heard(path))) == pytest.approx(16000, abs=2)


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (None, "error.audio_missing"),
        (b"", "error.audio_unreadable"),
        (b"RIFF", "error.audio_unreadable"),
        (b"not a sound, but a text of some length" * 20, "error.audio_unreadable"),
    ],
)
def test_what_is_no_sound_is_refused(tmp_path: Path, content: bytes | None, key: str) -> None:
    path = tmp_path / "a.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AudioSourceError) as refusal, FileSource(path):
        pass
    assert refusal.value.key == key
    assert refusal.value.arguments["path"] == "a.wav"  # never the folder: it may name a patient


def test_digital_silence_becomes_one_bit_of_noise(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", np.zeros(16000, np.int16), rate=16000)
    samples = joined(heard(path))
    assert set(np.unique(samples)) == {-1, 0, 1}
    assert 0.4 < np.mean(samples != 0) < 0.9


def test_a_dc_offset_is_gone_within_a_second() -> None:
    sound = tone(2.0, rate=16000) // 4 + 3000
    samples = joined(Conditioner(16000).feed(sound.astype(np.int16)))
    assert abs(float(samples[16000:].mean())) < 20
    assert np.abs(np.diff(samples.astype(int))).max() < 600  # and without a click


def test_clipped_samples_are_counted() -> None:
    loud = np.clip(tone(0.5, rate=16000).astype(int) * 10, -32768, 32767).astype(np.int16)
    assert sum(block.clipped for block in Conditioner(16000).feed(loud)) > 1000
    quiet = tone(0.5, rate=16000)
    assert sum(block.clipped for block in Conditioner(16000).feed(quiet)) == 0


def test_real_time_takes_its_time(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", tone(0.5, rate=16000), rate=16000)
    begun = time.monotonic()
    with FileSource(path, realtime=True, tail=0.0) as source:
        list(source.blocks())
    assert 0.45 < time.monotonic() - begun < 5.0
