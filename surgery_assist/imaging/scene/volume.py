"""The volume that is drawn: shared voxels, smaller levels of it, and what is left out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Voxels = NDArray[Any]
BLOCK: Final = 8
"""Edge of the blocks, in voxels, of which it is known whether anything in them can be seen."""


@dataclass(frozen=True)
class SceneVolume:
    """Voxels with their place in space.

    Attributes
    ----------
    values
        ``(slices, rows, columns)``, C-contiguous, stored values; shared, never written to.
    affine
        4 x 4, from ``(column, row, slice)`` of a voxel's centre to LPS, mm.
    slope, intercept
        Modality value (HU for CT) = stored value * slope + intercept.
    """

    values: Voxels
    affine: NDArray[np.float64]
    slope: float = 1.0
    intercept: float = 0.0

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Millimetres from voxel to voxel along columns, rows and slices."""
        lengths = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(lengths[0]), float(lengths[1]), float(lengths[2])

    @property
    def voxels(self) -> int:
        """How many there are."""
        return int(self.values.size)

    def stored(self, value: float) -> float:
        """The stored value of a modality value."""
        return (value - self.intercept) / self.slope

    def modality(self, stored: NDArray[Any]) -> NDArray[np.float64]:
        """Modality values of stored ones."""
        return stored.astype(np.float64) * self.slope + self.intercept

    @cached_property
    def value_range(self) -> tuple[float, float]:
        """1st and 99.9th percentile of the modality values, from every 8th voxel or so."""
        step = max(1, round((self.voxels / 200_000) ** (1 / 3)))
        sample = self.modality(self.values[::step, ::step, ::step].ravel())
        low, high = np.percentile(sample, (1.0, 99.9))
        return float(low), float(max(high, low + 1e-6))

    @property
    def least(self) -> float:
        """The least stored value: air, where something is left out."""
        return self.extremes[0]

    @cached_property
    def extremes(self) -> tuple[float, float]:
        """Least and greatest stored value."""
        return float(self.values.min()), float(self.values.max())


def sampled(volume: SceneVolume, factor: tuple[int, int, int]) -> SceneVolume:
    """Every n-th voxel (slices, rows, columns): at once, but not smooth."""
    z, y, x = factor
    values = np.ascontiguousarray(volume.values[::z, ::y, ::x])
    return _placed(volume, values, factor, (0.0, 0.0, 0.0))


def averaged(
    volume: SceneVolume, factor: tuple[int, int, int], cancelled: Callable[[], bool]
) -> SceneVolume | None:
    """Means of blocks of ``factor`` (slices, rows, columns) voxels; ``None`` when cancelled."""
    z, y, x = factor
    depth, height, width = (n // f for n, f in zip(volume.values.shape, factor, strict=True))
    kind = np.float32 if volume.values.dtype.kind == "f" else np.int32
    values = np.empty((depth, height, width), volume.values.dtype)
    for slab in range(depth):
        if cancelled():
            return None
        total = np.zeros((height, width), kind)
        for k in range(z):
            plane = volume.values[slab * z + k]
            for j in range(y):
                rows = plane[j : height * y : y]
                for i in range(x):
                    total += rows[:, i : width * x : x]
        values[slab] = total / (x * y * z) if kind is np.float32 else total // (x * y * z)
    middle = ((x - 1) / 2, (y - 1) / 2, (z - 1) / 2)
    return _placed(volume, values, factor, middle)


def _placed(
    volume: SceneVolume,
    values: Voxels,
    factor: tuple[int, int, int],
    first: tuple[float, float, float],
) -> SceneVolume:
    z, y, x = factor
    to_full = np.diag([float(x), float(y), float(z), 1.0])
    to_full[:3, 3] = first
    return SceneVolume(values, volume.affine @ to_full, volume.slope, volume.intercept)


def factor_for(volume: SceneVolume, voxels: int) -> tuple[int, int, int]:
    """How much smaller (slices, rows, columns) a volume must be to have so few voxels.

    The finest axis is halved first, so that voxels come nearer to cubes.
    """
    factor = [1, 1, 1]
    spacing = list(volume.spacing[::-1])
    shape = volume.values.shape
    while np.prod([n // f for n, f in zip(shape, factor, strict=True)]) > voxels:
        sizes = [
            s * f if n // (f * 2) >= 2 else np.inf
            for s, f, n in zip(spacing, factor, shape, strict=True)
        ]
        axis = int(np.argmin(sizes))
        if sizes[axis] == np.inf:
            break
        factor[axis] *= 2
    return factor[0], factor[1], factor[2]


@dataclass(frozen=True)
class Blocks:
    """Least and greatest stored value of each block of 8 x 8 x 8 voxels, with its neighbours."""

    low: Voxels
    high: Voxels
    centres: NDArray[np.float64] = field(repr=False)
    """``(blocks, 3)`` LPS, mm, in the order of the raveled ``low``."""
    radius: float
    """From a block's centre to its corner, mm."""

    def seen(self, low: float, high: float) -> NDArray[np.float64]:
        """Centres of the blocks that hold stored values between two limits."""
        wanted = (self.high >= low) & (self.low <= high)
        return self.centres[wanted.ravel()]


def blocks_of(volume: SceneVolume, cancelled: Callable[[], bool]) -> Blocks | None:
    """The blocks of a volume; ``None`` when cancelled."""
    shape = tuple(-(-n // BLOCK) for n in volume.values.shape)
    low = np.empty(shape, volume.values.dtype)
    high = np.empty(shape, volume.values.dtype)
    rows = np.arange(0, volume.values.shape[1], BLOCK)
    columns = np.arange(0, volume.values.shape[2], BLOCK)
    for k in range(shape[0]):
        if cancelled():
            return None
        # One voxel more on each side: what is interpolated between two blocks is in both.
        slab = volume.values[max(0, k * BLOCK - 1) : (k + 1) * BLOCK + 1]
        for target, reduce in ((low, np.minimum), (high, np.maximum)):
            flat = reduce.reduce(slab, axis=0)
            flat = reduce.reduceat(reduce.reduceat(flat, rows, axis=0), columns, axis=1)
            target[k] = flat
    low, high = _widened(low, np.minimum), _widened(high, np.maximum)
    index = np.indices(shape).reshape(3, -1)[::-1].T * float(BLOCK) + (BLOCK - 1) / 2
    centres = index @ volume.affine[:3, :3].T + volume.affine[:3, 3]
    edge = volume.affine[:3, :3] @ np.full(3, (BLOCK + 1) / 2)
    return Blocks(low, high, centres, float(np.abs(edge).max() * np.sqrt(3)))


def _widened(values: Voxels, reduce: np.ufunc) -> Voxels:
    """Rows and columns with their neighbours' extremes."""
    for axis in (1, 2):
        before = np.roll(values, 1, axis)
        after = np.roll(values, -1, axis)
        values = reduce(values, reduce(before, after))
    return values
