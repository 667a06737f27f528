"""How sure the program must be of a meaning before it acts, by what a mistake would cost.

The figures come from `surgery-assist voice calibrate`, made on recordings, and lie with the pack
(``"decision"`` in ``pack.json``) or in ``resources/decision.json``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

from surgery_assist.commands.registry import Risk
from surgery_assist.errors import PackError
from surgery_assist.model.session import Language
from surgery_assist.settings import resources_dir
from surgery_assist.voice.recognizer import STOP

NOT_UNDERSTOOD: Final = "rejected.not_understood"
UNSURE: Final = "rejected.unsure"
KEY: Final = "decision"
"""In ``pack.json``."""
DEFAULTS: Final = "decision.json"
"""In the resources: for packs that bring none of their own."""
_WRITTEN: Final = -0.01
"""`Evidence.behind` from which the second opinion wrote the sentence itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of the best meaning of an utterance.

    Parameters
    ----------
    meaning
        Commands with their slots, as `parser.Parse.meaning` gives them.
    lead
        Score over the next meaning, log-likelihood.
    unknown
        Score of the filler over the best sentence, 0 where a sentence is the best.
    beside
        Score of the best hypothesis over filler and decoys.
    per_second
        Vosk's score of its best sentence for each second of speech.
    same
        The second opinion left Vosk's best sentence the best.
    proposed
        Vosk heard the sentence too.
    fit, behind
        What the second opinion said, see `decision.Judgement`; ``None`` without one.
    asleep, strict
        Only the wake word was listened for; the room is loud.
    """

    text: str
    command_id: str
    meaning: tuple[tuple[str, Mapping[str, object]], ...]
    risk: Risk
    numeric: bool
    language: Language
    lead: float
    unknown: float
    beside: float
    per_second: float
    same: bool
    proposed: bool
    fit: float | None
    behind: float | None
    asleep: bool
    strict: bool


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What each kind of command needs; log-likelihoods and log-probabilities."""

    leads: Mapping[Risk, float] = field(
        default_factory=lambda: {Risk.VIEW: 1.0, Risk.STATE: 1.0, Risk.CONFIRM: 2.0}
    )
    """Lead over the next meaning."""
    fits: Mapping[Risk, float] = field(
        default_factory=lambda: {Risk.VIEW: -3.5, Risk.STATE: -3.0, Risk.CONFIRM: -2.5}
    )
    """Log-probability per token that the second opinion must give."""
    behinds: Mapping[Risk, float] = field(
        default_factory=lambda: {Risk.VIEW: -8.0, Risk.STATE: -6.0, Risk.CONFIRM: -4.0}
    )
    """Or so little behind what it would write itself, if it writes nothing else with confidence."""
    slack: float = 2.0
    """By how much `fits` may be missed where `behinds` is met."""
    unheard: float = -6.0
    """A sentence that Vosk did not hear may be so little behind what the second opinion would write
    itself: its nearest sentence is not yet what was said."""
    wake: float = 2.0
    wake_fit: float = -3.0
    """To wake up at other people's talk is the error that people forgive least."""
    stop: float = 0.5
    """Lead of "stop" over filler, decoys and other sentences: it never waits for a second opinion."""
    numbers: float = 0.5
    """Added for commands with a number: forty and fourteen sound alike."""
    alone: float = 2.0
    """Factor on all leads while no second opinion confirms."""
    opinion_weight: float = 1.5
    rescue: float = 5.0
    """Where the filler is ahead by no more, the second opinion is asked all the same."""
    rescue_fit: float = 0.75
    """Added to `fits` for such a sentence."""
    short_fit: float = 0.0
    """Added for a single word: much else sounds like "next" and "more"."""
    short_written: float = 0.0
    """In place of `short_fit` where the second opinion would write just that word itself."""
    clear: float = -21.0
    """Score per second from which Vosk's own best sentence counts as clearly heard: for a command
    that only changes the view, the second opinion then need not give more than `clear_fit`."""
    clear_fit: float = -4.25
    loud_lead: float = 1.0
    loud_fit: float = 0.5
    """Added to leads and fits while the room is loud."""
    poorest: Mapping[Language, float] = field(default_factory=lambda: {"ro": -26.0, "en": -28.0})
    """Score per second below which a sentence fits the sound too badly, without a second opinion."""

    def refusal(self, evidence: Evidence) -> str | None:
        """Why a meaning does not act (message key), or ``None``."""
        if evidence.fit is None:
            # "stop" is short and shouted: its score per second is poor, its lead is what counts.
            urgent = evidence.command_id == STOP
            poor = not urgent and evidence.per_second < self.poorest[evidence.language]
            if evidence.unknown > 0.0 or poor:
                return NOT_UNDERSTOOD
        elif evidence.unknown > self.rescue or not self._fits(evidence, evidence.fit):
            return NOT_UNDERSTOOD
        costly = evidence.risk is Risk.CONFIRM or evidence.numeric
        if not evidence.proposed and costly:
            return UNSURE
        if not evidence.proposed and (evidence.behind or 0.0) < self.unheard:
            return NOT_UNDERSTOOD
        if evidence.unknown > 0.0 and evidence.risk is Risk.CONFIRM:
            return NOT_UNDERSTOOD
        lead = evidence.lead
        if evidence.command_id == STOP:
            lead = min(lead, evidence.beside)
        return UNSURE if lead < self.needed(evidence) else None

    def needed(self, evidence: Evidence) -> float:
        """The lead that a meaning must have."""
        if evidence.command_id == STOP:
            return self.stop
        lead = self.wake if evidence.asleep else self.leads[evidence.risk]
        lead += self.numbers * evidence.numeric + self.loud_lead * evidence.strict
        return lead if evidence.fit is not None else lead * self.alone

    def _fits(self, evidence: Evidence, fit: float) -> bool:
        risk = evidence.risk
        needed = self.fits[risk]
        if evidence.asleep:
            needed = max(self.wake_fit, needed)
        written = evidence.behind is not None and evidence.behind >= _WRITTEN
        short = self.short_written if written else self.short_fit
        harder = (
            self.loud_fit * evidence.strict
            + self.rescue_fit * (evidence.unknown > 0.0)
            + short * (" " not in evidence.text)
        )
        clear = evidence.same and evidence.per_second >= self.clear and risk is Risk.VIEW
        if clear and not evidence.asleep and fit >= self.clear_fit + harder:
            return True
        near = evidence.behind is not None and evidence.behind >= self.behinds[risk]
        return fit >= needed + harder - self.slack * (near and not evidence.asleep)


def read_thresholds(pack: Path) -> Thresholds:
    """Thresholds of a pack, or those of the program.

    Raises
    ------
    PackError
        They are not of the form that `as_json` gives.
    """
    for path, key in ((pack / "pack.json", KEY), (resources_dir() / DEFAULTS, "thresholds")):
        try:
            found = json.loads(path.read_text("utf-8")).get(key)
        except (OSError, ValueError, AttributeError):
            continue
        if found is not None:
            return from_json(found, path.parent.name)
    return Thresholds()


def from_json(values: Any, name: str = "") -> Thresholds:
    """Thresholds of a JSON object; what it lacks stays at its default.

    Raises
    ------
    PackError
        A key is unknown or a value no number.
    """
    try:
        return replace(Thresholds(), **{key: _value(key, value) for key, value in values.items()})
    except (AttributeError, TypeError, ValueError) as error:
        raise PackError("error.pack_manifest", path=name, detail=str(error)) from error


def _value(key: str, value: Any) -> Any:
    current = getattr(Thresholds(), key)
    if not isinstance(current, Mapping):
        return float(value)
    kind = type(next(iter(current)))
    return {**current, **{kind(name): float(entry) for name, entry in value.items()}}


def as_json(thresholds: Thresholds) -> dict[str, Any]:
    """The object that `from_json` reads."""
    found: dict[str, Any] = {}
    for entry in fields(Thresholds):
        value = getattr(thresholds, entry.name)
        found[entry.name] = (
            {str(key): number for key, number in value.items()}
            if isinstance(value, Mapping)
            else value
        )
    return found
