"""From the volume of a display set to the one that is drawn."""

import numpy as np

from surgery_assist.errors import VolumeError
from surgery_assist.imaging.scene.volume import SceneVolume
from surgery_assist.imaging.volume.build import Volume, sheared_back, volume_of
from surgery_assist.imaging.volumes import VolumeSource


def scene_volume(source: VolumeSource) -> SceneVolume:
    """The voxels of a source whose slices have all come or failed; shared where they can be.

    Raises
    ------
    VolumeError
        The slices make no volume.
    """
    volume = volume_of(source)
    if volume is None or not volume.there.any():
        raise VolumeError("refused.volume_no_slices")
    return as_scene(sheared_back(volume))


def as_scene(volume: Volume) -> SceneVolume:
    """A volume with a matrix in place of its grid; slices that are missing are empty."""
    grid, values = volume.grid, volume.values
    affine = np.eye(4)
    affine[:3, :3] = np.array(grid.steps).T
    affine[:3, 3] = grid.origin
    if values.dtype.kind == "f" and np.isnan(values).any():
        values = np.nan_to_num(values, nan=float(np.nanmin(values)))
    there = volume.there
    if there.size == len(values) and not there.all():
        values = values.copy()
        values[~there] = values[there].min()
    return SceneVolume(np.ascontiguousarray(values), affine, volume.slope, volume.intercept)
