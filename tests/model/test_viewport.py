import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgery_assist.model.study import Window
from surgery_assist.model.viewport import (
    Rect,
    Viewport,
    edge_letters,
    pan_fractions,
    shown_window,
    view_transform,
)
from tests.helpers.sessions import CORONAL, display_set

PANE = Rect(0.0, 0.0, 800.0, 600.0)

viewports = st.builds(
    Viewport,
    zoom=st.floats(0.2, 20),
    centre=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    rotation_deg=st.floats(0, 359.9),
    flip_h=st.booleans(),
    flip_v=st.booleans(),
)


@given(viewports, st.floats(-100, 600), st.floats(-100, 600))
def test_image_and_pane_points_are_inverse(viewport, column, row):
    transform = view_transform(viewport, display_set(), PANE)
    back = transform.to_image(*transform.to_pane(column, row))
    assert back == pytest.approx((column, row), abs=1e-6)


@given(viewports)
def test_the_centre_of_the_viewport_is_its_point_of_the_image(viewport):
    shown = display_set()
    transform = view_transform(viewport, shown, PANE)
    point = transform.to_pane(viewport.centre[0] * 512, viewport.centre[1] * 512)
    assert point == pytest.approx((400.0, 300.0))


def test_fit_shows_the_whole_image_and_a_quarter_turn_fits_again():
    wide = display_set(rows=256, columns=512)
    assert view_transform(Viewport(), wide, PANE).scale == pytest.approx(800 / 512)
    turned = view_transform(Viewport(rotation_deg=90.0), wide, PANE)
    assert turned.scale == pytest.approx(600 / 512)


def test_actual_size_follows_the_screen():
    transform = view_transform(Viewport(scale="actual"), display_set(), PANE, 0.25)
    assert transform.scale == pytest.approx(0.7 / 0.25)
    without = view_transform(Viewport(scale="actual"), display_set(), PANE, None)
    assert without.scale == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("viewport", "letters"),
    [
        (Viewport(), ("R", "L", "A", "P")),
        (Viewport(flip_h=True), ("L", "R", "A", "P")),
        (Viewport(flip_v=True), ("R", "L", "P", "A")),
        (Viewport(rotation_deg=90.0), ("P", "A", "R", "L")),
        (Viewport(rotation_deg=180.0), ("L", "R", "P", "A")),
        (Viewport(rotation_deg=270.0), ("A", "P", "L", "R")),
    ],
)
def test_letters_of_an_axial_image(viewport, letters):
    assert edge_letters(viewport, display_set()) == letters


def test_letters_of_a_coronal_image():
    assert edge_letters(Viewport(), display_set(directions=CORONAL)) == ("R", "L", "H", "F")


@given(viewports)
def test_letters_agree_with_where_patient_points_are_drawn(viewport):
    """A point further to the patient's left is drawn nearer to the edge that says L."""
    shown = display_set()
    transform = view_transform(viewport, shown, PANE)
    plane = shown.frames[0].plane
    middle = plane.point(256, 256)
    left_point = (middle[0] + 50.0, middle[1], middle[2])
    x0, y0 = transform.to_pane(*plane.pixel(middle))
    x1, y1 = transform.to_pane(*plane.pixel(left_point))
    dx, dy = x1 - x0, y1 - y0
    size = math.hypot(dx, dy)
    left, right, top, bottom = edge_letters(viewport, shown)
    for share, letters in ((-dx, left), (dx, right), (-dy, top), (dy, bottom)):
        if share / size > 0.35:
            assert "L" in letters
        if share / size < -0.35:
            assert "R" in letters


def test_unknown_orientation_has_no_letters():
    shown = display_set(count=1)
    unknown = type(shown)(
        shown.uid, shown.series_uid, "single", 10, 10, (type(shown.frames[0])("1"),)
    )
    assert edge_letters(Viewport(), unknown) == ("", "", "", "")


def test_the_chosen_window_is_shown_before_that_of_the_file():
    assert shown_window(Viewport(), display_set()) == Window(40.0, 400.0)
    assert shown_window(Viewport(window=Window(1.0, 2.0)), display_set()) == Window(1.0, 2.0)


def test_pan_is_zero_in_the_middle_and_negative_to_the_left():
    assert pan_fractions(Viewport(), display_set(), PANE) == pytest.approx((0.0, 0.0))
    x, y = pan_fractions(Viewport(centre=(0.75, 0.5)), display_set(), PANE)
    assert x < 0
    assert y == pytest.approx(0.0)
