"""One contiguous block of memory for all slices of a volume."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.memory import zeroed
from surgery_assist.imaging.pixels import FramePixels, values_dtype
from surgery_assist.imaging.records import PixelLayout
from surgery_assist.model.study import DisplaySet

Key = tuple[str, int]
"""Instance UID and frame: stays true while display sets grow."""
MAX_STEP: Final = 8
"""Coarser than every eighth pixel is no picture."""


class VolumeSource:
    """All slices of a display set in one block, shared by panes, planes and volume rendering.

    Slices arrive one by one in any order; `loaded` says which. Everything here is read only for
    all but the frame store. Modality values (HU) are ``values[k] * slopes[k] + intercepts[k]``.

    Parameters
    ----------
    display_set
        A volume; its order is the order of the slices.
    layout
        Of its first instance.
    step
        Every n-th row and column only, when the whole does not fit the budget.
    """

    def __init__(self, display_set: DisplaySet, layout: PixelLayout, step: int = 1) -> None:
        count = display_set.count
        rows, columns = -(-display_set.rows // step), -(-display_set.columns // step)
        self.display_set = display_set
        self.step = (1, step, step)
        """Of slices, rows and columns: ``(1, 1, 1)``, or larger when reduced."""
        self.values: NDArray[Any] = zeroed((count, rows, columns), values_dtype(layout))
        """``(slices, rows, columns)`` of stored values, C-contiguous; 0 where not loaded."""
        self.slopes = np.ones(count)
        self.intercepts = np.zeros(count)
        self.loaded = np.zeros(count, bool)
        """Which slices are there; only ever turns true."""
        self.failed = np.zeros(count, bool)
        """Which slices can't be decoded."""
        self.padding: tuple[int, int] | None = None
        """Stored values (lowest, highest) that are no picture."""
        self.inverted = False
        """MONOCHROME1."""
        self.version = 0
        """Grows with each slice that arrives."""
        frames = display_set.frames
        self.places = {(ref.instance_uid, ref.frame): place for place, ref in enumerate(frames)}

    @staticmethod
    def size_of(display_set: DisplaySet, layout: PixelLayout) -> int:
        """Bytes that the whole volume takes."""
        pixels = display_set.count * display_set.rows * display_set.columns
        return pixels * values_dtype(layout).itemsize

    @property
    def reduced(self) -> bool:
        """Whether pixels are left out."""
        return self.step != (1, 1, 1)

    @property
    def complete(self) -> bool:
        """Whether every slice is in."""
        return bool(self.loaded.all())

    @property
    def settled(self) -> bool:
        """Whether every slice is in or has failed."""
        return bool((self.loaded | self.failed).all())

    @property
    def uniform(self) -> bool:
        """Whether all loaded slices have one slope and intercept."""
        slopes, intercepts = self.slopes[self.loaded], self.intercepts[self.loaded]
        return bool(np.ptp(slopes) == 0 and np.ptp(intercepts) == 0) if len(slopes) else True

    def slot(self, key: Key) -> NDArray[Any] | None:
        """Where a frame's values may be decoded to."""
        place = self.places.get(key)
        if place is None or self.reduced or self.loaded[place]:
            return None
        slot: NDArray[Any] = self.values[place]
        return slot

    def holds(self, key: Key) -> bool:
        """Whether a frame is here in full, so that it takes no memory of its own."""
        place = self.places.get(key)
        return place is not None and not self.reduced and bool(self.loaded[place])

    def take(self, key: Key, pixels: FramePixels) -> FramePixels:
        """Enter a frame; the same with its values here, or as it was if it does not fit."""
        place = self.places.get(key)
        if place is None:
            return pixels
        slot: NDArray[Any] = self.values[place]
        _, row_step, column_step = self.step
        values = pixels.values[::row_step, ::column_step]
        if slot.shape != values.shape or slot.dtype != values.dtype:
            self.fail(key)
            return pixels
        if not np.shares_memory(slot, values):
            np.copyto(slot, values)
        self.slopes[place], self.intercepts[place] = pixels.slope, pixels.intercept
        self.padding, self.inverted = pixels.padding or self.padding, pixels.inverted
        self.loaded[place] = True
        self.version += 1
        return pixels if self.reduced else replace(pixels, values=slot)

    def fail(self, key: Key) -> None:
        """Note that a slice can't be had."""
        place = self.places.get(key)
        if place is not None:
            self.failed[place] = True
            self.version += 1


def fitting_step(size: int, budget: int) -> int | None:
    """How coarse a volume of ``size`` bytes must be for ``budget``; ``None`` if too coarse.

    A reduced volume takes half the budget, so that whole frames have room beside it.
    """
    if size <= budget:
        return 1
    steps = range(2, MAX_STEP + 1)
    return next((step for step in steps if size / step**2 <= budget / 2), None)
