"""People: closed vocabularies of real recordings, to stop training by and to report.

The recordings only judge: most of their licences don't allow training a pack that ships. They
lie outside the repository (``--people DIR``, with an ``index.csv``); without them the recipe
stops by held-out synthetic voices, and the card says that no person was heard.
"""

import csv
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.recipe.augment import level_of_speech, mix, operating_room_noise
from models.recipe.clips import read_samples
from models.recipe.config import SAMPLE_RATE
from models.recipe.corpus import Utterance
from models.recipe.head import PhoneNet
from models.recipe.labels import Listener
from models.recipe.lexicon import Pronouncer
from models.recipe.pack import Measurement
from models.recipe.store import Features
from surgery_assist.voice.phones import PHONE_INDEX, SILENCE
from surgery_assist.voice.spelling import split_words

SETS: Final[Mapping[str, tuple[str, int]]] = {
    "gcompris_ro/alphabet": ("ro", 21),
    "gcompris_ro/colors": ("ro", 11),
    "gcompris_ro/words": ("ro", 70),
    "fsdd": ("en", 40),
    "asterisk_en": ("en", 40),
    "ee5600": ("en", 20),
    "gcompris_en": ("en", 60),
}
"""Folders by the start of their path, their language, and how many clips are drawn."""

CONDITIONS: Final[Mapping[str, float | None]] = {"as recorded": None, "OR noise 10 dB": 10.0}
"""Signal-to-noise ratio of every condition, in dB."""
_SILENCE_SECONDS: Final = 0.3
_IMPOSSIBLE: Final = -1e9


@dataclass(frozen=True, slots=True)
class PeopleClip:
    """A recording of one word or a short phrase."""

    group: str
    language: str
    text: str
    load: Callable[[], NDArray[np.float32]]


def draw(
    folder: Path, pronounce: Pronouncer, part: int, trained: AbstractSet[str] = frozenset()
) -> list[PeopleClip]:
    """Clips of every set whose words can be pronounced.

    Parameters
    ----------
    part
        0 draws the development clips, 1 as many others, by the same speakers.
    trained
        Speakers who trained: they are left out.
    """
    with (folder / "index.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["speaker"] not in trained]
    clips = []
    for group, (language, count) in SETS.items():
        able = [
            PeopleClip(group, language, _plain(row["transcript"]), partial(read_samples, path))
            for row in rows
            if row["path"].startswith(group + "/") and "negatives" not in row["use"]
            if len(row["transcript"]) > 2 and (path := folder / row["path"]).is_file()
        ]
        able = [c for c in able if phones_of(c.text, language, pronounce) is not None]
        random.Random(len(able)).shuffle(able)  # noqa: S311
        clips += able[part * count : (part + 1) * count]
    return clips


def recorded(utterances: Iterable[Utterance]) -> list[PeopleClip]:
    """Recordings of speakers who never train, by speaker."""
    return [
        PeopleClip(f"recordings, {u.speaker}", u.language, _plain(u.text), u.load)
        for u in utterances
    ]


def _plain(text: str) -> str:
    return " ".join(split_words(text))


def phones_of(text: str, language: str, pronounce: Pronouncer) -> list[tuple[str, ...]] | None:
    """Ways to say a text, None if a word has no pronunciation."""
    ways: list[tuple[str, ...]] = [()]
    for word in text.split():
        said = pronounce.all(word, language)
        ways = [way + more for way in ways for more in said][:8]
    return ways if text and ways else None


class ClosedVocabulary:
    """Isolated words of people, each to be found among all words of its language.

    Parameters
    ----------
    clips
        What is heard; the vocabulary is their texts.
    """

    def __init__(
        self, clips: Sequence[PeopleClip], pronounce: Pronouncer, listen: Listener
    ) -> None:
        self.clips = clips
        self._features: dict[str, list[Features]] = {
            condition: [
                listen(_prepared(clip.load(), ratio, number)) for number, clip in enumerate(clips)
            ]
            for condition, ratio in CONDITIONS.items()
        }
        self._entries = {
            language: [
                (text, way)
                for text in sorted({c.text for c in clips if c.language == language})
                for way in phones_of(text, language, pronounce) or []
            ]
            for language in {clip.language for clip in clips}
        }

    def accuracy(self, net: PhoneNet) -> float:
        """Mean over languages and conditions of the share of right words."""
        totals: dict[tuple[str, str], list[int]] = {}
        for m in self.measure(net):
            total = totals.setdefault((m.language, m.condition), [0, 0])
            total[0] += m.right
            total[1] += m.clips
        return float(np.mean([right / clips for right, clips in totals.values()]))

    def measure(self, net: PhoneNet, prior_power: float = 0.5) -> list[Measurement]:
        """Right words by set and condition."""
        counts: dict[tuple[str, str, str], list[int]] = {}
        for condition, heard in self._features.items():
            for clip, features in zip(self.clips, heard, strict=True):
                scores = net.scores(features) - prior_power * net.log_prior
                texts = [text for text, _ in self._entries[clip.language]]
                ways = [way for _, way in self._entries[clip.language]]
                found = texts[int(path_scores(scores, ways).argmax())]
                total = counts.setdefault((clip.group, clip.language, condition), [0, 0])
                total[0] += found == clip.text
                total[1] += 1
        return [Measurement(*key, right, clips) for key, (right, clips) in counts.items()]


def path_scores(scores: NDArray[np.float32], ways: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """Best path of every phone sequence, silence before and after it allowed.

    Parameters
    ----------
    scores
        (steps, phones) log scores.
    """
    silence = PHONE_INDEX[SILENCE]
    lengths = np.array([len(way) + 2 for way in ways])
    states = np.full((len(ways), lengths.max()), silence)
    for row, way in enumerate(ways):
        states[row, 1 : len(way) + 1] = [PHONE_INDEX[phone] for phone in way]
    best = np.full(states.shape, _IMPOSSIBLE)
    best[:, 0] = scores[0, silence]
    best[:, 1] = scores[0][states[:, 1]]
    before = np.full((len(ways), 1), _IMPOSSIBLE)
    for step in scores[1:]:
        best = np.maximum(best, np.concatenate([before, best[:, :-1]], 1)) + step[states]
    rows = np.arange(len(ways))
    ends: NDArray[np.float64] = np.maximum(best[rows, lengths - 1], best[rows, lengths - 2])
    return ends


def _prepared(samples: NDArray[np.float32], ratio: float | None, seed: int) -> NDArray[np.float32]:
    edge = round(_SILENCE_SECONDS * SAMPLE_RATE)
    wave = np.pad(samples / (np.abs(samples).max() + 1e-6) * 0.3, (edge, edge)).astype(float)
    chance = np.random.default_rng(seed)
    if ratio is None:
        wave += chance.standard_normal(len(wave)) * 3e-5
    else:
        wave = mix(wave, operating_room_noise(len(wave), chance), level_of_speech(wave), ratio)
    return (wave / max(1.0, float(np.abs(wave).max()))).astype(np.float32)
