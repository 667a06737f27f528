"""Points in the depth of a volume."""

import numpy as np
import pytest

from surgery_assist.imaging.scene.picking import pick
from surgery_assist.imaging.scene.presets import look_of
from surgery_assist.model.volume_view import VIEWS, CutPlane, VolumeView, turned
from tests.helpers.volumes import box, shot_of, sphere

BONE = look_of(VolumeView("bone"), (0.0, 1.0))


@pytest.mark.parametrize("camera", [*VIEWS, turned(VIEWS["left"], "up", 33.0)])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 0.7, 2.5)])
def test_picked_point_lies_on_the_ball_within_a_millimetre(camera, spacing):
    middle = np.array([40.0, 45.0, 50.0])
    shape = tuple(round(n / s) for n, s in zip((100, 90, 80), spacing[::-1], strict=True))
    volume = sphere(30.0, tuple(middle), shape, spacing)
    shot = shot_of(volume, camera, size=200, mm=0.6)
    for x, y in ((0.5, 0.5), (0.42, 0.55), (0.58, 0.4)):
        point = np.array(pick(volume, shot, BONE, (x, y)))
        assert abs(np.linalg.norm(point - middle) - 30.0) < 1.0
        right, down, _ = shot.to_screen(point[None])[0]
        assert right == pytest.approx(shot.corner[0] + (x * 200 - 0.5) * 0.6, abs=1e-6)
        assert down == pytest.approx(shot.corner[1] + (y * 200 - 0.5) * 0.6, abs=1e-6)


def test_nothing_is_picked_beside_the_ball():
    volume = sphere(30.0)
    assert pick(volume, shot_of(volume), BONE, (0.02, 0.02)) is None


def test_cut_surface_is_picked():
    volume = box()
    cut = CutPlane((0.0, 41.0, 0.0), (0.0, 1.0, 0.0))
    point = pick(volume, shot_of(volume, cuts=(cut,)), BONE, (0.5, 0.5))
    assert point[1] == pytest.approx(41.0, abs=1.0)


def test_transparent_skin_is_not_what_is_picked():
    """What the preset does not show is passed through."""
    volume = box()
    values = volume.values.copy()
    values[:, 5:20] = 40  # soft tissue before the bone
    point = pick(type(volume)(values, volume.affine), shot_of(volume), BONE, (0.5, 0.5))
    assert point[1] == pytest.approx(25.0, abs=1.0)
