"""One contiguous block of memory for all slices of a volume."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.pixels import FramePixels, values_dtype
from surgery_assist.imaging.records import PixelLayout
from surgery_assist.model.study import DisplaySet


@dataclass(slots=True)
class Volume:
    """``values`` is ``(slices, rows, columns)`` of stored values, in the display set's order.

    The memory is only claimed from the system as slices are written into it.
    """

    display_set: DisplaySet
    layout: PixelLayout
    values: NDArray[Any] = field(init=False)
    slots: dict[tuple[str, int], int] = field(init=False)
    filled: set[tuple[str, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        frames = self.display_set.frames
        shape = (len(frames), self.display_set.rows, self.display_set.columns)
        self.values = np.empty(shape, values_dtype(self.layout))
        self.slots = {(ref.instance_uid, ref.frame): place for place, ref in enumerate(frames)}

    @staticmethod
    def size_of(display_set: DisplaySet, layout: PixelLayout) -> int:
        """Bytes that a volume takes."""
        pixels = display_set.count * display_set.rows * display_set.columns
        return pixels * values_dtype(layout).itemsize

    @property
    def complete(self) -> bool:
        """Whether every slice is in."""
        return len(self.filled) == len(self.slots)

    def slot(self, key: tuple[str, int]) -> NDArray[Any] | None:
        """Where a frame's values belong."""
        place = self.slots.get(key)
        return None if place is None else self.values[place]

    def holds(self, key: tuple[str, int], values: NDArray[Any]) -> bool:
        """Whether these values are the slot itself and no copy."""
        slot = self.slot(key)
        return slot is not None and bool(np.shares_memory(slot, values))

    def adopted(self, key: tuple[str, int], pixels: FramePixels) -> FramePixels | None:
        """A frame that was loaded before, moved into its slot; ``None`` if it does not fit."""
        slot = self.slot(key)
        if slot is None or slot.shape != pixels.values.shape or slot.dtype != pixels.values.dtype:
            return None
        np.copyto(slot, pixels.values)
        self.filled.add(key)
        return replace(pixels, values=slot)
