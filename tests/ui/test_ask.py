"""The question bar: reads back, counts down, and is answered."""

import pytest

from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Session
from surgery_assist.ui.ask import QuestionBar
from tests.helpers.panels import Clock, full_hd, make_dispatcher, share_of
from tests.helpers.sessions import OTHER, display_set, session_with, study

pytestmark = pytest.mark.gui
COLOURS = full_hd().colours


def two_patients() -> Session:
    return session_with(
        study("1", display_set("1.1"), date="2026-11-01"),
        study("2", display_set("2.1"), date="2025-03-09"),
        study("3", display_set("3.1"), patient=OTHER),
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def effects() -> list:
    return []


@pytest.fixture
def dispatcher(clock, effects):
    return make_dispatcher(two_patients(), effects, clock)


@pytest.fixture
def bar(qtbot, dispatcher, clock) -> QuestionBar:
    bar = QuestionBar(dispatcher, full_hd(), clock=clock)
    bar.setStyleSheet(full_hd().style_sheet())
    qtbot.addWidget(bar)
    dispatcher.observe(bar.show_session)
    bar.resize(1920, bar.sizeHint().height())
    bar.show()
    return bar


@pytest.mark.parametrize(
    ("command_id", "arguments", "words"),
    [
        ("patient.open", {"n": 2}, "Deschid pacientul 2: IONESCU Dan, 1950?"),
        ("study.open", {"n": 2}, "Deschid examinarea 2: CT abdomen, 09.03.2025?"),
        (
            "study.show",
            {"uid": "3"},
            "Deschid alt pacient: IONESCU Dan, 1950? CT abdomen, 01.11.2026",
        ),
        ("case.close", {}, "Închid cazul și uit tot ce este deschis (3 examinări)?"),
    ],
)
def test_the_question_reads_back_what_would_be_done(
    bar, dispatcher, command_id, arguments, words
) -> None:
    dispatcher.dispatch(Invocation(command_id, arguments, "voice"))
    assert bar.question_line.text == words
    assert bar.how_line.text == "Spuneți „confirm” sau „nu”"


def test_it_is_asked_in_the_language_of_the_session(bar, dispatcher) -> None:
    dispatcher.dispatch(Invocation("language.english"))
    dispatcher.dispatch(Invocation("patient.open", {"n": 2}))
    assert bar.question_line.text == "Open patient 2: IONESCU Dan, 1950?"
    assert bar.confirm_button.text().strip() == "Confirm"
    assert bar.reject_button.text().strip() == "No"


def test_confirm_by_touch_does_it(bar, dispatcher) -> None:
    dispatcher.dispatch(Invocation("patient.open", {"n": 2}, "voice"))
    bar.confirm_button.click()
    assert dispatcher.session.view.study_uid == "3"
    assert dispatcher.session.control.question is None
    assert not bar._ticking.isActive()


def test_reject_by_touch_does_nothing(bar, dispatcher) -> None:
    before = dispatcher.session.view
    dispatcher.dispatch(Invocation("patient.open", {"n": 2}, "voice"))
    bar.reject_button.click()
    assert dispatcher.session.view is before
    assert dispatcher.session.control.question is None


def test_without_an_answer_the_question_expires_and_nothing_is_done(
    qtbot, bar, dispatcher, clock, effects
) -> None:
    before = dispatcher.session.view
    dispatcher.dispatch(Invocation("case.close", {}, "voice"))
    assert bar.countdown.seconds == pytest.approx(5.0)
    clock.now += 3.0
    qtbot.waitUntil(lambda: bar.countdown.seconds == pytest.approx(2.0))
    with qtbot.waitSignal(bar.expired, timeout=2000):
        clock.now += 2.5
    assert dispatcher.session.control.question is None
    assert dispatcher.session.view is before
    assert effects == []
    assert not bar._ticking.isActive()


def test_a_second_question_counts_from_the_start(bar, dispatcher, clock) -> None:
    dispatcher.dispatch(Invocation("case.close"))
    clock.now += 2.0
    dispatcher.dispatch(Invocation("patient.open", {"n": 2}))
    assert bar.countdown.seconds == pytest.approx(5.0)
    assert bar.question_line.text.startswith("Deschid pacientul 2")


def test_it_is_amber_and_takes_no_keys(bar, dispatcher) -> None:
    dispatcher.dispatch(Invocation("case.close"))
    assert share_of(bar, COLOURS.question) > 0.02
    assert not bar.confirm_button.hasFocus()
    assert bar.sizeHint().height() > 90
