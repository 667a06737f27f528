"""A colour wash: values of a volume in any plane as half-transparent colours."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.volume.build import Volume
from surgery_assist.imaging.volume.cut import Wanted
from surgery_assist.imaging.volume.reslice import Quality, flat
from surgery_assist.model.plane import Plane
from surgery_assist.model.study import DisplaySet

MOST_PIXELS: Final = 300_000
"""Of a wash; of larger images every n-th pixel is taken."""
SUV_TOP: Final = 8.0
DOSE_FLOOR: Final = 0.1
"""Share of the greatest dose below which nothing is drawn."""
FADE: Final = 0.25
"""Share of the range over which activity fades in."""
_HOT: Final = (
    (0, 0, 0),
    (120, 0, 0),
    (230, 60, 0),
    (255, 170, 0),
    (255, 245, 130),
    (255, 255, 255),
)
_RAINBOW: Final = (
    (0, 30, 255),
    (0, 190, 255),
    (0, 220, 90),
    (255, 235, 0),
    (255, 120, 0),
    (230, 0, 0),
)


@dataclass(frozen=True, slots=True)
class Scale:
    """What the colours mean.

    ``low`` and ``high`` are modality values (Gy, SUV, ...) of the first and last colour; ``fade``
    is the share of the range in which colours appear; ``colours`` is ``(256, 3)`` uint8.
    """

    low: float
    high: float
    unit: str
    fade: float
    colours: NDArray[np.uint8]


def scale_of(volume: Volume) -> Scale:
    """The scale for a volume: dose in a rainbow from a tenth of its maximum, the rest glowing."""
    step = max(1, round((volume.values.size / 100_000) ** (1 / 3)))
    sample = volume.values[::step, ::step, ::step].astype(np.float64)
    sample = sample[np.isfinite(sample) & (sample != volume.void)] * volume.slope + volume.intercept
    unit = volume.display_set.unit
    if not sample.size:
        sample = np.zeros(1)
    if volume.display_set.modality == "RTDOSE":
        top = float(sample.max()) or 1.0
        return Scale(DOSE_FLOOR * top, top, unit, 0.0, _colours(_RAINBOW))
    low, high = (float(part) for part in np.percentile(sample, (50.0, 99.9)))
    if volume.display_set.modality in ("PT", "NM"):
        low = 0.0
        high = SUV_TOP if unit.startswith("SUV") else high
    return Scale(low, max(high, low + 1e-6), unit, FADE, _colours(_HOT))


def _colours(stops: tuple[tuple[int, int, int], ...]) -> NDArray[np.uint8]:
    places = np.linspace(0, 255, len(stops))
    parts = [np.interp(np.arange(256), places, part) for part in zip(*stops, strict=True)]
    return np.asarray(np.rint(np.stack(parts, axis=1)), np.uint8)


def wash(
    volume: Volume,
    scale: Scale,
    image: tuple[DisplaySet, int],
    plane: Plane | None = None,
    *,
    blend: float,
) -> tuple[NDArray[np.uint8], float] | None:
    """The colours of one image.

    Parameters
    ----------
    image
        The display set and the index of the image that is washed over, in the volume's space.
    plane
        Its plane where it is not an acquired one; its slab shows the greatest values.
    blend
        How much the colours cover, 0 to 1.

    Returns
    -------
    tuple or None
        ``(rows, columns, 4)`` RGBA multiplied by alpha, and how many pixels of the image one of
        its pixels is wide; the first lies about the centre of the image's first. ``None`` where the
        image lies in no plane.
    """
    shown, index = image
    place = shown.frames[index].plane
    if place is None:
        return None
    thick = 0.0 if plane is None else plane.thickness
    facing = Plane(
        "acquired", place.row_direction, place.column_direction, place.position, "none", 0.0
    )
    if thick:
        facing = replace(facing, projection="max", slab_mm=thick)
    factor = max(1, int(np.ceil(np.sqrt(shown.rows * shown.columns / MOST_PIXELS))))
    found = flat(volume, Wanted(shown, facing, index), Quality(factor, "linear"))
    if found is None:
        return None
    return _coloured(found.values, volume, scale, blend), float(factor)


def _coloured(
    stored: NDArray[Any], volume: Volume, scale: Scale, blend: float
) -> NDArray[np.uint8]:
    gain = volume.slope / (scale.high - scale.low)
    offset = (volume.intercept - scale.low) / (scale.high - scale.low)
    level = stored.astype(np.float32)
    level *= np.float32(gain * 254)
    level += np.float32(offset * 254 + 1)
    # 0 is clear: what lies below the scale, outside the volume, or is no number.
    level[~(level >= 1) | (stored == volume.void)] = 0
    steps = np.minimum(level, 255).astype(np.uint8)
    return _painted(scale, blend).take(steps, axis=0).view(np.uint8).reshape(*stored.shape, 4)


def _painted(scale: Scale, blend: float) -> NDArray[np.uint32]:
    """RGBA multiplied by alpha of each step, as one number: ``(256,)``."""
    share = np.maximum(np.arange(256) - 1, 0) / 254
    alpha = np.clip(share / scale.fade, 0.0, 1.0) if scale.fade else np.ones(256)
    alpha = alpha * blend
    alpha[0] = 0.0
    rgba = np.empty((256, 4), np.uint8)
    rgba[:, :3] = np.rint(scale.colours[np.rint(share * 255).astype(np.uint8)] * alpha[:, None])
    rgba[:, 3] = np.rint(alpha * 255)
    return rgba.view(np.uint32).ravel()
