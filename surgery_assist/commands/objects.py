"""What belongs to images without being one: segmentations, reports, what was found on reading."""

from surgery_assist.commands.change import has_image
from surgery_assist.commands.navigation import opened
from surgery_assist.commands.registry import Risk, command
from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet, study_display_sets, study_reports


def has_segmentation(session: Session) -> str | None:
    """The study holds outlines of organs or structures."""
    kinds = {entry.kind for entry in session.study.objects} if session.study else set()
    return None if kinds & {"segmentation", "structures"} else "refused.no_segmentation"


@command("segmentation.show", Risk.VIEW, keys=("O",), when=has_segmentation)
def segmentation_show(session: Session) -> Session:
    """Show the outlines of segmented organs and structures."""
    return session.with_view(segmentation=True)


@command("segmentation.hide", Risk.VIEW, keys=("Shift+O",))
def segmentation_hide(session: Session) -> Session:
    """Hide the outlines of segmented organs and structures."""
    return session.with_view(segmentation=False)


def has_report(session: Session) -> str | None:
    """The study holds a report, as text or as a document."""
    study = session.study
    if study is None:
        return "refused.nothing_open"
    there = bool(study_reports(study)) or _document(session) is not None
    return None if there else "refused.no_report"


@command("report.show", Risk.VIEW, keys=("E",), when=has_report)
def report_show(session: Session) -> Session:
    """Show the report of this study; said again, its next page."""
    study = session.study
    if study is not None and study_reports(study):
        return session.with_view(panel="report")
    document = _document(session)
    if document is None or session.viewport.display_set == document.uid:
        return session
    return session.with_viewport(opened(document))


def _document(session: Session) -> DisplaySet | None:
    """The first document with pages (a scanned or printed report) of the study."""
    sets = study_display_sets(session.study) if session.study else ()
    return next((entry for entry in sets if entry.source == "document"), None)


@command("report.hide", Risk.VIEW, keys=("Shift+E",))
def report_hide(session: Session) -> Session:
    """Hide the report."""
    return session.with_view(panel="") if session.view.panel == "report" else session


@command("findings.show", Risk.VIEW, keys=("N",), when=has_image)
def findings_show(session: Session) -> Session:
    """Show what was found on reading the images: gaps, tilt, compression, files not shown."""
    return session.with_view(panel="findings")


@command("findings.hide", Risk.VIEW, keys=("Shift+N",))
def findings_hide(session: Session) -> Session:
    """Hide what was found on reading the images."""
    return session.with_view(panel="") if session.view.panel == "findings" else session
