"""From hypotheses to a command or a visible rejection.

Each of the N best sentences is parsed strictly; sentences with the same meaning stand together. The
best meaning acts if it leads the next meaning, and what is no sentence, by enough for what a mistake
would cost (`thresholds.Thresholds`). A second opinion, where there is one and it answers in time, adds its score
to Vosk's before the lead is measured, may bring in a sentence of its own, and says in place of Vosk's
score whether the best sentence was said at all: so it also saves sentences that Vosk takes for other
speech. What Vosk did not hear at all never acts if it names a number or is a command that asks for
confirmation.
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
from surgery_assist.voice.recognizer import STOP, SentenceParser
from surgery_assist.voice.thresholds import NOT_UNDERSTOOD, UNSURE, Evidence, Thresholds

WAKE: Final = "listen.start"
WHOLE_LEAD: Final = 10.0
"""Lead of a meaning that has no rival among the N best."""
SHORTEST_SECONDS: Final = 0.4
"""Shorter speech is measured as so long: silence at its edges costs something too."""
NOT_NOW: Final = "rejected.not_now"
TOO_FAR: Final = "rejected.too_far"
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
    behind: float = -math.inf
    """``score`` less that of what the recogniser would write itself: near 0 where nothing else
    fits better, far below where something else was said, be the voice clear or not. Minus infinity
    where the recogniser writes nothing of its own."""


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

    def listen(self, audio: Samples) -> None:
        """Begin to hear what `judge` may soon be asked about; returns at once."""


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
    behind: float = 0.0
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
    witness: Callable[[Evidence], None] | None = None
    """Told of every meaning that is weighed: for calibration."""

    def listen(self, audio: Samples) -> None:
        """Let the second opinion begin with an utterance that may be over."""
        if self.opinion is not None:
            self.opinion.listen(audio)

    def decide(
        self,
        utterance: Utterance,
        parser: SentenceParser,
        *,
        asleep: bool = False,
        enabled: frozenset[str] | None = None,
        audio: Samples | None = None,
        strict: bool = False,
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
        strict
            The room is loud: everything must be surer.
        """
        heard = [_candidate(entry, parser) for entry in utterance.hypotheses]
        known = [entry for entry in heard if not _unknown(entry.text)]
        if not known or known[0].parse is None:
            return Rejected(NOT_UNDERSTOOD, utterance.text, 0.0)
        unknown = max(0.0, heard[0].score - known[0].score)
        judged: list[_Candidate] = []
        if unknown <= self.thresholds.rescue:
            judged = self._second(known, parser, audio, utterance.language)
        first = (judged or known)[0]
        parse = first.parse
        if parse is None:
            return Rejected(NOT_UNDERSTOOD, first.text, 0.0)
        evidence = Evidence(
            text=first.text,
            command_id=parse.command_id,
            meaning=parse.meaning(),
            risk=max((self._risk(part) for part in (parse, *parse.then)), key=list(Risk).index),
            numeric=_numeric(parse),
            language=utterance.language,
            lead=_lead(judged or known),
            unknown=unknown,
            beside=_beside(heard),
            per_second=known[0].score / max(SHORTEST_SECONDS, utterance.seconds),
            same=first.text == heard[0].text,
            proposed=first.proposed,
            fit=first.fit if judged else None,
            behind=first.behind if judged else None,
            asleep=asleep,
            strict=strict,
        )
        if self.witness is not None:
            self.witness(evidence)
        confidence = 1.0 / (1.0 + math.exp(-evidence.lead))
        reason = self.thresholds.refusal(evidence)
        if reason is not None:
            return Rejected(
                reason,
                utterance.text if unknown else first.text,
                confidence if reason == UNSURE else 0.0,
            )
        if parse.taken_back:
            return Rejected(TAKEN_BACK, first.text, confidence)
        ids = {part.command_id for part in (parse, *parse.then)}
        if enabled is not None and not ids <= enabled | {STOP}:
            return Rejected(NOT_NOW, first.text, confidence)
        return Understood(_invocations(parse, first.text, asleep=asleep), confidence)

    def _risk(self, parse: Parse) -> Risk:
        return self.risks.get(parse.command_id, Risk.VIEW)

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
            joined.append(
                _Candidate(known.parse, known.text, score, entry.per_token, entry.behind, proposed)
            )
        return sorted(joined, key=lambda entry: -entry.score)


def _candidate(hypothesis: Hypothesis, parser: SentenceParser) -> _Candidate:
    parse = parser.parse(hypothesis.text)
    return _Candidate(
        parse if isinstance(parse, Parse) else None, hypothesis.text, hypothesis.score
    )


def _beside(heard: Sequence[_Candidate]) -> float:
    """How far the first hypothesis is ahead of those that are no sentence: filler and decoys."""
    no_sentence = [entry.score for entry in heard if entry.parse is None]
    return min(WHOLE_LEAD, heard[0].score - max(no_sentence)) if no_sentence else WHOLE_LEAD


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
