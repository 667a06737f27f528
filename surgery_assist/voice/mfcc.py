"""Kaldi's MFCC in numpy: what the pack's network is fed with, for adapting it to a speaker.

Vosk computes the same inside; nothing of it can be had from outside. Only what Vosk's models use is
here: 25 ms frames every 10 ms, whole frames only, no dither, Povey's window.

References
----------
Kaldi: ``feat/feature-window.cc``, ``feat/mel-computations.cc``, ``feat/feature-mfcc.cc``.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.errors import PackError
from surgery_assist.voice.audio import SAMPLE_RATE, Samples

FRAME_SAMPLES: Final = 400
SHIFT_SAMPLES: Final = 160
_FFT_SAMPLES: Final = 512
_PREEMPHASIS: Final = 0.97
_WINDOW_POWER: Final = 0.85
_LIFTER: Final = 22.0
_LOWEST_POWER: Final = float(np.finfo(np.float32).eps)

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Mfcc:
    """Cepstra with the options of a pack's ``conf/mfcc.conf``.

    Parameters
    ----------
    bands
        Triangular filters on the mel scale.
    coefficients
        Cepstra of a frame.
    low_hertz, high_hertz
        Band of the filters; ``high_hertz`` at or below 0 counts from the Nyquist frequency.
    """

    bands: int = 23
    coefficients: int = 13
    low_hertz: float = 20.0
    high_hertz: float = 0.0

    @classmethod
    def read(cls, path: Path) -> "Mfcc":
        """Options from an ``mfcc.conf``.

        Raises
        ------
        PackError
            The file can't be read, or asks for what Vosk's models never use.
        """
        try:
            lines = path.read_text("utf-8").splitlines()
            pairs = [line.strip().removeprefix("--").split("=", 1) for line in lines if "=" in line]
            options = {name: value.split("#")[0].strip() for name, value in pairs}
            made = cls(
                int(options.get("num-mel-bins", 23)),
                int(options.get("num-ceps", 13)),
                float(options.get("low-freq", 20.0)),
                float(options.get("high-freq", 0.0)),
            )
        except (OSError, ValueError) as error:
            raise PackError("error.model_unreadable", detail=path.name) from error
        if options.get("use-energy", "true") != "false":
            raise PackError("error.model_unreadable", detail=f"{path.name}: use-energy")
        return made

    def __call__(self, samples: Samples) -> FloatArray:
        """Cepstra (frames, coefficients) of samples (n,), int16, 16 kHz."""
        count = max(0, 1 + (len(samples) - FRAME_SAMPLES) // SHIFT_SAMPLES)
        if count == 0:
            return np.zeros((0, self.coefficients), np.float32)
        starts = SHIFT_SAMPLES * np.arange(count)[:, None]
        frames = samples.astype(np.float64)[starts + np.arange(FRAME_SAMPLES)]
        frames -= frames.mean(axis=1, keepdims=True)
        before = np.concatenate((frames[:, :1], frames[:, :-1]), axis=1)
        frames = (frames - _PREEMPHASIS * before) * _window()
        spectrum = np.fft.rfft(frames, _FFT_SAMPLES)[:, :-1]
        power = (spectrum * spectrum.conj()).real
        logs = np.log(np.maximum(power @ self._filters.T, _LOWEST_POWER))
        return np.asarray(logs @ self._cosines.T, np.float32)

    @cached_property
    def _filters(self) -> NDArray[np.float64]:
        """Triangles (bands, FFT bins), of equal width on the mel scale."""
        nyquist = SAMPLE_RATE / 2
        high = self.high_hertz if self.high_hertz > 0 else nyquist + self.high_hertz
        low_mel, high_mel = mel(np.array([self.low_hertz, high]))
        edges = np.linspace(low_mel, high_mel, self.bands + 2)
        bins = mel(np.arange(_FFT_SAMPLES // 2) * SAMPLE_RATE / _FFT_SAMPLES)
        left, centre, right = (edges[i : i + self.bands, None] for i in range(3))
        rising, falling = (bins - left) / (centre - left), (right - bins) / (right - centre)
        filters: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
        return filters

    @cached_property
    def _cosines(self) -> NDArray[np.float64]:
        """Cosine transform with Kaldi's lifter, (coefficients, bands)."""
        order = np.arange(self.coefficients)[:, None]
        angles = np.pi / self.bands * (np.arange(self.bands) + 0.5) * order
        scale = np.where(order == 0, np.sqrt(1 / self.bands), np.sqrt(2 / self.bands))
        lifter = 1.0 + 0.5 * _LIFTER * np.sin(np.pi * order / _LIFTER)
        cosines: NDArray[np.float64] = np.cos(angles) * scale * lifter
        return cosines


def mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kaldi's mel scale."""
    scale: NDArray[np.float64] = 1127.0 * np.log(1.0 + hertz / 700.0)
    return scale


def _window() -> NDArray[np.float64]:
    phase = 2 * np.pi * np.arange(FRAME_SAMPLES) / (FRAME_SAMPLES - 1)
    window: NDArray[np.float64] = (0.5 - 0.5 * np.cos(phase)) ** _WINDOW_POWER
    return window
