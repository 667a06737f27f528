"""The stages in their order, each of which finds in the cache what it has done before."""

import hashlib
import json
import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from models.recipe import lexicon
from models.recipe.alignment import Segments
from models.recipe.augment import AUGMENTATION
from models.recipe.clips import read_index
from models.recipe.config import QUICK, STAGES, RecipeOptions, ScoreSettings
from models.recipe.corpus import (
    Utterance,
    kokoro_utterances,
    recorded_utterances,
    robot_utterances,
    varied,
)
from models.recipe.errors import RecipeError
from models.recipe.export import export
from models.recipe.features import Mfcc
from models.recipe.fetch import donor_dir, fetch
from models.recipe.graph import write_graph
from models.recipe.judge import Trial, judge, trials, write_manifest
from models.recipe.labels import Listener, clean_features, label_utterances
from models.recipe.pack import Measurement, PackFacts, Source, finish, write_draft
from models.recipe.people import ClosedVocabulary, draw, recorded
from models.recipe.sentences import command_sentences, word_sentences
from models.recipe.speech import speak_all
from models.recipe.store import Features, Heard
from models.recipe.training import disturbed_copies
from models.recipe.trunk import Layer, load_trunk, load_upper

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

        from models.recipe.head import PhoneNet, frame_accuracy, train_head  # noqa: PLC0415

        if (self._work / _NET).is_file():
            return
        amounts, seed = self.options.amounts, self.options.seed
        heard = [Heard(name, features) for name, features in self._clean.items()]
        for copy in range(amounts.copies):
            heard += self._copies([*self._robots, *self._others], copy)
        held_out = {u.name for u in self._held_out}
        heard = [h for h in heard if h.name in self._segments and h.name not in held_out]
        people = self._people(0)
        if people is not None:
            judged = people.accuracy
        else:
            held = [h for h in self._copies(self._held_out, 0) if h.name in self._segments]
            answers = [h.labels(self._segments) for h in held]

            def judged(net: PhoneNet) -> float:
                return frame_accuracy(net, [h.features for h in held], answers)

        net = train_head(
            [h.features for h in heard], [h.labels(self._segments) for h in heard], self._upper,
            width=amounts.head_width, epochs=amounts.epochs, seed=seed, judge=judged,
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
        manifest = write_manifest(self._trials[::3], self._work / "judge-development")
        ceiling = 0.0
        for filler in FILLERS:
            settings = replace(best, filler=filler)
            self._write(pack, settings)
            found = judge(pack, manifest).by_family()
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
        manifest = write_manifest(rest, self._work / "judge-report")
        judged = judge(self._draft, manifest)
        found: dict[str, list[Any]] = {
            "synthetic": judged.by_family(),
            "speakers": judged.by_speaker(),
            "people": [m for people in self._reported() for m in people.measure(self._net)],
        }
        for m in (*found["synthetic"], *found["people"]):
            print(f"judge: {m.name}, {m.language}, {m.condition}: {m.percent} %", flush=True)
        measured = {kind: [asdict(m) for m in ms] for kind, ms in found.items()}
        measured["weak"] = judged.weak_commands()
        text = json.dumps(measured, ensure_ascii=False)
        (self._work / "measured.json").write_text(text, "utf-8")
        rows = [row for _, row in judged.rows]
        (self._work / "report.json").write_text(json.dumps(rows, ensure_ascii=False), "utf-8")

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
            **{
                kind: [Measurement(**m) for m in found[kind]]
                for kind in ("synthetic", "speakers", "people")
            },
            weak=found["weak"],
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

    def _copies(self, utterances: Sequence[Utterance], copy: int) -> list[Heard]:
        seed = self.options.seed + 10 + copy
        return disturbed_copies(utterances, self._listen, self._heard / f"copy-{copy}", seed)

    def _people(self, part: int) -> ClosedVocabulary | None:
        """People who judge: 0 when training stops, 1 what is reported."""
        folder = self.options.people
        if folder is None:
            return None
        trained = {u.speaker for u in self._others if u.family == "people"}
        clips = draw(folder, self._pronounce, part, trained)
        return ClosedVocabulary(clips, self._pronounce, self._listen)

    def _reported(self) -> Iterator[ClosedVocabulary]:
        """People who are reported on: none of them trained."""
        people = self._people(1)
        if people is not None:
            yield people
        if self.options.recordings is not None:
            clips = recorded(
                recorded_utterances(self.options.recordings, self._pronounce.first, reported=True)
            )
            if clips:
                yield ClosedVocabulary(clips, self._pronounce, self._listen)

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
        return donor_dir(self.cache, donor) / donor.features

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
        found = list(kokoro_utterances(folders, self._pronounce.nearest))
        if self.options.recordings is not None:
            recordings = recorded_utterances(self.options.recordings, self._pronounce.first)
            found += varied(recordings, self.options.amounts.recordings, self.options.seed)
        if not found:
            raise RecipeError("there is no speech to learn from: run the speech stage")
        return found

    @cached_property
    def _held_out(self) -> list[Utterance]:
        folders = self.options.speech_dirs or (self.cache / "judge-words",)
        return list(kokoro_utterances(folders, self._pronounce.nearest, held_out=True))[
            : self.options.amounts.judged
        ]

    @cached_property
    def _segments(self) -> dict[str, Segments]:
        others = [*self._others, *self._held_out]
        return label_utterances(
            self._robots, others, self._work / "segments.json",
            heard_robots=self._copies(self._robots, 0),
            clean=self._clean,
            upper=self._upper, seed=self.options.seed,
        )  # fmt: skip

    @cached_property
    def _trials(self) -> list[Trial]:
        """Commands and other words by voices that never trained, shuffled."""
        count = self.options.amounts.judged
        spoken = list(
            kokoro_utterances(
                [self.cache / "judge-commands"], self._pronounce.nearest, held_out=True
            )
        )[:count]
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
        return PhoneNet.of_state(torch.load(path, weights_only=False), self._upper)

    @cached_property
    def _clean(self) -> dict[str, Features]:
        """What the trunk makes of all but the robots, undisturbed."""
        others = [*self._others, *self._held_out]
        return clean_features(others, self._listen, self._heard / "clean")

    @cached_property
    def _upper(self) -> tuple[Layer, ...]:
        return load_upper(self.options.donor, self.cache)

    @property
    def _heard(self) -> Path:
        """Folder of what the trunk heard: it serves every run with this donor and seed."""
        donor = {**self.options.donor.facts(), "top": None}
        key = repr((donor, self.options.seed, AUGMENTATION))
        return self.cache / "heard" / hashlib.sha256(key.encode()).hexdigest()[:12]

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
