"""Planes through a volume: axial, coronal, sagittal, tilted, along a path; slabs; the crosshair."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Final

from surgery_assist.commands.change import anchored, has_image
from surgery_assist.commands.plane_change import (
    acquired_set,
    at_point,
    base_plane,
    can_reformat,
    crosshair_in,
    facing,
    has_place,
    named_viewport,
    point_at,
    resting_point,
    upright,
    with_crosshair,
)
from surgery_assist.commands.registry import Risk, command
from surgery_assist.commands.slots import Cell, Range
from surgery_assist.commands.viewing import cell_target
from surgery_assist.commands.volume_change import as_volume
from surgery_assist.errors import NotPossibleError
from surgery_assist.model.geometry import added, cross, scaled
from surgery_assist.model.layout import Layout
from surgery_assist.model.plane import (
    NamedPlane,
    Plane,
    Projection,
    SpacePoint,
    across,
    along,
    headfirst,
    tilted,
)
from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet
from surgery_assist.model.units import Side, Vector
from surgery_assist.model.viewport import Cine, Viewport, screen_directions

TILT_DEGREES: Final = 10.0
SLAB_MM: Final = 20.0
"""How thick a projection is that nobody has said a thickness of."""
MAX_PATH: Final = 32
_THREE: Final[tuple[NamedPlane, ...]] = ("axial", "coronal", "sagittal")


def _face(session: Session, change: Callable[[Viewport, DisplaySet, Vector], Viewport]) -> Session:
    """The active viewport changed, at the point on which the eye rests."""
    acquired, point = acquired_set(session), resting_point(session)
    if acquired is None or point is None:
        return session
    return anchored(session.with_viewport(change(session.viewport, acquired, point)))


def _named(session: Session, kind: NamedPlane) -> Session:
    return _face(
        session, lambda viewport, acquired, point: named_viewport(viewport, acquired, kind, point)
    )


@command("plane.axial", Risk.VIEW, keys=("Alt+A",), when=can_reformat)
def plane_axial(session: Session) -> Session:
    """Show axial images of the volume."""
    return _named(session, "axial")


@command("plane.coronal", Risk.VIEW, keys=("Alt+C",), when=can_reformat)
def plane_coronal(session: Session) -> Session:
    """Show coronal images of the volume."""
    return _named(session, "coronal")


@command("plane.sagittal", Risk.VIEW, keys=("Alt+S",), when=can_reformat)
def plane_sagittal(session: Session) -> Session:
    """Show sagittal images of the volume."""
    return _named(session, "sagittal")


@command("plane.reset", Risk.VIEW, keys=("Alt+O",), when=can_reformat)
def plane_reset(session: Session) -> Session:
    """Go back to the images as they were acquired, without a slab."""

    def go_back(viewport: Viewport, acquired: DisplaySet, point: Vector) -> Viewport:
        return at_point(upright(replace(viewport, plane=None, volume=None)), acquired, point)

    return _face(session, go_back)


@command("plane.three", Risk.VIEW, keys=("Alt+T",), when=can_reformat)
def plane_three(session: Session) -> Session:
    """Show axial, coronal and sagittal images side by side, with the volume."""
    acquired, point = acquired_set(session), resting_point(session)
    if acquired is None or point is None:
        return session
    base = replace(session.viewport, cine=Cine(fps=session.viewport.cine.fps))
    panes = [named_viewport(base, acquired, kind, point) for kind in _THREE]
    panes.append(as_volume(upright(replace(base, plane=None)), acquired))
    after = session.with_view(
        layout=Layout(2, 2), viewports=tuple(panes), active=0, maximized=False
    )
    return anchored(with_crosshair(after, point))


@command("plane.tilt", Risk.VIEW, when=can_reformat)
def plane_tilt(
    session: Session, side: Side, degrees: Annotated[float, Range(1, 180)] = TILT_DEGREES
) -> Session:
    """Tilt the plane: its edge at that side goes away from the eye."""
    shown = session.display_set
    sides = screen_directions(session.viewport, shown) if shown is not None else None
    if sides is None or session.viewport.volume is not None:
        raise NotPossibleError("refused.plane_of_volume")
    edge = _edge(sides, side)

    def tilt(viewport: Viewport, acquired: DisplaySet, point: Vector) -> Viewport:
        plane = _flat(viewport, acquired)
        axis = cross(edge, plane.normal)
        return facing(viewport, acquired, tilted(plane, axis, degrees, point), point)

    return _face(session, tilt)


def _edge(sides: tuple[Vector, Vector], side: Side) -> Vector:
    right, down = sides
    edges = {"right": right, "left": scaled(right, -1.0), "down": down, "up": scaled(down, -1.0)}
    return edges[side]


def _flat(viewport: Viewport, acquired: DisplaySet) -> Plane:
    """The plane that a viewport shows.

    Raises
    ------
    NotPossibleError
        It is curved, or lies in no space.
    """
    plane = base_plane(viewport, acquired)
    if plane is None or plane.kind == "curved":
        raise NotPossibleError("refused.plane_curved")
    return plane


@command("plane.swing", Risk.VIEW, when=has_place, internal=True)
def plane_swing(session: Session, viewport: int, degrees: float) -> Session:
    """Turn the plane of another viewport about the crosshair, as its line in the active one is."""
    shown = session.display_set
    acquired = acquired_set(session, viewport) if viewport < len(session.view.viewports) else None
    point = None if acquired is None else crosshair_in(session, acquired)
    if point is None or shown is None or acquired is None:
        raise NotPossibleError("refused.no_crosshair")
    place = shown.frames[min(session.viewport.index, shown.count - 1)].plane
    if place is None:
        return session
    other = session.view.viewports[viewport]
    turned = tilted(_flat(other, acquired), place.normal, degrees, point)
    return session.with_viewport(facing(other, acquired, turned, point), viewport)


# --- slabs -----------------------------------------------------------------------------------


@command("slab.set", Risk.VIEW, when=can_reformat)
def slab_set(session: Session, n: Annotated[int, Range(1, 300)]) -> Session:
    """Show a slab of so many millimetres: the projection in force, or its mean."""
    return _slab(session, None, float(n))


@command("projection.max", Risk.VIEW, keys=("Alt+X",), when=can_reformat)
def projection_max(session: Session) -> Session:
    """Show the highest value through the slab."""
    return _slab(session, "max", None)


@command("projection.min", Risk.VIEW, keys=("Alt+N",), when=can_reformat)
def projection_min(session: Session) -> Session:
    """Show the lowest value through the slab."""
    return _slab(session, "min", None)


@command("projection.mean", Risk.VIEW, keys=("Alt+M",), when=can_reformat)
def projection_mean(session: Session) -> Session:
    """Show the mean value through the slab."""
    return _slab(session, "mean", None)


@command("projection.off", Risk.VIEW, keys=("Alt+P",), when=has_image)
def projection_off(session: Session) -> Session:
    """Show thin images again."""
    if session.viewport.plane is None:
        return session
    return _slab(session, "none", 0.0)


def _slab(session: Session, projection: Projection | None, slab_mm: float | None) -> Session:
    """The viewport with another slab; the other planes of one volume beside it get it too."""
    after = session
    for index, viewport in enumerate(session.view.viewports):
        acquired = acquired_set(session, index)
        alike = viewport.display_set == session.viewport.display_set and viewport.volume is None
        if acquired is None or not (index == session.view.active or alike):
            continue
        plane = base_plane(viewport, acquired)
        point = _own_point(session, index)
        if plane is None or point is None:
            continue
        thick = slab_mm if slab_mm is not None else plane.slab_mm or SLAB_MM
        kind = projection or (plane.projection if plane.projection != "none" else "mean")
        plane = replace(plane, projection=kind, slab_mm=thick)
        changed = replace(facing(viewport, acquired, plane, point), index=0)
        changed = replace(changed, index=_kept_index(session, index, changed, acquired, point))
        after = after.with_viewport(changed, index)
    return after


def _own_point(session: Session, index: int) -> Vector | None:
    """The middle of a pane; for one that lies in no space (curved, volume) any point will do."""
    acquired = acquired_set(session, index)
    point = point_at(session, 0.5, 0.5, index)
    if point is None and acquired is not None and acquired.frames[0].plane is not None:
        return acquired.frames[acquired.count // 2].plane.position  # type: ignore[union-attr]
    return point


def _kept_index(
    session: Session, index: int, changed: Viewport, acquired: DisplaySet, point: Vector
) -> int:
    """The image stays the same where there are as many of them as before."""
    before = session.shown(index)
    now = Session.shown_in(changed, acquired)
    if before is not None and before[0].volume is None and before[1].count == now.count:
        return min(before[0].index, now.count - 1)
    return at_point(changed, acquired, point).index


# --- the crosshair ---------------------------------------------------------------------------


@command("crosshair.show", Risk.VIEW, keys=("X",), when=has_place)
def crosshair_show(session: Session) -> Session:
    """Show one point in all images of its space: the named cell, or the middle."""
    target = session.view.target
    named_point = None if target is None else point_at(session, target.x, target.y)
    point = named_point or resting_point(session)
    return session if point is None else with_crosshair(session, point)


@command("crosshair.hide", Risk.VIEW, keys=("Shift+X",))
def crosshair_hide(session: Session) -> Session:
    """Hide the crosshair."""
    return session.with_view(crosshair=None)


@command("crosshair.set", Risk.VIEW, when=has_place)
def crosshair_set(session: Session, cell: Cell) -> Session:
    """Put the crosshair into a cell of the grid; all images of its space follow."""
    target = cell_target(cell)
    point = point_at(session, target.x, target.y)
    return session if point is None else with_crosshair(session, point)


@command("crosshair.move", Risk.VIEW, when=has_place, internal=True)
def crosshair_move(session: Session, x: float, y: float) -> Session:
    """Move the crosshair to a place of the active pane, fractions of its size (drag)."""
    point = point_at(session, x, y)
    if point is None:
        return session
    return with_crosshair(session, point, leave=session.view.active)


# --- along a path ----------------------------------------------------------------------------


def has_path(session: Session) -> str | None:
    """Two points at least were picked in a volume."""
    shown, path = session.display_set, session.view.path
    here = shown is not None and len(path) > 1 and path[0].space == shown.space
    return can_reformat(session) or (None if here else "refused.path_too_short")


@command("path.add", Risk.VIEW, keys=("Alt+D",), when=has_place)
def path_add(session: Session, cell: Cell | None = None) -> Session:
    """Pick a point of a path along a vessel or the spine: a cell, the crosshair or the middle."""
    target = session.view.target if cell is None else cell_target(cell)
    point = None if target is None else point_at(session, target.x, target.y)
    if point is None:
        point = resting_point(session)
    shown = session.display_set
    if point is None or shown is None:
        return session
    # A path lies in one space: a point of another one begins it anew.
    path = tuple(entry for entry in session.view.path if entry.space == shown.space)
    if len(path) >= MAX_PATH:
        raise NotPossibleError("refused.path_full", count=MAX_PATH)
    return session.with_view(path=(*path, SpacePoint(point, shown.space)))


@command("path.clear", Risk.VIEW)
def path_clear(session: Session) -> Session:
    """Forget the points that were picked for a path."""
    return session.with_view(path=())


@command("plane.along", Risk.VIEW, when=has_path)
def plane_along(session: Session) -> Session:
    """Show the plane that holds the first and the last point of the path."""
    first, last = session.view.path[0].point, session.view.path[-1].point
    base = _active_plane(session)
    return _slanted(session, along(first, last, base.normal, first), first)


@command("plane.across", Risk.VIEW, when=has_path)
def plane_across(session: Session) -> Session:
    """Show the plane at right angles to the path, at its last point."""
    before, last = (entry.point for entry in session.view.path[-2:])
    return _slanted(session, across(before, last, last), last)


@command("plane.curved", Risk.VIEW, when=has_path)
def plane_curved(session: Session) -> Session:
    """Show the path stretched out straight, with what lies on both sides of it."""
    path = tuple(entry.point for entry in session.view.path)
    if headfirst(path[0], path[-1]) != added(path[-1], scaled(path[0], -1.0)):
        path = path[::-1]
    plane = replace(_active_plane(session), kind="curved", through=path[0], path=path)
    return _slanted(session, plane, path[0])


def _active_plane(session: Session) -> Plane:
    acquired = acquired_set(session)
    if acquired is None:
        raise NotPossibleError("refused.no_image")
    return _flat(session.viewport, acquired)


def _slanted(session: Session, plane: Plane | None, point: Vector) -> Session:
    acquired = acquired_set(session)
    if acquired is None or plane is None:
        raise NotPossibleError("refused.path_too_short")
    return anchored(
        session.with_viewport(upright(facing(session.viewport, acquired, plane, point)))
    )
