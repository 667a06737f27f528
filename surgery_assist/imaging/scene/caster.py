"""Ray casting without a graphics card: exact, abortable, and without copies of the volume.

The volume is resampled in small boxes that lie square to the screen (vtkImageReslice), nearest
first, and each layer of a box is laid behind what is there already. Boxes in which nothing can be
seen, or behind opaque ones, are not touched; so the full resolution needs no more memory than
one box, and a new wish is obeyed within milliseconds.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.scene.frame import Picture, Shot
from surgery_assist.imaging.scene.presets import TABLE_SIZE, Look
from surgery_assist.imaging.scene.resample import Resampler
from surgery_assist.imaging.scene.volume import Blocks, SceneVolume

TILE: Final = 96
LAYERS: Final = 16
OPAQUE: Final = 0.03
"""Light left below which a ray has ended."""
FAINT: Final = 1.0 / 512
Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Tables:
    """Opacity and colour by stored value, ``TABLE_SIZE`` steps from ``low``."""

    low: float
    per_step: float
    opacity: NDArray[np.float32]
    colour: NDArray[np.float32]
    visible: tuple[float, float]
    """Least and greatest stored value that can be seen."""

    @classmethod
    def of(cls, volume: SceneVolume, look: Look, step_mm: float) -> "Tables":
        """Tables for layers that lie ``step_mm`` apart."""
        kind = volume.values.dtype
        if kind.kind in "iu" and kind.itemsize <= 2:
            low, high = float(np.iinfo(kind).min), float(np.iinfo(kind).min + TABLE_SIZE - 1)
        else:
            low, high = volume.extremes
        per_step = max(high - low, 1e-9) / (TABLE_SIZE - 1)
        values = volume.modality(low + np.arange(TABLE_SIZE) * per_step)
        ends = sorted(volume.stored(value) for value in look.visible)
        opacity = look.opacity_at(values, step_mm)
        return cls(low, per_step, opacity, look.colour_at(values), (ends[0], ends[1]))

    def places(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Where stored values stand in the tables."""
        if self.per_step == 1.0:
            return values.astype(np.int64) - int(self.low)
        scaled = (values.astype(np.float64) - self.low) / self.per_step
        return np.clip(scaled, 0, TABLE_SIZE - 1).astype(np.int64)


@dataclass(frozen=True, slots=True)
class _Tile:
    """A part of the picture that is made at one go."""

    left: int
    top: int
    width: int
    height: int


class Caster:
    """Takes pictures of one volume.

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
        self, shot: Shot, look: Look, cancelled: Cancelled, step: float = 0.75
    ) -> Picture | None:
        """Surfaces in the light; ``None`` when cancelled.

        Parameters
        ----------
        step
            Way between layers, in voxels.
        """
        way = step * min(self._volume.spacing)
        tables = Tables.of(self._volume, look, way)
        colour = np.zeros((shot.height, shot.width, 3), np.float32)
        left = np.ones((shot.height, shot.width), np.float32)
        depth = np.full((shot.height, shot.width), np.nan, np.float32)
        for tile, slabs in self._work(shot, tables.visible, way):
            if cancelled():
                return None
            rays = _Rays.of(shot, tile)
            for slab in slabs:
                first = slab * LAYERS
                if not rays.reach(first * way, (first + LAYERS) * way):
                    continue
                box = self._voxels.box(
                    shot,
                    tile.left - 1,
                    tile.top - 1,
                    tile.width + 2,
                    tile.height + 2,
                    first - 1,
                    LAYERS + 2,
                    way,
                )
                hidden = None
                if self._mask is not None:
                    hidden = self._mask.box(
                        shot, tile.left, tile.top, tile.width, tile.height, first, LAYERS, way
                    )
                rays.lay(box, hidden, tables, look, first, way, shot.mm_per_pixel)
                if rays.ended or cancelled():
                    break
            rays.put(colour, left, depth, tile)
        return Picture(_rgba(colour, 1.0 - left), depth)

    def brightest(
        self, shot: Shot, window: tuple[float, float], cancelled: Cancelled, step: float = 0.75
    ) -> Picture | None:
        """The greatest value along each ray, through a window (centre, width); ``None`` when
        cancelled."""
        way = step * min(self._volume.spacing)
        ends = sorted((self._volume.stored(window[0] - window[1] / 2), self._volume.stored(np.inf)))
        grey = np.zeros((shot.height, shot.width), np.float32)
        for tile, slabs in self._work(shot, (ends[0], ends[1]), way):
            if cancelled():
                return None
            rays = _Rays.of(shot, tile)
            best = np.full((tile.height, tile.width), -np.inf, np.float32)
            for slab in slabs:
                first = slab * LAYERS
                if not rays.reach(first * way, (first + LAYERS) * way):
                    continue
                box = self._voxels.box(
                    shot, tile.left, tile.top, tile.width, tile.height, first, LAYERS, way
                )
                values = box.astype(np.float32)
                where = (first + np.arange(LAYERS, dtype=np.float32)) * np.float32(way)
                outside = rays.outside(where)
                if self._mask is not None:
                    outside |= (
                        self._mask.box(
                            shot, tile.left, tile.top, tile.width, tile.height, first, LAYERS, way
                        )
                        == 0
                    )
                values[outside] = -np.inf
                np.maximum(best, values.max(axis=0), out=best)
            shown = self._volume.modality(best) if self._volume.slope > 0 else best
            part = np.clip((shown - window[0]) / window[1] + 0.5, 0.0, 1.0)
            grey[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width] = part
        return Picture(_rgba(np.repeat(grey[..., None], 3, axis=2), np.ones_like(grey)))

    def _work(
        self, shot: Shot, visible: tuple[float, float], way: float
    ) -> Iterator[tuple[_Tile, list[int]]]:
        """Tiles with something to be seen, and the numbers of their slabs from near to far."""
        across, down = -(-shot.width // TILE), -(-shot.height // TILE)
        seen = shot.to_screen(self._blocks.seen(*visible))
        if not len(seen):
            return
        corner = np.array([*shot.corner, 0.0])
        size = np.array([TILE * shot.mm_per_pixel, TILE * shot.mm_per_pixel, LAYERS * way])
        radius = self._blocks.radius
        low = np.floor((seen - radius - corner) / size).astype(np.int64)
        high = np.floor((seen + radius - corner) / size).astype(np.int64)
        base = int(low[:, 2].min())
        taken = np.zeros((across, down, int(high[:, 2].max()) - base + 1), bool)
        spread = int((high - low).max()) + 1
        limits = np.array([across, down, taken.shape[2]])
        low[:, 2] -= base
        high[:, 2] -= base
        for offset in np.ndindex(spread, spread, spread):
            place = np.minimum(low + offset, high)
            inside = ((place >= 0) & (place < limits)).all(axis=1)
            taken[tuple(place[inside].T)] = True
        for i, j in sorted(np.ndindex(across, down), key=lambda p: _from_middle(p, across, down)):
            slabs = np.flatnonzero(taken[i, j])
            if len(slabs):
                tile = _Tile(
                    i * TILE,
                    j * TILE,
                    min(TILE, shot.width - i * TILE),
                    min(TILE, shot.height - j * TILE),
                )
                yield tile, [int(slab) + base for slab in slabs]


class _Rays:
    """The rays of one tile on their way into the volume."""

    def __init__(self, near: NDArray[np.float32], far: NDArray[np.float32]) -> None:
        self._near, self._far = near, far
        self._left = np.ones(near.size, np.float32)
        self._colour = np.zeros((near.size, 3), np.float32)
        self._depth = np.full(near.size, np.nan, np.float32)

    @classmethod
    def of(cls, shot: Shot, tile: _Tile) -> "_Rays":
        """Rays between the cuts: where each may begin and must end, mm from the focus."""
        corner = shot.corner
        right = corner[0] + (tile.left + np.arange(tile.width)) * shot.mm_per_pixel
        below = corner[1] + (tile.top + np.arange(tile.height)) * shot.mm_per_pixel
        near = np.full((tile.height, tile.width), -np.inf, np.float32)
        far = np.full((tile.height, tile.width), np.inf, np.float32)
        for cut in shot.cuts:
            a, b, c = np.asarray(cut.normal) @ shot.axes
            d = float(np.dot(cut.normal, np.asarray(cut.point) - np.asarray(shot.focus)))
            rest = d - a * right[None, :] - b * below[:, None]
            if abs(c) < 1e-9:
                near[rest > 0] = np.inf
            elif c > 0:
                np.maximum(near, rest / c, out=near, casting="same_kind")
            else:
                np.minimum(far, rest / c, out=far, casting="same_kind")
        return cls(near.ravel(), far.ravel())

    def reach(self, near: float, far: float) -> bool:
        """Whether any ray is in these depths, mm."""
        return bool(((self._near < far) & (self._far >= near)).any())

    def outside(self, where: NDArray[np.float32]) -> NDArray[np.bool_]:
        """``(depths, rays)`` reshaped to the tile later: where the cuts have taken it away."""
        depths = where[:, None]
        return (depths < self._near[None, :]) | (depths > self._far[None, :])

    @property
    def ended(self) -> bool:
        """No light is left in any ray."""
        return bool((self._left < OPAQUE).all())

    def lay(
        self,
        box: NDArray[Any],
        mask: NDArray[Any] | None,
        tables: Tables,
        look: Look,
        first: int,
        way: float,
        pixel: float,
    ) -> None:
        """Lay the inner layers of a box behind what the rays have met.

        ``box`` has one more voxel on every side, for slopes.
        """
        low, high = tables.visible
        inner = box[1:-1, 1:-1, 1:-1]
        seen = (inner >= low) & (inner <= high)
        if mask is not None:
            seen &= mask != 0
        line, plane = box.shape[2], box.shape[1] * box.shape[2]
        width = inner.shape[2]
        flat = box.reshape(-1)
        for k in range(inner.shape[0]):
            rays = np.flatnonzero(seen[k])
            depth = (first + k) * way
            keep = self._left[rays] >= OPAQUE
            keep &= (self._near[rays] <= depth) & (self._far[rays] >= depth)
            rays = rays[keep]
            if not rays.size:
                continue
            at = (k + 1) * plane + (rays // width + 1) * line + rays % width + 1
            places = tables.places(flat[at])
            opacity = tables.opacity[places]
            some = opacity > FAINT * 0.25
            if not some.all():
                rays, at, places, opacity = rays[some], at[some], places[some], opacity[some]
                if not rays.size:
                    continue
            shade, shine = _light(flat, at, line, plane, pixel, way, look)
            share = self._left[rays] * opacity
            lit = tables.colour[places] * shade[:, None]
            lit += shine[:, None]
            self._colour[rays] += np.minimum(lit, 1.0) * share[:, None]
            before = self._left[rays]
            after = before * (1.0 - opacity)
            self._left[rays] = after
            self._depth[rays[(before >= 0.5) & (after < 0.5)]] = depth

    def put(
        self,
        colour: NDArray[np.float32],
        left: NDArray[np.float32],
        depth: NDArray[np.float32],
        tile: _Tile,
    ) -> None:
        """Write the tile into the picture."""
        part = (
            slice(tile.top, tile.top + tile.height),
            slice(tile.left, tile.left + tile.width),
        )
        colour[part] = self._colour.reshape(tile.height, tile.width, 3)
        left[part] = self._left.reshape(tile.height, tile.width)
        depth[part] = self._depth.reshape(tile.height, tile.width)


def _light(
    flat: NDArray[Any],
    at: NDArray[np.int64],
    line: int,
    plane: int,
    pixel: float,
    way: float,
    look: Look,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Diffuse and specular light at voxels, from the slope of the values (lamp at the eye)."""
    across = (flat[at + 1].astype(np.float32) - flat[at - 1]) / np.float32(pixel)
    down = (flat[at + line].astype(np.float32) - flat[at - line]) / np.float32(pixel)
    away = (flat[at + plane].astype(np.float32) - flat[at - plane]) / np.float32(way)
    size = np.sqrt(across * across + down * down + away * away)
    # Where nothing slopes there is no surface: such voxels are lit as if they faced the eye.
    facing = np.where(size > 1e-3, np.abs(away) / np.maximum(size, 1e-3), 1.0).astype(np.float32)
    light = look.light
    return (
        (light.ambient + light.diffuse * facing).astype(np.float32),
        (light.specular * facing ** np.float32(light.power)).astype(np.float32) * (size > 1e-3),
    )


def _from_middle(place: tuple[int, ...], across: int, down: int) -> float:
    return (place[0] - (across - 1) / 2) ** 2 + (place[1] - (down - 1) / 2) ** 2


def _rgba(colour: NDArray[np.float32], alpha: NDArray[np.float32]) -> NDArray[np.uint8]:
    rgba = np.empty((*alpha.shape, 4), np.uint8)
    rgba[..., :3] = np.clip(colour * 255.0 + 0.5, 0, 255)
    rgba[..., 3] = np.clip(alpha * 255.0 + 0.5, 0, 255)
    return rgba
