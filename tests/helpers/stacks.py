"""Stacks of any orientation whose voxels say where they are."""

from dataclasses import replace
from itertools import permutations, product

import numpy as np

from surgery_assist.imaging.records import PixelLayout
from surgery_assist.imaging.volumes import VolumeSource
from surgery_assist.model.geometry import ImagePlane, added, cross, dot, scaled
from surgery_assist.model.study import DisplaySet, Finding, FrameRef, Window
from surgery_assist.model.units import DisplaySetUID, SeriesUID

LAYOUT = PixelLayout(
    "1.2.840.10008.1.2.1", 0, 0, 4, 4, 1, 1, 16, 16, 15, True, False, "MONOCHROME2"
)
ROWS, COLUMNS, SLICES = 24, 28, 20
SPACING = (0.8, 0.7, 1.5)
MIDDLE = (12.0, -30.0, 55.0)
SCALE = 100.0
"""Stored values of one millimetre."""


def all_orientations():
    """24 turns by right angles, slices in both directions: (row, column, sign of the stack)."""
    axes = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    pairs = [
        (scaled(a, s), scaled(b, t))
        for a, b in permutations(axes, 2)
        for s, t in product((1.0, -1.0), repeat=2)
    ]
    return [(row, column, sign) for row, column in pairs for sign in (1.0, -1.0)]


def stack(
    row=(1.0, 0.0, 0.0),
    column=(0.0, 1.0, 0.0),
    sign=1.0,
    *,
    places=None,
    spacing=SPACING,
    shear=(0.0, 0.0, 0.0),
    shape=(SLICES, ROWS, COLUMNS),
    kind="volume",
    colour=False,
    findings=(),
    middle=MIDDLE,
):
    """A display set about ``middle``.

    ``places`` are the slices' places in steps along the stack, ``shear`` the mm by which each
    step moves them sideways.
    """
    normal = scaled(cross(row, column), sign)
    places = range(shape[0]) if places is None else places
    step = added(scaled(normal, spacing[2]), shear)
    corner = added(middle, scaled(step, -(shape[0] - 1) / 2))
    corner = added(corner, scaled(row, -spacing[1] * (shape[2] - 1) / 2))
    corner = added(corner, scaled(column, -spacing[0] * (shape[1] - 1) / 2))
    frames = tuple(
        FrameRef(
            f"i.{k}",
            0,
            k + 1,
            ImagePlane(added(corner, scaled(step, place)), row, column, spacing[0], spacing[1]),
            (row, column),
            (Window(40.0, 400.0),),
        )
        for k, place in enumerate(places)
    )
    return DisplaySet(
        DisplaySetUID("v.1"),
        SeriesUID("v.1"),
        kind,
        shape[1],
        shape[2],
        frames,
        "CT",
        spacing,
        spacing_source="patient",
        frame_of_reference_uid="for.1",
        colour=colour,
        details=tuple(Finding(key) for key in findings),
    )


def coded(display_set, direction, *, layout=LAYOUT, loaded=True):
    """A source whose stored values are `SCALE` times the place along a direction, mm."""
    source = VolumeSource(display_set, layout)
    for k, frame in enumerate(display_set.frames):
        plane = frame.plane
        start = dot(plane.position, direction)
        right = dot(plane.row_direction, direction) * plane.column_spacing
        down = dot(plane.column_direction, direction) * plane.row_spacing
        rows, columns = np.arange(display_set.rows), np.arange(display_set.columns)
        values = start + (rows * down)[:, None] + (columns * right)[None, :]
        source.values[k] = np.rint(values * SCALE)
        source.loaded[k] = loaded
    source.version = display_set.count
    return source


def tilted_stack(degrees=15.0, **rest):
    """Axial slices of a gantry that leans: they lie at a slant to the table's way."""
    angle = np.radians(degrees)
    column = (0.0, float(np.cos(angle)), float(np.sin(angle)))
    normal = cross((1.0, 0.0, 0.0), column)
    table = (0.0, 0.0, SPACING[2] / normal[2])
    shear = added(table, scaled(normal, -SPACING[2]))
    return stack((1.0, 0.0, 0.0), column, shear=shear, kind="stack", findings=("tilt",), **rest)


def with_kind(display_set, kind):
    """The same of another kind."""
    return replace(display_set, kind=kind)
