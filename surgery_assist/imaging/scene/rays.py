"""The rays of one tile of a picture on their way into the volume."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.scene.frame import Shot
from surgery_assist.imaging.scene.presets import Light
from surgery_assist.imaging.scene.resample import Region
from surgery_assist.imaging.scene.tables import Tables

OPAQUE: Final = 0.03
"""Light left below which a ray has ended."""
FAINT: Final = 1.0 / 2048
"""Opacity that is not worth its shading."""
FLAT: Final = 1e-3
"""Slope below which there is no surface to be lit."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of the picture that is made at one go, pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def part(self) -> tuple[slice, slice]:
        """Its rows and columns in the picture."""
        return (
            slice(self.top, self.top + self.height),
            slice(self.left, self.left + self.width),
        )

    def region(self, first: int, layers: int, way: float) -> Region:
        """The box behind it."""
        return Region(self.left, self.top, self.width, self.height, first, layers, way)


@dataclass(frozen=True, slots=True)
class Slope:
    """Over how many pixels and layers, each way, the slope of the values is taken.

    Finer than a voxel it would show the seams of linear interpolation and not the anatomy.
    """

    pixels: int
    layers: int


class Rays:
    """What the rays of a tile have met so far. Colours are multiplied by their opacity.

    ``near`` and ``far`` say between which depths (mm behind the focus) the cuts let each ray see.
    """

    def __init__(self, shot: Shot, tile: Tile) -> None:
        self._tile = tile
        self._pixel = shot.mm_per_pixel
        self._near, self._far = between_cuts(shot, tile)
        count = tile.width * tile.height
        self._left = np.ones(count, np.float32)
        self._colour = np.zeros((count, 3), np.float32)
        self._depth = np.full(count, np.nan, np.float32)

    def reach(self, near: float, far: float) -> bool:
        """Whether the cuts let any ray see something in these depths."""
        return bool(((self._near < far) & (self._far >= near)).any())

    def hidden(self, depths: NDArray[np.float32]) -> NDArray[np.bool_]:
        """``(depths, height, width)``: where the cuts have taken the volume away."""
        where = depths[:, None]
        cut = (where < self._near[None]) | (where > self._far[None])
        return cut.reshape(len(depths), self._tile.height, self._tile.width)

    @property
    def ended(self) -> bool:
        """No light is left in any ray."""
        return bool((self._left < OPAQUE).all())

    def lay(
        self,
        box: NDArray[Any],
        region: Region,
        shown: NDArray[np.bool_] | None,
        *,
        tables: Tables,
        light: Light,
        slope: Slope,
    ) -> None:
        """Lay the layers of a region behind what the rays have met.

        Parameters
        ----------
        box
            Stored values of the region, grown by ``slope``.
        shown
            Where the region may be seen; ``None`` everywhere.
        """
        low, high = tables.visible
        pixels, layers = slope.pixels, slope.layers
        inner = box[layers:-layers, pixels:-pixels, pixels:-pixels]
        seen = (inner >= low) & (inner <= high)
        if shown is not None:
            seen &= shown
        line, plane = box.shape[2], box.shape[1] * box.shape[2]
        flat = box.reshape(-1)
        width = region.width
        for k, depth in enumerate(region.depths):
            rays = np.flatnonzero(seen[k])
            keep = self._left[rays] >= OPAQUE
            keep &= (self._near[rays] <= depth) & (self._far[rays] >= depth)
            rays = rays[keep]
            at = (k + layers) * plane + (rays // width + pixels) * line + rays % width + pixels
            places = tables.places(flat[at])
            worth = tables.opacity[places] > FAINT
            if not worth.any():
                continue
            if not worth.all():
                rays, at, places = rays[worth], at[worth], places[worth]
            ways = (
                (slope.pixels, slope.pixels * self._pixel),
                (slope.pixels * line, slope.pixels * self._pixel),
                (slope.layers * plane, slope.layers * region.way),
            )
            facing = _facing(flat, at, ways)
            lit = tables.colour[places] * (light.ambient + light.diffuse * facing)[:, None]
            lit += (light.specular * facing ** np.float32(light.power))[:, None]
            self._meet(rays, depth, np.minimum(lit, 1.0), tables.opacity[places])

    def _meet(
        self,
        rays: NDArray[np.int64],
        depth: np.float32,
        lit: NDArray[np.float32],
        opacity: NDArray[np.float32],
    ) -> None:
        before = self._left[rays]
        self._colour[rays] += lit * (before * opacity)[:, None]
        after = before * (1.0 - opacity)
        self._left[rays] = after
        self._depth[rays[(before >= 0.5) & (after < 0.5)]] = depth

    def put(
        self,
        colour: NDArray[np.float32],
        left: NDArray[np.float32],
        depth: NDArray[np.float32],
    ) -> None:
        """Write the tile into the picture."""
        tile = self._tile
        colour[tile.part] = self._colour.reshape(tile.height, tile.width, 3)
        left[tile.part] = self._left.reshape(tile.height, tile.width)
        depth[tile.part] = self._depth.reshape(tile.height, tile.width)


def between_cuts(shot: Shot, tile: Tile) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Depths (mm behind the focus) between which the cuts leave something, for each pixel.

    A cut is a half-space ``n . (p - q) >= 0``; along a ray that is one limit on the depth.
    """
    corner, pixel = shot.corner, shot.mm_per_pixel
    right = corner[0] + (tile.left + np.arange(tile.width)) * pixel
    down = corner[1] + (tile.top + np.arange(tile.height)) * pixel
    near = np.full((tile.height, tile.width), -np.inf)
    far = np.full((tile.height, tile.width), np.inf)
    for cut in shot.cuts:
        a, b, c = np.asarray(cut.normal) @ shot.axes
        offset = float(np.dot(cut.normal, np.asarray(cut.point) - np.asarray(shot.focus)))
        rest = offset - a * right[None, :] - b * down[:, None]
        if abs(c) < 1e-9:
            near[rest > 0] = np.inf
        elif c > 0:
            near = np.maximum(near, rest / c)
        else:
            far = np.minimum(far, rest / c)
    return near.ravel().astype(np.float32), far.ravel().astype(np.float32)


def _facing(
    flat: NDArray[Any], at: NDArray[np.int64], ways: tuple[tuple[int, float], ...]
) -> NDArray[np.float32]:
    """How squarely the surface at each voxel faces the eye, 0 to 1: the lamp is at the eye.

    Where nothing slopes there is no surface: such voxels are lit as if they faced the eye.
    """
    slopes = [
        (flat[at + step].astype(np.float32) - flat[at - step]) / np.float32(mm) for step, mm in ways
    ]
    size = np.sqrt(sum((slope * slope for slope in slopes), np.zeros(len(at), np.float32)))
    facing = np.abs(slopes[2]) / np.maximum(size, FLAT)
    result: NDArray[np.float32] = np.where(size > FLAT, facing, 1.0).astype(np.float32)
    return result
