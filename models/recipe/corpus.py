"""What the network learns from: utterances of three kinds behind one shape."""

import csv
import random
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, cast

import numpy as np
from numpy.typing import NDArray

from models.recipe import espeak
from models.recipe.alignment import Segments
from models.recipe.clips import KokoroClip, read_index, read_samples
from models.recipe.config import HELD_OUT_VARIANTS, SAMPLE_RATE, VARIANTS
from models.recipe.errors import RecipeError
from models.recipe.phonemes import Accent, phones_of_symbol
from models.recipe.sentences import Sentence
from surgery_assist.messages import LANGUAGES, Language
from surgery_assist.voice.phones import SILENCE
from surgery_assist.voice.spelling import split_words

Samples = NDArray[np.float32]
Family = Literal["kokoro", "espeak", "people"]
_FREE: Final = re.compile(r"Apache|MIT|BSD|CC0|CC[- ]BY(?![- ]?(SA|NC|ND))|[Pp]ublic domain")
_UNKNOWN: Final = "?"
_EDGE_SECONDS: Final = 0.15
"""Silence put round every clip, so that both ends have some."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One piece of speech with what is said in it.

    Attributes
    ----------
    phones
        Silence first, last and between words; the silences are optional.
    segments
        Exact times where the synthesizer tells them, else None (then the net aligns).
    """

    name: str
    family: Family
    language: Language
    speaker: str
    text: str
    phones: tuple[str, ...]
    load: Callable[[], Samples]
    segments: Segments | None = None


Relabel = Callable[[str, str, Sequence[str]], tuple[str, ...]]
"""From (word, language, phones of the synthesizer) to the phones to be learned."""


def kokoro_utterances(
    folders: Iterable[Path], relabel: Relabel, *, held_out: bool = False
) -> Iterator[Utterance]:
    """Clips of folders in the form of the speech stage; voices that judge stay out."""
    for folder in folders:
        for clip in read_index(folder):
            phones = phones_of_clip(clip, relabel)
            if clip.held_out == held_out and phones is not None:
                yield Utterance(
                    f"{folder.name}/{clip.name}",
                    "kokoro",
                    "ro" if clip.accent == "ro" else "en",
                    "+".join(clip.voices),
                    clip.text,
                    phones,
                    _loader(folder / f"{clip.name}.ogg"),
                )


def phones_of_clip(clip: KokoroClip, relabel: Relabel) -> tuple[str, ...] | None:
    """Phones of what Kokoro was told to say; None where a symbol is unknown.

    Where every word of the text is one group of symbols, its phones are those of the dictionary.
    """
    said = [_phones_of_symbols(group, clip.accent) for group in clip.symbols.split()]
    language = "ro" if clip.accent == "ro" else "en"
    words = split_words(clip.text)
    phones = [SILENCE]
    for number, group in enumerate(said):
        if group is None:
            return None
        known = len(words) == len(said)
        spoken = relabel(words[number], language, group) if known else group
        phones += [*spoken, SILENCE] if spoken else []
    return tuple(phones)


def _phones_of_symbols(symbols: str, accent: Accent) -> list[str] | None:
    phones: list[str] = []
    for symbol in symbols:
        found = phones_of_symbol(symbol, accent)
        if found is None:
            return None
        phones += found
    return _american_r(phones) if accent == "us" else phones


def _american_r(phones: Sequence[str]) -> list[str]:
    """One phone for the vowel of "her" and "letter", as dictionaries write it."""
    joined: list[str] = []
    for phone in phones:
        if phone == "R" and joined and joined[-1] in ("er", "@"):
            joined[-1] = "er"
        else:
            joined.append(phone)
    return joined


def robot_utterances(
    sentences: Sequence[Sentence], seed: int, *, held_out: bool = False
) -> Iterator[Utterance]:
    """espeak-ng in many variants, rates and pitches, with exact times."""
    chance = random.Random(seed)  # noqa: S311
    variants = HELD_OUT_VARIANTS if held_out else VARIANTS
    for number, sentence in enumerate(sentences):
        accent: Accent = "ro" if sentence.language == "ro" else "us"
        voice = espeak.RobotVoice(
            accent,
            chance.choice(variants) if held_out or chance.random() < 0.97 else "",
            chance.randint(120, 250),
            chance.randint(15, 85),
            chance.randint(20, 80),
        )
        speech = espeak.speak(sentence.text, voice)
        if speech is None or len(speech.samples) < 3000:
            continue
        samples = _at_16_khz(speech.samples, speech.rate)
        phones = tuple(phone for _, phone in speech.segments)
        yield Utterance(
            f"espeak/{seed}/{number:05d}", "espeak", sentence.language, voice.name,
            sentence.text, phones, _constant(samples), speech.segments,
        )  # fmt: skip


def recorded_utterances(
    folder: Path,
    pronounce: Callable[[str, str], tuple[str, ...] | None],
    *,
    reported: bool = False,
) -> Iterator[Utterance]:
    """People's recordings: ``index.csv`` with path, transcript, language, speaker.

    Where the index has a column ``licence``, only rows whose licence lets a pack that ships be
    trained on them are taken; one with ``use`` must say "train" in it. A fifth of the speakers
    never train: the pack is reported on them.

    Parameters
    ----------
    pronounce
        From (word, language) to phones, None if nothing is known.
    reported
        Those of the speakers who never train, in place of all others.

    Raises
    ------
    RecipeError
        No ``index.csv``, or a column is missing.
    """
    index = folder / "index.csv"
    if not index.is_file():
        raise RecipeError(f"{index} is missing: columns path, transcript, language, speaker")
    with index.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if rows and not {"path", "transcript", "language", "speaker"} <= rows[0].keys():
        raise RecipeError(f"{index}: columns path, transcript, language, speaker are needed")
    free = [row for row in rows if _may_train(row)]
    kept_out = reported_speakers({row["speaker"] for row in free})
    for row in free:
        if (row["speaker"] in kept_out) != reported:
            continue
        language = cast(Language, row["language"][:2])
        phones = [SILENCE]
        for word in split_words(row["transcript"]):
            phones += [*(pronounce(word, language) or (_UNKNOWN,)), SILENCE]
        if len(phones) > 1 and _UNKNOWN not in phones:
            yield Utterance(
                row["path"], "people", language, row["speaker"], row["transcript"],
                tuple(phones), _loader(folder / row["path"]),
            )  # fmt: skip


def varied(utterances: Iterable[Utterance], count: int, seed: int) -> list[Utterance]:
    """At most ``count`` of them, of every text as many as of the others where there are enough."""
    shuffled = sorted(utterances, key=lambda u: u.name)
    random.Random(seed).shuffle(shuffled)  # noqa: S311
    seen: Counter[str] = Counter()
    turns = []
    for utterance in shuffled:
        turns.append(seen[utterance.text])
        seen[utterance.text] += 1
    order = sorted(range(len(shuffled)), key=lambda i: turns[i])
    return [shuffled[i] for i in order[:count]]


def reported_speakers(speakers: AbstractSet[str]) -> frozenset[str]:
    """A fifth of the speakers, rounded down: the same ones whenever they are asked for."""
    order = sorted(speakers, key=lambda speaker: (zlib.crc32(speaker.encode()), speaker))
    return frozenset(order[: len(order) // 5])


def _may_train(row: Mapping[str, str]) -> bool:
    licensed = _FREE.match(row.get("licence") or "MIT") is not None
    return licensed and "train" in row.get("use", "train") and row["language"][:2] in LANGUAGES


def with_edges(samples: Samples) -> Samples:
    """The clip as it is aligned: a little silence on both sides."""
    edge = round(_EDGE_SECONDS * SAMPLE_RATE)
    return np.pad(samples, (edge, edge))


def shifted(segments: Segments) -> Segments:
    """Times of a bare clip as times of ``with_edges``."""
    return ((0.0, SILENCE), *((start + _EDGE_SECONDS, phone) for start, phone in segments))


def _loader(path: Path) -> Callable[[], Samples]:
    return lambda: read_samples(path)


def _constant(samples: Samples) -> Callable[[], Samples]:
    return lambda: samples


def _at_16_khz(samples: Samples, rate: int) -> Samples:
    import soxr

    resampled: Samples = soxr.resample(samples, rate, SAMPLE_RATE)
    return resampled
