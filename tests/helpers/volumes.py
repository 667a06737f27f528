"""Volumes whose pictures are known by arithmetic."""

import numpy as np

from surgery_assist.imaging.scene.frame import Shot
from surgery_assist.imaging.scene.volume import SceneVolume
from surgery_assist.model.volume_view import VIEWS, VolumeCamera

AIR, SOLID = -1000, 1000


def affine(spacing=(1.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0)):
    """Axial: columns to the left, rows to the back, slices to the head."""
    matrix = np.diag([*spacing, 1.0])
    matrix[:3, 3] = origin
    return matrix


def points_of(shape, matrix):
    """LPS of every voxel, ``(slices, rows, columns, 3)``."""
    index = np.indices(shape)[::-1]
    return np.moveaxis(np.tensordot(matrix[:3, :3], index, 1), 0, -1) + matrix[:3, 3]


def sphere(radius=30.0, middle=(40.0, 45.0, 50.0), shape=(100, 90, 80), spacing=(1.0, 1.0, 1.0)):
    """A solid ball in air, its edge smoothed over a voxel so that it lies exactly at the radius."""
    matrix = affine(spacing)
    distance = np.linalg.norm(points_of(shape, matrix) - np.array(middle), axis=-1)
    share = np.clip(radius - distance + 0.5, 0.0, 1.0)
    return SceneVolume((AIR + share * (SOLID - AIR)).astype(np.int16), matrix)


def box(low=(20, 25, 30), high=(60, 65, 70), shape=(100, 90, 80), spacing=(1.0, 1.0, 1.0)):
    """A solid box of voxels ``low`` to ``high`` (columns, rows, slices; inclusive)."""
    values = np.full(shape, AIR, np.int16)
    (x, y, z), (x2, y2, z2) = low, high
    values[z : z2 + 1, y : y2 + 1, x : x2 + 1] = SOLID
    return SceneVolume(values, affine(spacing))


def middle_of(volume):
    """Centre of the volume, LPS."""
    last = np.array(volume.values.shape[::-1]) - 1
    return tuple(volume.affine[:3, :3] @ (last / 2) + volume.affine[:3, 3])


def shot_of(volume, camera: VolumeCamera | str = "front", *, size=120, mm=1.0, cuts=()):
    """A square picture about the volume's middle."""
    camera = VIEWS[camera] if isinstance(camera, str) else camera
    return Shot(size, size, mm, camera, camera.focus or middle_of(volume), cuts)
