"""English pronunciation: ARPAbet to our phones, and letter-to-sound rules for unknown words.

The dictionary decides first (see ``lexicon.py``); the rules here serve words that no
dictionary has. They follow the shape of the Naval Research Laboratory rules (Elovitz and
others, 1976): for each letter a list of ``left[letters]right = phones``, the first that
fits wins.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from surgery_assist.settings import resources_dir
from surgery_assist.voice.spelling import fold

_ARPABET: Final[dict[str, tuple[str, ...]]] = {
    "AA": ("Q",), "AE": ("A",), "AH": ("V",), "AO": ("O",), "AW": ("a", "w"), "AY": ("a", "j"),
    "EH": ("e",), "ER": ("er",), "EY": ("e", "j"), "IH": ("I",), "IY": ("i",), "OW": ("o", "w"),
    "OY": ("O", "j"), "UH": ("U",), "UW": ("u",),
    "B": ("b",), "CH": ("tS",), "D": ("d",), "DH": ("D",), "F": ("f",), "G": ("g",),
    "HH": ("h",), "JH": ("dZ",), "K": ("k",), "L": ("l",), "M": ("m",), "N": ("n",),
    "NG": ("N",), "P": ("p",), "R": ("R",), "S": ("s",), "SH": ("S",), "T": ("t",),
    "TH": ("T",), "V": ("v",), "W": ("w",), "Y": ("j",), "Z": ("z",), "ZH": ("Z",),
}  # fmt: skip

_EDGE: Final = "_"
_RULE: Final = re.compile(r"^(\S*)\[([a-z]+)\](\S*) =(.*)$", re.MULTILINE)
_CLASSES: Final[Mapping[str, str]] = {
    "#": "[aeiouy]+", ":": "[^aeiouy_]*", "^": "[^aeiouy_]", ".": "[bdvgjlmnrwz]", "+": "[eiy]",
    "%": "(?:er|e|es|ed|ing|ely)_", "&": "(?:[scgzxj]|ch|sh)", "@": "(?:[tsrdlznj]|th|ch|sh)",
}  # fmt: skip


def arpabet_to_phones(symbols: Sequence[str]) -> list[str]:
    """Phones of one word written in ARPAbet, stress digits allowed.

    Unstressed ``AH0`` is the schwa ``@``; the other vowels ignore stress.

    Raises
    ------
    KeyError
        If a symbol is not ARPAbet.
    """
    phones: list[str] = []
    for symbol in symbols:
        if symbol == "AH0":
            phones.append("@")
        else:
            phones.extend(_ARPABET[symbol.rstrip("012")])
    return phones


def pronounce(word: str) -> list[tuple[str, ...]]:
    """The pronunciation of a lower-case word by rules; none if a letter is not English."""
    spelling = fold(word.replace("'", ""))
    if not spelling or not (spelling.isascii() and spelling.isalpha()):
        return []
    padded = f"{_EDGE}{spelling}{_EDGE}"
    symbols: list[str] = []
    position = 1
    while position < len(padded) - 1:
        rule = _fitting_rule(padded, position)
        symbols.extend(rule.symbols)
        position += len(rule.letters)
    phones = tuple(arpabet_to_phones(symbols))
    return [phones] if phones else []


@dataclass(frozen=True, slots=True)
class _Rule:
    left: re.Pattern[str]
    letters: str
    right: re.Pattern[str]
    symbols: tuple[str, ...]


def _fitting_rule(padded: str, position: int) -> _Rule:
    for rule in _rules()[padded[position]]:
        end = position + len(rule.letters)
        if (
            padded.startswith(rule.letters, position)
            and rule.right.match(padded, end)
            and rule.left.search(padded[:position])
        ):
            return rule
    raise AssertionError("the last rule of each letter fits everywhere")


@cache
def _rules() -> Mapping[str, Sequence[_Rule]]:
    """Rules by the letter that they begin with, in the order of the file."""
    rules: dict[str, list[_Rule]] = {}
    text = (resources_dir() / "lexicon" / "en_rules.txt").read_text("utf-8")
    for left, letters, right, symbols in _RULE.findall(text):
        rule = _Rule(
            re.compile(f"(?:{_context(left)})$"),
            letters,
            re.compile(_context(right)),
            tuple(symbols.split()),
        )
        rules.setdefault(letters[0], []).append(rule)
    return rules


def _context(text: str) -> str:
    return "".join(_CLASSES.get(letter, letter) for letter in text)
