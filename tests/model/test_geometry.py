import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgery_assist.model.geometry import (
    ImagePlane,
    cross,
    direction_letters,
    dot,
    is_valid_orientation,
    opposite_letters,
)
from surgery_assist.model.layout import Layout

PLANE = ImagePlane((10.0, -20.0, 5.0), (1.0, 0.0, 0.0), (0.0, 0.0, -1.0), 0.5, 0.25)
finite = st.floats(-1e3, 1e3)


@given(finite, finite)
def test_a_pixel_and_its_point_are_inverse(column, row):
    assert PLANE.pixel(PLANE.point(column, row)) == pytest.approx((column, row), abs=1e-6)


def test_the_normal_and_distance():
    assert PLANE.normal == pytest.approx((0.0, 1.0, 0.0))
    assert PLANE.distance((99.0, -13.0, 7.0)) == pytest.approx(7.0)


@given(st.tuples(finite, finite, finite), st.tuples(finite, finite, finite))
def test_a_cross_product_is_at_right_angles(a, b):
    assert dot(cross(a, b), a) == pytest.approx(0.0, abs=1e-2)


@pytest.mark.parametrize(
    ("direction", "letters"),
    [
        ((1, 0, 0), "L"),
        ((-1, 0, 0), "R"),
        ((0, 1, 0), "P"),
        ((0, -1, 0), "A"),
        ((0, 0, 1), "H"),
        ((0, 0, -1), "F"),
        ((0.9, -0.43, 0), "LA"),
        ((0.2, 0, 0.98), "H"),
        ((0, 0, 0), ""),
    ],
)
def test_letters_of_a_direction(direction, letters):
    assert direction_letters(direction) == letters


def test_opposite_letters():
    assert opposite_letters("LAH") == "RPF"


def test_orientations_that_make_no_sense_are_found():
    assert is_valid_orientation((1, 0, 0), (0, 1, 0))
    assert not is_valid_orientation((1, 0, 0), (1, 0, 0))
    assert not is_valid_orientation((0, 0, 0), (0, 1, 0))
    assert not is_valid_orientation((float("nan"), 0, 0), (0, 1, 0))


@pytest.mark.parametrize(
    "layout",
    [Layout(r, c) for r in (1, 2, 3) for c in (1, 2, 3)] + [Layout(2, 2, 2), Layout(3, 2, 3)],
)
def test_panes_lie_in_the_area_and_do_not_overlap(layout):
    panes = layout.panes(1920, 1080)
    assert len(panes) == layout.count
    for i, pane in enumerate(panes):
        assert pane.x >= 0
        assert pane.y >= 0
        assert pane.x + pane.width <= 1920.001
        assert pane.y + pane.height <= 1080.001
        for other in panes[i + 1 :]:
            assert not other.contains(*pane.middle)
            assert not pane.contains(*other.middle)
