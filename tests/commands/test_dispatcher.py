import pytest

from surgery_assist.commands import dispatcher as dispatching
from surgery_assist.commands.catalogue import build_registry
from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.commands.effects import AutoWindow, CancelWork, CloseCase
from surgery_assist.commands.registry import Registry, Risk, command
from surgery_assist.errors import NotPossibleError, SlotError, UnknownCommandError
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Session
from tests.helpers.sessions import OTHER, ct_session, display_set, session_with, study


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def make(session, clock=None):
    effects = []
    dispatcher = Dispatcher(
        build_registry(), session, run_effect=effects.append, clock=clock or Clock()
    )
    return dispatcher, effects


def do(dispatcher, command_id, gesture="", **arguments):
    return dispatcher.dispatch(Invocation(command_id, arguments, "text", gesture))


def two_patients():
    return session_with(
        study("1", display_set("1.1"), display_set("1.2")),
        study("2", display_set("2.1"), patient=OTHER),
    )


def test_a_command_moves_the_session_on_and_observers_see_both():
    dispatcher, _ = make(ct_session())
    seen = []
    dispatcher.observe(lambda before, after: seen.append((before, after)))
    outcome = do(dispatcher, "image.goto", n=7)
    assert outcome.status == "done"
    assert outcome.error is None
    assert dispatcher.session.viewport.index == 6
    assert seen[-1][0].viewport.index == 0
    assert seen[-1][1] is dispatcher.session


@pytest.mark.parametrize(
    ("command_id", "arguments", "error"),
    [
        ("image.gotoo", {}, UnknownCommandError),
        ("image.goto", {}, SlotError),
        ("image.goto", {"n": "many"}, SlotError),
        ("image.goto", {"n": 5000}, SlotError),
        ("image.goto", {"n": 5, "x": 1}, SlotError),
        ("image.goto", {"n": 400}, NotPossibleError),
        ("compare.prior", {}, NotPossibleError),
        ("undo", {}, NotPossibleError),
    ],
)
def test_what_can_not_be_done_leaves_the_session_as_it_was(command_id, arguments, error):
    dispatcher, effects = make(ct_session())
    before = dispatcher.session
    outcome = do(dispatcher, command_id, **arguments)
    assert outcome.status == "refused"
    assert isinstance(outcome.error, error)
    assert dispatcher.session is before
    assert effects == []


def test_an_unknown_command_names_the_nearest():
    dispatcher, _ = make(Session())
    outcome = do(dispatcher, "image.gotoo")
    assert "image.goto" in str(outcome.error.arguments["near"])


def test_undo_and_redo_bring_back_the_identical_view():
    dispatcher, _ = make(ct_session())
    first = dispatcher.session.view
    do(dispatcher, "invert")
    second = dispatcher.session.view
    do(dispatcher, "rotate", side="right")
    do(dispatcher, "undo")
    assert dispatcher.session.view is second
    do(dispatcher, "undo")
    assert dispatcher.session.view is first
    do(dispatcher, "redo")
    assert dispatcher.session.view is second


def test_one_gesture_is_one_step():
    dispatcher, _ = make(ct_session())
    for _ in range(10):
        do(dispatcher, "image.step", gesture="wheel-1", steps=1)
    do(dispatcher, "image.step", gesture="wheel-2", steps=1)
    assert dispatcher.session.viewport.index == 11
    do(dispatcher, "undo")
    assert dispatcher.session.viewport.index == 10
    do(dispatcher, "undo")
    assert dispatcher.session.viewport.index == 0


def test_a_new_step_forgets_what_could_be_redone():
    dispatcher, _ = make(ct_session())
    do(dispatcher, "invert")
    do(dispatcher, "undo")
    do(dispatcher, "flip.horizontal")
    assert do(dispatcher, "redo").status == "refused"


def test_history_is_bounded():
    dispatcher, _ = make(ct_session())
    for _ in range(250):
        do(dispatcher, "invert")
    assert len(dispatcher.history) == 200


def test_another_patient_is_asked_about_first_and_opens_on_confirm():
    dispatcher, _ = make(two_patients())
    assert do(dispatcher, "patient.open", n=2).status == "asked"
    assert dispatcher.session.view.study_uid == "1"
    assert do(dispatcher, "confirm").status == "done"
    assert dispatcher.session.patient == OTHER
    assert dispatcher.session.control.question is None


def test_undo_never_leads_back_to_another_patient():
    dispatcher, _ = make(two_patients())
    do(dispatcher, "invert")
    do(dispatcher, "patient.open", n=2)
    do(dispatcher, "confirm")
    assert do(dispatcher, "undo").status == "refused"
    assert dispatcher.session.patient == OTHER


@pytest.mark.parametrize("answer", ["reject", "cancel", "stop"])
def test_a_question_can_be_answered_with_no(answer):
    dispatcher, _ = make(two_patients())
    do(dispatcher, "patient.open", n=2)
    do(dispatcher, answer)
    assert dispatcher.session.control.question is None
    assert dispatcher.session.view.study_uid == "1"
    assert do(dispatcher, "confirm").status == "refused"


def test_a_question_expires(clock):
    dispatcher, _ = make(two_patients(), clock)
    do(dispatcher, "patient.open", n=2)
    clock.now += 5.1
    outcome = do(dispatcher, "confirm")
    assert outcome.error.key == "refused.no_question"
    assert dispatcher.session.view.study_uid == "1"


def test_an_impossible_question_is_not_asked():
    dispatcher, _ = make(two_patients())
    assert do(dispatcher, "patient.open", n=9).status == "refused"
    assert dispatcher.session.control.question is None


def test_choose_asks_about_the_patient_of_the_list():
    dispatcher, _ = make(two_patients())
    assert do(dispatcher, "choose", n=2).status == "refused"
    do(dispatcher, "patient.list")
    assert do(dispatcher, "choose", n=2).status == "asked"
    do(dispatcher, "confirm")
    assert dispatcher.session.patient == OTHER


def test_closing_the_case_asks_and_then_forgets_everything():
    dispatcher, effects = make(two_patients())
    assert do(dispatcher, "case.close").status == "asked"
    assert effects == []
    do(dispatcher, "confirm")
    assert effects == [CloseCase()]
    assert dispatcher.session.catalogue.studies == ()
    assert dispatcher.session.viewport.display_set is None


def test_repeat_does_the_last_command_again():
    dispatcher, _ = make(ct_session())
    assert do(dispatcher, "repeat").status == "refused"
    do(dispatcher, "image.forward", n=3)
    do(dispatcher, "repeat")
    do(dispatcher, "repeat")
    assert dispatcher.session.viewport.index == 9
    do(dispatcher, "undo")
    assert dispatcher.session.viewport.index == 6


def test_effects_reach_their_runner():
    dispatcher, effects = make(ct_session())
    do(dispatcher, "window.auto")
    do(dispatcher, "cancel")
    assert effects == [AutoWindow(0), CancelWork()]


def test_reporters_hear_of_everything():
    dispatcher, _ = make(ct_session())
    outcomes = []
    dispatcher.report(outcomes.append)
    do(dispatcher, "invert")
    do(dispatcher, "nonsense")
    assert [outcome.status for outcome in outcomes] == ["done", "refused"]


def test_the_same_id_twice_is_refused():
    @command("twice", Risk.VIEW)
    def one(session: Session) -> Session:
        """Do nothing."""
        return session

    entry = one.__command__[0]
    with pytest.raises(ValueError, match="twice"):
        Registry([entry, entry])


def test_commands_that_are_never_repeated_exist():
    registry = build_registry()
    assert all(name in registry for name in dispatching.NOT_REPEATED)
