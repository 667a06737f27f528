"""Stage ``judge``: the pack in the real program, on voices that never trained.

Commands spoken by held-out synthetic voices, clean and in operating-room noise, and sentences
that are no commands, go through the product's own chain (Vosk, static graph, strict parser,
decision). People are judged apart, see `people`.
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.recipe.augment import level_of_speech, mix, operating_room_noise
from models.recipe.config import SAMPLE_RATE
from models.recipe.corpus import Utterance
from models.recipe.pack import Measurement
from surgery_assist.messages import LANGUAGES, Language
from surgery_assist.settings import Settings
from surgery_assist.voice.evaluate import run_eval
from surgery_assist.voice.parser import Parse
from surgery_assist.voice.phrases import PhraseBook
from surgery_assist.voice.speech import build_speech

CONDITIONS: Final[tuple[tuple[str, float | None], ...]] = (
    ("clean", None),
    ("OR noise 20 dB", 20.0),
    ("OR noise 10 dB", 10.0),
)
_LEAD_IN_SECONDS: Final = 0.4


@dataclass(frozen=True, slots=True)
class Trial:
    """An utterance and what it must do: a command with slots, or nothing."""

    utterance: Utterance
    command_id: str
    slots: dict[str, object]


def trials(commands: Sequence[Utterance], others: Sequence[Utterance]) -> Iterator[Trial]:
    """Commands with the meaning that the strict parser gives their text, then the others.

    Other speech that happens to be a command ("lung") is left out.
    """
    books = phrase_books()
    parsers = {language: book.parser() for language, book in books.items()}
    for utterance in commands:
        parse = parsers[utterance.language].parse(utterance.text)
        if isinstance(parse, Parse):
            yield Trial(utterance, parse.command_id, dict(parse.slots))
    for utterance in others:
        if not isinstance(parsers[utterance.language].parse(utterance.text), Parse):
            yield Trial(utterance, "", {})


def phrase_books() -> Mapping[Language, PhraseBook]:
    """The program's phrases in both languages, with the ranges of its commands."""
    return build_speech(Settings()).books


def write_manifest(all_trials: Sequence[Trial], folder: Path) -> Path:
    """Sound files of every condition and their manifest; made once."""
    manifest = folder / "manifest.csv"
    if manifest.is_file():
        return manifest
    import soundfile

    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, trial in enumerate(all_trials):
        for condition, ratio in CONDITIONS:
            chance = np.random.default_rng(number)
            name = f"{number:04d}-{condition.replace(' ', '-')}.wav"
            wave = heard(trial.utterance, ratio, chance)
            soundfile.write(folder / name, wave, SAMPLE_RATE, subtype="PCM_16")
            group = f"{trial.utterance.family}/{condition}"
            slots = json.dumps(trial.slots, ensure_ascii=False)
            speaker = trial.utterance.speaker.split("+")[0]
            rows.append((name, trial.command_id, slots, trial.utterance.language, group, speaker))
    with manifest.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "expected_id", "expected_slots", "lang", "group", "speaker"))
        writer.writerows(rows)
    return manifest


def heard(utterance: Utterance, ratio: float | None, chance: np.random.Generator) -> np.ndarray:
    """The utterance at half of full level, with noise ``ratio`` dB below the speech."""
    clip = utterance.load()
    lead = round(_LEAD_IN_SECONDS * SAMPLE_RATE)
    wave = np.pad(clip / (np.abs(clip).max() + 1e-9) * 0.5, (lead, lead)).astype(np.float64)
    wave += chance.integers(-1, 2, len(wave)) / 32768
    if ratio is not None:
        noise = operating_room_noise(len(wave), chance)
        wave = mix(wave, noise, level_of_speech(wave), ratio)
    return (wave / max(1.0, float(np.abs(wave).max()))).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Every trial's line of the manifest with its line of the report.

    For other speech, "right" means that nothing was done.
    """

    rows: Sequence[tuple[Mapping[str, str], Mapping[str, Any]]]

    def by_family(self) -> list[Measurement]:
        """Right trials by synthesizer, language and condition."""
        return self._counted(lambda trial: trial["group"].partition("/")[0])

    def by_speaker(self) -> list[Measurement]:
        """Right commands by voice; of a mix, the voice that it has most of."""
        commands = Judgement([pair for pair in self.rows if pair[0]["expected_id"]])
        return commands._counted(lambda trial: trial["speaker"])

    def weak_commands(self) -> list[dict[str, object]]:
        """Commands below 90 % in quiet, with what was heard in their place."""
        pairs: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for trial, row in self.rows:
            if trial["expected_id"] and trial["group"].endswith("/clean"):
                pairs.setdefault((trial["expected_id"], trial["lang"]), []).append(row)
        weak: list[dict[str, object]] = []
        for (command, language), rows in sorted(pairs.items()):
            wrong = [row for row in rows if row["verdict"] != "right"]
            if len(wrong) > 0.1 * len(rows):
                heard = [str(row["heard"]) or str(row.get("reason", "")) for row in wrong]
                weak.append(
                    {
                        "command": command, "language": language, "clips": len(rows),
                        "right": len(rows) - len(wrong), "heard": sorted(set(heard)),
                    }
                )  # fmt: skip
        return weak

    def _counted(self, name_of: Callable[[Mapping[str, str]], str]) -> list[Measurement]:
        counts: dict[tuple[str, str, str], list[int]] = {}
        for trial, row in self.rows:
            kind = "commands" if trial["expected_id"] else "other words ignored"
            condition = trial["group"].partition("/")[2]
            key = (f"{name_of(trial)}, {kind}", trial["lang"], condition)
            count = counts.setdefault(key, [0, 0])
            count[0] += row["verdict"] == "right"
            count[1] += 1
        return [Measurement(*key, *count) for key, count in sorted(counts.items())]


def judge(pack: Path, manifest: Path) -> Judgement:
    """What the pack makes of the trials of a manifest, in the real program."""
    ears = build_speech(Settings(models=str(pack))).ears()
    rows: list[Mapping[str, Any]] = []
    for language in LANGUAGES:
        report: dict[str, Any] = run_eval(
            manifest, lambda _language, _phrases: ears, language=language
        )
        rows += report["rows"]
    with manifest.open(encoding="utf-8", newline="") as file:
        trials_by_path = {row["path"]: row for row in csv.DictReader(file)}
    return Judgement([(trials_by_path[row["path"]], row) for row in rows])
