from dataclasses import replace

from surgery_assist.commands.arranging import layout_set
from surgery_assist.commands.cases import catalogue_replace, with_study
from surgery_assist.commands.navigation import image_goto
from surgery_assist.model.session import Session
from surgery_assist.model.study import Catalogue
from tests.helpers.sessions import OTHER, display_set, session_with, study


def test_the_first_study_that_arrives_is_shown():
    session = catalogue_replace(Session(), Catalogue(studies=(study("1"),)))
    assert session.viewport.display_set is None
    session = catalogue_replace(session, Catalogue(studies=(study("1", display_set()),)))
    assert session.viewport.display_set == "1.1"
    assert session.view.study_uid == "1"


def test_what_arrives_later_does_not_push_the_first_aside():
    session = session_with(study("1", display_set()))
    both = Catalogue(
        studies=(study("2", display_set("2.1"), patient=OTHER), *session.catalogue.studies)
    )
    after = catalogue_replace(session, both)
    assert after.view is session.view


def test_the_shown_image_stays_while_others_arrive_before_it():
    whole = display_set(count=20)
    part = replace(whole, frames=whole.frames[10:])
    session = image_goto(session_with(study("1", part)), 3)
    after = catalogue_replace(session, Catalogue(studies=(study("1", whole),)))
    assert after.viewport.index == 12
    first = catalogue_replace(
        session_with(study("1", part)), Catalogue(studies=(study("1", whole),))
    )
    assert first.viewport.index == 0


def test_a_display_set_that_is_gone_leaves_an_empty_viewport():
    session = session_with(study("1", display_set()))
    after = catalogue_replace(session, Catalogue(studies=(study("1", display_set("1.9")),)))
    assert after.viewport.display_set in (None, "1.9")


def test_a_pair_of_radiographs_is_shown_side_by_side():
    views = [display_set(f"1.{i}", count=1, modality="DX") for i in (1, 2)]
    session = session_with(study("1", *views))
    assert session.view.layout.count == 2
    assert [viewport.display_set for viewport in session.view.viewports] == ["1.1", "1.2"]


def test_an_empty_pane_takes_the_next_series_that_arrives():
    session = layout_set(Session(), 1, 2)
    session = catalogue_replace(session, Catalogue(studies=(study("1", display_set("1.1")),)))
    session = layout_set(session, 1, 2)
    assert [v.display_set for v in session.view.viewports] == ["1.1", "1.1"]


def test_another_study_starts_with_one_viewport():
    session = session_with(study("1", display_set("1.1")), study("2", display_set("2.1")))
    session = with_study(layout_set(session, 2, 2), session.catalogue.studies[1])
    assert session.view.layout.count == 1
    assert session.viewport.display_set == "2.1"


def test_the_second_view_of_a_radiograph_comes_beside_the_first_unless_something_was_changed():
    views = [display_set(f"1.{i}", count=1, modality="DX") for i in (1, 2)]
    first = session_with(study("1", views[1]))
    both = Catalogue(studies=(study("1", *views),))
    after = catalogue_replace(first, both)
    assert [viewport.display_set for viewport in after.view.viewports] == ["1.1", "1.2"]
    changed = first.with_viewport(replace(first.viewport, zoom=2.0))
    assert catalogue_replace(changed, both).view.layout.count == 1
