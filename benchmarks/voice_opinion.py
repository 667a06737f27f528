"""What a second opinion is worth: the same recordings decided with and without it.

People: closed vocabularies of isolated words (``--shared`` names the folder with ``speech``), with
single words that are no entry and whole instructions as negatives. Commands: a manifest as for
``surgery-assist voice eval``, against the program's own phrases; groups whose name begins with
"people" are people. Never add the two up. ``python -m models.recipe.pack`` puts the results of a
manifest into the model card.

    python benchmarks/voice_opinion.py --shared ../shared --commands MANIFEST.csv --json OUT.json
"""

import argparse
import csv
import json
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Language
from surgery_assist.settings import Settings, VoiceSettings
from surgery_assist.voice.assembly import load_trial_ears
from surgery_assist.voice.audio import Samples
from surgery_assist.voice.decision import Decision, Interpreter, Thresholds, Understood
from surgery_assist.voice.evaluate import evaluate, whole
from surgery_assist.voice.manifest import Recording, read_manifest
from surgery_assist.voice.pipeline import Ears
from surgery_assist.voice.speech import build_speech
from surgery_assist.voice.whisper import WhisperOpinion, choose_opinion
from surgery_assist.voice.whisper_model import load_whisper
from surgery_assist.voice.whisper_scorer import WhisperScorer

WORDS = {
    "ro": ("gcompris_ro/alphabet", "gcompris_ro/colors", "gcompris_ro/words"),
    "en": ("fsdd", "ee5600", "asterisk_en", "gcompris_en"),
}
OTHERS = {"ro": "gcompris_ro/intro", "en": "picovoice_orders"}
ENTRIES = 150
CANDIDATES = (1, 5, 10, 20)


@dataclass
class Both:
    """Decides every utterance twice, and remembers it with the seconds that the second took."""

    chains: Mapping[str, Interpreter]
    decisions: list[dict[str, Decision]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def decide(self, *args: Any, **kwargs: Any) -> Decision:
        decided = {}
        for name, chain in self.chains.items():
            begun = time.perf_counter()
            decided[name] = chain.decide(*args, **kwargs)
            if name == "with":
                self.seconds.append(time.perf_counter() - begun)
        self.decisions.append(decided)
        return decided["alone"]

    def listen(self, audio: Samples) -> None:
        """No second opinion begins before it is asked: its seconds are measured."""


@dataclass
class Count:
    clips: int = 0
    right: int = 0
    wrong: int = 0
    rejected: int = 0


def judge(
    recordings: Iterable[Recording], ears: Ears, opinion: WhisperOpinion | None
) -> tuple[dict[str, dict[str, Count]], list[float]]:
    """Counts by group and chain; a negative is right if nothing is done."""
    plain = ears.interpreter
    both = Both(
        {
            "alone": Interpreter(plain.risks, Thresholds()),
            "with": Interpreter(plain.risks, Thresholds(), opinion),
        }
    )
    heard = Ears(ears.table, both, ears.models)  # type: ignore[arg-type]
    counts: dict[str, dict[str, Count]] = defaultdict(lambda: defaultdict(Count))
    seconds: list[float] = []
    for recording in recordings:
        both.decisions.clear()
        both.seconds.clear()
        evaluate(recording, heard)
        seconds += both.seconds
        for name in both.chains:
            count = counts[recording.group][name]
            decided = [entry[name] for entry in both.decisions]
            said = [
                invocation
                for entry in decided
                if isinstance(entry, Understood)
                for invocation in entry.invocations
            ]
            done = [(entry.command_id, whole(entry)) for entry in said]
            count.clips += 1
            expected = Invocation(recording.expected_id, recording.expected_slots)
            if done:
                right = bool(recording.expected_id) and done == [
                    (expected.command_id, whole(expected))
                ]
                count.right += right
                count.wrong += not right
            else:
                count.right += not recording.expected_id
                count.rejected += bool(recording.expected_id)
    return counts, seconds


def people(
    shared: Path, language: Language, limit: int, folder: Path
) -> tuple[Path, list[Recording]]:
    """A phrase file of a closed vocabulary, with words in it, words not in it, and instructions."""
    with (shared / "speech" / "index.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if "exclude" not in row["use"]]
    chance = random.Random(7)  # noqa: S311  (which clips, not secrets)
    chance.shuffle(rows)
    spoken: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        text = row["transcript"].strip().lower()
        plain = len(text) > 2 and all(part.isalpha() for part in text.split())
        if row["path"].startswith(WORDS[language]) and plain and len(text.split()) <= 3:
            spoken[text].append(row)
    texts = list(spoken)
    entries = {text: f"word.{number}" for number, text in enumerate(texts[:ENTRIES])}
    phrases = folder / f"{language}.yaml"
    phrases.write_text(
        yaml.safe_dump({name: [text] for text, name in entries.items()}, allow_unicode=True),
        "utf-8",
    )

    def made(row: dict[str, str], expected: str, kind: str) -> Recording:
        path = shared / "speech" / row["path"]
        return Recording(row["path"], path, expected, {}, language, f"{language} {kind}")

    inside = [row for text in entries for row in spoken[text][:3]]
    chance.shuffle(inside)
    outside = [spoken[text][0] for text in texts[ENTRIES:]]
    others = [row for row in rows if row["path"].startswith(OTHERS[language])]
    recordings = [
        made(row, entries[row["transcript"].strip().lower()], "words") for row in inside[:limit]
    ]
    recordings += [made(row, "", "words that are no entry") for row in outside[: limit // 2]]
    recordings += [made(row, "", "other speech") for row in others[: limit // 4]]
    return phrases, recordings


def timings() -> list[dict[str, object]]:
    """Milliseconds for an utterance of 1.5 s, by threads and candidates."""
    sound = (np.random.default_rng(1).normal(0, 500, 24000)).astype(np.int16)
    rows: list[dict[str, object]] = []
    for threads in (1, 2):
        scorer = WhisperScorer(load_whisper(threads=threads))
        scorer.practise()
        for count in CANDIDATES:
            sentences = [f"mergi la imaginea {number}" for number in range(count)]
            taken = []
            for _ in range(12):
                begun = time.perf_counter()
                heard = scorer.encode(sound)
                scorer.write(heard, "ro")
                scorer.score(heard, sentences, "ro")
                taken.append((time.perf_counter() - begun) * 1000.0)
            rows.append(
                {
                    "threads": threads,
                    "candidates": count,
                    "ms_p50": round(float(np.percentile(taken, 50))),
                    "ms_p95": round(float(np.percentile(taken, 95))),
                }
            )
    return rows


def show(title: str, counts: Mapping[str, Mapping[str, Count]]) -> None:
    print(f"\n{title}")
    for group, chains in sorted(counts.items()):
        for name, count in chains.items():
            print(
                f"  {group:<34} {name:<6} {count.clips:>4} clips  right {count.right:>4}"
                f"  wrong {count.wrong:>3}  rejected {count.rejected:>3}"
            )


@dataclass
class Bench:
    """Judges sets one after the other, and collects the report."""

    opinion: WhisperOpinion | None
    limit: int
    report: dict[str, Any] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def people(self, shared: Path, language: Language, commands: Ears) -> None:
        """Closed vocabularies, then the negatives against the program's own commands."""
        with tempfile.TemporaryDirectory() as folder:
            phrases, recordings = people(shared, language, self.limit, Path(folder))
            trial = load_trial_ears(phrases, language)
        self.add(f"People, {language}, closed vocabulary of {ENTRIES} words", recordings, trial)
        negatives = [entry for entry in recordings if not entry.expected_id]
        self.add(f"People, {language}, other speech against the commands", negatives, commands)

    def manifest(self, manifest: Path, language: Language, commands: Ears) -> None:
        """Commands and other sentences, group by group."""
        held_out = self.report.setdefault("held_out", [])
        groups: dict[tuple[str, bool], list[Recording]] = defaultdict(list)
        for recording in read_manifest(manifest, language):
            groups[recording.group, bool(recording.expected_id)].append(recording)
        for (group, positive), recordings in sorted(groups.items()):
            random.Random(7).shuffle(recordings)  # noqa: S311
            name = f"{group} {'commands' if positive else 'no commands'}"
            voices = "people" if group.startswith("people") else "synthetic"
            counts = self.add(f"{voices}, {language}, {name}", recordings[: self.limit], commands)
            for chain, count in counts[group].items():
                row = {"voices": voices, "set": group, "language": language}
                held_out.append(row | {"opinion": chain == "with"} | vars(count))

    def add(
        self, title: str, recordings: Iterable[Recording], ears: Ears
    ) -> Mapping[str, Mapping[str, Count]]:
        """Judge a set and show it."""
        counts, taken = judge(recordings, ears, self.opinion)
        self.seconds += taken
        self.report[title] = plain(counts)
        show(title, counts)
        return counts

    def latency(self) -> None:
        """How long decisions with the opinion took."""
        if self.seconds:
            p50, p95 = np.percentile(self.seconds, [50, 95]) * 1000.0
            self.report["decision_ms"] = {"p50": round(p50), "p95": round(p95)}
            print(f"\nDecision with the opinion: p50 {p50:.0f} ms, p95 {p95:.0f} ms")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--commands", type=Path, metavar="MANIFEST")
    parser.add_argument("--limit", type=int, default=80, help="clips per language and set")
    parser.add_argument("--no-timings", action="store_true")
    parser.add_argument("--model", default="auto", help="CTranslate2 Whisper folder")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    bench = Bench(choose_opinion(options.model, patient=True), options.limit)
    if not options.no_timings:
        bench.report["timings"] = timings()
        print(*bench.report["timings"], sep="\n")
    commands = build_speech(Settings(voice=VoiceSettings(second_opinion="off"))).ears()
    languages: tuple[Language, ...] = ("ro", "en")
    for language in languages:
        if options.shared is not None:
            bench.people(options.shared, language, commands)
        if options.commands is not None:
            bench.manifest(options.commands, language, commands)
    bench.latency()
    if options.json is not None:
        options.json.write_text(json.dumps(bench.report, indent=1), "utf-8")


def plain(counts: Mapping[str, Mapping[str, Count]]) -> dict[str, dict[str, dict[str, int]]]:
    return {
        group: {name: vars(count).copy() for name, count in chains.items()}
        for group, chains in counts.items()
    }


if __name__ == "__main__":
    main()
