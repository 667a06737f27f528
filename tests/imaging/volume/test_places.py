"""Every pixel of a reformatted image shows the place that its plane says."""

import numpy as np
import pytest

from surgery_assist.imaging.volume.build import sheared_back, volume_of
from surgery_assist.imaging.volume.cut import Wanted, cut
from surgery_assist.imaging.volume.reslice import Quality, curved, flat
from surgery_assist.model.curve import walk
from surgery_assist.model.geometry import added, cross, dot, scaled, unit
from surgery_assist.model.grid import grid_of
from surgery_assist.model.plane import DIRECTIONS, Plane, named, tilted
from surgery_assist.model.reformat import acquired_plane, axes_of, reformatted
from tests.helpers.stacks import (
    MIDDLE,
    SCALE,
    SPACING,
    all_orientations,
    coded,
    stack,
    tilted_stack,
)

AXES = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
HALF_A_VOXEL = min(SPACING) / 2
EXACT = 0.03
"""Millimetres: values are rounded to a hundredth, positions to a tenth of that."""
SHEET = Quality(1, "linear")


def image_of(volume, display_set, plane, index=None, quality=SHEET):
    shown = reformatted(display_set, plane)
    wanted = Wanted(shown, plane, shown.count // 2 if index is None else index)
    axes = axes_of(volume.grid, plane)
    made = cut(volume, wanted, axes) if axes is not None else flat(volume, wanted, quality)
    return made, shown.frames[wanted.index].plane


def places_of(made, place):
    """Patient points of every pixel, ``(rows, columns, 3)``."""
    rows = np.arange(made.values.shape[0])[:, None, None] * made.factor * place.row_spacing
    columns = np.arange(made.values.shape[1])[None, :, None] * made.factor * place.column_spacing
    return (
        np.array(place.position)
        + columns * np.array(place.row_direction)
        + rows * np.array(place.column_direction)
    )


def worst(display_set, plane, *, index=None, quality=SHEET):
    """The largest distance between where pixels say they are and where they are, mm.

    Of pixels between voxels' centres; beyond the outermost ones half a voxel is repeated.
    """
    errors, grid = [], grid_of(display_set)
    last = np.array(grid.size) - 1
    for direction in AXES:
        volume = volume_of(coded(display_set, direction))
        made, place = image_of(volume, display_set, plane, index, quality)
        points = places_of(made, place)
        indices = (points - grid.origin) @ np.linalg.inv(np.array(grid.steps))
        inner = ((indices > -1e-6) & (indices < last + 1e-6)).all(-1)
        inner &= made.values != volume.void
        assert inner.mean() > 0.15
        errors.append(np.abs(made.values / SCALE - points @ np.array(direction))[inner])
    return max(float(error.max()) for error in errors)


@pytest.mark.parametrize("kind", ["axial", "coronal", "sagittal"])
@pytest.mark.parametrize("orientation", all_orientations())
def test_customary_planes_of_every_orientation(orientation, kind):
    display_set = stack(*orientation)
    plane = named(kind, MIDDLE)
    for index in (0, 7, -1):
        count = reformatted(display_set, plane).count
        assert worst(display_set, plane, index=index % count) < EXACT


@pytest.mark.parametrize("orientation", all_orientations())
def test_oblique_planes_of_every_orientation(orientation):
    display_set = stack(*orientation)
    plane = tilted(named("axial", MIDDLE), unit((1.0, 0.4, 0.2)), 33.0, MIDDLE)
    assert worst(display_set, plane) < EXACT


@pytest.mark.parametrize("degrees", [15.0, -22.0])
@pytest.mark.parametrize("kind", ["axial", "coronal", "sagittal"])
def test_gantry_tilt_is_taken_back(kind, degrees):
    assert worst(tilted_stack(degrees), named(kind, MIDDLE)) < EXACT


def test_the_acquired_images_of_a_tilted_gantry_stay_as_they_are():
    display_set = tilted_stack()
    plane = acquired_plane(display_set)
    assert worst(display_set, plane, index=3) < EXACT
    shown = reformatted(display_set, plane)
    assert shown.count == display_set.count
    assert shown.frames[5].plane.position == pytest.approx(display_set.frames[5].plane.position)


def test_a_straight_copy_of_a_tilted_volume_keeps_every_place():
    display_set = tilted_stack()
    for direction in AXES:
        volume = sheared_back(volume_of(coded(display_set, direction)))
        assert not volume.grid.sheared
        there = volume.values != volume.void
        k, i, j = np.nonzero(there)
        found = volume.values[there] / SCALE
        expected = [
            dot(volume.grid.point(c, r, s), direction) for c, r, s in zip(j, i, k, strict=True)
        ]
        assert np.abs(found - expected).max() < HALF_A_VOXEL + EXACT


UNEVEN = [
    [0, 1, 2, 3, 4.3, 5.3, 6.3, 7.4, 8.4, 9.4, 10.4, 11.4],
    [0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13],
    [0, 1, 2, 2, 3, 4, 5, 6, 7, 8],
]


@pytest.mark.parametrize("places", UNEVEN)
@pytest.mark.parametrize("kind", ["coronal", "sagittal"])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_uneven_slices_stand_where_they_belong(places, kind, sign):
    display_set = stack(sign=sign, places=places, kind="stack")
    assert worst(display_set, named(kind, MIDDLE)) < SPACING[2] / 2 + EXACT


def test_nothing_is_made_up_in_a_gap():
    places = [0, 1, 2, 3, 4, 8, 9, 10, 11]
    display_set = stack(places=places, kind="stack")
    volume = volume_of(coded(display_set, AXES[2]))
    assert volume.values.shape[0] == 12
    empty = [k for k in range(12) if (volume.values[k] == volume.void).all()]
    assert empty == [5, 6, 7]
    assert volume.complete


def test_thick_slices_after_thin_ones_are_joined():
    """A head as it is often scanned: 4 mm through the base, 8 mm above; nothing is missing."""
    places = [0, 1, 2, 3, 4, 5, 7, 9, 11, 13, 15]
    display_set = stack(places=places, kind="stack")
    volume = volume_of(coded(display_set, AXES[2]))
    assert volume.values.shape[0] == 16
    assert not (volume.values == volume.void).any()
    assert worst(display_set, named("coronal", MIDDLE)) < EXACT


def test_even_volumes_share_the_memory_of_their_source():
    source = coded(stack(), AXES[0])
    assert np.shares_memory(volume_of(source).values, source.values)


def test_coarse_images_lie_where_the_fine_ones_do():
    display_set = stack()
    plane = tilted(named("coronal", MIDDLE), AXES[2], 20.0, MIDDLE)
    assert worst(display_set, plane, quality=Quality(3, "linear")) < EXACT
    assert worst(display_set, plane, quality=Quality(1, "cubic")) < HALF_A_VOXEL


@pytest.mark.parametrize("kind", ["axial", "coronal", "sagittal"])
@pytest.mark.parametrize("projection", ["max", "min", "mean"])
@pytest.mark.parametrize("degrees", [0.0, 12.0])
def test_slabs_reach_as_far_as_they_say(kind, projection, degrees):
    display_set = stack(shape=(40, 40, 40), spacing=(1.0, 1.0, 1.0))
    right, down = DIRECTIONS[kind]
    normal = cross(right, down)
    plane = Plane(kind, right, down, MIDDLE, projection, 10.0)
    if degrees:
        plane = tilted(plane, normal, degrees, MIDDLE)  # in itself: the same slab, interpolated
    volume = volume_of(coded(display_set, normal))
    made, place = image_of(volume, display_set, plane)
    rows, columns = made.values.shape
    found = made.values[rows // 2, columns // 2] / SCALE - dot(place.position, normal)
    assert found == pytest.approx({"max": 5.0, "min": -5.0, "mean": 0.0}[projection], abs=0.51)


def test_a_curved_plane_goes_through_its_points():
    display_set = stack(shape=(40, 60, 60), spacing=(1.0, 1.0, 1.0))
    path = tuple(
        added(MIDDLE, offset)
        for offset in ((-8.0, -6.0, 15.0), (0.0, 3.0, 0.0), (9.0, -4.0, -14.0))
    )
    plane = Plane("curved", AXES[0], (0.0, 0.0, -1.0), path[0], path=path)
    shown = reformatted(display_set, plane)
    steps = walk(path, plane.right, 1.0)
    for direction in AXES:
        volume = volume_of(coded(display_set, direction))
        made = curved(volume, Wanted(shown, plane, shown.count // 2))
        middle = made.values[:, shown.columns // 2] / SCALE
        expected = [dot(step.point, direction) for step in steps]
        assert np.abs(middle - expected).max() < EXACT
        beside = made.values[:, shown.columns // 2 + 4] / SCALE
        aside = [dot(added(step.point, scaled(step.right, 4.0)), direction) for step in steps]
        assert np.abs(beside - aside).max() < EXACT


def test_slices_that_have_not_arrived_are_black_and_counted():
    display_set = stack()
    source = coded(display_set, AXES[2])
    source.loaded[5:] = False
    source.values[5:] = 0
    volume = volume_of(source)
    assert volume.missing == pytest.approx(0.75)
    upright, _ = image_of(volume, display_set, named("coronal", MIDDLE))
    assert (upright.values == volume.void).all(1).sum() == display_set.count - 5
    plane = tilted(named("coronal", MIDDLE), AXES[2], 20.0, MIDDLE)
    slanted, _ = image_of(volume, display_set, plane)
    assert (slanted.values == volume.void).mean() > 0.7
    assert grid_of(display_set) is not None
