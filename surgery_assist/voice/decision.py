"""From hypotheses to a command or a visible rejection.

Each of the N best sentences is parsed strictly; sentences with the same meaning stand together. The
best meaning acts if the best sentence is one of its own, nothing unknown was heard, and it leads
the next meaning by enough for what a mistake would cost. A second opinion, where there is one and
it answers in time, adds its score to Vosk's before the lead is measured, may bring in a sentence
of its own, and says in place of Vosk's score whether the best sentence was said at all. What Vosk
did not hear at all never acts if it names a number or is a command that asks for confirmation.
"""

import math
from collections.abc import Callable, Mapping, Sequence
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
TAKEN_BACK: Final = "rejected.taken_back"
"""The sentence itself said so: "... cancel cancel"."""


Nearest = Callable[[str], str]
"""The sentence of the grammar nearest to a free text, empty if none is near."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a second recogniser thinks of a sentence: natural log-probabilities, given the sound."""

    sentence: str
    score: float
    """Of the whole sentence."""
    per_token: float
    """Mean over its parts: comparable between short and long sentences."""


class SecondOpinion(Protocol):
    """A recogniser of another kind that judges candidate sentences."""

    def judge(
        self,
        audio: Samples,
        candidates: Sequence[str],
        language: Language,
        nearest: Nearest | None = None,
    ) -> list[Judgement]:
        """Judge candidates, and the sentence nearest to what it heard itself; none if too slow."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Lead over the next meaning (log-likelihood) that each kind of command needs.

    Set for the bundled pack and Whisper base on half of some 900 recordings: commands by synthetic
    voices that never trained, some in noise, and people's other speech. The other half judged them,
    see the pack's model card; errors in both were looked at. Nobody's recorded commands took
    part: trust a pilot more.
    """

    leads: Mapping[Risk, float] = field(
        default_factory=lambda: {Risk.VIEW: 1.0, Risk.STATE: 1.0, Risk.CONFIRM: 2.0}
    )
    wake: float = 2.0
    """To wake up at other people's talk is the error that people forgive least."""
    stop: float = 0.0
    numbers: float = 0.5
    """Added for commands with a number: forty and fourteen sound alike."""
    alone: float = 2.0
    """Factor on all while no second opinion confirms."""
    opinion_weight: float = 1.5
    fits: Mapping[Risk, float] = field(
        default_factory=lambda: {Risk.VIEW: -3.5, Risk.STATE: -3.0, Risk.CONFIRM: -2.5}
    )
    """Log-probability per token that the second opinion must give, in place of `poorest`."""
    wake_fit: float = -3.0
    clear: float = -21.0
    """Score per second from which Vosk's own best sentence counts as clearly heard: for a command
    that only changes the view, the second opinion then need not give more than `clear_fit`."""
    clear_fit: float = -4.25
    poorest: Mapping[Language, float] = field(default_factory=lambda: {"ro": -26.0, "en": -28.0})
    """Score per second of speech below which a sentence fits the sound too badly to be one."""

    def needed(self, parse: Parse, risk: Risk, *, asleep: bool, confirmed: bool) -> float:
        """The lead that a sentence must have to act."""
        if parse.command_id == STOP:
            return self.stop
        lead = self.wake if asleep else self.leads[risk]
        if _numeric(parse):
            lead += self.numbers
        return lead if confirmed else lead * self.alone

    def fit(self, risk: Risk, *, asleep: bool, clear: bool) -> float:
        """Log-probability per token that a sentence must have to act."""
        if asleep:
            return max(self.wake_fit, self.fits[risk])
        if clear and risk is Risk.VIEW:
            return min(self.clear_fit, self.fits[risk])
        return self.fits[risk]


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
    fit: float = 0.0
    proposed: bool = True
    """Vosk heard it too, be it with less confidence."""


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
        judged = self._second(candidates, parser, audio, utterance.language)
        per_second = first.score / max(SHORTEST_SECONDS, utterance.seconds)
        if not judged and per_second < self.thresholds.poorest[utterance.language]:
            return Rejected(NOT_UNDERSTOOD, utterance.text, 0.0)
        heard_first = first.text
        candidates = judged or candidates
        first, parse = candidates[0], candidates[0].parse
        if parse is None:
            return Rejected(NOT_UNDERSTOOD, first.text, 0.0)
        lead = _lead(candidates)
        confidence = 1.0 / (1.0 + math.exp(-lead))
        risk = self.risks.get(parse.command_id, Risk.VIEW)
        clear = first.text == heard_first and per_second >= self.thresholds.clear
        if judged and first.fit < self.thresholds.fit(risk, asleep=asleep, clear=clear):
            return Rejected(NOT_UNDERSTOOD, first.text, 0.0)
        if not first.proposed and (risk is Risk.CONFIRM or _numeric(parse)):
            return Rejected(UNSURE, first.text, confidence)
        if lead < self.thresholds.needed(parse, risk, asleep=asleep, confirmed=bool(judged)):
            return Rejected(UNSURE, first.text, confidence)
        if parse.taken_back:
            return Rejected(TAKEN_BACK, first.text, confidence)
        ids = {part.command_id for part in (parse, *parse.then)}
        if enabled is not None and not ids <= enabled | {STOP}:
            return Rejected(NOT_NOW, first.text, confidence)
        return Understood(_invocations(parse, first.text, asleep=asleep), confidence)

    def _second(
        self,
        candidates: Sequence[_Candidate],
        parser: SentenceParser,
        audio: Samples | None,
        language: Language,
    ) -> list[_Candidate]:
        """Sentences with the other recogniser's score added, best first; none if it is not asked."""
        parsed = {entry.text: entry for entry in candidates if entry.parse is not None}
        first = candidates[0].parse
        if self.opinion is None or audio is None or (first and first.command_id == STOP):
            return []
        judgements = self.opinion.judge(audio, list(parsed), language, parser.suggest)
        # What Vosk did not think of is at most as likely as the last that it did.
        least = min(entry.score for entry in parsed.values())
        weight = self.thresholds.opinion_weight
        joined = []
        for entry in judgements:
            proposed = entry.sentence in parsed
            # A sentence cut short ("image nine hundred") is always likelier than the whole.
            if not proposed and any(text.startswith(entry.sentence) for text in parsed):
                continue
            known = parsed.get(entry.sentence) or _candidate(
                Hypothesis(entry.sentence, least), parser
            )
            score = known.score + weight * entry.score
            joined.append(_Candidate(known.parse, known.text, score, entry.per_token, proposed))
        return sorted(joined, key=lambda entry: -entry.score)


def _candidate(hypothesis: Hypothesis, parser: SentenceParser) -> _Candidate:
    parse = parser.parse(hypothesis.text)
    return _Candidate(
        parse if isinstance(parse, Parse) else None, hypothesis.text, hypothesis.score
    )


def _numeric(parse: Parse) -> bool:
    parts = (parse, *parse.then)
    return any(isinstance(value, int | float) for part in parts for value in part.slots.values())


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
    return one.meaning() == other.meaning()


def _invocations(parse: Parse, heard: str, *, asleep: bool) -> tuple[Invocation, ...]:
    said = tuple(
        Invocation(part.command_id, dict(part.slots), source="voice", heard=heard)
        for part in (parse, *parse.then)
    )
    if asleep and parse.command_id not in (STOP, WAKE):
        return (Invocation(WAKE, source="voice", heard=heard), *said)
    return said
