"""Presentation on a measured screen: P-values to driving levels (DICOM PS3.14).

Equal steps of a P-value shall be equal steps of perceived brightness. Screens set to the
standard display function do that by themselves; for others a table of measured luminances says
which driving level shows what.
"""

import csv
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.errors import SettingsError

LEVELS: Final = 256
_NUMERATOR: Final = (-1.3011877, 8.0242636e-2, 1.3646699e-1, -2.5468404e-2, 1.3635334e-3)
"""a, c, e, g, m of equation 7.1."""
_DENOMINATOR: Final = (1.0, -2.5840191e-2, -1.0320229e-1, 2.8745620e-2, -3.1978977e-3, 1.2992634e-4)
"""1, b, d, f, h, k of equation 7.1."""
JND_MAX: Final = 1023.0


def luminance(jnd: NDArray[Any] | float) -> NDArray[np.float64]:
    """Luminance in cd/m2 of a just-noticeable-difference index (PS3.14 section 7, 1 to 1023)."""
    x = np.log(np.clip(np.asarray(jnd, np.float64), 1.0, JND_MAX))
    top = sum(a * x**power for power, a in enumerate(_NUMERATOR))
    bottom = sum(a * x**power for power, a in enumerate(_DENOMINATOR))
    result: NDArray[np.float64] = np.power(10.0, top / bottom)
    return result


def jnd_index(cd_per_m2: NDArray[Any] | float) -> NDArray[np.float64]:
    """Index of a luminance, the inverse of `luminance`; clipped to the curve's ends."""
    indices = np.linspace(1.0, JND_MAX, 8 * 1023)
    return np.interp(np.asarray(cd_per_m2, np.float64), luminance(indices), indices)


def driving_levels(measured: NDArray[Any]) -> NDArray[np.uint8]:
    """Driving level for each of 256 P-values.

    Parameters
    ----------
    measured
        ``(n, 2)``: driving level (0 to 255) and its luminance in cd/m2, ambient light included;
        both rise from row to row. Between rows the luminance is taken to rise evenly in its
        logarithm.

    Returns
    -------
    ndarray
        ``(256,)`` uint8.
    """
    levels = np.arange(LEVELS, dtype=np.float64)
    shown = np.exp(np.interp(levels, measured[:, 0], np.log(measured[:, 1])))
    perceived = jnd_index(shown)
    wanted = np.linspace(perceived[0], perceived[-1], LEVELS)
    nearest = np.rint(np.interp(wanted, perceived, levels))
    result: NDArray[np.uint8] = nearest.astype(np.uint8)
    return result


def read_calibration(path: Path) -> bytes:
    """The 256 driving levels of `driving_levels` from a CSV file of ``driving level, luminance`` rows.

    A first row that is no number is a heading.

    Raises
    ------
    SettingsError
        The file can't be read or is no such table.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if row]
        if rows and not _is_number(rows[0][0]):
            rows = rows[1:]
        measured = np.array([[float(part) for part in row[:2]] for row in rows], np.float64)
    except (OSError, ValueError) as error:
        raise SettingsError("error.calibration", path=str(path), detail=str(error)) from error
    fits = measured.ndim == 2 and measured.shape[0] >= 2 and measured.shape[1] == 2
    if not fits or not np.isfinite(measured).all() or measured.min() < 0 or measured[0, 1] <= 0:
        raise SettingsError("error.calibration", path=str(path), detail="driving level, cd/m2")
    ends = measured[0, 0] == 0 and measured[-1, 0] == LEVELS - 1
    if not ends or (np.diff(measured, axis=0) <= 0).any():
        raise SettingsError("error.calibration", path=str(path), detail="0 to 255, rising")
    return driving_levels(measured).tobytes()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
