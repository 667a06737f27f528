"""Segmentations, reports and findings: shown where there are any, and refused with a reason."""

from dataclasses import replace

import pytest

from surgery_assist.commands.bindings import parse_invocation
from surgery_assist.model.session import Session
from surgery_assist.model.study import StudyObject, study_reports
from tests.helpers.panels import make_dispatcher
from tests.helpers.sessions import ct_session, display_set, session_with, study

REPORT = StudyObject("8.1", "report", "SR", "First", "2026-11-01", "08:00")
LATER = StudyObject("8.2", "report", "SR", "Second", "2026-11-01", "09:00")
ROI = StudyObject("8.3", "structures", "RTSTRUCT", "Structures")


def with_objects(*objects: StudyObject) -> Session:
    return session_with(
        replace(study("1", display_set("1.1"), display_set("1.2")), objects=objects)
    )


def did(session: Session, *texts: str):
    dispatcher = make_dispatcher(session)
    outcome = None
    for text in texts:
        outcome = dispatcher.dispatch(parse_invocation(text, dispatcher.registry))
    return dispatcher, outcome


def test_outlines_are_shown_until_they_are_hidden():
    session = with_objects(ROI)
    assert session.view.segmentation
    dispatcher, _ = did(session, "segmentation.hide")
    assert not dispatcher.session.view.segmentation
    dispatcher, _ = did(session, "segmentation.hide", "segmentation.show")
    assert dispatcher.session.view.segmentation
    dispatcher, _ = did(session, "segmentation.hide", "undo")
    assert dispatcher.session.view is session.view


@pytest.mark.parametrize(
    ("command", "reason"),
    [("segmentation.show", "refused.no_segmentation"), ("report.show", "refused.no_report")],
)
def test_what_is_not_there_is_refused_with_its_reason(command, reason):
    _, outcome = did(ct_session(), command)
    assert outcome.status == "refused"
    assert outcome.error.key == reason


def test_nothing_open_is_a_reason_too():
    _, outcome = did(Session(), "report.show")
    assert outcome.error.key == "refused.nothing_open"


def test_reports_open_beside_the_images_the_newest_first():
    session = with_objects(REPORT, LATER)
    dispatcher, _ = did(session, "report.show")
    assert dispatcher.session.view.panel == "report"
    assert [entry.uid for entry in study_reports(session.study)] == ["8.2", "8.1"]
    dispatcher, _ = did(session, "report.show", "report.hide")
    assert dispatcher.session.view.panel == ""


def test_a_report_that_is_a_document_is_shown_as_pages():
    pages = replace(display_set("1.2", count=3), source="document")
    session = session_with(study("1", display_set("1.1"), pages))
    dispatcher, _ = did(session, "report.show")
    assert dispatcher.session.view.panel == ""
    assert dispatcher.session.display_set.uid == "1.2"


def test_hiding_leaves_other_panels_alone():
    dispatcher, _ = did(ct_session(), "patient.list", "findings.hide", "report.hide")
    assert dispatcher.session.view.panel == "studies"
    dispatcher, _ = did(ct_session(), "findings.show")
    assert dispatcher.session.view.panel == "findings"
