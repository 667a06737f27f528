"""Guided reading: which sentences are read, and their sound, from a microphone or from files.

A folder of recordings holds ``sentences.csv`` with the columns ``path`` and ``text``; `keep`
writes such folders. The sound goes through the recogniser's own conditioning, so that what is
learnt from is what will be heard.
"""

import csv
import random
import wave
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from surgery_assist.errors import AudioSourceError, UsageError
from surgery_assist.voice.audio import (
    SAMPLE_RATE,
    AudioBlock,
    FileSource,
    Samples,
    SourceItem,
    SourceLost,
)
from surgery_assist.voice.phrases import PhraseBook
from surgery_assist.voice.vad import VoiceActivity

SENTENCES: Final = "sentences.csv"
PAUSE_SECONDS: Final = 0.9
"""Silence after which a sentence has been read."""
PATIENCE_SECONDS: Final = 15.0
"""So long is waited for the first sound of a sentence."""
LONGEST_SECONDS: Final = 12.0
LEAD_SECONDS: Final = 0.4
TAIL_SECONDS: Final = 0.3


def prompts(book: PhraseBook, seed: int = 1) -> Iterator[str]:
    """Sentences to read, each once: one of every command in turn, in mixed order, without end.

    Parameters
    ----------
    seed
        The same seed gives the same sentences.
    """
    chance = random.Random(seed)  # noqa: S311
    said: set[str] = set()
    while True:
        before = len(said)
        for command in chance.sample(book.ids, len(book.ids)):
            sentence, _, _ = book.sample(chance, command)
            if sentence not in said:
                said.add(sentence)
                yield sentence
        if len(said) == before:
            return


def rivals(book: PhraseBook, count: int = 150, seed: int = 2) -> list[str]:
    """Other sentences that a reading might be taken for."""
    chance = random.Random(seed)  # noqa: S311
    return sorted({book.sample(chance)[0] for _ in range(count)})


def recorded(folder: Path) -> list[tuple[Path, str]]:
    """Recordings of a folder with what was read in each.

    Raises
    ------
    UsageError
        There is no ``sentences.csv``, or it lacks a column or a value.
    """
    path = folder / SENTENCES
    try:
        # utf-8-sig: it may come from a spreadsheet.
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [(row.get("path") or "", row.get("text") or "") for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError("error.manifest_unreadable", path=SENTENCES, detail=str(error)) from error
    for line, (name, text) in enumerate(rows, start=2):
        if not name or not text:
            raise UsageError("error.manifest_row", path=SENTENCES, line=line, detail="path, text")
    return [(folder / name, text) for name, text in rows]


def read_file(path: Path) -> Samples:
    """Sound of a file as the recogniser hears it: (n,) int16, 16 kHz, without its tail.

    Raises
    ------
    AudioSourceError
        It can't be read.
    """
    with FileSource(path, tail=TAIL_SECONDS) as source:
        blocks = [item.samples for item in source.blocks() if isinstance(item, AudioBlock)]
    return np.concatenate(blocks)


def listen(items: Iterable[SourceItem | None]) -> Samples:
    """The next sentence that is read, with a little silence round it: (n,) int16, 16 kHz.

    Empty if nothing was said in `PATIENCE_SECONDS`, or the sound has an end and it is over.

    Raises
    ------
    AudioSourceError
        The microphone was lost.
    """
    activity = VoiceActivity()
    heard: list[Samples] = []
    lead = round(LEAD_SECONDS * SAMPLE_RATE)
    spoken = False
    first = 0.0
    for item in items:
        if isinstance(item, SourceLost):
            raise AudioSourceError("error.microphone_lost", device=item.name)
        if not isinstance(item, AudioBlock):
            continue
        first = first or item.time
        activity.feed(item)
        heard.append(item.samples)
        spoken = spoken or activity.speaking
        if not spoken:
            if item.end - first > PATIENCE_SECONDS:
                return np.zeros(0, np.int16)
            kept = np.concatenate(heard)[-lead:]
            heard = [kept]
            continue
        length = sum(len(samples) for samples in heard) / SAMPLE_RATE
        if activity.silence_since(item.end) >= PAUSE_SECONDS or length > LONGEST_SECONDS:
            break
    sound = np.concatenate(heard) if spoken else np.zeros(0, np.int16)
    surplus = round((PAUSE_SECONDS - TAIL_SECONDS) * SAMPLE_RATE)
    return sound[:-surplus] if len(sound) > 2 * surplus else sound


def keep(folder: Path, readings: Sequence[tuple[str, Samples]]) -> None:
    """Write recordings so that `recorded` finds them; for those who want to keep them."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / SENTENCES).open("w", encoding="utf-8", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(("path", "text"))
        for number, (text, samples) in enumerate(readings, start=1):
            name = f"{number:03d}.wav"
            with wave.open(str(folder / name), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(SAMPLE_RATE)
                file.writeframes(samples.astype("<i2").tobytes())
            writer.writerow((name, text))
