"""How well commands are heard, beside what others would do with the same recordings.

    python benchmarks/voice.py --clips MANIFEST.csv [--shared ../shared] [--quick] --out results/voice.md

``--clips`` is a manifest of synthetic voices that never trained, as the recipe's judge writes it; of its groups
``family/condition`` the clean ones are taken, and noise is added here. ``--shared`` names a folder with ``speech``: people, in
closed vocabularies of their own words. People and synthetic voices are never added up. The table is
written anew after every set, so a run that is stopped leaves what it has measured.
"""

import argparse
import csv
import os
import random
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from voice_rivals import Rival, phrase_list, pocketsphinx, whisper_alone

from models.recipe.augment import level_of_speech, mix, operating_room_noise
from surgery_assist.messages import LANGUAGES
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Language
from surgery_assist.settings import Settings
from surgery_assist.voice.assembly import load_trial_ears
from surgery_assist.voice.audio import SAMPLE_RATE, Samples
from surgery_assist.voice.decision import Decision, Interpreter, Understood
from surgery_assist.voice.evaluate import evaluate, whole
from surgery_assist.voice.manifest import Recording, read_manifest
from surgery_assist.voice.parser import Parse
from surgery_assist.voice.phrases import PhraseBook, load_phrases
from surgery_assist.voice.pipeline import Ears
from surgery_assist.voice.reading import read_file
from surgery_assist.voice.recognizer import Scope
from surgery_assist.voice.speech import build_speech
from surgery_assist.voice.whisper import choose_opinion
from surgery_assist.voice.whisper_model import load_whisper
from surgery_assist.voice.whisper_scorer import WhisperScorer

CONDITIONS = {"clean": None, "20 dB": 20.0, "10 dB": 10.0, "5 dB": 5.0, "0 dB": 0.0}
"""Operating-room noise, dB below the speech."""
RIVALS_IN = ("clean", "10 dB")
"""Measured first, and with all others."""
SYSTEMS = ("chain", "Vosk alone", "phrase list", "Whisper alone", "pocketsphinx")
PEOPLE = {
    "ro": ("gcompris_ro/alphabet", "gcompris_ro/colors", "gcompris_ro/words"),
    "en": ("fsdd", "ee5600", "asterisk_en", "gcompris_en"),
}
OTHERS = {"ro": "gcompris_ro/intro", "en": "picovoice_orders"}
ENTRIES = 150
BABBLE_TALKERS = 3


@dataclass
class Both:
    """Decides every utterance with and without the second opinion."""

    chain: Interpreter
    alone: Interpreter
    decisions: list[Decision] = field(default_factory=list)

    def decide(self, *args: Any, **kwargs: Any) -> Decision:
        self.decisions.append(self.alone.decide(*args, **kwargs))
        return self.chain.decide(*args, **kwargs)

    def listen(self, audio: Samples) -> None:
        self.chain.listen(audio)


@dataclass
class Count:
    """What a system did with a set."""

    clips: int = 0
    right: int = 0
    wrong: int = 0
    seconds: float = 0.0

    def add(self, recording: Recording, done: Sequence[tuple[str, Any]], seconds: float) -> None:
        wanted = Invocation(recording.expected_id, recording.expected_slots)
        right = bool(recording.expected_id) and list(done) == [(wanted.command_id, whole(wanted))]
        self.clips += 1
        self.right += right
        self.wrong += bool(done) and not right
        self.seconds += seconds


Table = dict[tuple[str, str, str, str], dict[str, Count]]
"""(kind, language, set, condition) to counts by system."""


@dataclass
class Bench:
    """Judges sets, and writes what it knows."""

    out: Path
    note: str
    load_seconds: float
    table: Table = field(default_factory=lambda: defaultdict(lambda: defaultdict(Count)))
    latencies: list[float] = field(default_factory=list)
    audio: float = 0.0
    compute: float = 0.0

    def judge(
        self,
        key: tuple[str, str, str, str],
        recordings: Iterable[Recording],
        ears: Ears,
        rivals: dict[str, Rival],
    ) -> None:
        """One set through all systems."""
        chain = ears.interpreter
        both = Both(chain, replace(chain, opinion=None))
        heard = replace(ears, interpreter=both)  # type: ignore[arg-type]
        counts = self.table[key]
        for recording in recordings:
            both.decisions.clear()
            result = evaluate(recording, heard)
            seconds = result.audio_seconds
            self.audio += seconds
            self.compute += result.compute_seconds
            self.latencies += [action.latency_ms for action in result.actions]
            done = [(a.invocation.command_id, whole(a.invocation)) for a in result.actions]
            counts["chain"].add(recording, done, seconds)
            counts["Vosk alone"].add(recording, _alone(both.decisions), seconds)
            parser = ears.table[recording.language, Scope.AWAKE].parser
            samples = read_file(recording.path) if rivals else np.zeros(0, np.int16)
            for name, hear in rivals.items():
                parse = parser.parse(hear(samples))
                meaning = parse.meaning() if isinstance(parse, Parse) else ()
                said = [(i, whole(Invocation(i, slots))) for i, slots in meaning]
                counts[name].add(recording, said, seconds)
        print(key, {name: f"{c.right}/{c.clips}, {c.wrong} wrong" for name, c in counts.items()})
        self.write()

    def write(self) -> None:
        """The table as Markdown."""
        lines = ["# Voice: ours beside others", "", self.note, ""]
        for kind, title in (
            ("synthetic", "Synthetic voices that never trained: commands right and done"),
            ("people", "People, closed vocabularies of single words: words right and done"),
            ("negatives", "What is no command: false actions (and per hour)"),
        ):
            lines += [f"## {title}", "", f"| set | condition | clips | {' | '.join(SYSTEMS)} |"]
            lines.append("|---" * (3 + len(SYSTEMS)) + "|")
            for (row_kind, language, name, condition), counts in self.table.items():
                if row_kind == kind and counts:
                    clips = counts["chain"].clips
                    cells = [_cell(counts.get(system), kind) for system in SYSTEMS]
                    lines.append(
                        f"| {name}, {language} | {condition} | {clips} | {' | '.join(cells)} |"
                    )
            lines.append("")
        scale = 1 if sys.platform == "darwin" else 1024
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / 2**20
        lines += ["## The chain's cost", "", "| what | measured |", "|---|---|"]
        lines.append(f"| load packs, graphs and second opinion | {self.load_seconds:.1f} s |")
        lines.append(f"| peak memory, all systems in one process | {memory:.0f} MiB |")
        if self.audio:
            lines.append(f"| real-time factor | {self.compute / self.audio:.2f} |")
        if self.latencies:
            middle, late = np.percentile(self.latencies, [50, 95])
            lines.append(f"| end of speech to decision, p50 / p95 | {middle:.0f} / {late:.0f} ms |")
        self.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, required=True, metavar="MANIFEST")
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--quick", action="store_true", help="few clips of each set")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    limit = 4 if options.quick else 10**6
    begun = time.perf_counter()
    speech = build_speech(Settings())
    ears = speech.ears(patient=True)
    ears.load()
    loaded = time.perf_counter() - begun
    scorer = WhisperScorer(load_whisper(threads=1))
    note = (
        f"{'Sub-sampled (--quick)' if options.quick else 'Whole'}; {os.cpu_count()} cores, load "
        f"{os.getloadavg()[0]:.1f} at the start (times are upper bounds). "
        "A cell is right of all, and wrong actions in brackets; what is missing did nothing. "
        "Chain: as shipped. Vosk alone: our graph, parser and thresholds, no second opinion. Phrase "
        "list: every neighbouring pair of words allowed, as Vosk's own list, word confidence 0.6 on "
        "average, default endpointing, same pack. Whisper alone: base, the nearest sentence. "
        "Pocketsphinx: its English model, a grammar of sentences that cover all pairs and of those spoken."
    )
    bench = Bench(options.out, note, loaded)
    everyone = [r for r in read_manifest(options.clips) if r.group.endswith("/clean")]
    random.Random(7).shuffle(everyone)  # noqa: S311
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rivals = {
            language: make_rivals(
                speech.books[language],
                language,
                scorer,
                [r for r in everyone if r.language == language],
                ears,
            )
            for language in LANGUAGES
        }

        def spoken(condition: str) -> None:
            for language, family in product(LANGUAGES, ("kokoro", "espeak")):
                chosen = [
                    noisy(r, CONDITIONS[condition], folder)
                    for r in [
                        r
                        for r in everyone
                        if r.language == language and r.group.startswith(family) and r.expected_id
                    ][:limit]
                ]
                others = rivals[language] if condition in RIVALS_IN else {}
                bench.judge(("synthetic", language, family, condition), chosen, ears, others)

        for condition in RIVALS_IN:
            spoken(condition)
            for language in LANGUAGES if options.shared is not None else ():
                ratio = CONDITIONS[condition]
                judge_people(bench, options.shared, language, scorer, ratio, limit * 2, folder)
        for language in LANGUAGES:
            others = [r for r in everyone if r.language == language and not r.expected_id]
            for kind, recordings in negatives(others, language, options.shared, limit * 2, folder):
                key = ("negatives", language, kind, "clean")
                bench.judge(key, recordings, ears, rivals[language])
        for condition in CONDITIONS:
            if condition not in RIVALS_IN:
                spoken(condition)


def make_rivals(
    book: PhraseBook,
    language: Language,
    scorer: WhisperScorer,
    spoken: Sequence[Recording],
    ears: Ears,
) -> dict[str, Rival]:
    """Other recognisers for the same sentences: what is spoken, and examples of every command."""
    sentences = {tuple(s.split()) for name in book.ids for s in book.examples(name, 100)}
    chance = random.Random(5)  # noqa: S311
    for command in {r.expected_id for r in spoken if r.expected_id}:
        sentences |= {tuple(book.sample(chance, command)[0].split()) for _ in range(20)}
    nearest = ears.table[language, Scope.AWAKE].parser.suggest
    return _rivals(sorted(sentences), language, scorer, nearest)


def _rivals(
    sentences: Sequence[Sequence[str]],
    language: Language,
    scorer: WhisperScorer,
    nearest: Callable[[str], str],
) -> dict[str, Rival]:
    rivals = {
        "phrase list": phrase_list(sentences, language),
        "Whisper alone": whisper_alone(scorer, nearest, language),
    }
    if language == "en":
        try:
            rivals["pocketsphinx"] = pocketsphinx(sentences)
        except ImportError:
            print("pocketsphinx is not installed: benchmarks/requirements.txt")
    return rivals


def judge_people(  # noqa: PLR0917
    bench: Bench,
    shared: Path,
    language: Language,
    scorer: WhisperScorer,
    ratio: float | None,
    limit: int,
    folder: Path,
) -> None:
    """Single words of a closed vocabulary."""
    spoken: dict[str, list[Path]] = defaultdict(list)
    for row in _people(shared, PEOPLE[language]):
        text = row["transcript"].strip().lower()
        if len(text) > 2 and all(part.isalpha() for part in text.split()):
            spoken[text].append(shared / "speech" / row["path"])
    texts = [text for text in spoken if len(text.split()) <= 3][:ENTRIES]
    phrases = folder / f"{language}.yaml"
    entries = {f"word.{number}": [text] for number, text in enumerate(texts)}
    phrases.write_text(yaml.safe_dump(entries, allow_unicode=True), "utf-8")
    opinion = choose_opinion("auto", patient=True)
    ears = load_trial_ears(phrases, language, opinion=opinion)
    ids = {said[0]: name for name, said in entries.items()}
    recordings = [
        Recording(path.stem, path, ids[text], {}, language, "people")
        for text in texts[:limit]
        for path in spoken[text][: 1 if limit < ENTRIES else 3]
    ]
    book = load_phrases(phrases, language=language)
    sentences = [tuple(text.split()) for text in texts]
    rivals = _rivals(sentences, language, scorer, book.parser().suggest)
    condition = next(name for name, value in CONDITIONS.items() if value == ratio)
    made = [noisy(r, ratio, folder) for r in recordings]
    bench.judge(("people", language, f"{len(texts)} words", condition), made, ears, rivals)


def negatives(
    others: Sequence[Recording],
    language: Language,
    shared: Path | None,
    limit: int,
    folder: Path,
) -> Iterable[tuple[str, list[Recording]]]:
    """What must do nothing: other sentences, people's other speech, babble, noise."""
    yield "other sentences, synthetic", list(others[:limit])
    voices = [r.path for r in others]
    if shared is not None:
        paths = [shared / "speech" / row["path"] for row in _people(shared, (OTHERS[language],))]
        voices = paths or voices
        said = [Recording(p.stem, p, "", {}, language, "people") for p in paths[:limit]]
        yield "other speech, people", said
    babble, noise = [], []
    for number in range(min(limit, 200)):
        chance = np.random.default_rng(number)
        talkers = [
            read_file(voices[int(chance.integers(len(voices)))]) for _ in range(BABBLE_TALKERS)
        ]
        length = 10 * SAMPLE_RATE
        wave = sum(np.resize(t.astype(float), length) / (t.std() + 1e-9) for t in talkers)
        babble.append(_written(folder / f"b{number}.wav", np.asarray(wave), language))
        room = operating_room_noise(length, chance)
        noise.append(_written(folder / f"n{number}.wav", room, language))
    yield f"babble of {BABBLE_TALKERS}", babble
    yield "OR noise alone", noise


def noisy(recording: Recording, ratio: float | None, folder: Path) -> Recording:
    """The recording with operating-room noise ``ratio`` dB below its speech."""
    if ratio is None:
        return recording
    name = f"{recording.path.stem}-{ratio:.0f}.wav"
    wave = np.pad(read_file(recording.path) / 32768.0, 4800)
    chance = np.random.default_rng(sum(recording.path.name.encode()))
    wave = mix(wave, operating_room_noise(len(wave), chance), level_of_speech(wave), ratio)
    made = _written(folder / name, wave, recording.language)
    return replace(recording, path=made.path)


def _written(path: Path, wave: np.ndarray, language: Language) -> Recording:
    import soundfile

    soundfile.write(path, wave / np.abs(wave).max() * 0.5, SAMPLE_RATE, subtype="PCM_16")
    return Recording(path.name, path, "", {}, language, "noise")


def _people(shared: Path, folders: tuple[str, ...]) -> list[dict[str, str]]:
    with (shared / "speech" / "index.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if "exclude" not in row["use"]]
    random.Random(7).shuffle(rows)  # noqa: S311
    return [row for row in rows if row["path"].startswith(folders)]


def _alone(decisions: Sequence[Decision]) -> list[tuple[str, Any]]:
    """What would have been done without the second opinion."""
    return [
        (invocation.command_id, whole(invocation))
        for decision in decisions
        if isinstance(decision, Understood)
        for invocation in decision.invocations
    ]


def _cell(count: Count | None, kind: str) -> str:
    if count is None:
        return ""
    if kind == "negatives":
        return f"{count.wrong} ({count.wrong * 3600 / max(1.0, count.seconds):.0f}/h)"
    return f"{count.right / max(1, count.clips):.0%} ({count.wrong})"


if __name__ == "__main__":
    main()
