"""Points in the depth of a volume: what the eye sees at a pixel, by the same curves."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.scene.frame import Shot
from surgery_assist.imaging.scene.presets import Look
from surgery_assist.imaging.scene.resample import Region, Resampler
from surgery_assist.imaging.scene.volume import SceneVolume
from surgery_assist.model.units import Vector

STEP_MM: Final = 0.25
LEAST: Final = 0.02
"""Light that a ray must lose to have met anything."""


def pick(volume: SceneVolume, shot: Shot, look: Look, place: tuple[float, float]) -> Vector | None:
    """The point (LPS, mm) of the surface at a place of the picture (fractions of its size).

    ``None`` where the ray meets nothing that can be seen. The cuts of the shot count.
    """
    corner = shot.corner
    right = corner[0] + (place[0] * shot.width - 0.5) * shot.mm_per_pixel
    down = corner[1] + (place[1] * shot.height - 0.5) * shot.mm_per_pixel
    size = np.array(volume.values.shape[::-1]) - 1
    ends = np.array([[x, y, z] for x in (0, size[0]) for y in (0, size[1]) for z in (0, size[2])])
    depths = shot.to_screen(ends @ volume.affine[:3, :3].T + volume.affine[:3, 3])[:, 2]
    first, last = int(np.floor(depths.min() / STEP_MM)), int(np.ceil(depths.max() / STEP_MM))
    along = np.arange(first, last + 1)
    box = Resampler(volume, linear=True).box(shot, _ray(shot, place, first, len(along)))
    points = (
        np.asarray(shot.focus)
        + shot.axes[:, 0] * right
        + shot.axes[:, 1] * down
        + np.outer(along * STEP_MM, shot.axes[:, 2])
    )
    opacity = look.opacity_at(volume.modality(box.reshape(-1)), STEP_MM)
    shown = np.ones(len(along), bool)
    for cut in shot.cuts:
        shown &= (points - np.asarray(cut.point)) @ np.asarray(cut.normal) >= 0
    opacity[~shown] = 0.0
    left = np.cumprod(1.0 - opacity)
    if 1.0 - left[-1] < LEAST:
        return None
    # What takes most of the light is what the eye sees: a surface, not the haze before it.
    taken = -np.diff(left, prepend=1.0)
    met = int(np.argmax(np.convolve(taken, np.ones(3), "same")))
    spacing = np.asarray(volume.spacing)
    voxel = float(np.abs(shot.axes[:, 2] @ (volume.affine[:3, :3] / spacing)) @ spacing)
    x, y, z = points[_edge(box.reshape(-1).astype(np.float64), shown, met, voxel)]
    return float(x), float(y), float(z)


def _edge(values: NDArray[np.float64], shown: NDArray[np.bool_], met: int, voxel: float) -> int:
    """The place near ``met`` where the values are half way between both sides of the edge.

    Between two voxels the surface lies there, whatever share of the way the preset shows.
    """
    reach = max(2, round(1.5 * voxel / STEP_MM))
    low, high = max(0, met - reach), min(len(values), met + reach + 1)
    near = values[low:high]
    above = near > (near.min() + near.max()) / 2
    crossings = np.flatnonzero(
        (above[1:] != above[:-1]) & shown[low : high - 1] & shown[low + 1 : high]
    )
    if not len(crossings):
        return met
    return int(crossings[np.argmin(np.abs(crossings + low - met))]) + low


def _ray(shot: Shot, place: tuple[float, float], first: int, layers: int) -> Region:
    column, row = place[0] * shot.width - 0.5, place[1] * shot.height - 0.5
    return Region(column, row, 1, 1, first, layers, STEP_MM)
