"""Stage ``lexicon``: the English dictionary in our phones, compressed into the pack.

Romanian needs no dictionary: ``surgery_assist.voice.pronounce_ro`` reads its spelling.
"""

import gzip
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from models.recipe.config import CMUDICT
from models.recipe.fetch import package_dir
from surgery_assist.voice import pronounce_ro
from surgery_assist.voice.pronounce_en import arpabet_to_phones


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
            yield word, tuple(arpabet_to_phones(symbols.split()))


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

    def first(self, word: str, language: str) -> tuple[str, ...] | None:
        """The likeliest pronunciation."""
        found = self.all(word, language)
        return found[0] if found else None


@cache
def _romanian(word: str) -> list[tuple[str, ...]]:
    return pronounce_ro.pronounce(word)
