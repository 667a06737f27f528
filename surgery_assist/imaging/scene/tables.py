"""Curves of a look as tables over stored values."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.scene.presets import Look
from surgery_assist.imaging.scene.volume import SceneVolume

SIZE: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Tables:
    """Opacity and colour by stored value, in `SIZE` steps from ``low``.

    ``visible`` are the least and the greatest stored value that can be seen.
    """

    low: float
    per_step: float
    opacity: NDArray[np.float32]
    colour: NDArray[np.float32]
    visible: tuple[float, float]

    @classmethod
    def of(cls, volume: SceneVolume, look: Look, way: float) -> "Tables":
        """Tables for layers that lie ``way`` millimetres apart."""
        kind = volume.values.dtype
        if kind.kind in "iu" and kind.itemsize <= 2:
            low = float(np.iinfo(kind).min)
            high = low + SIZE - 1
        else:
            low, high = volume.extremes
        per_step = max(high - low, 1e-9) / (SIZE - 1)
        values = volume.modality(low + np.arange(SIZE) * per_step)
        ends = sorted(volume.stored(value) for value in look.visible)
        opacity = look.opacity_at(values, way)
        return cls(low, per_step, opacity, look.colour_at(values), (ends[0], ends[1]))

    def places(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Where stored values stand in the tables."""
        if self.per_step == 1.0:
            return values.astype(np.int64) - int(self.low)
        scaled = (values.astype(np.float64) - self.low) / self.per_step
        return np.clip(scaled, 0, SIZE - 1).astype(np.int64)
