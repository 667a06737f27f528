"""Pictures of balls and boxes against their silhouettes, by each way of drawing."""

import numpy as np
import pytest

from surgery_assist.imaging.scene.caster import Caster
from surgery_assist.imaging.scene.presets import look_of
from surgery_assist.imaging.scene.stage import Stage
from surgery_assist.imaging.scene.volume import SceneVolume, averaged, blocks_of
from surgery_assist.model.volume_view import VIEWS, CutPlane, VolumeCamera, VolumeView, turned
from tests.helpers.volumes import SOLID, box, middle_of, shot_of, sphere


def never():
    return False


@pytest.fixture(scope="module")
def stage():
    made = Stage(hardware=False)
    if not made.renderer.usable:
        pytest.skip("no OpenGL at all on this machine")
    yield made
    made.close()


def cast(volume, shot, view=None):
    view = view or VolumeView("bone")
    caster = Caster(volume, blocks_of(volume, never))
    return caster.shaded(shot, look_of(view, volume.value_range), never, 0.5)


def cover(picture):
    return picture.rgba[..., 3] > 127


def screen_grid(shot):
    """Right and down of every pixel from the focus, mm."""
    across = shot.corner[0] + np.arange(shot.width) * shot.mm_per_pixel
    down = shot.corner[1] + np.arange(shot.height) * shot.mm_per_pixel
    return across[None, :], down[:, None]


TILTED = turned(turned(VIEWS["front"], "left", 35.0), "up", 20.0)


@pytest.mark.parametrize("camera", [*VIEWS, TILTED], ids=[*VIEWS, "tilted"])
def test_ball_has_its_circle_from_every_side(camera):
    volume = sphere(30.0, (40.0, 45.0, 50.0))
    shot = shot_of(volume, camera)
    right, down, _ = shot.to_screen(np.array([[40.0, 45.0, 50.0]]))[0]
    across, below = screen_grid(shot)
    distance = np.hypot(across - right, below - down)
    seen = cover(cast(volume, shot))
    assert seen[distance < 29.0].all()
    assert not seen[distance > 31.0].any()


def test_ball_drawn_by_vtk_lies_at_the_same_place(stage):
    volume = sphere(30.0, (40.0, 45.0, 50.0))
    shot = shot_of(volume, TILTED)
    right, down, _ = shot.to_screen(np.array([[40.0, 45.0, 50.0]]))[0]
    across, below = screen_grid(shot)
    distance = np.hypot(across - right, below - down)
    seen = cover(stage.picture(volume, shot, look_of(VolumeView("bone"), (0, 1)), "shaded"))
    assert seen[distance < 28.0].all()
    assert not seen[distance > 32.0].any()


def test_depth_of_a_ball_is_that_of_its_near_surface():
    volume = sphere(30.0, (40.0, 45.0, 50.0))
    shot = shot_of(volume, TILTED)
    right, down, away = shot.to_screen(np.array([[40.0, 45.0, 50.0]]))[0]
    across, below = screen_grid(shot)
    distance = np.hypot(across - right, below - down)
    inner = distance < 20.0
    expected = away - np.sqrt(30.0**2 - distance[inner] ** 2)
    found = cast(volume, shot).depth[inner]
    assert np.abs(found - expected).max() < 2.0


SIDES = {
    # What lies at the left and at the top of the screen when seen from there.
    "front": ((-1, 0, 0), (0, 0, 1)),
    "back": ((1, 0, 0), (0, 0, 1)),
    "left": ((0, -1, 0), (0, 0, 1)),
    "right": ((0, 1, 0), (0, 0, 1)),
    "above": ((1, 0, 0), (0, -1, 0)),
    "below": ((-1, 0, 0), (0, -1, 0)),
}


@pytest.mark.parametrize("side", SIDES)
def test_six_sides_show_the_patient_the_right_way_round(side, stage):
    """A small ball off the middle appears on the side of the screen where it must."""
    left, top = (np.array(direction) for direction in SIDES[side])
    middle = np.array([40.0, 40.0, 40.0])
    for direction, axis, sign in ((left, 1, -1), (top, 0, -1)):
        volume = sphere(8.0, tuple(middle + 22.0 * direction), (81, 81, 81))
        shot = shot_of(volume, side, size=100)
        for picture in (
            cast(volume, shot),
            stage.picture(volume, shot, look_of(VolumeView("bone"), (0, 1)), "shaded"),
        ):
            places = np.argwhere(cover(picture)).mean(axis=0) - 49.5
            assert places[axis] * sign == pytest.approx(22.0, abs=1.5)
            assert abs(places[1 - axis]) < 1.5


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.5, 0.5, 2.0), (2.0, 1.0, 0.7)])
def test_box_has_its_edges_whatever_the_spacing(spacing):
    volume = box(spacing=spacing)
    shot = shot_of(volume, "front", size=260, mm=0.5)
    rows, columns = np.nonzero(cover(cast(volume, shot)))
    middle = middle_of(volume)
    across, below = screen_grid(shot)
    edges = across[0, [columns.min(), columns.max()]], below[[rows.min(), rows.max()], 0]
    expected_x = np.array([19.5, 60.5]) * spacing[0] - middle[0]
    expected_y = -(np.array([70.5, 29.5]) * spacing[2] - middle[2])
    assert np.abs(edges[0] - expected_x).max() < 0.5 * spacing[0] + 0.5
    assert np.abs(edges[1] - expected_y).max() < 0.5 * spacing[2] + 0.5


def test_turned_grid_is_drawn_where_it_lies():
    """The voxels' own axes need not be the patient's."""
    straight = sphere(25.0, (40.0, 45.0, 50.0))
    # The same ball on a grid whose columns run to the head and whose slices run to the right.
    values = np.ascontiguousarray(np.moveaxis(straight.values, (0, 1, 2), (2, 1, 0))[::-1])
    matrix = np.eye(4)
    matrix[:3, :3] = np.array([[0, 0, -1.0], [0, 1.0, 0], [1.0, 0, 0]])
    matrix[:3, 3] = (values.shape[0] - 1, 0.0, 0.0)
    turned_volume = SceneVolume(values, matrix)
    shot = shot_of(straight, TILTED)
    one, other = cast(straight, shot), cast(turned_volume, shot)
    assert (cover(one) != cover(other)).mean() < 0.002


def test_half_ball_left_by_a_cut_is_half_exactly():
    volume = sphere(30.0, (40.0, 45.0, 50.0))
    cut = CutPlane((47.3, 0.0, 0.0), (-1.0, 0.0, 0.0))
    shot = shot_of(volume, "front", cuts=(cut,), mm=0.5, size=200)
    across, _ = screen_grid(shot)
    beyond = across[0] > 47.3 - middle_of(volume)[0]
    seen = cover(cast(volume, shot))
    whole = cover(cast(volume, shot_of(volume, "front", mm=0.5, size=200)))
    assert not seen[:, beyond].any()
    assert (seen[:, ~beyond] == whole[:, ~beyond]).all()


def test_cut_from_the_front_shows_its_own_plane():
    volume = sphere(30.0, (40.0, 45.0, 50.0))
    cut = CutPlane((0.0, 38.4, 0.0), (0.0, 1.0, 0.0))
    shot = shot_of(volume, "front", cuts=(cut,))
    picture = cast(volume, shot)
    inside = picture.depth[55:65, 55:65]
    depth = 38.4 - middle_of(volume)[1]
    assert (inside >= depth - 1e-3).all()
    assert (inside <= depth + 2.0).all()


def test_vtk_cuts_where_the_caster_cuts(stage):
    volume = sphere(30.0, (40.0, 45.0, 50.0))
    cuts = (
        CutPlane((47.3, 0.0, 0.0), (-1.0, 0.0, 0.0)),
        CutPlane((0.0, 0.0, 40.0), (0.0, 0.0, 1.0)),
    )
    shot = shot_of(volume, "front", cuts=cuts)
    drawn = cover(stage.picture(volume, shot, look_of(VolumeView("bone"), (0, 1)), "shaded"))
    assert (drawn != cover(cast(volume, shot))).mean() < 0.01


def test_brightest_values_go_through_the_window():
    volume = sphere(30.0)
    caster = Caster(volume, blocks_of(volume, never))
    shot = shot_of(volume, "front")
    picture = caster.brightest(shot, (500.0, 3000.0), never)
    assert picture.rgba[60, 60, 0] == pytest.approx(255 * ((SOLID - 500) / 3000 + 0.5), abs=2)
    assert picture.rgba[2, 2, 0] == 0


def test_cancelled_pictures_are_none_and_begin_nothing():
    volume = sphere()
    caster = Caster(volume, blocks_of(volume, never))
    shot = shot_of(volume, "front")
    look = look_of(VolumeView("bone"), volume.value_range)
    assert caster.shaded(shot, look, lambda: True) is None
    assert caster.brightest(shot, look.window, lambda: True) is None


def test_smaller_levels_stay_in_place():
    volume = sphere(30.0, (40.0, 45.0, 50.0))
    level = averaged(volume, (2, 2, 2), never)
    shot = shot_of(volume, TILTED)
    assert (cover(cast(volume, shot)) != cover(cast(level, shot))).mean() < 0.02
    assert averaged(volume, (2, 2, 2), lambda: True) is None


def test_camera_pan_moves_the_picture():
    volume = sphere(10.0, (39.5, 44.5, 49.5))
    camera = VolumeCamera(pan=(20.0, -15.0))
    rows, columns = np.nonzero(cover(cast(volume, shot_of(volume, camera))))
    assert columns.mean() - 59.5 == pytest.approx(20.0, abs=0.6)
    assert rows.mean() - 59.5 == pytest.approx(-15.0, abs=0.6)
