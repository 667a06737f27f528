import pytest

from surgery_assist.commands.arranging import compare_prior, layout_set
from surgery_assist.commands.catalogue import build_registry
from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.errors import NotPossibleError
from surgery_assist.model.invocation import Invocation
from tests.helpers.sessions import (
    CORONAL,
    OTHER,
    ct_session,
    display_set,
    session_with,
    study,
)


def run(session, *steps):
    dispatcher = Dispatcher(build_registry(), session, run_effect=lambda _: None)
    for command_id, arguments in steps:
        outcome = dispatcher.dispatch(Invocation(command_id, arguments))
        if outcome.error is not None:
            raise outcome.error
    return dispatcher.session


@pytest.mark.parametrize(
    ("start", "command_id", "arguments", "index"),
    [
        (0, "image.next", {}, 1),
        (19, "image.next", {}, 19),
        (5, "image.previous", {}, 4),
        (0, "image.previous", {}, 0),
        (5, "image.forward", {"n": 10}, 15),
        (5, "image.forward", {"n": 100}, 19),
        (5, "image.back", {"n": 3}, 2),
        (5, "image.goto", {"n": 20}, 19),
        (5, "image.first", {}, 0),
        (5, "image.last", {}, 19),
        (5, "image.middle", {}, 10),
        (19, "image.step", {"steps": 1, "wrap": True}, 0),
    ],
)
def test_images(start, command_id, arguments, index):
    session = run(ct_session(), ("image.goto", {"n": start + 1}), (command_id, arguments))
    assert session.viewport.index == index


def test_a_single_image_can_not_be_stepped():
    session = session_with(study("1", display_set(count=1)))
    with pytest.raises(NotPossibleError, match="one_image"):
        run(session, ("image.next", {}))


def test_cine_speed_changes_within_limits():
    session = run(ct_session(), ("cine.start", {}), *[("cine.faster", {})] * 9)
    assert session.viewport.cine.playing
    assert session.viewport.cine.fps == 60.0
    session = run(session, *[("cine.slower", {})] * 20, ("stop", {}))
    assert session.viewport.cine.fps == 1.0
    assert not session.viewport.cine.playing


def test_series_are_stepped_within_the_study():
    session = session_with(
        study("1", display_set("1.1"), display_set("1.2"), display_set("1.3")),
        study("2", display_set("2.1"), patient=OTHER),
    )
    session = run(session, ("zoom.in", {}), ("series.next", {}))
    assert session.viewport.display_set == "1.2"
    assert session.viewport.zoom == 1.0
    assert run(session, ("series.goto", {"n": 3})).viewport.display_set == "1.3"
    assert run(session, ("series.previous", {})).viewport.display_set == "1.1"
    with pytest.raises(NotPossibleError):
        run(session, ("series.goto", {"n": 4}))
    with pytest.raises(NotPossibleError, match="other_patient"):
        run(session, ("series.show", {"uid": "2.1"}))


def test_a_split_shows_the_other_series_and_then_the_same_again():
    session = session_with(study("1", display_set("1.1"), display_set("1.2")))
    session = layout_set(session, 2, 2)
    shown = [viewport.display_set for viewport in session.view.viewports]
    assert shown == ["1.1", "1.2", "1.1", "1.1"]


def test_the_active_viewport_survives_a_smaller_layout():
    session = run(
        ct_session(),
        ("layout.set", {"rows": 2, "columns": 2}),
        ("viewport.select", {"n": 4}),
        ("invert", {}),
        ("layout.set", {"rows": 1, "columns": 1}),
    )
    assert session.viewport.invert
    assert len(session.view.viewports) == 1


def test_panels_enlarge_and_come_back():
    session = run(ct_session(), ("layout.focus", {"n": 3}), ("viewport.select", {"n": 2}))
    assert len(session.panes()) == 4
    session = run(session, ("viewport.maximize", {}))
    assert list(session.panes()) == [1]
    assert len(run(session, ("viewport.restore", {})).panes()) == 4
    with pytest.raises(NotPossibleError):
        run(session, ("viewport.select", {"n": 5}))


def test_linked_panels_scroll_by_position_in_the_patient():
    thick = display_set("1.2", count=10, spacing=4.0)
    session = session_with(study("1", display_set("1.1", count=20, spacing=2.0), thick))
    session = run(
        session,
        ("layout.set", {"rows": 1, "columns": 2}),
        ("link.on", {}),
        ("image.goto", {"n": 11}),
    )
    assert [viewport.index for viewport in session.view.viewports] == [10, 5]


def test_linked_panels_of_another_space_scroll_by_as_many():
    other = display_set("1.2", directions=CORONAL)
    session = session_with(study("1", display_set("1.1"), other))
    session = run(
        session,
        ("layout.set", {"rows": 1, "columns": 2}),
        ("link.on", {}),
        ("image.goto", {"n": 4}),
        ("zoom.in", {"amount": 100}),
        ("rotate", {"side": "left"}),
    )
    assert [viewport.index for viewport in session.view.viewports] == [3, 3]
    assert [viewport.zoom for viewport in session.view.viewports] == [2.0, 2.0]
    assert [viewport.rotation_deg for viewport in session.view.viewports] == [270.0, 270.0]


def test_the_prior_study_of_the_same_kind_is_put_beside():
    session = session_with(
        study("3", display_set("3.1", count=20), date="2026-11-01"),
        study("1", display_set("1.1", count=9), date="2024-05-05"),
        study("2", display_set("2.1", count=10), date="2025-05-05"),
        study("4", display_set("4.1"), patient=OTHER, date="2026-01-01"),
    )
    session = compare_prior(run(session, ("image.last", {})))
    assert [viewport.display_set for viewport in session.view.viewports] == ["3.1", "2.1"]
    assert session.view.viewports[1].index == 9


def test_without_a_prior_it_says_so():
    with pytest.raises(NotPossibleError, match="no_prior"):
        compare_prior(ct_session())


def test_views_are_kept_and_recalled():
    session = run(ct_session(), ("image.goto", {"n": 5}), ("bookmark.save", {}))
    session = run(session, ("image.last", {}), ("bookmark.recall", {"n": 1}))
    assert session.viewport.index == 4
    with pytest.raises(NotPossibleError):
        run(session, ("bookmark.recall", {"n": 2}))


def test_linked_panels_keep_their_distance_beyond_the_end_of_one():
    """Another frame of reference, thicker slices: millimetres count, and the way back is exact."""
    prior = display_set("2.1", count=10, spacing=4.0, frame_of_reference="for2")
    session = session_with(
        study("1", display_set("1.1", count=20, spacing=2.0)),
        study("2", prior, date="2025-01-01"),
    )
    session = run(session, ("image.goto", {"n": 11}), ("compare.prior", {}), ("link.on", {}))
    start = [viewport.index for viewport in session.view.viewports]
    there = run(session, ("image.goto", {"n": 15}))
    assert there.view.viewports[1].index == start[1] + 2
    end = run(there, ("image.last", {}), ("image.first", {}), ("image.last", {}))
    back = run(end, ("image.goto", {"n": 11}))
    assert [viewport.index for viewport in back.view.viewports] == start
