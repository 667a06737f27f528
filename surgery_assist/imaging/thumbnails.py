"""Small pictures for the study list."""

from dataclasses import replace
from typing import Final

import numpy as np

from surgery_assist.imaging.pixels import FramePixels
from surgery_assist.imaging.render import Rgb32, shown_window, to_rgb32

LONGEST_SIDE: Final = 128
_FINER: Final = 3
"""Samples averaged per small pixel in each direction, at most."""


def thumbnail(pixels: FramePixels, aspect: float = 1.0, longest: int = LONGEST_SIDE) -> Rgb32:
    """A picture of at most ``longest`` pixels a side, with square pixels.

    Parameters
    ----------
    pixels
        The frame, drawn through its own window.
    aspect
        Height of a pixel over its width.
    longest
        Of the sides.
    """
    rows, columns = pixels.values.shape[:2]
    height, width = rows * aspect, float(columns)
    scale = longest / max(height, width)
    small = (max(1, round(height * scale)), max(1, round(width * scale)))
    window = None if pixels.colour else shown_window(pixels)
    fine_rows = _samples(rows, small[0])
    fine_columns = _samples(columns, small[1])
    part = pixels.values[fine_rows][:, fine_columns]
    drawn = to_rgb32(replace(pixels, values=np.ascontiguousarray(part)), window)
    blocks = drawn.view(np.uint8).reshape(small[0], _FINER, small[1], _FINER, 4)
    mean = blocks.mean(axis=(1, 3), dtype=np.float32)
    result: Rgb32 = np.ascontiguousarray(np.rint(mean).astype(np.uint8)).view(np.uint32)[:, :, 0]
    return result


def _samples(length: int, small: int) -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
    """Indices of ``_FINER`` samples for each small pixel."""
    places = (np.arange(small * _FINER) + 0.5) * length / (small * _FINER)
    return np.minimum(places.astype(np.intp), length - 1)
