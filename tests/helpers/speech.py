"""Sounds for tests: speech by espeak-ng, tones, and WAV files of any rate and number of channels."""

import io
import shutil
import subprocess
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ESPEAK_RATE = 22050
VOICES = {"ro": "ro", "en": "en-us"}


def have_espeak() -> bool:
    """Whether speech can be made here."""
    return shutil.which("espeak-ng") is not None


def speech(text: str, language: str) -> NDArray[np.int16]:
    """A sentence by a robot, (n,), int16, `ESPEAK_RATE`."""
    made = subprocess.run(
        ["espeak-ng", "-v", VOICES[language], "-s", "150", "--stdout", text],
        check=True,
        capture_output=True,
    ).stdout
    with wave.open(io.BytesIO(made)) as file:
        return np.frombuffer(file.readframes(10**8), np.int16)


def tone(
    seconds: float, *, hertz: float = 440.0, rate: int, level: float = 0.3
) -> NDArray[np.int16]:
    """A sine, (n,), int16."""
    moments = np.arange(round(seconds * rate)) / rate
    return np.asarray(level * 32767 * np.sin(2 * np.pi * hertz * moments), np.int16)


def write_wav(
    path: Path, samples: NDArray[np.int16], *, rate: int = ESPEAK_RATE, channels: int = 1
) -> Path:
    """Write samples (n,) to a file, the same in each channel."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(samples, channels).astype("<i2").tobytes())
    return path


def resampled(
    samples: NDArray[np.int16], rate: int, *, was: int = ESPEAK_RATE
) -> NDArray[np.int16]:
    """The same sound at another rate."""
    import soxr

    return np.asarray(soxr.resample(samples, was, rate), np.int16)
