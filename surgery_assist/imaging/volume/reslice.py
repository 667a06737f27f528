"""Images of any plane and of curves through a volume, by interpolation.

Planes go through `vtkImageReslice`, which uses all cores and lets other Python threads run;
curves, where every row has a direction of its own, through numpy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.volume.build import Volume, Voxels
from surgery_assist.imaging.volume.cut import Cancelled, Slice, Wanted
from surgery_assist.model.curve import walk
from surgery_assist.model.geometry import ImagePlane, cross
from surgery_assist.model.plane import Plane

Interpolation = Literal["linear", "cubic"]
_WORK: Final = 1 << 20
"""Samples between two looks whether the image is still wanted."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How well an image is made: pixels of the frame per sample, and what lies in between."""

    factor: int = 1
    interpolation: Interpolation = "linear"
    depth_factor: float = 1.0
    """Distance of the samples through a slab, in the finest distance of voxels."""


STILL: Final = Quality(1, "cubic")


def flat(
    volume: Volume,
    wanted: Wanted,
    quality: Quality = STILL,
    cancelled: Cancelled = lambda: False,
) -> Slice | None:
    """An image of a flat plane, or ``None`` if it was cancelled."""
    from surgery_assist.imaging.volume import vtk_reslice  # noqa: PLC0415  (start-up time)

    shown, plane, factor = wanted.shown, wanted.plane, quality.factor
    rows, columns = -(-shown.rows // factor), -(-shown.columns // factor)
    samples = slab_samples(volume, plane, quality)
    image = vtk_reslice.as_image(volume.values)
    to_voxels = _to_voxels(volume, wanted, factor)
    reslice = vtk_reslice.reslice_of(image, to_voxels, volume.void, quality.interpolation)
    if volume.values.dtype == np.uint8:
        vtk_reslice.widen(reslice)
    if samples > 1:
        vtk_reslice.set_slab(reslice, plane.projection, samples, plane.thickness / samples)
    values = np.empty((rows, columns), _output_dtype(volume))
    strip = max(1, min(rows, _WORK // (columns * samples)))
    for first in range(0, rows, strip):
        if cancelled():
            return None
        last = min(rows, first + strip)
        values[first:last] = vtk_reslice.rows_of(reslice, first, last, columns)
    _drop_missing(volume, values, wanted, factor)
    return Slice(values, float(factor))


def slab_samples(volume: Volume, plane: Plane, quality: Quality) -> int:
    """How many samples are taken through the slab."""
    finest = min(volume.grid.spacing)
    if plane.thickness <= finest:
        return 1
    return max(1, round(plane.thickness / (finest * quality.depth_factor)))


def _output_dtype(volume: Volume) -> np.dtype[Any]:
    dtype = volume.values.dtype
    return np.dtype(np.int16) if dtype == np.uint8 else dtype


def _to_index(volume: Volume) -> NDArray[np.float64]:
    """3 x 3: millimetres (LPS, from the grid's origin) to column, row, slice."""
    return np.linalg.inv(np.array(volume.grid.steps, np.float64).T).astype(np.float64)


def _to_voxels(volume: Volume, wanted: Wanted, factor: int) -> NDArray[np.float64]:
    """3 x 4: column and row of the image, mm along its normal and 1 to voxel indices."""
    place = plane_of(wanted)
    columns = (
        np.array(place.row_direction) * place.column_spacing * factor,
        np.array(place.column_direction) * place.row_spacing * factor,
        np.array(wanted.plane.normal),
        np.array(place.position) - np.array(volume.grid.origin),
    )
    to_voxels: NDArray[np.float64] = _to_index(volume) @ np.array(columns).T
    return to_voxels


def plane_of(wanted: Wanted) -> ImagePlane:
    """Where a flat image lies."""
    place = wanted.shown.frames[wanted.index].plane
    if place is None:
        raise ValueError("a curved image lies in no plane")
    return place


def _drop_missing(volume: Volume, values: Voxels, wanted: Wanted, factor: int) -> None:
    """Void where the nearest slice has not arrived yet."""
    if volume.complete:
        return
    right, down, _, start = _to_voxels(volume, wanted, factor)[2]
    rows, columns = np.arange(values.shape[0]), np.arange(values.shape[1])
    places = np.rint(start + (rows * down)[:, None] + (columns * right)[None, :]).astype(np.intp)
    there = volume.there[np.clip(places, 0, volume.there.size - 1)]
    values[~there] = volume.void


def curved(
    volume: Volume,
    wanted: Wanted,
    quality: Quality = STILL,
    cancelled: Cancelled = lambda: False,
) -> Slice | None:
    """An image of a curved plane: each row lies across the path, the path runs down."""
    shown, plane = wanted.shown, wanted.plane
    pixel = shown.spacing[1] if shown.spacing is not None else min(volume.grid.spacing)
    points, sideways, depths = _path(plane, pixel)
    factor = quality.factor
    columns = np.arange(0, shown.columns, factor) - (shown.columns - 1) / 2
    depth = (wanted.index - (shown.count - 1) / 2) * pixel
    samples = slab_samples(volume, plane, quality)
    offsets = (np.arange(samples) - (samples - 1) / 2) * (plane.thickness / samples)
    rows = range(0, len(points), factor)
    values = np.empty((len(rows), columns.size), _output_dtype(volume))
    to_index, origin = _to_index(volume), np.array(volume.grid.origin)
    for number, row in enumerate(rows):
        if number % 32 == 0 and cancelled():
            return None
        line = points[row] - origin + (columns * pixel)[:, None] * sideways[row]
        slab = [
            sampled(volume, (line + depths[row] * (depth + offset)) @ to_index.T)
            for offset in offsets
        ]
        values[number] = _gathered(slab, plane, volume, values.dtype)
    return Slice(values, float(factor))


@lru_cache(maxsize=4)
def _path(
    plane: Plane, pixel: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    steps = walk(plane.path, plane.right, pixel)
    depths = [cross(step.right, step.onwards) for step in steps]
    return (
        np.array([step.point for step in steps]),
        np.array([step.right for step in steps]),
        np.array(depths),
    )


def _gathered(
    slab: Sequence[NDArray[np.float32]], plane: Plane, volume: Volume, dtype: np.dtype[Any]
) -> Voxels:
    stacked = np.stack(slab)
    outside = np.isnan(stacked)
    if len(slab) == 1:
        found = stacked[0]
    elif plane.projection == "max":
        found = np.where(outside, -np.inf, stacked).max(0)
    elif plane.projection == "min":
        found = np.where(outside, np.inf, stacked).min(0)
    else:
        found = np.where(outside, 0.0, stacked).sum(0) / np.maximum(1, (~outside).sum(0))
    found = np.where(outside.all(0), np.float32(volume.void), found)
    return found.astype(dtype) if dtype.kind == "f" else np.rint(found).astype(dtype)


def sampled(volume: Volume, indices: NDArray[np.float64]) -> NDArray[np.float32]:
    """Stored values at voxel indices ``(n, 3)`` (column, row, slice), linear; NaN outside."""
    values = volume.values
    last = np.array(values.shape[::-1]) - 1
    inside = ((indices >= -0.5) & (indices <= last + 0.5)).all(1)
    held = np.clip(indices, 0, last)
    low = np.minimum(held.astype(np.intp), np.maximum(last - 1, 0))
    share = (held - low).astype(np.float32)
    high = np.minimum(low + 1, last)
    result = np.zeros(len(indices), np.float32)
    for corner in range(8):
        weight = np.ones(len(indices), np.float32)
        at = []
        for axis in range(3):
            upper = bool(corner >> axis & 1)
            weight *= share[:, axis] if upper else 1.0 - share[:, axis]
            at.append(high[:, axis] if upper else low[:, axis])
        result += weight * values[at[2], at[1], at[0]]
    result[~inside] = np.nan
    return result
