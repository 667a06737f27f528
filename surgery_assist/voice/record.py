"""A hospital's own test set, recorded by its staff: `voice record`.

Everything stays in one folder: ``manifest.csv`` for `voice eval`, ``index.csv`` for ``models build
--with-recordings``, ``consent.csv`` with who agreed to what and when, and a folder of sound for each speaker.
Speakers have a random name; who they are is written nowhere. Every recording is complete on disk before
the next sentence is shown, so a session may end at any time and go on another day.
"""

import csv
import datetime as dt
import json
import re
import secrets
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final, Literal

import numpy as np

from surgery_assist.errors import OutputError, UsageError
from surgery_assist.model.session import Language
from surgery_assist.voice.audio import CLIP_LEVEL, SAMPLE_RATE, Samples
from surgery_assist.voice.manifest import COLUMNS, MORE_COLUMNS
from surgery_assist.voice.parser import Parse
from surgery_assist.voice.phrases import PhraseBook
from surgery_assist.voice.reading import prompts
from surgery_assist.voice.vad import frame_levels

MANIFEST: Final = "manifest.csv"
INDEX: Final = "index.csv"
CONSENT: Final = "consent.csv"
INDEX_COLUMNS: Final = ("path", "transcript", "language", "speaker", "use")
CONSENT_COLUMNS: Final = ("speaker", "when", "test", "train")
QUIET_DBFS: Final = -45.0
"""The louder half of a sentence lies above this, or the microphone is far or turned down."""
MOST_CLIPPED: Final = 8
SHORTEST_SECONDS: Final = 0.35
_SPEAKER: Final = re.compile(r"[a-z0-9-]{1,32}")

Fault = Literal["record.silent", "record.short", "record.quiet", "record.clipped"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A sentence to say and what it must do."""

    sentence: str
    command_id: str
    slots: dict[str, object]


def fault_of(samples: Samples) -> Fault | None:
    """Why a recording, (n,) int16 at 16 kHz, is of no use; ``None`` if it is good."""
    if not len(samples):
        return "record.silent"
    if len(samples) < SHORTEST_SECONDS * SAMPLE_RATE:
        return "record.short"
    if np.count_nonzero(np.abs(samples.astype(np.int32)) >= CLIP_LEVEL) > MOST_CLIPPED:
        return "record.clipped"
    return "record.quiet" if level_dbfs(samples) < QUIET_DBFS else None


def level_dbfs(samples: Samples) -> float:
    """Level of the speech, dB below full scale: of the tenth that is loudest."""
    levels = frame_levels(samples[: len(samples) // 160 * 160])
    return float(np.percentile(levels, 90)) if len(levels) else -90.0


class TestSet:
    """The folder of recordings of one speaker in one language; made where it is missing.

    Parameters
    ----------
    speaker
        Name from an earlier session, empty for a new one.
    train
        Whether the speaker agrees to training, too. To testing they agree by recording.

    Raises
    ------
    UsageError
        The speaker's name is unknown or holds other letters than a-z, 0-9 and "-".
    OutputError
        The folder can't be written to.
    """

    __test__ = False  # not pytest's

    def __init__(
        self, folder: Path, language: Language, speaker: str = "", *, train: bool = False
    ) -> None:
        self.folder = folder
        self.language = language
        known = {row["speaker"]: row for row in _rows(folder / CONSENT)}
        if speaker and (speaker not in known or not _SPEAKER.fullmatch(speaker)):
            raise UsageError("error.recorded_speaker", name=speaker)
        self.speaker = speaker or f"s-{secrets.token_hex(3)}"
        self._train = known[speaker]["train"] == "yes" if speaker else train
        self._said = {
            row["transcript"]
            for row in _rows(folder / INDEX)
            if (row["speaker"], row["language"]) == (self.speaker, language)
        }
        try:
            (folder / self.speaker).mkdir(parents=True, exist_ok=True)
            if not speaker:
                now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
                consent = (self.speaker, now, "yes", "yes" if train else "no")
                _append(folder / CONSENT, CONSENT_COLUMNS, consent)
        except OSError as error:
            raise OutputError("error.not_written", path=folder.name, detail=str(error)) from error

    @property
    def recorded(self) -> int:
        """Sentences that this speaker has said in this language."""
        return len(self._said)

    def prompts(self, book: PhraseBook) -> Iterator[Prompt]:
        """What is still to be said, every command in turn; each speaker has an order of their own."""
        parser = book.parser()
        for sentence in prompts(book, seed=sum(self.speaker.encode())):
            parse = parser.parse(sentence)
            if sentence not in self._said and isinstance(parse, Parse) and not parse.then:
                yield Prompt(sentence, parse.command_id, dict(parse.slots))

    def add(self, prompt: Prompt, samples: Samples, *, noise: str = "") -> Path:
        """Keep a recording.

        Raises
        ------
        OutputError
            The disk is full or the folder is gone.
        """
        name = next(
            name
            for number in count(1)
            if not (
                self.folder / (name := f"{self.speaker}/{self.language}-{number:04d}.wav")
            ).exists()
        )
        slots = json.dumps(prompt.slots, ensure_ascii=False)
        try:
            _write_sound(self.folder / name, samples)
            _append(
                self.folder / MANIFEST,
                (*COLUMNS, *MORE_COLUMNS),
                (
                    name, prompt.command_id, slots, self.language, self.folder.name,
                    self.speaker, noise, "people",
                ),
            )  # fmt: skip
            use = "test, train" if self._train else "test"
            _append(
                self.folder / INDEX,
                INDEX_COLUMNS,
                (name, prompt.sentence, self.language, self.speaker, use),
            )
        except OSError as error:
            raise OutputError("error.not_written", path=name, detail=str(error)) from error
        self._said.add(prompt.sentence)
        return self.folder / name


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _append(path: Path, columns: Sequence[str], row: Sequence[str]) -> None:
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        if new:
            writer.writerow(columns)
        writer.writerow(row)


def _write_sound(path: Path, samples: Samples) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.astype("<i2").tobytes())
