"""What commands about planes share: where the eye rests, and viewports that face another way."""

from dataclasses import replace
from typing import Final

from surgery_assist.model.geometry import added, cross, dot, length, scaled
from surgery_assist.model.grid import grid_of, why_no_grid
from surgery_assist.model.plane import NamedPlane, Plane, SpacePoint, named
from surgery_assist.model.reformat import acquired_plane, frame_at
from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet
from surgery_assist.model.units import Vector
from surgery_assist.model.viewport import Viewport, view_transform

_ALIKE: Final = 2e-4
"""Sine of the angle up to which two directions count as one."""


def acquired_set(session: Session, index: int | None = None) -> DisplaySet | None:
    """The display set of a viewport (the active one by default) as it was acquired."""
    viewport = session.viewport if index is None else session.view.viewports[index]
    return session.catalogue.display_set(viewport.display_set)


def can_reformat(session: Session) -> str | None:
    """The active viewport holds slices that can be looked at in other planes."""
    acquired = acquired_set(session)
    return "refused.no_image" if acquired is None else why_no_grid(acquired)


def has_place(session: Session) -> str | None:
    """The active viewport shows an image that lies in the patient's space."""
    shown = session.display_set
    if shown is None:
        return "refused.no_image"
    if session.viewport.volume is not None:
        return "refused.plane_of_volume"
    index = min(session.viewport.index, shown.count - 1)
    return None if shown.frames[index].plane is not None else "refused.volume_no_place"


def point_at(session: Session, x: float, y: float, index: int | None = None) -> Vector | None:
    """The patient point under a place of a pane (fractions of its size)."""
    position = session.view.active if index is None else index
    shown = session.shown(position)
    if shown is None or shown[0].volume is not None:
        return None
    viewport, display_set = shown[0], shown[1]
    place = display_set.frames[min(viewport.index, display_set.count - 1)].plane
    if place is None:
        return None
    pane = session.pane(position)
    transform = view_transform(viewport, display_set, pane, session.control.screen.mm_per_pixel)
    column, row = transform.to_image(x * pane.width, y * pane.height)
    # Image coordinates begin at the outer corner of the first pixel, planes at its centre.
    return place.point(column - 0.5, row - 0.5)


def resting_point(session: Session) -> Vector | None:
    """What the eye rests on: the crosshair in this volume, else the middle of the active pane."""
    acquired = acquired_set(session)
    grid = grid_of(acquired) if acquired is not None else None
    crosshair = None if acquired is None else crosshair_in(session, acquired)
    if crosshair is not None and grid is not None and grid.holds(crosshair):
        return crosshair
    point = point_at(session, 0.5, 0.5)
    if grid is None or (point is not None and grid.holds(point)):
        return point
    return grid.middle


def base_plane(viewport: Viewport, acquired: DisplaySet) -> Plane | None:
    """The plane that a viewport shows, with the acquired images as one too."""
    return viewport.plane if viewport.plane is not None else acquired_plane(acquired)


def facing(viewport: Viewport, acquired: DisplaySet, plane: Plane, point: Vector) -> Viewport:
    """The viewport at the image of a plane that goes through a point.

    The acquired images themselves are shown where the plane is theirs and thin.
    """
    thin = plane.thickness == 0.0
    kept = None if thin and faces_as_acquired(acquired, plane) else plane
    after = replace(viewport, plane=kept, volume=None)
    if viewport.volume is not None:
        after = replace(after, zoom=1.0, window=None)
    return at_point(after, acquired, point)


def at_point(viewport: Viewport, acquired: DisplaySet, point: Vector) -> Viewport:
    """The viewport at its image nearest to a point."""
    shown = Session.shown_in(viewport, acquired)
    found = frame_at(shown, point)
    return replace(viewport, index=shown.count // 2 if found is None else found)


def upright(viewport: Viewport) -> Viewport:
    """The whole image, neither turned nor mirrored."""
    return replace(
        viewport, zoom=1.0, centre=(0.5, 0.5), rotation_deg=0.0, flip_h=False, flip_v=False
    )


def named_viewport(
    viewport: Viewport, acquired: DisplaySet, kind: NamedPlane, point: Vector
) -> Viewport:
    """The viewport in a customary plane; its slab stays."""
    plane = named(kind, point)
    if viewport.plane is not None:
        slab = viewport.plane
        plane = replace(plane, projection=slab.projection, slab_mm=slab.slab_mm)
    return upright(facing(viewport, acquired, plane, point))


def faces_as_acquired(acquired: DisplaySet, plane: Plane) -> bool:
    """Whether the images of a plane are the acquired ones."""
    own = acquired_plane(acquired)
    if own is None or plane.kind == "curved":
        return False
    return all(
        dot(a, b) > 0 and length(cross(a, b)) < _ALIKE
        for a, b in ((own.right, plane.right), (own.down, plane.down))
    )


def crosshair_in(session: Session, display_set: DisplaySet) -> Vector | None:
    """The crosshair's point where it means something in a display set's space."""
    crosshair = session.view.crosshair
    return crosshair.point if crosshair and crosshair.space == display_set.space else None


def with_crosshair(session: Session, point: Vector, *, leave: int | None = None) -> Session:
    """The crosshair at a point, and all viewports of its space at the images through it.

    ``leave`` is a viewport that is there already.
    """
    mine = session.display_set
    if mine is None:
        return session
    after = session.with_view(crosshair=SpacePoint(point, mine.space))
    for index, viewport in enumerate(session.view.viewports):
        shown = session.shown(index)
        if shown is None or viewport.volume is not None or index == leave:
            continue
        found = frame_at(shown[1], point) if mine.space == shown[1].space else None
        if found is not None:
            after = after.with_viewport(replace(viewport, index=found), index)
    return after


def carried_crosshair(session: Session) -> Session:
    """The crosshair brought into the active image after that one has changed."""
    shown = session.display_set
    point = None if shown is None else crosshair_in(session, shown)
    if shown is None or point is None or session.viewport.volume is not None:
        return session
    place = shown.frames[min(session.viewport.index, shown.count - 1)].plane
    if place is None:
        return session
    carried = added(point, scaled(place.normal, -place.distance(point)))
    return with_crosshair(session, carried, leave=session.view.active)


def pane_point(session: Session, index: int, point: Vector) -> tuple[float, float] | None:
    """Where a patient point lies in a pane, in its pixels; ``None`` where it lies nowhere."""
    shown = session.shown(index)
    if shown is None or shown[0].volume is not None:
        return None
    viewport, display_set = shown[0], shown[1]
    place = display_set.frames[min(viewport.index, display_set.count - 1)].plane
    if place is None:
        return None
    millimetres = session.control.screen.mm_per_pixel
    transform = view_transform(viewport, display_set, session.pane(index), millimetres)
    column, row = place.pixel(point)
    return transform.to_pane(column + 0.5, row + 0.5)
