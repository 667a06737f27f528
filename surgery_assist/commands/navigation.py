"""Through the images: step, go to, play; and from series to series."""

from dataclasses import replace
from typing import Annotated

from surgery_assist.commands.change import anchored, change, has_frames, has_image, show_index
from surgery_assist.commands.phases import with_phase
from surgery_assist.commands.registry import Result, Risk, command
from surgery_assist.commands.slots import Range
from surgery_assist.commands.volume_change import reset_volume
from surgery_assist.errors import NotPossibleError
from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet, study_display_sets
from surgery_assist.model.viewport import Cine, Viewport

Count = Annotated[int, Range(0, 999)]
Number = Annotated[int, Range(1, 999)]
MIN_FPS, MAX_FPS = 1.0, 60.0
CINE_STEP = 1.5


def _step(session: Session, steps: int) -> Session:
    return show_index(session, session.viewport.index + steps)


@command("image.next", Risk.VIEW, keys=("Down", "PgDown"), when=has_frames)
def image_next(session: Session) -> Session:
    """Show the next image."""
    return _step(session, 1)


@command("image.previous", Risk.VIEW, keys=("Up", "PgUp"), when=has_frames)
def image_previous(session: Session) -> Session:
    """Show the previous image."""
    return _step(session, -1)


@command("image.forward", Risk.VIEW, when=has_frames)
def image_forward(session: Session, n: Count) -> Session:
    """Go forward by a number of images."""
    return _step(session, n)


@command("image.back", Risk.VIEW, when=has_frames)
def image_back(session: Session, n: Count) -> Session:
    """Go back by a number of images."""
    return _step(session, -n)


@command("image.goto", Risk.VIEW, when=has_image)
def image_goto(session: Session, n: Number) -> Session:
    """Go to an image by its number on the screen."""
    shown = session.display_set
    if shown is not None and n > shown.count:
        raise NotPossibleError("refused.no_such_image", n=n, count=shown.count)
    return show_index(session, n - 1)


@command("image.first", Risk.VIEW, keys=("Home",), when=has_frames)
def image_first(session: Session) -> Session:
    """Show the first image."""
    return show_index(session, 0)


@command("image.last", Risk.VIEW, keys=("End",), when=has_frames)
def image_last(session: Session) -> Session:
    """Show the last image."""
    shown = session.display_set
    return show_index(session, shown.count - 1) if shown else session


@command("image.middle", Risk.VIEW, when=has_frames)
def image_middle(session: Session) -> Session:
    """Show the image in the middle."""
    shown = session.display_set
    return show_index(session, shown.count // 2) if shown else session


@command("image.step", Risk.VIEW, when=has_image, internal=True)
def image_step(session: Session, steps: int, *, wrap: bool = False) -> Session:
    """Move by frames (wheel, drag, cine); ``wrap`` starts again after the last."""
    shown = session.display_set
    if shown is None:
        return session
    index = session.viewport.index + steps
    return show_index(session, index % shown.count if wrap else index)


@command("cine.step", Risk.STATE, internal=True)
def cine_step(session: Session, viewport: int, steps: int) -> Result:
    """Play on in a viewport; no step of undo of its own, undo goes back to before it played."""
    if not 0 <= viewport < len(session.view.viewports):
        return session
    if session.view.viewports[viewport].cine.over == "phases":
        return with_phase(session, viewport, steps)
    if viewport == session.view.active:
        return image_step(session, steps, wrap=True)
    playing = session.view.viewports[viewport]
    shown = session.displayed(playing)
    if shown is None or shown.count == 0:
        return session
    index = (playing.index + steps) % shown.count
    return session.with_viewport(replace(playing, index=index), viewport)


@command("cine.start", Risk.VIEW, keys=("Space",), when=has_frames)
def cine_start(session: Session) -> Session:
    """Play through the images."""
    return _with_cine(session, replace(session.viewport.cine, playing=True, over="images"))


@command("cine.stop", Risk.VIEW, when=has_image)
def cine_stop(session: Session) -> Session:
    """Stop playing."""
    return _with_cine(session, replace(session.viewport.cine, playing=False))


@command("cine.faster", Risk.VIEW, when=has_frames)
def cine_faster(session: Session) -> Session:
    """Play faster."""
    return _with_speed(session, CINE_STEP)


@command("cine.slower", Risk.VIEW, when=has_frames)
def cine_slower(session: Session) -> Session:
    """Play slower."""
    return _with_speed(session, 1 / CINE_STEP)


def _with_speed(session: Session, factor: float) -> Session:
    cine = session.viewport.cine
    fps = max(MIN_FPS, min(MAX_FPS, cine.fps * factor))
    return _with_cine(session, replace(cine, fps=fps))


def _with_cine(session: Session, cine: Cine) -> Session:
    return session.with_viewport(replace(session.viewport, cine=cine))


@command("series.next", Risk.VIEW, keys=("Right",), when=has_image)
def series_next(session: Session) -> Session:
    """Show the next series of the study."""
    return _show_series(session, _position(session) + 1)


@command("series.previous", Risk.VIEW, keys=("Left",), when=has_image)
def series_previous(session: Session) -> Session:
    """Show the previous series of the study."""
    return _show_series(session, _position(session) - 1)


@command("series.goto", Risk.VIEW, when=has_image)
def series_goto(session: Session, n: Number) -> Session:
    """Show a series by its place in the list."""
    return _show_series(session, n - 1)


@command("series.show", Risk.VIEW, internal=True)
def series_show(session: Session, uid: str) -> Session:
    """Show a display set in the active viewport (drag or tap on a thumbnail)."""
    found = session.catalogue.find(uid)  # type: ignore[arg-type]
    if found is None:
        raise NotPossibleError("refused.no_such_series", n="?", count=0)
    display_set, _, study = found
    front = session.patient
    if front is not None and study.patient.key != front.key:
        raise NotPossibleError("refused.other_patient")
    after = session if session.view.study_uid else session.with_view(study_uid=study.uid)
    return anchored(after.with_viewport(opened(display_set)))


def opened(display_set: DisplaySet, *, fps: float = 15.0) -> Viewport:
    """A viewport that has just been given a display set."""
    if display_set.frame_time_ms:
        fps = max(MIN_FPS, min(MAX_FPS, 1000.0 / display_set.frame_time_ms))
    return Viewport(display_set=display_set.uid, cine=Cine(fps=fps))


def _siblings(session: Session) -> tuple[DisplaySet, ...]:
    """Display sets of the study that the active viewport shows."""
    shown = session.shown(session.view.active)
    return study_display_sets(shown[3]) if shown else ()


def _position(session: Session) -> int:
    uids = [display_set.uid for display_set in _siblings(session)]
    uid = session.viewport.display_set
    return uids.index(uid) if uid in uids else 0


def _show_series(session: Session, place: int) -> Session:
    choices = _siblings(session)
    if not 0 <= place < len(choices):
        raise NotPossibleError("refused.no_such_series", n=place + 1, count=len(choices))
    if choices[place].uid == session.viewport.display_set:
        return session
    return change_series(session, choices[place])


def change_series(session: Session, display_set: DisplaySet) -> Session:
    """The active viewport with another display set; zoom and window start afresh."""
    return anchored(session.with_viewport(opened(display_set)))


@command("view.reset", Risk.VIEW, keys=("R",), when=has_image)
def view_reset(session: Session) -> Session:
    """Show the image as it was opened: whole, upright, with its own window."""
    return change(
        session,
        window=None,
        invert=False,
        scale="fit",
        zoom=1.0,
        centre=(0.5, 0.5),
        rotation_deg=0.0,
        flip_h=False,
        flip_v=False,
        volume=reset_volume(session.viewport.volume, session.display_set),
    )
