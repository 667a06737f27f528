"""What command functions share: conditions, and changes that linked viewports follow."""

from dataclasses import replace
from typing import Any

from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet


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
    they move by as many frames.
    """
    shown = session.display_set
    if shown is None:
        return session
    target = clamp_index(index, shown)
    step = target - session.viewport.index
    after = session.with_viewport(replace(session.viewport, index=target))
    for other in followers(session):
        viewport = session.view.viewports[other]
        display_set = session.catalogue.display_set(viewport.display_set)
        if display_set is None:
            continue
        near = nearest_index(shown, target, display_set)
        place = viewport.index + step if near is None else near
        moved = replace(viewport, index=clamp_index(place, display_set))
        after = after.with_viewport(moved, other)
    return after


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
    alignment = sum(a * b for a, b in zip(plane.normal, other.normal, strict=True))
    if abs(alignment) < 0.985:  # cos 10 degrees
        return None
    distances = [
        (abs(frame.plane.distance(plane.position)), position)
        for position, frame in enumerate(target.frames)
        if frame.plane is not None
    ]
    return min(distances)[1] if distances else None
