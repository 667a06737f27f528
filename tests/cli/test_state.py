"""The state JSON, from Sessions made of values."""

import json

from surgery_assist.cli.state import CommandLog, plane_name, session_state
from surgery_assist.commands.catalogue import build_registry
from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Session
from surgery_assist.model.study import Finding, Window
from surgery_assist.model.viewport import Viewport
from tests.helpers import sessions


def state_of(session: Session, commands=(), pixels: Window | None = None) -> dict:
    return json.loads(json.dumps(session_state(session, list(commands), lambda *_: pixels)))


def test_an_empty_session_has_no_patient_and_one_empty_viewport() -> None:
    state = state_of(Session())
    assert state["patient"] is None
    assert [v["series_uid"] for v in state["viewports"]] == [None]
    assert state["annotations"] == []


def test_what_is_shown_is_said(dispatcher_of) -> None:
    dispatcher = dispatcher_of()
    for command_id, slots in (
        ("layout.set", {"rows": 1, "columns": 2}),
        ("rotate", {"side": "right"}),
        ("image.goto", {"n": 5}),
        ("window.preset", {"preset": "bone"}),
        ("invert", {}),
    ):
        assert dispatcher.dispatch(Invocation(command_id, slots)).status == "done"
    state = state_of(dispatcher.session)
    first = state["viewports"][0]
    assert state["patient"] == {"id": "1001", "name": "POPESCU Ioana"}
    assert (state["layout"]["rows"], state["layout"]["columns"]) == (1, 2)
    assert (first["index"], first["rotation_deg"], first["invert"]) == (4, 90.0, True)
    assert first["window"] == [400.0, 1800.0]
    assert first["plane"] == "axial"
    assert set(first["orientation"].values()) == {"L", "R", "A", "P"}


def test_the_window_of_the_file_counts_until_another_is_chosen(dispatcher_of) -> None:
    assert state_of(dispatcher_of().session)["viewports"][0]["window"] == [40.0, 400.0]


def test_pixels_propose_a_window_when_the_file_does_not(dispatcher_of) -> None:
    session = dispatcher_of(sessions.display_set(window=None)).session
    assert state_of(session, pixels=Window(7.0, 9.0))["viewports"][0]["window"] == [7.0, 9.0]
    assert state_of(session)["viewports"][0]["window"] is None


def test_a_pan_to_the_left_is_negative_and_a_fraction_of_the_pane(dispatcher_of) -> None:
    dispatcher = dispatcher_of()
    assert state_of(dispatcher.session)["viewports"][0]["pan"] == [0.0, 0.0]
    dispatcher.dispatch(Invocation("pan", {"side": "left"}))
    x, y = state_of(dispatcher.session)["viewports"][0]["pan"]
    assert -1.0 < x < 0.0
    assert y == 0.0


def test_findings_and_unknown_orientation_are_warnings(dispatcher_of) -> None:
    from dataclasses import replace

    made = sessions.display_set()
    frames = tuple(replace(frame, orientation=None, plane=None) for frame in made.frames)
    session = dispatcher_of(replace(made, frames=frames, details=(Finding("gap"),))).session
    viewport = state_of(session)["viewports"][0]
    assert viewport["warnings"] == ["gap", "orientation_unknown"]
    assert viewport["plane"] is None


def test_planes_have_names() -> None:
    coronal = sessions.display_set(directions=sessions.CORONAL)
    tilted = ((1.0, 0.0, 0.0), (0.0, 0.8, 0.6))
    assert plane_name(Viewport(), coronal) == "coronal"
    assert plane_name(Viewport(), sessions.display_set(directions=tilted)) == "oblique"


def test_the_log_holds_what_was_done_and_nothing_else(dispatcher_of) -> None:
    dispatcher: Dispatcher = dispatcher_of()
    log = CommandLog(build_registry())
    dispatcher.report(log.record)
    dispatcher.dispatch(Invocation("image.goto", {"n": 3}, "voice", heard="image three"))
    dispatcher.dispatch(Invocation("image.goto", {"n": 900}))
    dispatcher.dispatch(Invocation("panel.close"))
    dispatcher.dispatch(Invocation("no.such.thing"))
    assert [(e["id"], e["slots"], e["source"], e["heard"]) for e in log.entries] == [
        ("image.goto", {"n": 3}, "voice", "image three")
    ]
    assert log.entries[0]["ms"] >= 0


def test_planes_and_slabs_are_said(dispatcher_of) -> None:
    dispatcher = dispatcher_of()
    for command_id, slots in (
        ("plane.coronal", {}),
        ("slab.set", {"n": 12}),
        ("projection.max", {}),
    ):
        assert dispatcher.dispatch(Invocation(command_id, slots)).status == "done"
    first = state_of(dispatcher.session)["viewports"][0]
    assert (first["plane"], first["count"]) == ("coronal", 512)
    assert (first["projection"], first["slab_mm"]) == ("max", 12.0)
    assert first["orientation"] == {"left": "R", "right": "L", "top": "H", "bottom": "F"}
    dispatcher.dispatch(Invocation("projection.off"))
    first = state_of(dispatcher.session)["viewports"][0]
    assert (first["projection"], first["slab_mm"]) == (None, None)
