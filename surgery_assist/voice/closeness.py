"""Phrases that sound too much alike: distance of phones between sentences of different meaning.

A substitution costs as much as the two phones differ in class (a voiced and an unvoiced stop little,
a vowel and a consonant the most), a phone that is missing or too much costs one. Half a short word
between two sentences is what noise covers, so pairs that near are worth another word.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from surgery_assist.model.session import Language
from surgery_assist.voice.lexicon import Lexicon
from surgery_assist.voice.parser import Parse
from surgery_assist.voice.phones import PHONE_INDEX, PHONES
from surgery_assist.voice.phrases import PhraseBook
from surgery_assist.voice.spelling import split_words

CLOSE: Final = 2.0
"""Phones; nearer than this is too close."""
CLOSE_SHARE: Final = 0.34
"""And of the shorter sentence, so that two long ones must differ by no more than two short ones."""
MOST_PAIRS: Final = 40
_SAMPLES: Final = 4
_ALIKE: Final[Sequence[str]] = (
    "p b", "t d", "k g", "f v", "s z", "S Z", "tS dZ", "T D f s t", "ts s", "m n N", "l r R w",
    "a @ V A", "e i I", "i j", "o u O U Q", "@ 1 er", "1 i", "h",
)  # fmt: skip
"""Phones that are taken for one another cost half."""
_VOWELS: Final = frozenset(("a", "e", "i", "o", "u", "@", "1", "er", "I", "A", "Q", "O", "U", "V"))

Advice = Literal["closeness.one_word", "closeness.short", "closeness.rephrase"]
Meaning = tuple[str, tuple[tuple[str, object], ...]]


@dataclass(frozen=True, slots=True)
class ClosePair:
    """Two sentences that sound nearly the same and mean different things.

    ``words`` are the only ones that differ, where there is one in each; ``distance`` is in phones.
    """

    language: Language
    first: str
    second: str
    first_id: str
    second_id: str
    distance: float
    advice: Advice
    words: tuple[str, str] = ("", "")


def close_pairs(book: PhraseBook, language: Language, lexicon: Lexicon) -> list[ClosePair]:
    """Pairs of a phrase book that are too close, the nearest first, each two commands once.

    Values of one command count too ("left", "right"), numbers do not: they are a closed list that
    no phrase can avoid.
    """
    said = [
        (sentence, meaning, phones)
        for sentence, meaning in _sentences(book)
        if (phones := _phones(sentence, language, lexicon))
    ]
    lengths = np.array([len(phones) for _, _, phones in said])
    order = np.argsort(lengths, kind="stable")
    found: dict[tuple[object, object], ClosePair] = {}
    for place, index in enumerate(order):
        sentence, meaning, phones = said[index]
        others = [
            int(other)
            for other in order[place + 1 :]
            if lengths[other] - len(phones) < CLOSE and said[other][1] != meaning
        ]
        if not others:
            continue
        distances = phone_distances(phones, [said[other][2] for other in others])
        limit = min(CLOSE, CLOSE_SHARE * len(phones))
        for other, distance in zip(others, distances, strict=True):
            if distance < limit:
                ids = (meaning[0], said[other][1][0])
                pair = _pair(language, sentence, said[other][0], ids, float(distance))
                key = (min(pair.first_id, pair.second_id), max(pair.first_id, pair.second_id))
                if key not in found or pair.distance < found[key].distance:
                    found[key] = pair
    return sorted(found.values(), key=lambda pair: (pair.distance, pair.first))[:MOST_PAIRS]


def phone_distances(one: Sequence[int], many: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """Edit distance of one sequence of phone indices to each of many, (many,), in phones."""
    longest = max(len(other) for other in many)
    padded = np.zeros((len(many), longest), np.int64)
    for row, other in enumerate(many):
        padded[row, : len(other)] = other
    before = np.tile(np.arange(longest + 1, dtype=np.float64), (len(many), 1))
    for done, phone in enumerate(one, start=1):
        now = np.empty_like(before)
        now[:, 0] = done
        costs = _COSTS[phone][padded]
        for column in range(longest):
            now[:, column + 1] = np.minimum(
                np.minimum(before[:, column + 1], now[:, column]) + 1.0,
                before[:, column] + costs[:, column],
            )
        before = now
    lengths = [len(other) for other in many]
    distances: NDArray[np.float64] = before[np.arange(len(many)), lengths]
    return distances


def _sentences(book: PhraseBook) -> Iterator[tuple[str, Meaning]]:
    """The plainest sentences of every command, and a few others, the same ones every time."""
    parser = book.parser()
    seen: set[str] = set()
    for command in book.ids:
        chance = random.Random(command)  # noqa: S311
        sampled = [book.sample(chance, command)[0] for _ in range(_SAMPLES)]
        for sentence in (*book.examples(command, 100), *sampled):
            parse = parser.parse(sentence)
            if sentence not in seen and isinstance(parse, Parse) and not parse.then:
                seen.add(sentence)
                yield sentence, (parse.command_id, _named_values(parse.slots))


def _named_values(slots: Mapping[str, object]) -> tuple[tuple[str, object], ...]:
    return tuple(sorted((key, value) for key, value in slots.items() if isinstance(value, str)))


def _phones(sentence: str, language: Language, lexicon: Lexicon) -> list[int]:
    """Phones of the likeliest pronunciation of every word."""
    found: list[int] = []
    for word in split_words(sentence):
        ways = lexicon.pronunciations(word, language)
        if not ways:
            return []
        found += [PHONE_INDEX[phone] for phone in ways[0].phones]
    return found


def _pair(
    language: Language, one: str, other: str, ids: tuple[str, str], distance: float
) -> ClosePair:
    ours, theirs = split_words(one), split_words(other)
    differing = [pair for pair in zip(ours, theirs, strict=False) if pair[0] != pair[1]]
    advice: Advice = "closeness.rephrase"
    words = ("", "")
    if len(ours) == len(theirs) == 1:
        advice, words = "closeness.short", (one, other)
    elif len(ours) == len(theirs) and len(differing) == 1:
        advice, words = "closeness.one_word", differing[0]
    return ClosePair(language, one, other, *ids, distance, advice, words)


def _costs() -> NDArray[np.float64]:
    table = np.ones((len(PHONES), len(PHONES)))
    for one, first in PHONE_INDEX.items():
        for other, second in PHONE_INDEX.items():
            if (one in _VOWELS) != (other in _VOWELS):
                table[first, second] = 1.5
    for group in _ALIKE:
        members = [PHONE_INDEX[phone] for phone in group.split()]
        table[np.ix_(members, members)] = 0.5
    np.fill_diagonal(table, 0.0)
    return table


_COSTS: Final = _costs()
