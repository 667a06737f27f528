"""Effects: done beside the GUI thread, their results Invocations, their errors signals."""

import threading

import pytest

from surgery_assist.commands.effects import CancelWork, OpenPaths
from surgery_assist.errors import NothingToOpenError
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.study import Catalogue, Refusal, Window
from tests.helpers.sessions import OTHER, ct_session, display_set, session_with, study

pytestmark = pytest.mark.gui


def opened(program, *paths):
    return program.dispatcher.dispatch(Invocation("paths.open", {"paths": paths}))


def test_each_catalogue_reaches_the_session(make_program):
    made = make_program()
    few, all_ = ct_session(3).catalogue, ct_session(9).catalogue
    made.library.found = [few, all_]
    seen = []
    made.dispatcher.observe(lambda _, after: seen.append(after.catalogue))
    opened(made, "somewhere")
    assert made.tasks.busy
    assert not made.window.settled()
    assert made.window.wait_settled(10)
    assert few in seen
    assert made.session.catalogue is all_
    assert made.session.display_set.count == 9


def test_nothing_to_open_is_said(make_program, qtbot):
    made = make_program()
    made.library.found = [Catalogue(refused=(Refusal("a.txt", "refusal.not_dicom"),))]
    with qtbot.waitSignal(made.tasks.failed, timeout=5000) as caught:
        opened(made, "somewhere")
    (error,) = caught.args
    assert isinstance(error, NothingToOpenError)
    assert error.arguments == {"refused": 1}
    assert made.window.wait_settled(5)
    assert len(made.session.catalogue.refused) == 1


def test_nothing_new_is_said_too(program, qtbot):
    program.library.catalogue = program.session.catalogue
    program.library.found = [program.session.catalogue]
    with qtbot.waitSignal(program.tasks.failed, timeout=5000):
        opened(program, "no-such-folder")
    assert program.session.catalogue.studies


def test_an_unexpected_failure_does_not_end_the_program(make_program, qtbot):
    made = make_program()

    def broken(_paths, _cancelled):
        raise RuntimeError("secret name in a path")
        yield

    made.library.scan = broken
    with qtbot.waitSignal(made.tasks.failed, timeout=5000) as caught:
        opened(made, "somewhere")
    assert caught.args[0].key == "error.task_failed"
    assert "secret" not in str(caught.args[0])
    assert made.window.wait_settled(5)


class _Slow:
    """A scan that goes on until it is cancelled."""

    def __init__(self, catalogue):
        self.started = threading.Event()
        self.ended = threading.Event()
        self._catalogue = catalogue

    def __call__(self, _paths, cancelled):
        self.started.set()
        while not cancelled():
            threading.Event().wait(0.01)
        self.ended.set()
        yield self._catalogue


def test_cancel_stops_the_reading_and_keeps_what_was_read(make_program):
    made = make_program()
    slow = _Slow(ct_session(4).catalogue)
    made.library.scan = slow
    failures = []
    made.tasks.failed.connect(failures.append)
    opened(made, "somewhere")
    assert slow.started.wait(5)
    made.dispatcher.dispatch(Invocation("cancel"))
    assert made.window.wait_settled(5)
    assert slow.ended.is_set()
    assert made.session.display_set.count == 4
    assert failures == []


def test_results_of_a_closed_case_are_thrown_away(program):
    slow = _Slow(session_with(study("9", display_set("9.1"), patient=OTHER)).catalogue)
    program.library.scan = slow
    opened(program, "somewhere")
    assert slow.started.wait(5)
    program.dispatcher.dispatch(Invocation("case.close"))
    program.dispatcher.dispatch(Invocation("confirm"))
    assert program.window.wait_settled(5)
    assert slow.ended.is_set()
    assert program.library.cleared == 1
    assert program.session.catalogue.studies == ()


def test_automatic_window_comes_back_as_an_invocation(program):
    program.do("window.auto")
    assert program.outcomes[-1].invocation.command_id == "window.put"
    window = program.session.viewport.window
    assert window is not None
    assert window.center < 1000
    program.do("undo")
    assert program.session.viewport.window is None


@pytest.mark.parametrize(("invert", "higher"), [(False, False), (True, True)])
def test_brightness_without_a_window_moves_the_automatic_one(make_program, invert, higher):
    made = make_program()
    made.show(session_with(study("1", display_set(window=None))))
    if invert:
        made.do("invert")
    made.do("window.auto")
    automatic = made.session.viewport.window
    made.do("window.reset")
    made.do("window.brightness side=up")
    brighter = made.session.viewport.window
    assert isinstance(brighter, Window)
    assert (brighter.center > automatic.center) is higher
    assert brighter.width == automatic.width


def test_automatic_window_of_a_broken_frame_is_refused_aloud(program, qtbot):
    program.store.broken.add(0)
    with qtbot.waitSignal(program.tasks.failed, timeout=5000) as caught:
        program.dispatcher.dispatch(Invocation("window.auto"))
    assert caught.args[0].key == "error.decode_truncated"


def test_idle_comes_once_all_is_delivered(program, qtbot):
    program.library.found = [ct_session(5).catalogue]
    with qtbot.waitSignal(program.tasks.idle, timeout=5000):
        program.tasks.run(OpenPaths(("a",)))
    assert not program.tasks.busy


def test_closing_ends_the_workers(make_program):
    made = make_program()
    slow = _Slow(Catalogue())
    made.library.scan = slow
    opened(made, "somewhere")
    assert slow.started.wait(5)
    made.window.close()
    assert slow.ended.is_set()
    made.tasks.run(CancelWork())
