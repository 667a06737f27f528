"""Large images at several sizes, so that what is drawn is never much larger than the screen."""

from dataclasses import dataclass, replace
from math import ceil, floor, log2
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.pixels import FramePixels

LARGE_PIXELS: Final = 4 << 20
"""From here on a pyramid is worth its memory: 2048 x 2048."""
_SMALLEST_SIDE: Final = 512
_BLOCK: Final = 256
_STRIP: Final = 256
"""Rows of the finer level that are averaged at a time."""


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of one level; edges are in pixels of the whole frame."""

    pixels: FramePixels
    left: int
    top: int
    width: int
    height: int
    key: tuple[int, int, int, int, int]
    """Level and its first and last blocks: the same key is the same picture."""


class Pyramid:
    """A frame, and its halves down to about 512 pixels, each a mean of two by two.

    Means are of stored values, before any window, so that fine calcifications fade and do not
    flicker. A block that holds padding becomes padding.
    """

    def __init__(self, full: FramePixels) -> None:
        self.full = full
        self._levels = [full.values]
        while min(self._levels[-1].shape[:2]) >= 2 * _SMALLEST_SIDE:
            self._levels.append(halved(self._levels[-1], full.padding))

    @property
    def rows(self) -> int:
        """Of the frame."""
        return int(self.full.values.shape[0])

    @property
    def columns(self) -> int:
        """Of the frame."""
        return int(self.full.values.shape[1])

    @property
    def levels(self) -> int:
        """How many sizes there are; level n is the frame at 1 / 2**n."""
        return len(self._levels)

    @property
    def extra_bytes(self) -> int:
        """Memory beyond the frame itself."""
        return sum(level.nbytes for level in self._levels[1:])

    def level_for(self, scale: float) -> int:
        """The level of which a pixel covers 0.7 to 1.4 device pixels.

        Parameters
        ----------
        scale
            Device pixels per pixel of the frame.
        """
        wanted = round(-log2(scale)) if scale > 0 else self.levels
        return min(max(wanted, 0), self.levels - 1)

    def region(self, level: int, left: float, top: float, right: float, bottom: float) -> Region:
        """The part of a level that covers a rectangle, grown to whole blocks.

        Parameters
        ----------
        level
            From 0 (the frame itself).
        left, top, right, bottom
            In pixels of the frame; may lie outside.
        """
        values = self._levels[level]
        block = _BLOCK << level
        row0, row1 = _blocks(top / block, bottom / block, values.shape[0])
        column0, column1 = _blocks(left / block, right / block, values.shape[1])
        part = values[row0 * _BLOCK : row1 * _BLOCK, column0 * _BLOCK : column1 * _BLOCK]
        return Region(
            replace(self.full, values=part),
            left=column0 * block,
            top=row0 * block,
            width=part.shape[1] << level,
            height=part.shape[0] << level,
            key=(level, row0, column0, row1, column1),
        )


def _blocks(low: float, high: float, length: int) -> tuple[int, int]:
    """First and last (exclusive) block; at least one, even when nothing is visible."""
    count = ceil(length / _BLOCK)
    first = min(max(floor(low), 0), count - 1)
    return first, min(max(ceil(high), first + 1), count)


def halved(values: NDArray[Any], padding: tuple[int, int] | None = None) -> NDArray[Any]:
    """Means of two by two pixels; an odd last row or column is left out.

    Parameters
    ----------
    values
        ``(rows, columns)`` or ``(rows, columns, 3)``.
    padding
        Stored values (lowest, highest) that are no picture.
    """
    rows, columns = values.shape[0] // 2, values.shape[1] // 2
    half = np.empty((rows, columns, *values.shape[2:]), values.dtype)
    is_float = values.dtype.kind == "f"
    for start in range(0, rows, _STRIP):
        stop = min(start + _STRIP, rows)
        strip = values[2 * start : 2 * stop, : 2 * columns]
        quarters = [strip[y::2, x::2] for y in (0, 1) for x in (0, 1)]
        total = quarters[0].astype(np.float32 if is_float else np.int32)
        for quarter in quarters[1:]:
            total += quarter
        half[start:stop] = total / 4 if is_float else (total + 2) // 4
        if padding is not None:
            for quarter in quarters:
                is_padding = (quarter >= padding[0]) & (quarter <= padding[1])
                np.copyto(half[start:stop], quarter, where=is_padding)
    return half
