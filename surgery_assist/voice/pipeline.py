"""The chain from sound to decisions, one block at a time: the same live, offline and in tests."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from surgery_assist.errors import VoiceError
from surgery_assist.model.invocation import Invocation
from surgery_assist.settings import VoiceSettings
from surgery_assist.voice.audio import AudioBlock
from surgery_assist.voice.decision import (
    STOP,
    Interpreter,
    Rejected,
)
from surgery_assist.voice.events import (
    PartialEvent,
    RejectedEvent,
    RequestEvent,
    UnderstoodEvent,
    UtteranceEvent,
    VoiceEvent,
    WindowEvent,
)
from surgery_assist.voice.listening import (
    Action,
    Event,
    Hearing,
    ListeningMachine,
    State,
    VoiceContext,
)
from surgery_assist.voice.recognizer import (
    Ear,
    EarTable,
    Finished,
    ModelCache,
    Recognizer,
    Scope,
)
from surgery_assist.voice.vad import VoiceActivity

STABLE_PARTIALS: Final = 2
""""stop" acts before its end when this many partial results in a row are nothing but it."""
STOP_SILENCE_SECONDS: Final = 0.15
"""And when it could go on ("stop listening"), after so much silence."""
RELEASE_SECONDS: Final = 0.6
"""A foot leaves the pedal on the last syllable: so long is still listened at most."""
RELEASE_SILENCE_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Ears:
    """All that understanding needs: graphs with parsers, loaded models, and who decides."""

    table: EarTable
    interpreter: Interpreter
    models: ModelCache = field(default_factory=ModelCache)
    warnings: tuple[VoiceError, ...] = ()
    """What can't be heard although the phrases have it: said once, when listening begins."""

    def load(self) -> None:
        """Load every model now, so that no first sentence waits for it.

        Raises
        ------
        PackError
            Vosk can't load one.
        """
        for ear in self.table.values():
            self.models.load(ear.model)


class Pipeline:
    """Sound in, events out; belongs to one thread.

    Parameters
    ----------
    early_stop
        Let "stop" act while it is still being said.
    """

    def __init__(self, ears: Ears, settings: VoiceSettings, *, early_stop: bool = True) -> None:
        self._ears = ears
        self._early_stop = early_stop
        self._machine = ListeningMachine(settings.activation, settings.window_seconds)
        self._recognizer = Recognizer(ears.models)
        self._activity = VoiceActivity()
        self._context = VoiceContext()
        self._now = 0.0
        self._released: float | None = None
        self._partial = ""
        self._stop_seen = 0
        self._stop_done = False

    @property
    def state(self) -> State:
        """How the program listens now."""
        return self._machine.state

    def set_context(self, context: VoiceContext) -> None:
        """What the Session and the pedal say from the next block on."""
        if self._context.push_to_talk_pressed and not context.push_to_talk_pressed:
            self._released = self._now
        elif context.push_to_talk_pressed:
            self._released = None
        self._context = context

    def feed(self, block: AudioBlock) -> list[VoiceEvent]:
        """Events that a block brings about."""
        self._now = block.end
        level = self._activity.feed(block)
        events: list[VoiceEvent] = [] if level is None else [level]
        events.extend(self._release(block.end))
        self._follow(block.end)
        if self._machine.hearing is Hearing.NOTHING:
            return events
        if self._activity.speaking:
            self._machine.handle(Event.SPEECH, block.end)
        finished = self._recognizer.feed(block, self._activity)
        events.extend(self._partials(block.end))
        events.extend(self._decide(finished, block.end))
        events.extend(self._countdown(block.end))
        return events

    def finish(self) -> list[VoiceEvent]:
        """Events of a sentence that the end of the sound cuts short."""
        return list(self._decide(self._recognizer.finish(self._now, self._activity), self._now))

    def _follow(self, now: float) -> None:
        """Take on state and language; another graph is used from this block on."""
        held = self._released is not None
        context = replace(self._context, push_to_talk_pressed=True) if held else self._context
        before = self._machine.hearing
        self._machine.follow(context, now)
        if self._machine.hearing is Hearing.NOTHING:
            return
        pressed = self._machine.state is State.HELD and before is not Hearing.EVERYTHING
        ear = self._ear(context)
        if ear is not self._recognizer.ear:
            self._recognizer.use(ear, preroll=pressed)
            self._forget_partial()

    def _ear(self, context: VoiceContext) -> Ear:
        everything = self._machine.hearing is Hearing.EVERYTHING
        return self._ears.table[context.language, Scope.AWAKE if everything else Scope.ASLEEP]

    def _release(self, now: float) -> Iterator[VoiceEvent]:
        """End the sentence a moment after the pedal was let go."""
        if self._released is None:
            return
        quiet = self._activity.silence_since(now) >= RELEASE_SILENCE_SECONDS
        if quiet or now - self._released >= RELEASE_SECONDS:
            yield from self._decide(self._recognizer.finish(now, self._activity), now)
            self._released = None

    def _partials(self, now: float) -> Iterator[VoiceEvent]:
        text = self._recognizer.partial
        if text and text != self._partial and self._machine.hearing is Hearing.EVERYTHING:
            yield PartialEvent(now, text)
        self._partial = text
        ear = self._recognizer.ear
        if not self._early_stop or self._stop_done or ear is None:
            return
        parse = ear.parser.parse(text) if text else None
        is_stop = getattr(parse, "command_id", "") == STOP
        self._stop_seen = self._stop_seen + 1 if is_stop else 0
        silence = self._activity.silence_since(now)
        over = silence >= STOP_SILENCE_SECONDS or not ear.parser.progress(text).extendable
        if self._stop_seen >= STABLE_PARTIALS and over:
            self._stop_done = True
            latency = max(0.0, silence) * 1000.0
            invocation = Invocation(STOP, source="voice", heard=text)
            yield UnderstoodEvent(now, invocation, 1.0, latency, early=True)

    def _decide(self, finished: Finished | None, now: float) -> Iterator[VoiceEvent]:
        stopped = self._stop_done
        ear = self._recognizer.ear
        if finished is None or ear is None:
            if not self._recognizer.partial:
                self._forget_partial()
            return
        self._forget_partial()
        utterance = finished.utterance
        yield UtteranceEvent(now, utterance)
        hearing = self._machine.hearing
        begun = time.perf_counter()
        decision = self._ears.interpreter.decide(
            utterance,
            ear.parser,
            asleep=hearing is not Hearing.EVERYTHING,
            enabled=frozenset() if hearing is Hearing.STOP else self._context.enabled,
            audio=finished.audio,
        )
        latency = utterance.latency_ms + (time.perf_counter() - begun) * 1000.0
        if isinstance(decision, Rejected):
            if hearing is Hearing.EVERYTHING and not stopped:
                yield RejectedEvent(
                    now,
                    decision.reason,
                    decision.heard,
                    decision.confidence,
                    latency,
                )
            return
        for invocation in decision.invocations:
            if invocation.command_id == STOP and stopped:
                continue  # it has acted already
            self._machine.handle(Event.COMMAND, now)
            yield UnderstoodEvent(now, invocation, decision.confidence, latency)

    def _countdown(self, now: float) -> Iterator[VoiceEvent]:
        left = self._machine.countdown(now)
        if left is None:
            return
        yield WindowEvent(now, left)
        if left == 0.0 and self._machine.handle(Event.TIME_OVER, now) is Action.ASK_SLEEP:
            yield RequestEvent(now, Invocation("listen.stop", source="program"))

    def _forget_partial(self) -> None:
        self._partial = ""
        self._stop_seen = 0
        self._stop_done = False
