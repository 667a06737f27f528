"""The table of listening states, looked at whole and walked through."""

from itertools import product
from typing import get_args

import pytest

from surgery_assist.model.session import Listening
from surgery_assist.settings import Activation
from surgery_assist.voice.listening import (
    ACTIONS,
    HEARS,
    STATES,
    Action,
    Event,
    Hearing,
    ListeningMachine,
    State,
    VoiceContext,
)


def test_the_tables_are_complete() -> None:
    assert set(STATES) == set(get_args(Activation))
    for table in STATES.values():
        assert set(table) == set(get_args(Listening))
    assert set(HEARS) == set(State)
    assert set(ACTIONS) == set(State)
    assert all(set(row) == set(Event) for row in ACTIONS.values())


def test_off_hears_nothing_and_every_other_state_at_least_stop() -> None:
    for activation, pressed in product(STATES, (0, 1)):
        assert HEARS[STATES[activation]["off"][pressed]] is Hearing.NOTHING
    for state in State:
        assert (HEARS[state] is Hearing.NOTHING) == (state is State.OFF)


@pytest.mark.parametrize("activation", get_args(Activation))
@pytest.mark.parametrize("listening", ["asleep", "awake"])
def test_the_pedal_is_heard_in_every_activation(
    activation: Activation, listening: Listening
) -> None:
    machine = ListeningMachine(activation, 8.0)
    machine.follow(VoiceContext("ro", listening, push_to_talk_pressed=True), 0.0)
    assert machine.hearing is Hearing.EVERYTHING


@pytest.mark.parametrize(
    ("activation", "listening", "hearing"),
    [
        ("push-to-talk", "asleep", Hearing.STOP),
        ("push-to-talk", "awake", Hearing.STOP),
        ("wake-word", "asleep", Hearing.WAKE),
        ("wake-word", "awake", Hearing.EVERYTHING),
        ("always-on", "asleep", Hearing.WAKE),
        ("always-on", "awake", Hearing.EVERYTHING),
    ],
)
def test_what_is_heard_without_the_pedal(
    activation: Activation, listening: Listening, hearing: Hearing
) -> None:
    machine = ListeningMachine(activation, 8.0)
    assert machine.follow(VoiceContext("ro", listening), 0.0)
    assert machine.hearing is hearing
    assert not machine.follow(VoiceContext("ro", listening), 0.1)


def test_the_window_counts_down_and_closes_once() -> None:
    machine = ListeningMachine("wake-word", 2.0)
    machine.follow(VoiceContext("ro", "awake"), 10.0)
    assert machine.countdown(10.0) == 2.0
    assert machine.countdown(10.1) is None  # four times a second are enough
    assert machine.countdown(11.0) == 1.0
    assert machine.countdown(12.0) == 0.0
    assert machine.handle(Event.TIME_OVER, 12.0) is Action.ASK_SLEEP
    assert machine.countdown(12.1) is None


def test_a_command_opens_the_window_anew_and_speech_holds_it() -> None:
    machine = ListeningMachine("wake-word", 2.0)
    machine.follow(VoiceContext("ro", "awake"), 0.0)
    machine.handle(Event.COMMAND, 1.5)
    assert machine.countdown(2.5) == 1.0
    machine.handle(Event.SPEECH, 3.4)
    assert machine.countdown(3.6) == pytest.approx(1.3)


@pytest.mark.parametrize("activation", ["always-on", "push-to-talk"])
def test_other_activations_have_no_window(activation: Activation) -> None:
    machine = ListeningMachine(activation, 2.0)
    machine.follow(VoiceContext("ro", "awake"), 0.0)
    assert machine.countdown(100.0) is None
    assert machine.handle(Event.TIME_OVER, 100.0) is Action.NOTHING
