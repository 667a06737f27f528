"""`voice eval`: recordings through the real chain, faster than real time, honestly counted.

A recording is right only if it did what was expected and nothing else. One that must do nothing
and did something is a false accept, which is worse than a miss.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

import numpy as np

from surgery_assist.commands.catalogue import build_registry
from surgery_assist.errors import AudioSourceError
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Language
from surgery_assist.settings import VoiceSettings
from surgery_assist.voice.audio import TAIL_SECONDS, AudioBlock, FileSource
from surgery_assist.voice.events import RejectedEvent, UnderstoodEvent, VoiceEvent
from surgery_assist.voice.listening import VoiceContext
from surgery_assist.voice.manifest import Recording, read_manifest
from surgery_assist.voice.pipeline import Ears, Pipeline

Mode = Literal["always", "pedal"]
EarsFor = Callable[[Language, Path | None], Ears]
"""Ears of a language; with a phrase file in place of the program's own."""
Verdict = Literal["right", "miss", "wrong", "false accept"]
LONG_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Result:
    """What a recording did; times in seconds."""

    recording: Recording
    decisions: Sequence[UnderstoodEvent | RejectedEvent]
    audio_seconds: float
    compute_seconds: float
    error: str = ""

    @property
    def actions(self) -> list[UnderstoodEvent]:
        """What was done, in order."""
        return [entry for entry in self.decisions if isinstance(entry, UnderstoodEvent)]

    @property
    def verdict(self) -> Verdict:
        """Right, or in which way not."""
        expected = self.recording.expected_id
        done = [(action.invocation.command_id, whole(action.invocation)) for action in self.actions]
        if not expected:
            return "false accept" if done else "right"
        if not done:
            return "miss"
        wanted = (expected, whole(Invocation(expected, self.recording.expected_slots)))
        return "right" if done == [wanted] else "wrong"

    def row(self) -> dict[str, object]:
        """The row of the report; ``events`` where one decision does not say it all."""
        actions = self.actions
        said = actions[0] if actions else (self.decisions[-1] if self.decisions else None)
        row: dict[str, object] = {
            "path": self.recording.name,
            "group": self.recording.group,
            "lang": self.recording.language,
            "speaker": self.recording.speaker,
            "noise": self.recording.noise,
            "voices": self.recording.voices,
            "expected": self.recording.expected_id,
            "seconds": round(self.audio_seconds, 2),
            "actions": len(actions),
            **(decision_row(said) if said is not None else _NOTHING),
            "verdict": self.verdict,
        }
        if self.error:
            row["error"] = self.error
        if len(self.decisions) > 1 or self.audio_seconds > LONG_SECONDS:
            row["events"] = [
                {"time": round(entry.time, 2), **decision_row(entry)} for entry in self.decisions
            ]
        return row


def whole(invocation: Invocation) -> dict[str, object]:
    """Slots with those that nobody said: "rotate right" and "rotate ninety degrees right" are one."""
    return {**_defaults().get(invocation.command_id, {}), **invocation.arguments}


@cache
def _defaults() -> Mapping[str, Mapping[str, object]]:
    return {command.id: command.defaults for command in build_registry().public}


_NOTHING: Final[Mapping[str, object]] = {
    "heard": "",
    "id": "",
    "slots": {},
    "confidence": 0.0,
    "accepted": False,
    "latency_ms": None,
}


def decision_row(event: UnderstoodEvent | RejectedEvent) -> dict[str, object]:
    """A decision as the report shows it."""
    latency = round(event.latency_ms, 1)
    if isinstance(event, UnderstoodEvent):
        return {
            "heard": event.invocation.heard,
            "id": event.invocation.command_id,
            "slots": whole(event.invocation),
            "confidence": round(event.confidence, 3),
            "accepted": True,
            "latency_ms": latency,
        }
    return {
        **_NOTHING,
        "heard": event.heard,
        "confidence": round(event.confidence, 3),
        "latency_ms": latency,
        "reason": event.reason,
    }


def run_eval(
    manifest: Path,
    ears_for: EarsFor,
    *,
    language: Language | None = None,
    mode: Mode = "always",
    phrases: Path | None = None,
) -> dict[str, object]:
    """The report of a manifest: ``rows`` and ``summary``.

    Parameters
    ----------
    language
        Only its rows.
    mode
        ``"always"`` listens all the time, ``"pedal"`` while the recording lasts.
    phrases
        Phrase file in place of the program's own.

    Raises
    ------
    UsageError
        The manifest is wrong.
    PackError, PhraseError, VocabularyError
        There is nothing to understand with.
    """
    recordings = read_manifest(manifest, language)
    ears = {
        spoken: ears_for(spoken, phrases)
        for spoken in dict.fromkeys(entry.language for entry in recordings)
    }
    results = [evaluate(entry, ears[entry.language], mode) for entry in recordings]
    return {
        "rows": [result.row() for result in results],
        "summary": {"mode": mode, **summary(results)},
    }


def evaluate(recording: Recording, ears: Ears, mode: Mode = "always") -> Result:
    """One recording through the chain."""
    decisions: list[UnderstoodEvent | RejectedEvent] = []
    audio = compute = 0.0
    pipeline = Pipeline(
        ears, VoiceSettings(activation="push-to-talk" if mode == "pedal" else "always-on")
    )
    try:
        for event, audio, compute in _events(recording, pipeline, mode):  # noqa: B007  (the last ones count)
            if isinstance(event, UnderstoodEvent | RejectedEvent):
                decisions.append(event)
    except AudioSourceError as error:
        return Result(recording, decisions, audio, compute, str(error))
    return Result(recording, decisions, audio, compute)


def _events(
    recording: Recording, pipeline: Pipeline, mode: Mode
) -> Iterable[tuple[VoiceEvent | None, float, float]]:
    """Events with the seconds heard and computed so far."""
    compute = audio = 0.0
    source = FileSource(recording.path)
    with source:
        speech_ends = source.seconds
        for item in source.blocks():
            if not isinstance(item, AudioBlock):
                continue
            pressed = mode == "pedal" and item.time < speech_ends
            pipeline.set_context(VoiceContext(recording.language, "awake", pressed))
            begun = time.perf_counter()
            events = pipeline.feed(item)
            compute += time.perf_counter() - begun
            audio = item.end
            for event in events:
                yield event, audio, compute
    for event in pipeline.finish():
        yield event, audio, compute
    yield None, max(0.0, audio - TAIL_SECONDS), compute


def summary(results: Sequence[Result]) -> dict[str, object]:
    """Counts and shares over all recordings, by language and by group."""
    latencies = [
        action.latency_ms
        for result in results
        if result.verdict == "right"
        for action in result.actions
    ]
    audio = sum(result.audio_seconds for result in results)
    compute = sum(result.compute_seconds for result in results)
    return {
        **counts(results),
        "by_language": _by(results, lambda result: result.recording.language),
        "by_group": _by(results, lambda result: result.recording.group),
        "audio_seconds": round(audio, 1),
        "rtf": round(compute / audio, 4) if audio else None,
        "latency_ms_p50": _percentile(latencies, 50),
        "latency_ms_p95": _percentile(latencies, 95),
    }


def counts(results: Sequence[Result]) -> dict[str, object]:
    """Right, missed, wrong and false accepts; accuracy is of recordings that say something."""
    spoken = [result.verdict for result in results if result.recording.expected_id]
    others = [result for result in results if not result.recording.expected_id]
    hours = sum(result.audio_seconds for result in others) / 3600.0
    false_actions = sum(len(result.actions) for result in others)
    return {
        "recordings": len(results),
        "expected": len(spoken),
        "right": spoken.count("right"),
        "accuracy": round(spoken.count("right") / len(spoken), 4) if spoken else None,
        "misses": spoken.count("miss"),
        "wrong": spoken.count("wrong"),
        "negatives": len(others),
        "false_accepts": sum(result.verdict == "false accept" for result in others),
        "false_actions_per_hour": round(false_actions / hours, 2) if hours else None,
        "unreadable": sum(bool(result.error) for result in results),
    }


def _by(results: Sequence[Result], key: Callable[[Result], str]) -> dict[str, object]:
    names = dict.fromkeys(key(result) for result in results)
    return {name: counts([entry for entry in results if key(entry) == name]) for name in names}


def _percentile(values: Sequence[float], percent: float) -> float | None:
    return round(float(np.percentile(values, percent)), 1) if values else None
