"""The layout: how many viewports, which one acts, what lies over them."""

from dataclasses import replace
from typing import Annotated

from surgery_assist.commands.change import anchored, has_image, has_several_viewports, has_study
from surgery_assist.commands.effects import MoveToMonitor
from surgery_assist.commands.navigation import opened
from surgery_assist.commands.registry import Result, Risk, command
from surgery_assist.commands.slots import Range
from surgery_assist.commands.volume_change import beside_volume
from surgery_assist.errors import NotPossibleError
from surgery_assist.model.layout import MAX_COLUMNS, MAX_ROWS, Layout
from surgery_assist.model.session import Bookmark, Session
from surgery_assist.model.study import DisplaySet, study_display_sets
from surgery_assist.model.viewport import Viewport

MAX_BOOKMARKS = 9


@command("layout.set", Risk.VIEW)
def layout_set(
    session: Session,
    rows: Annotated[int, Range(1, MAX_ROWS)],
    columns: Annotated[int, Range(1, MAX_COLUMNS)],
) -> Session:
    """Split the screen into rows and columns of viewports."""
    return with_layout(session, Layout(rows, columns))


@command("layout.focus", Risk.VIEW)
def layout_focus(session: Session, n: Annotated[int, Range(2, 3)]) -> Session:
    """Show one large viewport with two or three small ones beside it."""
    return with_layout(session, Layout(rows=n, columns=2, focus=n))


def with_layout(session: Session, layout: Layout) -> Session:
    """Another layout; the active viewport stays, new ones take what is not shown yet.

    When every display set of the study is shown already, further viewports show the active one
    again: two windows of one series side by side are of use, an empty pane is not.
    """
    view = session.view
    viewports = list(view.viewports[: layout.count])
    active = view.active
    if active >= layout.count:
        viewports[-1] = session.viewport
        active = layout.count - 1
    waiting = _not_shown(session, viewports)
    while len(viewports) < layout.count:
        if waiting:
            viewports.append(opened(waiting.pop(0)))
        else:
            viewports.append(replace(session.viewport, cine=Viewport().cine))
    return anchored(
        session.with_view(layout=layout, viewports=tuple(viewports), active=active, maximized=False)
    )


def _not_shown(session: Session, viewports: list[Viewport]) -> list[DisplaySet]:
    study = session.study
    if study is None:
        return []
    shown = {viewport.display_set for viewport in viewports}
    return [entry for entry in study_display_sets(study) if entry.uid not in shown]


@command("viewport.select", Risk.VIEW)
def viewport_select(session: Session, n: Annotated[int, Range(1, 9)]) -> Session:
    """Choose the viewport that commands act on, by its number."""
    count = session.view.layout.count
    if n > count:
        raise NotPossibleError("refused.no_such_viewport", n=n, count=count)
    return session if n - 1 == session.view.active else session.with_view(active=n - 1)


@command("viewport.maximize", Risk.VIEW, keys=("Return",), when=has_several_viewports)
def viewport_maximize(session: Session) -> Session:
    """Show the active viewport alone."""
    return session.with_view(maximized=True)


@command("viewport.restore", Risk.VIEW, keys=("Backspace",))
def viewport_restore(session: Session) -> Session:
    """Show all viewports of the layout again."""
    return session.with_view(maximized=False)


@command("viewport.toggle", Risk.VIEW, when=has_several_viewports, internal=True)
def viewport_toggle(session: Session) -> Session:
    """Show the active viewport alone, or all again (double click, double tap, pedal)."""
    return session.with_view(maximized=not session.view.maximized)


@command("compare.prior", Risk.VIEW, keys=("P",), when=has_image)
def compare_prior(session: Session) -> Session:
    """Show the patient's previous study beside this one, at the same place."""
    shown = session.shown(session.view.active)
    if shown is None:
        return session
    viewport, display_set, _, study = shown
    earlier = [
        other
        for other in session.catalogue.studies_of(study.patient.key)
        if (other.date, other.time) < (study.date, study.time)
    ]
    candidates = [
        entry
        for other in earlier
        for entry in study_display_sets(other)
        if entry.modality == display_set.modality
    ]
    if not candidates:
        raise NotPossibleError("refused.no_prior")
    # The most recent study first; in it the series nearest in number of images.
    uid_of_first = session.catalogue.find(candidates[0].uid)
    newest = uid_of_first[2].uid if uid_of_first else None
    alike = [c for c in candidates if (f := session.catalogue.find(c.uid)) and f[2].uid == newest]
    prior = min(alike, key=lambda entry: abs(entry.count - display_set.count))
    place = viewport.index / max(1, display_set.count - 1)
    partner = replace(opened(prior), index=round(place * (prior.count - 1)), window=viewport.window)
    partner = beside_volume(viewport, partner, prior)
    return anchored(
        session.with_view(
            layout=Layout(1, 2), viewports=(viewport, partner), active=0, maximized=False
        )
    )


@command("link.on", Risk.VIEW, keys=("L",), when=has_several_viewports)
def link_on(session: Session) -> Session:
    """Let all viewports move together."""
    return anchored(session.with_view(linked=True))


@command("link.off", Risk.VIEW, keys=("U",))
def link_off(session: Session) -> Session:
    """Let each viewport move alone."""
    return session.with_view(linked=False)


@command("reference.show", Risk.VIEW, when=has_image)
def reference_show(session: Session) -> Session:
    """Show where the images of the other viewports cut this one."""
    return session.with_view(reference_lines=True)


@command("reference.hide", Risk.VIEW)
def reference_hide(session: Session) -> Session:
    """Hide the reference lines."""
    return session.with_view(reference_lines=False)


@command("overlay.show", Risk.VIEW, keys=("T",))
def overlay_show(session: Session) -> Session:
    """Show the texts on the images."""
    return session.with_view(texts=True)


@command("overlay.hide", Risk.VIEW, keys=("Shift+T",))
def overlay_hide(session: Session) -> Session:
    """Hide the texts on the images; who the patient is and the sides stay."""
    return session.with_view(texts=False)


@command("screen.blank", Risk.VIEW, keys=("B",))
def screen_blank(session: Session) -> Session:
    """Make the screen dark."""
    return session.with_view(blank=True)


@command("screen.show", Risk.VIEW, keys=("Shift+B",))
def screen_show(session: Session) -> Session:
    """Bring the screen back."""
    return session.with_view(blank=False)


@command("monitor.move", Risk.VIEW, keys=("M",))
def monitor_move(session: Session) -> Result:
    """Move the program to the other screen of this PC."""
    monitor = session.control.monitor + 1
    return session.with_control(monitor=monitor), MoveToMonitor(monitor)


@command("bookmark.save", Risk.VIEW, keys=("Ctrl+D",), when=has_image)
def bookmark_save(session: Session) -> Session:
    """Keep this view, to come back to it by its number."""
    view = session.view
    if len(view.bookmarks) >= MAX_BOOKMARKS:
        raise NotPossibleError("refused.bookmarks_full", count=MAX_BOOKMARKS)
    mark = Bookmark(view.layout, view.viewports, view.active)
    return session.with_view(bookmarks=(*view.bookmarks, mark))


@command("bookmark.recall", Risk.VIEW, when=has_study)
def bookmark_recall(session: Session, n: Annotated[int, Range(1, MAX_BOOKMARKS)]) -> Session:
    """Come back to a view that was kept."""
    marks = session.view.bookmarks
    if n > len(marks):
        raise NotPossibleError("refused.no_such_bookmark", n=n, count=len(marks))
    mark = marks[n - 1]
    return session.with_view(
        layout=mark.layout, viewports=mark.viewports, active=mark.active, maximized=False
    )


@command("screen.resize", Risk.STATE, internal=True)
def screen_resize(
    session: Session, width: float, height: float, mm_per_pixel: float | None = None
) -> Session:
    """Tell the Session how large the area of the viewports is."""
    screen = replace(
        session.control.screen,
        width=max(1.0, width),
        height=max(1.0, height),
        mm_per_pixel=mm_per_pixel,
    )
    return session if screen == session.control.screen else session.with_control(screen=screen)
