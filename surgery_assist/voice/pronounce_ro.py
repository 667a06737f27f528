"""Romanian pronunciation from spelling.

Romanian is written nearly as it is said; what spelling leaves open (a short final *-i*, *i* and *u*
beside vowels) gives variants, the likeliest first. Vowels do not depend on stress. Words that
the rules get wrong stand in ``resources/lexicon/ro_exceptions.txt``.
"""

from collections.abc import Callable, Mapping
from itertools import islice, product
from typing import Final

from surgery_assist.voice.spelling import fold

Phones = tuple[str, ...]
_Options = tuple[Phones, ...]

MOST_VARIANTS: Final = 6

_VOWELS: Final = frozenset("aăâeiîouy")
_FRONT: Final = frozenset("ei")
_LABIALS: Final = frozenset("pbfvm")
_HISSING: Final = frozenset("cgjsșțz")
_LIQUIDS: Final = frozenset("lr")
_STOPS: Final = frozenset("pbtdcgfvșszn")

_PLAIN: Final[Mapping[str, str]] = {
    "a": "a", "ă": "@", "â": "1", "b": "b", "c": "k", "d": "d", "e": "e", "f": "f", "g": "g",
    "h": "h", "i": "i", "î": "1", "j": "Z", "k": "k", "l": "l", "m": "m", "n": "n", "o": "o",
    "p": "p", "q": "k", "r": "r", "s": "s", "ș": "S", "t": "t", "ț": "ts", "u": "u", "v": "v",
    "w": "w", "y": "i", "z": "z",
}  # fmt: skip


def pronounce(word: str) -> list[Phones]:
    """Pronunciations of a lower-case word, the likeliest first; none if a letter is unknown."""
    spelling = "".join(
        letter if letter in _PLAIN else fold(letter) for letter in word.replace("'", "")
    )
    if not spelling or any(letter not in _PLAIN and letter != "x" for letter in spelling):
        return []
    segments: list[_Options] = []
    position = 0
    while position < len(spelling):
        options, length = _segment(spelling, position)
        segments.append(options)
        position += length
    variants = (tuple(phone for part in choice for phone in part) for choice in product(*segments))
    return list(islice(dict.fromkeys(_merge_doubles(v) for v in variants if v), MOST_VARIANTS))


def _segment(word: str, at: int) -> tuple[_Options, int]:
    """Ways to say the letters from ``at``, and how many letters that is."""
    rule = _RULES.get(word[at])
    if rule is not None:
        found = rule(word, at)
        if found is not None:
            return found
    return ((_PLAIN[word[at]],),), 1


def _letter(word: str, at: int) -> str:
    return word[at] if 0 <= at < len(word) else ""


def _is_vowel(word: str, at: int) -> bool:
    return _letter(word, at) in _VOWELS


def _soft_or_hard(soft: str, hard: str) -> Callable[[str, int], tuple[_Options, int] | None]:
    """Rule for c and g: soft before e and i, hard with h between, e and i silent before a, o, u."""

    def rule(word: str, at: int) -> tuple[_Options, int] | None:
        if _letter(word, at + 1) == "h" and _letter(word, at + 2) in _FRONT:
            if _letter(word, at + 3) in "aou" and _letter(word, at + 3):
                return ((hard, "j"), (hard, _PLAIN[word[at + 2]])), 3
            if word[at + 2] == "i" and at + 3 == len(word) and at > 0:
                return (((hard,), (hard, "j"))), 3
            return ((hard,),), 2
        following = _letter(word, at + 1)
        if following not in _FRONT or not following:
            return None
        if (
            following == "i"
            and at + 2 == len(word)
            and any(letter in _VOWELS for letter in word[:at])
        ):
            return ((soft,), (soft, "j")), 2
        after = _letter(word, at + 2)
        if after and after in "aăou" and following + after != "eu":
            if following == "e":
                return ((soft,), (soft, "e")), 2
            if after != "u" or at == 0:
                return ((soft,),), 2
        return ((soft,),), 1

    return rule


def _rule_x(word: str, at: int) -> tuple[_Options, int] | None:
    if at == 1 and word[0] == "e" and _is_vowel(word, at + 1):
        return (("g", "z"), ("k", "s")), 1
    return (("k", "s"),), 1


def _rule_i(word: str, at: int) -> tuple[_Options, int] | None:
    before, after = _letter(word, at - 1), _letter(word, at + 1)
    last = at + 1 == len(word)
    if before in _VOWELS and before and before != "i":
        # A glide, whether it closes the syllable (mai) or opens the next (creier).
        return (("j",),), 1
    if last:
        return _final_i(word, at)
    if after == "i":
        return (("i",), ("i", "j") if at + 2 == len(word) else ("i", "i")), 2
    if after in _VOWELS and after != "i":
        if at == 0:
            return (("j",),), 1
        opening = after == "e" or (after == "a" and at == 1)
        if opening and before in _LABIALS and at + 2 < len(word):
            return (("j",), ("i",)), 1
        return (("i",), ("j",)), 1
    return None


def _final_i(word: str, at: int) -> tuple[_Options, int] | None:
    before = _letter(word, at - 1)
    if not any(letter in _VOWELS for letter in word[:at]):
        return (("i",),), 1
    if before == "i":
        return (("j",),), 1
    if before in _LIQUIDS and _letter(word, at - 2) in _STOPS:
        return (("i",),), 1
    return ((), ("j",)) if before in _HISSING else (("j",), ()), 1


def _rule_u(word: str, at: int) -> tuple[_Options, int] | None:
    before, after = _letter(word, at - 1), _letter(word, at + 1)
    if not before or before not in _VOWELS:
        return None
    if after == "l" and at + 2 == len(word):
        return None
    if word.startswith("uri", at):
        return (("u",), ("w",)), 1
    if after in _VOWELS and after:
        return (("w",),), 1
    if before == "i" and (at < 2 or _is_vowel(word, at - 2)):
        return None
    if before == "i":
        return ((("w",), ("u",)) if at + 1 == len(word) else (("u",),)), 1
    if at + 1 == len(word):
        return (("w",),), 1
    return (("w",), ("u",)), 1


def _rule_l(word: str, at: int) -> tuple[_Options, int] | None:
    """The article's -l is seldom said at the end of a word ("panoul" as "panou")."""
    if at + 1 == len(word) and _letter(word, at - 1) == "u" and len(word) > 3:
        return (("l",), ()), 1
    return None


def _rule_n(word: str, at: int) -> tuple[_Options, int] | None:
    """N before a hard c or g is often said at the back ("stânga")."""
    following, after = _letter(word, at + 1), _letter(word, at + 2)
    hard = following == "k" or (following in ("c", "g") and after not in _FRONT and after != "")
    return ((("n",), ("N",)), 1) if hard else None


def _rule_p(word: str, at: int) -> tuple[_Options, int] | None:
    return ((("f",),), 2) if _letter(word, at + 1) == "h" else None


_RULES: Final[Mapping[str, Callable[[str, int], tuple[_Options, int] | None]]] = {
    "c": _soft_or_hard("tS", "k"),
    "g": _soft_or_hard("dZ", "g"),
    "i": _rule_i,
    "l": _rule_l,
    "n": _rule_n,
    "p": _rule_p,
    "u": _rule_u,
    "x": _rule_x,
}


def _merge_doubles(phones: Phones) -> Phones:
    """Double consonants are said once."""
    return tuple(
        phone
        for index, phone in enumerate(phones)
        if index == 0 or phone != phones[index - 1] or phone in "aeiou@1"
    )
