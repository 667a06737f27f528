"""What command functions share: conditions, and changes that linked viewports follow."""

from dataclasses import replace
from typing import Any

from surgery_assist.commands.plane_change import carried_crosshair
from surgery_assist.model.geometry import added, dot, length, scaled
from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet
from surgery_assist.model.units import Vector

PARALLEL = 0.985
"""Cosine of 10 degrees: planes that differ by less count as parallel."""


def has_image(session: Session) -> str | None:
    """The active viewport shows something."""
    return None if session.display_set is not None else "refused.no_image"


def has_frames(session: Session) -> str | None:
    """The active viewport shows more than one image."""
    shown = session.display_set
    if shown is None:
        return "refused.no_image"
    return None if shown.count > 1 else "refused.one_image"


def has_study(session: Session) -> str | None:
    """Something is open."""
    return None if session.catalogue.studies else "refused.nothing_open"


def has_several_viewports(session: Session) -> str | None:
    """The layout has more than one viewport."""
    return None if session.view.layout.count > 1 else "refused.one_viewport"


def change(session: Session, **fields: Any) -> Session:
    """The active viewport with fields replaced; linked viewports get the same values."""
    after = session.with_viewport(replace(session.viewport, **fields))
    if not session.view.linked:
        return after
    for index in followers(session):
        after = after.with_viewport(replace(session.view.viewports[index], **fields), index)
    return after


def followers(session: Session) -> tuple[int, ...]:
    """The other viewports that show something, when panels are linked."""
    if not session.view.linked:
        return ()
    return tuple(
        index
        for index, viewport in enumerate(session.view.viewports)
        if index != session.view.active
        and session.catalogue.display_set(viewport.display_set) is not None
    )


def show_index(session: Session, index: int) -> Session:
    """The active viewport at a frame (clamped); linked viewports go to the same place.

    In one frame of reference that is the slice nearest to the same patient position; elsewhere
    they move by as many millimetres (or frames) from where they stood when they were linked.
    """
    shown = session.display_set
    if shown is None:
        return session
    target = clamp_index(index, shown)
    after = session.with_viewport(replace(session.viewport, index=target))
    for other in followers(session):
        viewport = session.view.viewports[other]
        display_set = session.displayed(viewport)
        if display_set is None:
            continue
        near = nearest_index(shown, target, display_set)
        if near is None and display_set.uid == shown.uid:
            continue  # another plane of the same volume: what it shows stays where it is
        place = _kept_distance(session, other, target, display_set) if near is None else near
        moved = replace(viewport, index=clamp_index(place, display_set))
        after = after.with_viewport(moved, other)
    return after if session.view.crosshair is None else carried_crosshair(after)


def anchored(session: Session) -> Session:
    """The Session with the viewports' places kept as those from which linked ones move."""
    return session.with_view(anchors=tuple(viewport.index for viewport in session.view.viewports))


def _kept_distance(session: Session, other: int, target: int, display_set: DisplaySet) -> int:
    view = session.view
    known = len(view.anchors) == len(view.viewports)
    start = view.anchors[view.active] if known else session.viewport.index
    start_other = view.anchors[other] if known else view.viewports[other].index
    shown = session.display_set
    ratio = _pitch_ratio(shown, display_set) if shown else 1.0
    return start_other + round((target - start) * ratio)


def _pitch_ratio(source: DisplaySet, target: DisplaySet) -> float:
    """Frames of ``target`` per frame of ``source`` over the same millimetres; 1 if not parallel."""
    one, other = _pitch(source), _pitch(target)
    if one is None or other is None:
        return 1.0
    size = length(other)
    share = dot(one, other) / (length(one) * size)
    if abs(share) < PARALLEL:
        return 1.0
    return length(one) / size * (1.0 if share > 0 else -1.0)


def _pitch(display_set: DisplaySet) -> Vector | None:
    """From one slice to the next (LPS, mm), on average."""
    first, last = display_set.frames[0].plane, display_set.frames[-1].plane
    if first is None or last is None:
        return None
    way = added(last.position, scaled(first.position, -1.0))
    return scaled(way, 1.0 / (display_set.count - 1)) if length(way) > 0.0 else None


def clamp_index(index: int, display_set: DisplaySet) -> int:
    """The index within the display set's frames."""
    return max(0, min(index, display_set.count - 1))


def nearest_index(source: DisplaySet, index: int, target: DisplaySet) -> int | None:
    """The frame of ``target`` nearest to a frame of ``source``, by distance along its normal.

    ``None`` when the two share no frame of reference or are not parallel (within 10 degrees).
    """
    if (
        not source.frame_of_reference_uid
        or source.frame_of_reference_uid != target.frame_of_reference_uid
    ):
        return None
    plane, other = source.frames[index].plane, target.frames[0].plane
    if plane is None or other is None:
        return None
    if abs(dot(plane.normal, other.normal)) < PARALLEL:
        return None
    distances = [
        (abs(frame.plane.distance(plane.position)), position)
        for position, frame in enumerate(target.frames)
        if frame.plane is not None
    ]
    return min(distances)[1] if distances else None
