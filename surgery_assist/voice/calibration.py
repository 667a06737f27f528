"""`voice calibrate`: the thresholds that suit a pack, chosen on recordings.

Every recording goes through the chain once, and each meaning that was weighed is kept as `Evidence`.
Then one threshold after the other is tried on half of the recordings: a command that is kept counts
for one, an action that nobody asked for against as many as it costs. Among equals the strictest wins. The
other half says what came of it. Recordings are split by their name, so that the same ones choose
and judge whenever it is run.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from surgery_assist.commands.registry import Risk
from surgery_assist.model.invocation import Invocation
from surgery_assist.voice.evaluate import EarsFor, evaluate, whole
from surgery_assist.voice.manifest import Recording, read_manifest
from surgery_assist.voice.recognizer import STOP
from surgery_assist.voice.thresholds import Evidence, Thresholds, as_json

COSTS: Final[Mapping[Risk, float]] = {Risk.VIEW: 4.0, Risk.STATE: 5.0, Risk.CONFIRM: 1000.0}
"""Kept commands that one wrong action outweighs. A view that changes by itself can be undone, a
question about another patient must never come by itself."""
ROUNDS: Final = 3
_LEADS: Final = (4.0, 3.0, 2.0, 1.5, 1.0, 0.5, 0.0)
_FITS: Final = (-1.0, -1.5, -2.0, -2.5, -3.0, -3.5, -4.0, -4.5, -5.0)
_BEHINDS: Final = (-1.0, -2.0, -3.0, -4.0, -6.0, -8.0, -11.0, -15.0)
_GRID: Final[Sequence[tuple[str, Sequence[float]]]] = (
    ("fits", _FITS),
    ("behinds", _BEHINDS),
    ("unheard", _BEHINDS),
    ("leads", _LEADS),
    ("short_fit", (2.0, 1.5, 1.0, 0.5, 0.0)),
    ("short_written", (2.0, 1.5, 1.0, 0.75, 0.5, 0.0)),
    ("rescue", (0.0, 1.0, 2.0, 3.0, 5.0)),
    ("rescue_fit", (3.0, 2.0, 1.5, 1.0, 0.5, 0.0)),
    ("slack", (0.0, 0.5, 1.0, 1.5, 2.0, 2.5)),
    ("clear_fit", (-2.5, -3.0, -3.5, -4.0, -4.5)),
    ("numbers", (2.0, 1.0, 0.5, 0.0)),
    ("stop", (5.0, 4.0, 3.0, 2.0, 1.5, 1.0, 0.5, 0.0)),
)
"""What is chosen, and from which values, the strictest first."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A meaning that was weighed, and whether to act on it would have been right."""

    evidence: Evidence
    right: bool
    name: str

    @property
    def judges(self) -> bool:
        """Whether it belongs to the half that says what came of the choice."""
        return hashlib.sha256(self.name.encode()).digest()[0] % 2 == 1


def calibrate(manifest: Path, ears_for: EarsFor) -> dict[str, Any]:
    """Thresholds and what they do: ``thresholds``, ``chosen_on``, ``judged_on``.

    Raises
    ------
    UsageError
        The manifest is wrong.
    PackError
        There is nothing to understand with.
    """
    weighed = [
        entry for recording in read_manifest(manifest) for entry in weigh(recording, ears_for)
    ]
    return report(weighed, Thresholds())


def report(weighed: Sequence[Weighed], start: Thresholds) -> dict[str, Any]:
    """Choose on one half, count on both."""
    choosing = [entry for entry in weighed if not entry.judges]
    judging = [entry for entry in weighed if entry.judges]
    chosen = choose(choosing, start)
    return {
        "thresholds": as_json(chosen),
        "chosen_on": counts(choosing, chosen),
        "judged_on": counts(judging, chosen),
        "before": counts(judging, start),
    }


def weigh(recording: Recording, ears_for: EarsFor) -> Iterator[Weighed]:
    """What was weighed in a recording; its errors are the evaluation's to report."""
    found: list[Evidence] = []
    ears = ears_for(recording.language, None)
    watched = replace(ears, interpreter=replace(ears.interpreter, witness=found.append))
    evaluate(recording, watched)
    expected = recording.expected_id
    slots = whole(Invocation(expected, recording.expected_slots)) if expected else {}
    for evidence in found:
        said = [(name, whole(Invocation(name, values))) for name, values in evidence.meaning]
        yield Weighed(evidence, bool(expected) and said == [(expected, slots)], recording.name)


def choose(weighed: Sequence[Weighed], start: Thresholds) -> Thresholds:
    """One threshold after the other, round after round, until nothing gains."""
    chosen = start
    for _ in range(ROUNDS):
        before = chosen
        for name, values in _GRID:
            current = getattr(chosen, name)
            for key in current if isinstance(current, Mapping) else (None,):
                tried = [_with(chosen, name, key, value) for value in values]
                # `max` takes the first of equals, which is the strictest.
                chosen = max(tried, key=lambda thresholds: worth(weighed, thresholds))
        if chosen == before:
            break
    return _ordered(chosen)


def worth(weighed: Sequence[Weighed], thresholds: Thresholds) -> float:
    """Commands that are kept, less what is done wrongly."""
    return sum(
        1.0 if entry.right else -COSTS[entry.evidence.risk]
        for entry in weighed
        if thresholds.refusal(entry.evidence) is None
    )


def counts(weighed: Sequence[Weighed], thresholds: Thresholds) -> dict[str, dict[str, int]]:
    """Kept, lost, and wrongly done, by class and for "stop"."""
    table: dict[str, dict[str, int]] = {}
    for entry in weighed:
        stop = entry.evidence.command_id == STOP
        row = table.setdefault(
            STOP if stop else str(entry.evidence.risk),
            {"kept": 0, "lost": 0, "false": 0, "refused": 0},
        )
        acts = thresholds.refusal(entry.evidence) is None
        column = ("kept" if acts else "lost") if entry.right else ("false" if acts else "refused")
        row[column] += 1
    return table


def _with(thresholds: Thresholds, name: str, key: Any, value: float) -> Thresholds:
    mapped = {**getattr(thresholds, name), key: value} if key is not None else value
    changes: dict[str, Any] = {name: mapped}
    return replace(thresholds, **changes)


def _ordered(thresholds: Thresholds) -> Thresholds:
    """What costs more is never easier, however few recordings there were of it."""
    changes: dict[str, Any] = {}
    for name in ("leads", "fits", "behinds"):
        hardest = float("-inf")
        values: dict[Risk, float] = {}
        for risk in Risk:
            hardest = max(hardest, getattr(thresholds, name)[risk])
            values[risk] = hardest
        changes[name] = values
    return replace(thresholds, **changes)
