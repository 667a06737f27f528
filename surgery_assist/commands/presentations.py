"""Saved presentation states: the window, turn and part of the image that somebody chose before."""

from dataclasses import replace
from typing import Final

from surgery_assist.commands.registry import Risk, command
from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet, FrameRef, SavedLook
from surgery_assist.model.viewport import Rect, Viewport, fit_scale

_PLAIN: Final = Viewport()


def _looks(session: Session) -> tuple[SavedLook, ...]:
    """Saved looks of the image in the active viewport, the newest first."""
    shown = session.shown(session.view.active)
    frame = _frame(session)
    if shown is None or frame is None:
        return ()
    states = [entry for entry in shown[3].objects if entry.kind == "presentation"]
    states.sort(key=lambda entry: (entry.date, entry.time), reverse=True)
    return tuple(look for state in states for look in state.looks if look.concerns(frame))


def _frame(session: Session) -> FrameRef | None:
    """The acquired frame in the active viewport; a plane or a volume is none."""
    viewport, acquired = session.viewport, session.display_set
    if acquired is None or not acquired.count or viewport.plane or viewport.volume:
        return None
    return acquired.frames[min(viewport.index, acquired.count - 1)]


def has_presentation(session: Session) -> str | None:
    """Somebody has saved how the image in the active viewport is to be shown."""
    return None if _looks(session) else "refused.no_presentation"


def presented(viewport: Viewport, display_set: DisplaySet, look: SavedLook, pane: Rect) -> Viewport:
    """A viewport as a presentation state wants it; the part to be shown just fits the pane.

    The state's flip comes after its rotation (PS3.3 C.10.6), the viewport's before it.
    """
    turned = replace(
        viewport,
        window=look.window,
        invert=look.inverted,
        rotation_deg=float((-look.rotation_deg if look.flipped else look.rotation_deg) % 360),
        flip_h=look.flipped,
        flip_v=False,
        scale="fit",
        zoom=1.0,
        centre=(0.5, 0.5),
    )
    if look.area is None:
        return turned
    left, top, right, bottom = look.area
    width, height = max(1, round(right - left)), max(1, round(bottom - top))
    part = replace(display_set, columns=width, rows=height)
    return replace(
        turned,
        zoom=fit_scale(turned, part, pane) / fit_scale(turned, display_set, pane),
        centre=(
            (left + right) / 2 / display_set.columns,
            (top + bottom) / 2 / display_set.rows,
        ),
    )


def _choices(session: Session) -> list[Viewport]:
    acquired = session.display_set
    if acquired is None:
        return []
    pane = session.pane(session.view.active)
    return [presented(session.viewport, acquired, look, pane) for look in _looks(session)]


def is_presented(session: Session) -> bool:
    """Whether the active viewport shows its image as it was saved."""
    return session.view.presentations and session.viewport in _choices(session)


@command("presentation.show", Risk.VIEW, when=has_presentation)
def presentation_show(session: Session) -> Session:
    """Show the image as somebody has saved it: window, turn, part, drawings; again, the next."""
    choices = _choices(session)
    known = choices.index(session.viewport) + 1 if is_presented(session) else 0
    after = session.with_viewport(choices[known % len(choices)])
    return after.with_view(presentations=True)


@command("presentation.hide", Risk.VIEW, when=has_presentation)
def presentation_hide(session: Session) -> Session:
    """Show the image without what was saved for it."""
    after = session.with_view(presentations=False)
    if session.viewport not in _choices(session):
        return after
    plain = {
        name: getattr(_PLAIN, name)
        for name in ("window", "invert", "rotation_deg", "flip_h", "flip_v", "zoom", "centre")
    }
    return after.with_viewport(replace(session.viewport, **plain))
