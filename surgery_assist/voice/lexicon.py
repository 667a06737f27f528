"""How words are pronounced: a dictionary, then exceptions, then rules of spelling.

A word is never out of reach for lack of an entry: what no dictionary has is made from its
spelling, and `Pronunciation.origin` says so.
"""

import gzip
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from surgery_assist.errors import PackError, VocabularyError
from surgery_assist.voice import pronounce_en, pronounce_ro
from surgery_assist.voice.phones import PHONE_INDEX
from surgery_assist.voice.spelling import normalise_letters

Phones = tuple[str, ...]

_RULES: Final[Mapping[str, Callable[[str], list[Phones]]]] = {
    "ro": pronounce_ro.pronounce,
    "en": pronounce_en.pronounce,
}


ACCENTS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {"V": "a", "R": "r", "T": "t", "D": "d", "Q": "o", "O": "o", "U": "u"},
}
"""English as Romanians and others say it: a trilled r, t and d for th, vowels of their own.

Measured on people, isolated words of closed vocabularies: a man with Indian English went from 165 to 182 of
200, six others changed by -2 to +2 of 120 or 200. Not kept, since they helped nobody or cost more: w as v,
devoiced ends, s and z for th, a dropped h, "i" for short i, and further forms of Romanian vowels.
"""


class Origin(Enum):
    """Where a pronunciation comes from."""

    ACCENT = "accent"
    DICTIONARY = "dictionary"
    EXCEPTION = "exception"
    RULES = "rules"


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """One way to say a word, in phones of ``voice/phones.py``."""

    phones: Phones
    origin: Origin


class Lexicon:
    """Pronunciations by language and word.

    Parameters
    ----------
    dictionaries
        Words with their pronunciations, by language.
    exceptions
        The same for words that the rules get wrong; they go before the dictionary.
    accents
        Add each pronunciation as people say it whose language is another one.
    """

    def __init__(
        self,
        dictionaries: Mapping[str, Mapping[str, Sequence[Phones]]] | None = None,
        exceptions: Mapping[str, Mapping[str, Sequence[Phones]]] | None = None,
        *,
        accents: bool = False,
    ) -> None:
        self._accents = ACCENTS if accents else {}
        self._dictionaries = dictionaries or {}
        self._exceptions = exceptions or {}

    def pronunciations(self, word: str, language: str) -> list[Pronunciation]:
        """Ways to say a word, the likeliest first; empty if it can't be said."""
        found = self._native(normalise_letters(word), language)
        accent = self._accents.get(language)
        if accent is None:
            return found
        known = {entry.phones for entry in found}
        foreign = (tuple(accent.get(phone, phone) for phone in entry.phones) for entry in found)
        return found + [
            Pronunciation(phones, Origin.ACCENT)
            for phones in dict.fromkeys(foreign)
            if phones not in known
        ]

    def _native(self, word: str, language: str) -> list[Pronunciation]:
        for origin, source in (
            (Origin.EXCEPTION, self._exceptions),
            (Origin.DICTIONARY, self._dictionaries),
        ):
            found = source.get(language, {}).get(word)
            if found:
                return [Pronunciation(phones, origin) for phones in found]
        return [Pronunciation(phones, Origin.RULES) for phones in _RULES[language](word)]


def load_lexicon(
    exceptions_dir: Path,
    dictionaries: Mapping[str, Path] | None = None,
    *,
    accents: bool = False,
) -> Lexicon:
    """The lexicon of a pack.

    Parameters
    ----------
    exceptions_dir
        Folder of the files ``<language>_exceptions.txt``, if any.
    dictionaries
        Dictionary file by language, such as the pack's ``lexicon/en.txt.gz``.
    accents
        See `Lexicon`: to listen with, not to train with.

    Raises
    ------
    PackError
        If a file can't be read or names a phone that does not exist.
    """
    return Lexicon(
        {language: read_dictionary(path) for language, path in (dictionaries or {}).items()},
        {
            path.stem.removesuffix("_exceptions"): read_dictionary(path)
            for path in sorted(exceptions_dir.glob("*_exceptions.txt"))
        },
        accents=accents,
    )


def read_dictionary(path: Path) -> dict[str, list[Phones]]:
    """Read ``word<TAB>ph ph ph`` lines, plain or gzipped; further columns and lines are variants.

    Raises
    ------
    PackError
        If the file can't be read or names a phone that does not exist.
    """
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise PackError("error.lexicon_unreadable", file=path.name) from error
    entries: dict[str, list[Phones]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        word, *variants = line.split("\t")
        for variant in variants:
            phones = tuple(variant.split())
            if not phones or not all(phone in PHONE_INDEX for phone in phones):
                raise PackError("error.lexicon_line", file=path.name, line=number)
            entries.setdefault(word, []).append(phones)
    return entries


def check_vocabulary(words: Iterable[str], language: str, lexicon: Lexicon) -> None:
    """Prove that every word of a grammar can be said.

    Raises
    ------
    VocabularyError
        If there are words without a pronunciation; it names them.
    """
    missing = sorted(word for word in words if not lexicon.pronunciations(word, language))
    if missing:
        raise VocabularyError("error.vocabulary", words=", ".join(missing))
