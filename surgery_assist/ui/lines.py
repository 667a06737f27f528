"""Reference lines: where one image's plane cuts another's."""

from surgery_assist.model.geometry import ImagePlane, added, dot, scaled
from surgery_assist.model.study import DisplaySet
from surgery_assist.model.units import Vector

Point = tuple[float, float]
_PARALLEL = 0.985
"""Cosine of the angle (10 degrees) under which two planes have no useful line in common."""


def reference_line(
    source: DisplaySet, source_index: int, target: DisplaySet, target_index: int
) -> tuple[Point, Point] | None:
    """Where a frame of ``source`` cuts a frame of ``target``.

    Returns
    -------
    tuple of two points, or None
        Ends of the line in image coordinates ``(column, row)`` of the target, with the origin at
        the outer corner of its first pixel, as long as the source image is wide. ``None`` when
        they share no frame of reference, are nearly parallel, or the image does not reach.

    References
    ----------
    DICOM PS3.3 C.7.6.2.1.1.
    """
    same = source.frame_of_reference_uid == target.frame_of_reference_uid
    if not same or not source.frame_of_reference_uid:
        return None
    plane = source.frames[source_index].plane
    other = target.frames[target_index].plane
    if plane is None or other is None or abs(dot(plane.normal, other.normal)) > _PARALLEL:
        return None
    corners = _corners(plane, source)
    heights = [other.distance(corner) for corner in corners]
    ends: list[Vector] = []
    for i in range(4):
        j = (i + 1) % 4
        if (heights[i] < 0) != (heights[j] < 0):
            share = heights[i] / (heights[i] - heights[j])
            along = added(corners[j], scaled(corners[i], -1.0))
            ends.append(added(corners[i], scaled(along, share)))
    if len(ends) != 2:
        return None
    (c0, r0), (c1, r1) = other.pixel(ends[0]), other.pixel(ends[1])
    return (c0 + 0.5, r0 + 0.5), (c1 + 0.5, r1 + 0.5)


def _corners(plane: ImagePlane, display_set: DisplaySet) -> tuple[Vector, ...]:
    right, bottom = display_set.columns - 0.5, display_set.rows - 0.5
    return (
        plane.point(-0.5, -0.5),
        plane.point(right, -0.5),
        plane.point(right, bottom),
        plane.point(-0.5, bottom),
    )
