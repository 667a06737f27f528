"""From the slices of a display set to voxels on an even grid.

Even stacks share the frame store's memory; tilted ones too, since tilt is part of their grid.
Uneven ones are resampled once all their slices are there. Where slices are missing nothing is
made up: those voxels are no picture.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.errors import VolumeError
from surgery_assist.imaging.pixels import FramePixels
from surgery_assist.imaging.volumes import VolumeSource
from surgery_assist.model.geometry import added, dot, scaled
from surgery_assist.model.grid import Grid, grid_of, why_no_grid
from surgery_assist.model.study import DisplaySet

Voxels = NDArray[Any]
_WIDEST_STEP: Final = 1.5
"""Neighbours farther apart than this (in steps as they are usual thereabouts) have a slice missing
between them; where steps are wide one after another, slices are thick and none is missing."""
_THEREABOUTS: Final = 2
"""Steps on either side that say what is usual."""
_EXACT: Final = 1e-3


@dataclass(frozen=True)
class Volume:
    """Voxels with their place in space and what they mean.

    Attributes
    ----------
    display_set
        As it was acquired.
    values
        ``(slices, rows, columns)``, C-contiguous, stored values (int16, uint16, uint8 or
        float32). Read only; shared with the frame store unless they had to be resampled.
    grid
        Of ``values``: from their indices to LPS, mm. Its ``places`` are empty.
    slope, intercept
        Modality value (HU for CT) = stored value * slope + intercept.
    void
        Stored value of voxels that are no picture, also of what lies outside.
    padding
        Stored values (lowest, highest) that are no picture; ``void`` is one of them.
    inverted
        MONOCHROME1: the lowest value is white.
    there
        Which slices have arrived, bool ``(slices,)``; slices that have not are 0.
    reduced
        Every n-th row and column only, 1 for all.
    version
        Grows as slices arrive.
    """

    display_set: DisplaySet
    values: Voxels
    grid: Grid
    slope: float = 1.0
    intercept: float = 0.0
    void: float = -32768
    padding: tuple[int, int] | None = None
    inverted: bool = False
    there: NDArray[np.bool_] = field(default_factory=lambda: np.ones(0, bool))
    reduced: int = 1
    version: int = 0

    @property
    def complete(self) -> bool:
        """Whether every slice is there."""
        return bool(self.there.all())

    @property
    def missing(self) -> float:
        """Share of the slices that are not there."""
        return 1.0 - float(self.there.mean()) if self.there.size else 0.0

    @property
    def meaning(self) -> "Volume":
        """The same without its voxels: enough to draw images of it, light to keep."""
        return replace(self, values=np.empty((0, 0, 0), self.values.dtype))

    def pixels(self, values: Voxels) -> FramePixels:
        """An image of this volume's stored values, ready to be drawn."""
        windows = self.display_set.frames[self.display_set.count // 2].windows
        return FramePixels(
            values, self.slope, self.intercept, windows, "LINEAR", None, self.inverted, self.padding
        )


def volume_of(source: VolumeSource) -> Volume | None:
    """The volume of a display set, as far as it is there.

    Returns
    -------
    Volume or None
        ``None`` while slices of an uneven stack are still on their way.

    Raises
    ------
    VolumeError
        The slices make no grid; says why.
    """
    display_set = source.display_set
    grid = grid_of(display_set)
    if grid is None:
        raise VolumeError(why_no_grid(display_set) or "refused.volume_not_stacked")
    if grid.places and not source.settled:
        return None
    step = source.step[1]
    rows, columns = source.values.shape[1:]
    grid = replace(
        grid,
        column_step=scaled(grid.column_step, step),
        row_step=scaled(grid.row_step, step),
        size=(columns, rows, grid.size[2]),
    )
    values, there = source.values, source.loaded.copy()
    slope, intercept = _scale(source)
    if not source.uniform:
        values = _modality(source)
        slope, intercept = 1.0, 0.0
    padding = source.padding if values.dtype.kind != "f" else None
    if grid.places:
        if values.dtype == np.uint8:
            values = values.astype(np.int16)
        void = _void_inside(values[there], padding)
        padding = padding or (int(void), int(void)) if values.dtype.kind != "f" else None
        values, there = _resampled(values, grid, there, void)
        grid = replace(grid, places=())
    else:
        void = _void(values.dtype, padding)
    return Volume(
        display_set,
        values,
        grid,
        slope,
        intercept,
        void,
        padding if values.dtype.kind == "f" or padding is not None else (int(void), int(void)),
        source.inverted,
        there,
        step,
        source.version,
    )


def _scale(source: VolumeSource) -> tuple[float, float]:
    loaded = np.flatnonzero(source.loaded)
    if loaded.size == 0:
        return 1.0, 0.0
    return float(source.slopes[loaded[0]]), float(source.intercepts[loaded[0]])


def _modality(source: VolumeSource) -> Voxels:
    """Modality values of slices that each have a scale of their own (PET), float32."""
    slopes = source.slopes.astype(np.float32)[:, None, None]
    intercepts = source.intercepts.astype(np.float32)[:, None, None]
    values: Voxels = source.values * slopes + intercepts
    return values


def _void(dtype: np.dtype[Any], padding: tuple[int, int] | None) -> float:
    """A stored value that no picture has: the padding, or an end of the range."""
    if dtype.kind == "f":
        return float("nan")
    if padding is not None:
        return padding[0]
    # Images of eight bits, where every value is in use, are cut into ones of sixteen.
    return 65535 if dtype == np.uint16 else -32768


def _void_inside(values: Voxels, padding: tuple[int, int] | None) -> float:
    """A value for gaps: next to the darkest there is, so that interpolation makes no bright rims."""
    if padding is not None or values.size == 0 or values.dtype.kind == "f":
        return _void(values.dtype, padding)
    lowest = int(values.min())
    return max(lowest - 1, int(np.iinfo(values.dtype).min))


def _resampled(
    values: Voxels, grid: Grid, there: NDArray[np.bool_], void: float
) -> tuple[Voxels, NDArray[np.bool_]]:
    """Even slices from uneven ones: linear between neighbours, nothing in a gap."""
    places = np.asarray(grid.places)
    known = np.flatnonzero(there)
    # Of frames at one place the first counts.
    known = known[np.unique(np.round(places[known], 3), return_index=True)[1]]
    slices = grid.size[2]
    even = np.full((slices, *values.shape[1:]), void, values.dtype)
    filled = np.zeros(slices, bool)
    usual = _usual_steps(places[known])
    for k in range(slices if known.size else 0):
        after = int(np.searchsorted(places[known], k - _EXACT))
        before = max(0, after - 1)
        low, high = known[before], known[min(after, known.size - 1)]
        near = low if abs(places[low] - k) < abs(places[high] - k) else high
        widest = _WIDEST_STEP * usual[min(before, usual.size - 1)]
        if (
            places[high] - places[low] < widest
            and places[low] - _EXACT <= k <= places[high] + _EXACT
        ):
            even[k] = _between(values[low], values[high], _share(places, low, high, k))
        elif abs(places[near] - k) <= 0.5 + _EXACT:
            even[k] = values[near]
        else:
            continue
        filled[k] = True
    # What lies in a gap is empty for good, not on its way.
    return even, np.ones(slices, bool) if bool(there.all()) else filled


def _usual_steps(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each step between neighbours, the median of those about it."""
    steps = np.diff(places)
    if steps.size == 0:
        return np.ones(1)
    reach = _THEREABOUTS
    return np.array(
        [np.median(steps[max(0, i - reach) : i + reach + 1]) for i in range(steps.size)]
    )


def _share(places: NDArray[np.float64], low: int, high: int, k: int) -> float:
    way = float(places[high] - places[low])
    return 0.0 if way < _EXACT else (k - float(places[low])) / way


def _between(low: Voxels, high: Voxels, share: float) -> Voxels:
    if share < _EXACT:
        return low
    if share > 1.0 - _EXACT:
        return high
    mixed = low * np.float32(1.0 - share) + high * np.float32(share)
    return mixed if low.dtype.kind == "f" else np.rint(mixed).astype(low.dtype)


def sheared_back(volume: Volume) -> Volume:
    """The same anatomy on a grid of right angles (gantry tilt undone); a copy.

    Slices are shifted by parts of a pixel, linear in between; what comes in at their edges is
    ``void``. A volume that is not sheared comes back as it is.
    """
    grid = volume.grid
    if not grid.sheared:
        return volume
    normal, depth = grid.normal, grid.spacing[2]
    straight = scaled(normal, depth)
    drift = added(grid.slice_step, scaled(straight, -1.0))
    across = dot(drift, grid.column_step) / dot(grid.column_step, grid.column_step)
    down = dot(drift, grid.row_step) / dot(grid.row_step, grid.row_step)
    slices = volume.values.shape[0]
    # Room on both sides for all that the slices are shifted by.
    left, top = min(0.0, across * (slices - 1)), min(0.0, down * (slices - 1))
    columns = grid.size[0] + int(np.ceil(abs(across) * (slices - 1)))
    rows = grid.size[1] + int(np.ceil(abs(down) * (slices - 1)))
    dtype = np.dtype(np.int16) if volume.values.dtype == np.uint8 else volume.values.dtype
    values = np.full((slices, rows, columns), volume.void, dtype)
    for k in range(slices):
        _enter_shifted(
            volume.values[k], values[k], (down * k - top, across * k - left), volume.void
        )
    origin = added(grid.origin, added(scaled(grid.column_step, left), scaled(grid.row_step, top)))
    return replace(
        volume,
        values=values,
        grid=Grid(origin, grid.column_step, grid.row_step, straight, (columns, rows, slices)),
    )


def _enter_shifted(image: Voxels, out: Voxels, offset: tuple[float, float], void: float) -> None:
    """Enter an image so many rows and columns from the corner of a larger one."""
    moved = image.astype(out.dtype, copy=False)
    starts = []
    for axis, way in enumerate(offset):
        start = int(np.floor(way + _EXACT))
        share = way - start
        starts.append(start)
        if share > _EXACT:
            before = np.roll(moved, 1, axis)
            # Half a pixel beyond the edge still belongs to its pixel, what lies farther does not.
            _edge(before, axis)[...] = _edge(moved, axis)
            moved = _between(moved, before, share)
            if share > 0.5:
                _edge(moved, axis)[...] = void
    row, column = starts
    target = out[row : row + image.shape[0], column : column + image.shape[1]]
    target[...] = moved[: target.shape[0], : target.shape[1]]


def _edge(image: Voxels, axis: int) -> Voxels:
    edge: Voxels = image[0] if axis == 0 else image[:, 0]
    return edge
