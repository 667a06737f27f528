"""Ray casting without a graphics card: exact, abortable, and without copies of the volume.

The volume is resampled in small boxes that lie square to the screen, nearest first, and each
layer of a box is laid behind what is there already. Boxes in which nothing can be seen, or behind
opaque ones, are not touched; so the full resolution needs no more memory than one box, and a
new wish is obeyed within milliseconds.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.scene.frame import Picture, Shot
from surgery_assist.imaging.scene.presets import Look
from surgery_assist.imaging.scene.rays import Rays, Slope, Tile
from surgery_assist.imaging.scene.resample import Region, Resampler
from surgery_assist.imaging.scene.tables import Tables
from surgery_assist.imaging.scene.volume import Blocks, SceneVolume

TILE: Final = 128
LAYERS: Final = 24
MOST_SLOPE: Final = 3
FINE: Final = 0.75
"""Way between layers, in voxels."""
Cancelled = Callable[[], bool]


class Caster:
    """Takes pictures of one volume; belongs to one thread.

    Parameters
    ----------
    mask
        What is left out: ``(slices, rows, columns)`` uint8 over the same space, 0 where nothing
        shall be seen; any resolution.
    """

    def __init__(
        self, volume: SceneVolume, blocks: Blocks, mask: SceneVolume | None = None
    ) -> None:
        self._volume = volume
        self._blocks = blocks
        self._voxels = Resampler(volume, linear=True)
        self._mask = None if mask is None else Resampler(mask, linear=False)

    def shaded(
        self, shot: Shot, look: Look, cancelled: Cancelled, step: float = FINE
    ) -> Picture | None:
        """Surfaces in the light; ``None`` when cancelled. ``step`` in voxels, between layers."""
        way = step * min(self._volume.spacing)
        tables = Tables.of(self._volume, look, way)
        slope = self._slope(shot, way)
        colour = np.zeros((shot.height, shot.width, 3), np.float32)
        left = np.ones((shot.height, shot.width), np.float32)
        depth = np.full((shot.height, shot.width), np.nan, np.float32)
        for tile, slabs in self._work(shot, tables.visible, way):
            rays = Rays(shot, tile)
            for region in self._regions(tile, slabs, rays, way):
                if cancelled():
                    return None
                box = self._voxels.box(shot, region.grown(slope.pixels, slope.layers))
                shown = self._shown(shot, region)
                rays.lay(box, region, shown, tables=tables, light=look.light, slope=slope)
                if rays.ended:
                    break
            rays.put(colour, left, depth)
        return Picture(_rgba(colour, 1.0 - left), depth)

    def brightest(
        self,
        shot: Shot,
        window: tuple[float, float],
        cancelled: Cancelled,
        step: float = FINE,
    ) -> Picture | None:
        """The greatest value along each ray; ``None`` when cancelled.

        Parameters
        ----------
        window
            Centre and width of the values that are shown from black to white.
        """
        way = step * min(self._volume.spacing)
        black = self._volume.stored(window[0] - window[1] / 2)
        grey = np.zeros((shot.height, shot.width), np.float32)
        for tile, slabs in self._work(shot, (black, np.inf), way):
            rays = Rays(shot, tile)
            best = np.full((tile.height, tile.width), -np.inf, np.float32)
            for region in self._regions(tile, slabs, rays, way):
                if cancelled():
                    return None
                values = self._voxels.box(shot, region).astype(np.float32)
                values[rays.hidden(region.depths)] = -np.inf
                shown = self._shown(shot, region)
                if shown is not None:
                    values[~shown] = -np.inf
                np.maximum(best, values.max(axis=0), out=best)
            share = (best * self._volume.slope + self._volume.intercept - window[0]) / window[1]
            grey[tile.part] = np.clip(share + 0.5, 0.0, 1.0)
        return Picture(_rgba(np.repeat(grey[..., None], 3, axis=2), np.ones_like(grey)))

    def _slope(self, shot: Shot, way: float) -> Slope:
        voxel = max(self._volume.spacing)
        pixels = round(voxel / shot.mm_per_pixel)
        return Slope(max(1, min(MOST_SLOPE, pixels)), max(1, min(MOST_SLOPE, round(voxel / way))))

    def _shown(self, shot: Shot, region: Region) -> NDArray[np.bool_] | None:
        if self._mask is None:
            return None
        shown: NDArray[np.bool_] = self._mask.box(shot, region) != 0
        return shown

    def _regions(self, tile: Tile, slabs: list[int], rays: Rays, way: float) -> Iterator[Region]:
        """The boxes of a tile from near to far, but those that the cuts take away."""
        for slab in slabs:
            first = slab * LAYERS
            if rays.reach(first * way, (first + LAYERS) * way):
                yield tile.region(first, LAYERS, way)

    def _work(
        self, shot: Shot, visible: tuple[float, float], way: float
    ) -> Iterator[tuple[Tile, list[int]]]:
        """Tiles with something to be seen, and the numbers of their slabs from near to far."""
        taken, base = self._taken(shot, visible, way)
        across, down = taken.shape[:2]

        def from_middle(place: tuple[int, ...]) -> float:
            return float(np.hypot(place[0] - (across - 1) / 2, place[1] - (down - 1) / 2))

        for i, j in sorted(np.ndindex(across, down), key=from_middle):
            slabs = np.flatnonzero(taken[i, j])
            if len(slabs):
                left, top = i * TILE, j * TILE
                width, height = min(TILE, shot.width - left), min(TILE, shot.height - top)
                yield Tile(left, top, width, height), [int(slab) + base for slab in slabs]

    def _taken(
        self, shot: Shot, visible: tuple[float, float], way: float
    ) -> tuple[NDArray[np.bool_], int]:
        """``(tiles across, tiles down, slabs)`` where something lies, and the first slab's number.

        A block is in every box that the cube about it touches.
        """
        across, down = -(-shot.width // TILE), -(-shot.height // TILE)
        seen = shot.to_screen(self._blocks.seen(*visible))
        if not len(seen):
            return np.zeros((across, down, 0), bool), 0
        corner = np.array([*shot.corner, 0.0])
        size = np.array([TILE * shot.mm_per_pixel, TILE * shot.mm_per_pixel, LAYERS * way])
        low = np.floor((seen - self._blocks.radius - corner) / size).astype(np.int64)
        high = np.floor((seen + self._blocks.radius - corner) / size).astype(np.int64)
        base = int(low[:, 2].min())
        taken = np.zeros((across, down, int(high[:, 2].max()) - base + 1), bool)
        limits = np.array(taken.shape)
        low[:, 2] -= base
        high[:, 2] -= base
        for offset in np.ndindex(*((high - low).max(axis=0) + 1)):
            place = np.minimum(low + offset, high)
            inside = ((place >= 0) & (place < limits)).all(axis=1)
            taken[tuple(place[inside].T)] = True
        return taken, base


def _rgba(colour: NDArray[np.float32], alpha: NDArray[np.float32]) -> NDArray[Any]:
    rgba = np.empty((*alpha.shape, 4), np.uint8)
    rgba[..., :3] = np.clip(colour * 255.0 + 0.5, 0, 255)
    rgba[..., 3] = np.clip(alpha * 255.0 + 0.5, 0, 255)
    return rgba
