"""From hypotheses to a command or a visible rejection.

Each of the N best sentences is parsed strictly; sentences with the same meaning stand together. The
best meaning acts if the best sentence is one of its own, nothing unknown was heard, and it leads
the next meaning by enough for what a mistake would cost. A second opinion, where there is one,
adds its score to Vosk's before the lead is measured.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from surgery_assist.commands.registry import Risk
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Language
from surgery_assist.voice.audio import Samples
from surgery_assist.voice.events import Hypothesis, Utterance
from surgery_assist.voice.parser import UNKNOWN_WORD, Parse
from surgery_assist.voice.recognizer import SentenceParser

STOP: Final = "stop"
WAKE: Final = "listen.start"
WHOLE_LEAD: Final = 10.0
"""Lead of a meaning that has no rival among the N best."""
SHORTEST_SECONDS: Final = 0.4
"""Shorter speech is measured as so long: silence at its edges costs something too."""
NOT_UNDERSTOOD: Final = "rejected.not_understood"
UNSURE: Final = "rejected.unsure"
NOT_NOW: Final = "rejected.not_now"


class SecondOpinion(Protocol):
    """A recogniser of another kind that judges candidate sentences."""

    def score(self, audio: Samples, candidates: Sequence[str], language: Language) -> list[float]:
        """Log-likelihood per candidate, comparable among them; for ``audio`` see `AudioBlock`."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Lead over the next meaning (log-likelihood) that each kind of command needs."""

    leads: Mapping[Risk, float] = field(
        default_factory=lambda: {Risk.VIEW: 1.0, Risk.STATE: 1.0, Risk.CONFIRM: 2.0}
    )
    wake: float = 2.0
    """To wake up at other people's talk is the error that people forgive least."""
    stop: float = 0.0
    numbers: float = 0.5
    """Added for commands with a number: forty and fourteen sound alike."""
    alone: float = 1.0
    """Factor on all while no second opinion confirms."""
    opinion_weight: float = 1.0
    poorest: Mapping[Language, float] = field(default_factory=lambda: {"ro": -24.0, "en": -28.0})
    """Score per second of speech below which a sentence fits the sound too badly to be one."""

    def needed(self, parse: Parse, risk: Risk, *, asleep: bool, confirmed: bool) -> float:
        """The lead that a sentence must have to act."""
        if parse.command_id == STOP:
            return self.stop
        lead = self.wake if asleep else self.leads[risk]
        if any(isinstance(value, int | float) for value in parse.slots.values()):
            lead += self.numbers
        return lead if confirmed else lead * self.alone


@dataclass(frozen=True, slots=True)
class Understood:
    """Commands to do, in order: waking up may come before what was said in the same breath."""

    invocations: tuple[Invocation, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class Rejected:
    """Nothing is done; ``reason`` is a message key."""

    reason: str
    heard: str
    confidence: float


Decision = Understood | Rejected


@dataclass(frozen=True, slots=True)
class _Candidate:
    parse: Parse | None
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Interpreter:
    """Decides what an utterance does.

    Parameters
    ----------
    risks
        Class of each command; a command that is not listed is `Risk.VIEW`.
    opinion
        Second opinion, or ``None``.
    """

    risks: Mapping[str, Risk] = field(default_factory=dict)
    thresholds: Thresholds = field(default_factory=Thresholds)
    opinion: SecondOpinion | None = None

    def decide(
        self,
        utterance: Utterance,
        parser: SentenceParser,
        *,
        asleep: bool = False,
        enabled: frozenset[str] | None = None,
        audio: Samples | None = None,
    ) -> Decision:
        """What an utterance does.

        Parameters
        ----------
        asleep
            Only the wake word was listened for: a command after it wakes up first.
        enabled
            Ids that may act now, ``None`` for all.
        audio
            Sound of the utterance, for the second opinion.
        """
        candidates = [_candidate(entry, parser) for entry in utterance.hypotheses]
        first = candidates[0] if candidates else None
        if first is None or first.parse is None or _unknown(first.text):
            return Rejected(NOT_UNDERSTOOD, utterance.text, 0.0)
        poorest = self.thresholds.poorest[utterance.language]
        if first.score < poorest * max(SHORTEST_SECONDS, utterance.seconds):
            return Rejected(NOT_UNDERSTOOD, utterance.text, 0.0)
        confirmed = False
        if self.opinion is not None and audio is not None and first.parse.command_id != STOP:
            candidates = self._second(self.opinion, candidates, audio, utterance.language)
            first, confirmed = candidates[0], True
        parse = first.parse
        if parse is None:
            return Rejected(NOT_UNDERSTOOD, first.text, 0.0)
        lead = _lead(candidates)
        confidence = 1.0 / (1.0 + math.exp(-lead))
        risk = self.risks.get(parse.command_id, Risk.VIEW)
        if lead < self.thresholds.needed(parse, risk, asleep=asleep, confirmed=confirmed):
            return Rejected(UNSURE, first.text, confidence)
        if enabled is not None and parse.command_id not in enabled | {STOP}:
            return Rejected(NOT_NOW, first.text, confidence)
        return Understood(_invocations(parse, first.text, asleep=asleep), confidence)

    def _second(
        self,
        opinion: SecondOpinion,
        candidates: list[_Candidate],
        audio: Samples,
        language: Language,
    ) -> list[_Candidate]:
        """Sentences that parse, with the other recogniser's score added, best first."""
        parsed = [entry for entry in candidates if entry.parse is not None]
        scores = opinion.score(audio, [entry.text for entry in parsed], language)
        weight = self.thresholds.opinion_weight
        joined = [
            _Candidate(entry.parse, entry.text, entry.score + weight * score)
            for entry, score in zip(parsed, scores, strict=True)
        ]
        return sorted(joined, key=lambda entry: -entry.score)


def _candidate(hypothesis: Hypothesis, parser: SentenceParser) -> _Candidate:
    parse = parser.parse(hypothesis.text)
    return _Candidate(
        parse if isinstance(parse, Parse) else None, hypothesis.text, hypothesis.score
    )


def _unknown(text: str) -> bool:
    return UNKNOWN_WORD in text.split()


def _lead(candidates: Sequence[_Candidate]) -> float:
    """How far the first meaning is ahead of the best sentence that means something else."""
    first = candidates[0]
    for other in candidates[1:]:
        if not _same(first.parse, other.parse):
            return min(WHOLE_LEAD, first.score - other.score)
    return WHOLE_LEAD


def _same(one: Parse | None, other: Parse | None) -> bool:
    if one is None or other is None:
        return False
    return one.command_id == other.command_id and dict(one.slots) == dict(other.slots)


def _invocations(parse: Parse, heard: str, *, asleep: bool) -> tuple[Invocation, ...]:
    said = Invocation(parse.command_id, dict(parse.slots), source="voice", heard=heard)
    if asleep and parse.command_id not in (STOP, WAKE):
        return (Invocation(WAKE, source="voice", heard=heard), said)
    return (said,)
