"""Patients and studies: open, list, close. What opens another patient asks first."""

from dataclasses import replace
from typing import Annotated

from surgery_assist.commands.change import clamp_index, has_study
from surgery_assist.commands.effects import CancelWork, CloseCase, OpenPaths, Perform
from surgery_assist.commands.navigation import opened
from surgery_assist.commands.registry import Result, Risk, command
from surgery_assist.commands.slots import Range
from surgery_assist.errors import NotPossibleError
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.layout import Layout
from surgery_assist.model.session import Session, View
from surgery_assist.model.study import (
    Catalogue,
    DisplaySet,
    Study,
    study_display_sets,
    study_reports,
)
from surgery_assist.model.viewport import Viewport

Place = Annotated[int, Range(1, 999)]


@command("patient.list", Risk.STATE, keys=("F2",), when=has_study)
def patient_list(session: Session) -> Session:
    """Show the list of patients and studies that are open."""
    return session.with_view(panel="studies")


@command("patient.open", Risk.CONFIRM, when=has_study)
def patient_open(session: Session, n: Place) -> Session:
    """Bring another patient to the front: the newest study."""
    patients = session.catalogue.patients
    if n > len(patients):
        raise NotPossibleError("refused.no_such_patient", n=n, count=len(patients))
    studies = session.catalogue.studies_of(patients[n - 1].key)
    return with_study(session, next(filter(study_display_sets, studies), studies[0]))


@command("study.open", Risk.CONFIRM, when=has_study)
def study_open(session: Session, n: Place) -> Session:
    """Bring another study of this patient to the front."""
    patient = session.patient
    key = patient.key if patient else session.catalogue.patients[0].key
    studies = session.catalogue.studies_of(key)
    if n > len(studies):
        raise NotPossibleError("refused.no_such_study", n=n, count=len(studies))
    return with_study(session, studies[n - 1])


@command("study.show", Risk.CONFIRM, internal=True)
def study_show(session: Session, uid: str) -> Session:
    """Bring a study to the front that was picked from the list."""
    study = session.catalogue.study(uid)  # type: ignore[arg-type]
    if study is None:
        raise NotPossibleError("refused.no_such_study", n="?", count=0)
    return with_study(session, study)


@command("choose", Risk.STATE, when=has_study)
def choose(session: Session, n: Place) -> Result:
    """Choose from the list that is shown, by number."""
    if session.view.panel != "studies":
        raise NotPossibleError("refused.nothing_to_choose")
    command_id = "patient.open" if len(session.catalogue.patients) > 1 else "study.open"
    return session, Perform(Invocation(command_id, {"n": n}))


@command("case.close", Risk.CONFIRM, keys=("Ctrl+W",), when=has_study)
def case_close(session: Session) -> Result:
    """Close everything that is open and forget it on this PC."""
    emptied = replace(session, catalogue=Catalogue(), view=View())
    return emptied, CloseCase()


@command("paths.open", Risk.STATE, internal=True)
def paths_open(session: Session, paths: tuple[str, ...]) -> Result:
    """Read files and folders and show what is in them."""
    return session, OpenPaths(tuple(paths))


@command("work.cancel", Risk.STATE, internal=True)
def work_cancel(session: Session) -> Result:
    """Stop reading; what has been read stays."""
    return session, CancelWork()


@command("catalogue.replace", Risk.STATE, internal=True)
def catalogue_replace(session: Session, catalogue: Catalogue) -> Session:
    """Take what has been read so far; the first study that has pictures is shown."""
    after = replace(session, catalogue=catalogue)
    if after.study is None:
        study = next(filter(study_display_sets, catalogue.studies), None)
        if study is None and not catalogue.loading:
            study = next(filter(study_reports, catalogue.studies), None)
        return after if study is None else with_study(after, study)
    study = after.study
    if _is_pair(study_display_sets(study)) and _untouched(session):
        return with_study(after, study)  # the second view of a radiograph has arrived
    viewports = list(after.view.viewports)
    for index, viewport in enumerate(viewports):
        viewports[index] = _followed(session.catalogue, catalogue, viewport)
    # A pane that was split off before its series arrived takes the next one.
    shown = {viewport.display_set for viewport in viewports}
    waiting = [e for e in study_display_sets(study) if e.uid not in shown]
    for index, viewport in enumerate(viewports):
        if viewport.display_set is None and waiting:
            viewports[index] = opened(waiting.pop(0))
    changed = tuple(viewports)
    return after if changed == after.view.viewports else after.with_view(viewports=changed)


def _untouched(session: Session) -> bool:
    """Whether the study in front is shown as it was opened."""
    study = session.study
    return (
        study is not None
        and bool(study_display_sets(study))
        and with_study(session, study).view == session.view
    )


def _followed(before: Catalogue, after: Catalogue, viewport: Viewport) -> Viewport:
    """The viewport on the same frame, although images have arrived before it.

    A viewport that is still on the first image stays on the first.
    """
    old, new = before.display_set(viewport.display_set), after.display_set(viewport.display_set)
    if new is None:
        return replace(viewport, display_set=None, index=0)
    if old is None or viewport.index == 0 or old.frames == new.frames:
        return replace(viewport, index=clamp_index(viewport.index, new))
    frame = old.frames[clamp_index(viewport.index, old)]
    places = {(f.instance_uid, f.frame): place for place, f in enumerate(new.frames)}
    place = places.get((frame.instance_uid, frame.frame), viewport.index)
    return replace(viewport, index=clamp_index(place, new))


def with_study(session: Session, study: Study) -> Session:
    """A study in front, one viewport for its first series.

    A radiograph of two views gets two viewports, as it is read. A study that is a report and
    nothing else opens with it.
    """
    sets = study_display_sets(study)
    reports = study_reports(study)
    if not sets and not reports:
        raise NotPossibleError("refused.study_empty")
    layout = Layout(1, 2) if _is_pair(sets) else Layout(1, 1)
    viewports = tuple(opened(entry) for entry in sets[: layout.count]) or (Viewport(),)
    return session.with_view(
        study_uid=study.uid,
        layout=layout,
        viewports=viewports,
        active=0,
        maximized=False,
        linked=False,
        panel="" if sets else "report",
        target=None,
        bookmarks=(),
        crosshair=None,
        path=(),
    )


def _is_pair(sets: tuple[DisplaySet, ...]) -> bool:
    return len(sets) == 2 and all(
        entry.count == 1 and entry.modality in ("CR", "DX", "MG") for entry in sets
    )
