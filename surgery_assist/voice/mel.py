"""Log-mel features as Whisper was trained on them (Radford et al. 2022, section 2.2).

25 ms Hann windows every 10 ms, 80 mel bands of Slaney's scale and area, log10, the loudest
80 dB of the clip, scaled to about -1..1.5. Silence fills up to the asked length.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.voice.audio import SAMPLE_RATE, Samples

HOP: Final = 160
WINDOW: Final = 400
MEL_BANDS: Final = 80
_FLOOR: Final = 1e-10
_RANGE: Final = 8.0
"""Decades below the loudest band that are kept."""
_LINEAR_HZ: Final = 200.0 / 3.0
_LOG_FROM_HZ: Final = 1000.0
_LOG_STEP: Final = np.log(6.4) / 27.0


def log_mel(samples: Samples, frames: int, *, bands: int = MEL_BANDS) -> NDArray[np.float32]:
    """Features of the first ``frames`` x 10 ms.

    Parameters
    ----------
    samples
        (n,) int16, 16 kHz.

    Returns
    -------
    NDArray
        (bands, frames) float32.
    """
    sound = np.zeros(frames * HOP, np.float32)
    kept = samples[: len(sound)]
    sound[: len(kept)] = kept / np.float32(32768.0)
    padded = np.pad(sound, WINDOW // 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:frames]
    power = np.abs(np.fft.rfft(windows * _hann(), axis=1)) ** 2
    energies = _filters(bands) @ power.T
    levels = np.log10(np.maximum(energies, _FLOOR))
    levels = np.maximum(levels, levels.max() - _RANGE)
    return np.ascontiguousarray((levels + 4.0) / 4.0, np.float32)


@cache
def _hann() -> NDArray[np.float64]:
    return np.hanning(WINDOW + 1)[:-1]


@cache
def _filters(bands: int) -> NDArray[np.float64]:
    """(bands, bins) triangles of unit area, evenly spaced on Slaney's mel scale."""
    bins = np.linspace(0.0, SAMPLE_RATE / 2.0, WINDOW // 2 + 1)
    edges = _from_mel(np.linspace(0.0, _to_mel(SAMPLE_RATE / 2.0), bands + 2))
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    areas = 2.0 / (edges[2:] - edges[:-2])
    return np.asarray(triangles * areas[:, None], np.float64)


def _to_mel(hertz: float) -> float:
    """Slaney's scale: linear up to 1 kHz, logarithmic above."""
    if hertz < _LOG_FROM_HZ:
        return hertz / _LINEAR_HZ
    return float(_LOG_FROM_HZ / _LINEAR_HZ + np.log(hertz / _LOG_FROM_HZ) / _LOG_STEP)


def _from_mel(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    knee = _LOG_FROM_HZ / _LINEAR_HZ
    above = _LOG_FROM_HZ * np.exp(_LOG_STEP * (np.maximum(mels, knee) - knee))
    return np.where(mels < knee, mels * _LINEAR_HZ, above)
