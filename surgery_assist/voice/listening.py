"""When the program hears what: a table of states, what each hears, and what events do.

The Session owns the truth (``Control.listening``); the voice side derives its state from it, from
the site's way of activation and from the pedal, and may only ask for a change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from surgery_assist.model.session import Language, Listening
from surgery_assist.settings import Activation


class State(StrEnum):
    """How the program listens."""

    OFF = "off"
    ASLEEP = "asleep"
    WAITING = "waiting for the pedal"
    AWAKE = "awake"
    WINDOW = "awake for some seconds"
    HELD = "pedal held"


class Hearing(StrEnum):
    """Which sentences act; "stop" does in each but the first."""

    NOTHING = "nothing"
    STOP = "stop"
    WAKE = "wake word"
    EVERYTHING = "everything"


class Event(StrEnum):
    """What happens to the listening window."""

    ENTERED = "the state begins"
    COMMAND = "a command was understood"
    SPEECH = "somebody speaks"
    TIME_OVER = "the window is over"


class Action(StrEnum):
    """What follows."""

    START_WINDOW = "start the countdown"
    HOLD_WINDOW = "keep at least a moment for the sentence"
    CLOSE_WINDOW = "no countdown"
    ASK_SLEEP = "ask for listen.stop"
    NOTHING = "-"


_ALWAYS: Final[Mapping[Listening, tuple[State, State]]] = {
    "off": (State.OFF, State.OFF),
    "asleep": (State.ASLEEP, State.HELD),
    "awake": (State.AWAKE, State.HELD),
}
STATES: Final[Mapping[Activation, Mapping[Listening, tuple[State, State]]]] = {
    "always-on": _ALWAYS,
    "wake-word": {**_ALWAYS, "awake": (State.WINDOW, State.HELD)},
    "push-to-talk": {
        "off": (State.OFF, State.OFF),
        "asleep": (State.WAITING, State.HELD),
        "awake": (State.WAITING, State.HELD),
    },
}
"""State by activation, listening and pedal (up, down)."""

HEARS: Final[Mapping[State, Hearing]] = {
    State.OFF: Hearing.NOTHING,
    State.ASLEEP: Hearing.WAKE,
    State.WAITING: Hearing.STOP,
    State.AWAKE: Hearing.EVERYTHING,
    State.WINDOW: Hearing.EVERYTHING,
    State.HELD: Hearing.EVERYTHING,
}

_NO_WINDOW: Final[Mapping[Event, Action]] = {
    Event.ENTERED: Action.CLOSE_WINDOW,
    Event.COMMAND: Action.NOTHING,
    Event.SPEECH: Action.NOTHING,
    Event.TIME_OVER: Action.NOTHING,
}
ACTIONS: Final[Mapping[State, Mapping[Event, Action]]] = {
    **dict.fromkeys(State, _NO_WINDOW),
    State.WINDOW: {
        Event.ENTERED: Action.START_WINDOW,
        Event.COMMAND: Action.START_WINDOW,
        Event.SPEECH: Action.HOLD_WINDOW,
        Event.TIME_OVER: Action.ASK_SLEEP,
    },
}

HELD_SECONDS: Final = 1.5
"""A sentence that began in the window may end after it."""
COUNTDOWN_SECONDS: Final = 0.25


@dataclass(frozen=True, slots=True)
class VoiceContext:
    """What the Session and the pedal say about listening.

    ``enabled`` limits which commands act, such as while a question waits; ``None`` is all.
    """

    language: Language = "ro"
    listening: Listening = "off"
    push_to_talk_pressed: bool = False
    enabled: frozenset[str] | None = None


class ListeningMachine:
    """Follows state and window along the stream's time."""

    def __init__(self, activation: Activation, window_seconds: float) -> None:
        self._activation = activation
        self._window_seconds = window_seconds
        self._state = State.OFF
        self._until: float | None = None
        self._next_countdown = 0.0

    @property
    def state(self) -> State:
        """The state now."""
        return self._state

    @property
    def hearing(self) -> Hearing:
        """Which sentences act now."""
        return HEARS[self._state]

    def follow(self, context: VoiceContext, now: float) -> bool:
        """Take on what the Session says; whether the state changed."""
        state = STATES[self._activation][context.listening][context.push_to_talk_pressed]
        if state is self._state:
            return False
        self._state = state
        self.handle(Event.ENTERED, now)
        return True

    def handle(self, event: Event, now: float) -> Action:
        """Do what the table says, and tell it."""
        action = ACTIONS[self._state][event]
        match action:
            case Action.START_WINDOW:
                self._until = now + self._window_seconds
                self._next_countdown = now
            case Action.HOLD_WINDOW if self._until is not None:
                self._until = max(self._until, now + HELD_SECONDS)
            case Action.CLOSE_WINDOW | Action.ASK_SLEEP:
                self._until = None
            case _:
                pass
        return action

    def countdown(self, now: float) -> float | None:
        """Seconds left when it is time to show them; 0 once, when the window is over."""
        if self._until is None:
            return None
        if now >= self._until:
            return 0.0
        if now < self._next_countdown:
            return None
        self._next_countdown = now + COUNTDOWN_SECONDS
        return self._until - now
