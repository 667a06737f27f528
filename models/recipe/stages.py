"""The stages in their order, each of which finds in the cache what it has done before."""

import hashlib
import json
import random
import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from models.recipe import lexicon
from models.recipe.alignment import Segments
from models.recipe.clips import read_index
from models.recipe.config import QUICK, STAGES, RecipeOptions, ScoreSettings
from models.recipe.corpus import (
    Utterance,
    kokoro_utterances,
    recorded_utterances,
    robot_utterances,
)
from models.recipe.errors import RecipeError
from models.recipe.export import export
from models.recipe.features import Mfcc
from models.recipe.fetch import fetch, package_dir
from models.recipe.graph import write_graph
from models.recipe.judge import Trial, judge, trials, write_manifest
from models.recipe.labels import Listener, label_utterances
from models.recipe.pack import Measurement, PackFacts, Source, finish, write_draft
from models.recipe.sentences import command_sentences, word_sentences
from models.recipe.speech import speak_all
from models.recipe.training import disturbed_copies
from models.recipe.trunk import load_trunk

FILLERS: Final = (-2.5, -2.0, -1.75, -1.5, -1.25)
"""Constants that the ``export`` stage tries, in this order."""
_TOLERATED: Final = 0.015
"""Share of commands that a stricter filler may cost."""
_JUDGE_SEED: Final = 2026
_NET: Final = "net.pt"
_COMMANDS: Final = "commands"
"""Folder of command sentences; a ready folder whose name begins so counts as one too."""


class Recipe:
    """One run of the recipe.

    Parameters
    ----------
    options
        What was asked; what the run keeps lies under ``options.cache``.
    """

    def __init__(self, options: RecipeOptions) -> None:
        self.options = options
        self.cache = options.cache

    def run(self, last: str = STAGES[-1]) -> None:
        """All stages up to ``last``.

        Raises
        ------
        RecipeError
            A stage can't go on; what is done is kept.
        """
        for stage in STAGES[: STAGES.index(last) + 1]:
            print(f"== {stage}", flush=True)
            getattr(self, stage)()

    def fetch(self) -> None:
        """Get the packages."""
        fetch(self.options)

    def speech(self) -> None:
        """Let Kokoro speak: training sentences, unless ready folders are given, and the judge's."""
        amounts, seed = self.options.amounts, self.options.seed
        if not self.options.speech_dirs:
            commands = command_sentences(amounts.kokoro_commands, seed)
            speak_all(commands, self.cache / _COMMANDS, self.cache, seed)
            words = word_sentences(amounts.kokoro_words, seed)
            speak_all(words, self.cache / "words", self.cache, seed + 1)
            others = word_sentences(amounts.judged // 2, _JUDGE_SEED)
            speak_all(others, self.cache / "judge-words", self.cache, 98, held_out=True)
        commands = command_sentences(amounts.judged, _JUDGE_SEED)
        speak_all(commands, self.cache / "judge-commands", self.cache, 99, held_out=True)

    def labels(self) -> None:
        """Align all speech."""
        print(f"labels: {len(self._segments)} utterances", flush=True)

    def train(self) -> None:
        """Train the head, unless this run's is there."""
        import torch

        from models.recipe.head import frame_accuracy, train_head  # noqa: PLC0415

        if (self._work / _NET).is_file():
            return
        amounts, seed = self.options.amounts, self.options.seed
        everything = [*self._robots, *self._others]
        data = self._copies(everything, "copy-0", seed + 10)
        commands = [u for u in self._others if u.name.startswith(_COMMANDS)]
        for copy in range(1, amounts.copies):
            data = data + self._copies(commands, f"copy-{copy}", seed + 10 + copy)
        people = self._people(0)
        if people is not None:
            judged = people.accuracy
        else:
            held = self._copies(self._held_out, "held-out", seed)

            def judged(net: object) -> float:
                return frame_accuracy(net, held.features, held.labels)  # type: ignore[arg-type]

        net = train_head(
            data.features, data.labels, width=amounts.head_width, epochs=amounts.epochs,
            seed=seed, judge=judged,
        )  # fmt: skip
        torch.save(net.state(), self._work / _NET)

    def export(self) -> None:
        """Write model, dictionary and graph; choose the filler on development trials."""
        pack = self._draft
        shutil.rmtree(pack, ignore_errors=True)
        pack.mkdir(parents=True)
        count = lexicon.write_english(self.cache, pack)
        print(f"export: {count} English pronunciations", flush=True)
        best = ScoreSettings()
        if self.options.amounts is QUICK:
            self._write(pack, best)
            return
        manifest = write_manifest(self._trials[::3], self.cache / "judge" / "development")
        ceiling = 0.0
        for filler in FILLERS:
            settings = replace(best, filler=filler)
            self._write(pack, settings)
            found, _ = judge(pack, manifest)
            right = _share([m for m in found if "commands" in m.name])
            quiet = _share([m for m in found if "commands" not in m.name])
            print(f"export: filler {filler}: commands {right:.3f}, quiet {quiet:.3f}", flush=True)
            ceiling = max(ceiling, right)
            if right < ceiling - _TOLERATED:
                break
            best = settings
        self._write(pack, best)

    def judge(self) -> None:
        """Measure the pack on trials that chose nothing, and on people."""
        rest = [trial for number, trial in enumerate(self._trials) if number % 3]
        manifest = write_manifest(rest, self.cache / "judge" / "report")
        synthetic, report = judge(self._draft, manifest)
        people = self._people(1)
        heard = people.measure(self._net) if people is not None else []
        for m in (*synthetic, *heard):
            print(f"judge: {m.name}, {m.language}, {m.condition}: {m.percent} %", flush=True)
        found = {
            "synthetic": [asdict(m) for m in synthetic], "people": [asdict(m) for m in heard],
        }  # fmt: skip
        (self._work / "measured.json").write_text(json.dumps(found), "utf-8")
        (self._work / "report.json").write_text(json.dumps(report, ensure_ascii=False), "utf-8")

    def pack(self) -> None:
        """Write card and manifest, and put the pack into its place."""
        found = json.loads((self._work / "measured.json").read_text("utf-8"))
        settings = json.loads((self._work / "scores.json").read_text("utf-8"))
        parameters = sum(v.numel() for v in self._net.head.parameters())
        parameters += sum(
            x.weights.size for x in self._listen.trunk.layers if x.weights is not None
        )
        facts = PackFacts(
            donor=self.options.donor,
            sources=self._sources(),
            synthetic=[Measurement(**m) for m in found["synthetic"]],
            people=[Measurement(**m) for m in found["people"]],
            scores=ScoreSettings(**settings),
            parameters=parameters,
        )
        out = self.options.out
        finish(self._draft, facts, out.name)
        aside = out.with_name(out.name + ".old")
        shutil.rmtree(aside, ignore_errors=True)
        if out.exists():
            out.rename(aside)
        shutil.copytree(self._draft, out)
        shutil.rmtree(aside, ignore_errors=True)
        print(f"pack: {out}", flush=True)

    def _write(self, pack: Path, settings: ScoreSettings) -> None:
        features = self._features_path.read_text("ascii")
        export(self._net, self._listen.trunk, features, settings, pack)
        (self._work / "scores.json").write_text(json.dumps(asdict(settings)), "utf-8")
        if not (pack / "graph").is_dir():
            write_graph(pack, self.cache / "graphs")
        write_draft(pack)

    def _copies(self, utterances: Sequence[Utterance], name: str, seed: int):  # type: ignore[no-untyped-def]
        path = self._work / f"{name}.npz"
        return disturbed_copies(utterances, self._segments, self._listen, path, seed)

    def _people(self, part: int):  # type: ignore[no-untyped-def]
        from models.recipe.people import ClosedVocabulary, draw  # noqa: PLC0415

        folder = self.options.people
        if folder is None:
            return None
        return ClosedVocabulary(draw(folder, self._pronounce, part), self._pronounce, self._listen)

    def _sources(self) -> list[Source]:
        groups: dict[str, list[Utterance]] = {}
        for utterance in (*self._robots, *self._others):
            groups.setdefault(utterance.family, []).append(utterance)
        described = {
            "kokoro": ("Kokoro-82M speaking phonemes of both languages", "Apache-2.0"),
            "espeak": ("espeak-ng", "output of a GPL program, not GPL itself"),
            "people": ("recordings of people", "free licences only, see models/README.md"),
        }
        sources = []
        for family, members in groups.items():
            sample = members[:: max(1, len(members) // 200)]
            seconds = sum(len(u.load()) for u in sample) / 16000 / len(sample) * len(members)
            voices = {u.speaker for u in members}
            name, licence = described[family]
            sources.append(
                Source(name, licence, round(seconds / 3600, 2), f"{len(voices)} voices and mixes")
            )
        return sources

    @cached_property
    def _listen(self) -> Listener:
        return Listener(Mfcc.read(self._features_path), load_trunk(self.options.donor, self.cache))

    @cached_property
    def _features_path(self) -> Path:
        donor = self.options.donor
        return package_dir(self.cache, donor.package) / donor.features

    @cached_property
    def _pronounce(self) -> lexicon.Pronouncer:
        return lexicon.Pronouncer(self.cache)

    @cached_property
    def _robots(self) -> list[Utterance]:
        count, seed = self.options.amounts.espeak, self.options.seed
        sentences = word_sentences(2 * count // 3, seed + 4) + command_sentences(count // 3, seed)
        return list(robot_utterances(sentences, seed + 4))

    @cached_property
    def _others(self) -> list[Utterance]:
        folders = self.options.speech_dirs or (self.cache / _COMMANDS, self.cache / "words")
        found = list(kokoro_utterances(folders))
        if self.options.recordings is not None:
            recorded = recorded_utterances(self.options.recordings, self._pronounce.first)
            found += sorted(recorded, key=lambda u: u.name)[: self.options.amounts.recordings]
        if not found:
            raise RecipeError("there is no speech to learn from: run the speech stage")
        return found

    @cached_property
    def _held_out(self) -> list[Utterance]:
        folders = self.options.speech_dirs or (self.cache / "judge-words",)
        return list(kokoro_utterances(folders, held_out=True))[: self.options.amounts.judged]

    @cached_property
    def _segments(self) -> dict[str, Segments]:
        return label_utterances(
            self._robots, [*self._others, *self._held_out], self._listen, self._work,
            self.options.seed,
        )  # fmt: skip

    @cached_property
    def _trials(self) -> list[Trial]:
        """Commands and other words by voices that never trained, shuffled."""
        count = self.options.amounts.judged
        spoken = list(kokoro_utterances([self.cache / "judge-commands"], held_out=True))[:count]
        robots = robot_utterances(command_sentences(count // 2, 4040), 4040, held_out=True)
        found = list(trials([*spoken, *robots], self._held_out))
        random.Random(_JUDGE_SEED).shuffle(found)  # noqa: S311
        return found

    @cached_property
    def _net(self):  # type: ignore[no-untyped-def]
        import torch

        from models.recipe.head import PhoneNet  # noqa: PLC0415

        path = self._work / _NET
        if not path.is_file():
            raise RecipeError("there is no trained head yet: run the train stage")
        return PhoneNet.of_state(torch.load(path, weights_only=False))

    @property
    def _draft(self) -> Path:
        return self._work / "pack"

    @cached_property
    def _work(self) -> Path:
        """Folder of runs with these amounts, seed, donor and speech."""
        options = self.options
        clips = [
            (folder.name, sum(1 for _ in read_index(folder))) for folder in options.speech_dirs
        ]
        recorded = options.recordings.name if options.recordings else ""
        key = repr((options.amounts, options.seed, options.donor, clips, recorded))
        folder = self.cache / "runs" / hashlib.sha256(key.encode()).hexdigest()[:12]
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def _share(measurements: Sequence[Measurement]) -> float:
    return sum(m.right for m in measurements) / max(1, sum(m.clips for m in measurements))
