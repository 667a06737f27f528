"""Outlines of masks: closed, exact to the pixel's edge, holes the other way round."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from surgery_assist.imaging.objects.contours import mask_outlines


def signed_area(outline):
    """Positive when clockwise on the screen (y grows downwards)."""
    following = (*outline[1:], outline[0])
    return sum(x * b - a * y for (x, y), (a, b) in zip(outline, following, strict=True)) / 2


def test_rectangle_has_four_corners():
    mask = np.zeros((6, 7), bool)
    mask[1:3, 2:6] = True
    (outline,) = mask_outlines(mask)
    assert set(outline) == {(2.0, 1.0), (6.0, 1.0), (6.0, 3.0), (2.0, 3.0)}
    assert signed_area(outline) == 8


def test_hole_runs_the_other_way():
    mask = np.ones((5, 5), bool)
    mask[2, 2] = False
    assert sorted(signed_area(outline) for outline in mask_outlines(mask)) == [-1, 25]


def test_pixels_that_touch_at_a_corner_are_apart():
    assert len(mask_outlines(np.eye(3, dtype=bool))) == 3


def test_nothing_has_no_outline():
    assert mask_outlines(np.zeros((4, 4), bool)) == ()


@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_outlines_enclose_exactly_the_pixels(mask):
    outlines = mask_outlines(mask)
    assert sum(signed_area(outline) for outline in outlines) == mask.sum()
    for outline in outlines:
        following = (*outline[1:], outline[0])
        assert all((x == a) != (y == b) for (x, y), (a, b) in zip(outline, following, strict=True))
