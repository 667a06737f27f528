"""Cameras, cuts and the place of a volume in its pane."""

import pytest

from surgery_assist.model.geometry import added, cross, dot, length, scaled
from surgery_assist.model.grid import grid_of
from surgery_assist.model.viewport import Rect
from surgery_assist.model.volume_screen import (
    camera_letters,
    in_space,
    longest_edge,
    on_screen,
    pixels_per_mm,
    volume_transform,
)
from surgery_assist.model.volume_view import (
    VIEWS,
    CutPlane,
    Mark,
    VolumeCamera,
    extent_left,
    rolled,
    screen_direction,
    turned,
    with_cut,
)
from tests.helpers.sessions import display_set

PANE = Rect(0.0, 0.0, 800.0, 600.0)
LETTERS = {
    "front": ("R", "L", "H", "F"),
    "back": ("L", "R", "H", "F"),
    "left": ("A", "P", "H", "F"),
    "right": ("P", "A", "H", "F"),
    "above": ("L", "R", "A", "P"),
    "below": ("R", "L", "A", "P"),
}


def same(one, other):
    return all(abs(a - b) < 1e-9 for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("view", VIEWS)
def test_six_sides_have_their_letters(view):
    assert camera_letters(VIEWS[view]) == LETTERS[view]
    camera = VIEWS[view]
    assert same(cross(camera.toward, camera.up), camera.right)


def test_turning_left_brings_the_patients_left_to_the_front():
    """Seen from the front, the near side moves to the left: his left side comes into view."""
    assert same(turned(VIEWS["front"], "left", 90.0).toward, VIEWS["left"].toward)
    assert same(turned(VIEWS["front"], "right", 90.0).toward, VIEWS["right"].toward)
    down = turned(VIEWS["front"], "down", 90.0)
    assert same(down.toward, VIEWS["above"].toward)
    assert same(turned(VIEWS["front"], "up", 90.0).toward, VIEWS["below"].toward)


@pytest.mark.parametrize(("side", "back"), [("left", "right"), ("up", "down")])
def test_turning_there_and_back_is_where_it_was(side, back):
    camera = turned(VIEWS["front"], "up", 20.0)
    for _ in range(100):
        camera = turned(camera, side, 7.3)
    for _ in range(100):
        camera = turned(camera, back, 7.3)
    assert same(camera.toward, turned(VIEWS["front"], "up", 20.0).toward)
    assert abs(dot(camera.toward, camera.up)) < 1e-12
    assert length(camera.up) == pytest.approx(1.0, abs=1e-12)


def test_rolling_clockwise_brings_the_left_of_the_screen_to_the_top():
    """The head, which was at the top, lies at the right of the screen."""
    camera = rolled(VIEWS["front"], 90.0)
    assert camera_letters(camera) == ("F", "H", "R", "L")


def test_place_on_the_screen_and_in_space_are_inverse():
    grid = grid_of(display_set())
    camera = VolumeCamera(
        *(
            getattr(turned(turned(VIEWS["front"], "left", 31.0), "up", 12.0), n)
            for n in ("toward", "up")
        ),
        focus=(10.0, -20.0, 30.0),
    )
    point = (12.5, 100.0, -7.0)
    assert same(in_space(camera, grid, *on_screen(camera, grid, point)), point)


def test_whole_volume_fits_the_pane_from_every_side():
    grid = grid_of(display_set())
    scale = pixels_per_mm(grid, PANE, 1.0)
    assert longest_edge(grid) * scale < PANE.height
    assert pixels_per_mm(grid, PANE, 2.0) == 2 * scale


def test_pan_moves_the_focus_in_the_pane():
    grid = grid_of(display_set())
    transform = volume_transform(VolumeCamera(pan=(10.0, -5.0)), grid, PANE, 1.0)
    scale = pixels_per_mm(grid, PANE, 1.0)
    assert transform.to_pane(0.0, 0.0) == (400.0 + 10 * scale, 300.0 - 5 * scale)


def test_cut_at_right_angles_shortens_what_is_left():
    grid = grid_of(display_set())
    direction = screen_direction(VIEWS["front"], "left")
    low, high = extent_left(grid, (), direction)
    cut = CutPlane(scaled(direction, high - 40.0), scaled(direction, -1.0))
    assert extent_left(grid, (cut,), direction) == (low, pytest.approx(high - 40.0))
    deeper = CutPlane(scaled(direction, high - 80.0), scaled(direction, -1.0))
    assert with_cut((cut,), deeper) == (deeper,)
    assert len(with_cut((cut,), CutPlane((0.0, 0.0, 0.0), (0.0, 0.0, 1.0)))) == 2


def test_distance_is_that_between_its_points():
    start = (1.0, 2.0, 3.0)
    assert Mark("distance", (start, added(start, (3.0, 4.0, 12.0)))).mm == pytest.approx(13.0)
