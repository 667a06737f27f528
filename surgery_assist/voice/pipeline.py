"""The chain from sound to decisions, one block at a time: the same live, offline and in tests."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from surgery_assist.errors import VoiceError
from surgery_assist.model.invocation import Invocation
from surgery_assist.settings import VoiceSettings
from surgery_assist.voice.audio import AudioBlock, Samples
from surgery_assist.voice.decision import (
    TOO_FAR,
    Decision,
    Interpreter,
    Rejected,
    Understood,
)
from surgery_assist.voice.events import (
    NoiseEvent,
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
    STOP,
    Ear,
    EarTable,
    Finished,
    ModelCache,
    Recognizer,
    Scope,
)
from surgery_assist.voice.surroundings import NearTalker, NoiseWatch, speech_level
from surgery_assist.voice.vad import VoiceActivity

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
    """Sound in, events out; belongs to one thread."""

    def __init__(self, ears: Ears, settings: VoiceSettings) -> None:
        self._ears = ears
        self._machine = ListeningMachine(settings.activation, settings.window_seconds)
        self._recognizer = Recognizer(ears.models)
        self._activity = VoiceActivity()
        self._context = VoiceContext()
        self._now = 0.0
        self._released: float | None = None
        self._partial = ""
        self._noise = NoiseWatch()
        self._talker = NearTalker()
        self._paused: Samples | None = None

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
        if level is not None and self._noise.feed(level):
            self._recognizer.noisy = self._noise.loud
            events.append(NoiseEvent(block.end, self._noise.loud))
        events.extend(self._release(block.end))
        self._follow(block.end)
        if self._machine.hearing is Hearing.NOTHING:
            return events
        if self._activity.speaking:
            self._machine.handle(Event.SPEECH, block.end)
        finished = self._recognizer.feed(block, self._activity)
        self._listen_ahead()
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
            self._partial = ""

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

    def _listen_ahead(self) -> None:
        """At a pause that may be the end, the second opinion begins."""
        paused = self._recognizer.paused
        if paused is not None and paused is not self._paused:
            self._ears.interpreter.listen(paused)
        self._paused = paused

    def _partials(self, now: float) -> Iterator[VoiceEvent]:
        text = self._recognizer.partial
        if text and text != self._partial and self._machine.hearing is Hearing.EVERYTHING:
            yield PartialEvent(now, text)
        self._partial = text

    def _decide(self, finished: Finished | None, now: float) -> Iterator[VoiceEvent]:
        ear = self._recognizer.ear
        if finished is None or ear is None:
            return
        self._partial = ""
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
            strict=self._noise.loud and self._machine.state is not State.HELD,
        )
        decision = self._if_near(decision, speech_level(finished.audio))
        latency = utterance.latency_ms + (time.perf_counter() - begun) * 1000.0
        if isinstance(decision, Rejected):
            if hearing is Hearing.EVERYTHING:
                yield RejectedEvent(
                    now,
                    decision.reason,
                    decision.heard,
                    decision.confidence,
                    latency,
                )
            return
        for invocation in decision.invocations:
            self._machine.handle(Event.COMMAND, now)
            yield UnderstoodEvent(now, invocation, decision.confidence, latency)

    def _if_near(self, decision: Decision, dbfs: float) -> Decision:
        """Refuse what somebody far from the microphone says; whoever holds the pedal is near."""
        if not isinstance(decision, Understood):
            return decision
        first = decision.invocations[0]
        held = self._machine.state is State.HELD
        if not held and first.command_id != STOP and self._talker.is_far(dbfs):
            return Rejected(TOO_FAR, first.heard, decision.confidence)
        self._talker.understood(dbfs)
        return decision

    def _countdown(self, now: float) -> Iterator[VoiceEvent]:
        left = self._machine.countdown(now)
        if left is None:
            return
        yield WindowEvent(now, left)
        if left == 0.0 and self._machine.handle(Event.TIME_OVER, now) is Action.ASK_SLEEP:
            yield RequestEvent(now, Invocation("listen.stop", source="program"))
