"""The dispatcher: the only place that replaces the Session."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from surgery_assist.commands.effects import Effect, Perform, Redo, Undo
from surgery_assist.commands.history import History
from surgery_assist.commands.registry import Command, Registry, Risk
from surgery_assist.commands.slots import read_slots
from surgery_assist.errors import CommandError, NotPossibleError
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Question, Session, View

Status = Literal["done", "asked", "refused"]
NOT_REPEATED = frozenset(
    {"undo", "redo", "repeat", "more", "confirm", "reject", "cancel", "stop", "choose"}
)
RELATIVE = frozenset(
    {
        "image.next", "image.previous", "image.forward", "image.back",
        "series.next", "series.previous", "cine.faster", "cine.slower",
        "zoom.in", "zoom.out", "pan", "rotate", "target.nudge", "target.refine",
        "window.contrast", "window.brightness", "volume.turn",
    }
)  # fmt: skip
"""Commands that "more" does again: each goes a step from where things are."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an Invocation; ``error`` says why it was refused."""

    invocation: Invocation
    status: Status
    ms: float
    error: CommandError | None = None


Observer = Callable[[Session, Session], None]
"""Called with the Session before and after each change."""
Reporter = Callable[[Outcome], None]
EffectRunner = Callable[[Effect], None]


class Dispatcher:
    """Takes Invocations, one at a time and in one thread, and moves the Session on.

    An unknown id, a wrong slot or a command that is not possible leaves the Session as it was
    and gives one `Outcome` with its error: never an exception, never silence.

    Parameters
    ----------
    run_effect
        Does what is not view state, in its own time.
    confirm_seconds
        How long a question waits for "confirm".
    clock
        Monotonic seconds.
    """

    def __init__(
        self,
        registry: Registry,
        session: Session,
        *,
        run_effect: EffectRunner,
        confirm_seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.registry = registry
        self.history = History()
        self._session = session
        self._run_effect = run_effect
        self._confirm_seconds = confirm_seconds
        self._clock = clock
        self._observers: list[Observer] = []
        self._reporters: list[Reporter] = []

    @property
    def session(self) -> Session:
        """The Session now."""
        return self._session

    def observe(self, observer: Observer) -> None:
        """Call ``observer`` after each change of the Session."""
        self._observers.append(observer)

    def report(self, reporter: Reporter) -> None:
        """Call ``reporter`` with each `Outcome`, after observers."""
        self._reporters.append(reporter)

    def dispatch(self, invocation: Invocation) -> Outcome:
        """Do a command, ask about it, or say why not."""
        self.expire_question()
        started = time.perf_counter()
        status: Status = "refused"
        error: CommandError | None = None
        try:
            status = self._perform(invocation, confirmed=False)
        except CommandError as refusal:
            error = refusal
        ms = (time.perf_counter() - started) * 1000.0
        outcome = Outcome(invocation, status, ms, error)
        for reporter in self._reporters:
            reporter(outcome)
        return outcome

    def expire_question(self) -> None:
        """Drop a question whose time is over."""
        question = self._session.control.question
        if question is not None and self._clock() >= question.deadline:
            self._replace(self._session.with_control(question=None))

    def possible(self, command_id: str) -> str | None:
        """Why a command is not possible now (message key), or ``None``."""
        return self.registry[command_id].when(self._session)

    def _perform(self, invocation: Invocation, *, confirmed: bool) -> Status:
        command = self.registry[invocation.command_id]
        arguments = read_slots(command.slots, invocation.arguments)
        reason = command.when(self._session)
        if reason is not None:
            raise NotPossibleError(reason)
        # Tried before it is asked about: a question about something impossible helps nobody.
        result = command.function(self._session, **arguments)
        if command.risk is Risk.CONFIRM and not confirmed:
            deadline = self._clock() + self._confirm_seconds
            self._replace(self._session.with_control(question=Question(invocation, deadline)))
            return "asked"
        after, effects = (result[0], result[1:]) if isinstance(result, tuple) else (result, ())
        self._finish(command, invocation, after)
        return self._run(effects)

    def _finish(self, command: Command, invocation: Invocation, after: Session) -> None:
        before = self._session
        if before.view.study_uid != after.view.study_uid:
            self.history.clear()  # undo must never lead back to another patient's images
        elif command.risk is Risk.VIEW and after.view is not before.view:
            self.history.record(before.view, command.id, invocation.gesture)
        if not command.internal and command.id not in NOT_REPEATED:
            last = replace(invocation, gesture="", heard="")
            after = after.with_control(last=last)
            if command.id in RELATIVE:
                after = after.with_control(relative=last)
        self._replace(after)

    def _run(self, effects: tuple[Effect, ...]) -> Status:
        status: Status = "done"
        for effect in effects:
            match effect:
                case Undo():
                    self._bring_back(self.history.undo(self._session.view), "refused.no_undo")
                case Redo():
                    self._bring_back(self.history.redo(self._session.view), "refused.no_redo")
                case Perform(invocation, confirmed):
                    status = self._perform(invocation, confirmed=confirmed)
                case _:
                    self._run_effect(effect)
        return status

    def _bring_back(self, step: object, refusal: str) -> None:
        view: View | None = getattr(step, "view", None)
        if view is None:
            raise NotPossibleError(refusal)
        self._replace(replace(self._session, view=view))

    def _replace(self, after: Session) -> None:
        before, self._session = self._session, after
        if after is not before:
            for observer in self._observers:
                observer(before, after)
