"""Names as they are compared: folded to plain capital letters, in parts, by likeness."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_BREAK: Final = re.compile(r"[^A-Z]+")


@lru_cache(maxsize=65536)
def fold(name: str) -> str:
    """Capital letters A to Z and single spaces: Ștefănescu-Țîru is STEFANESCU TIRU.

    Romanian letters with comma below and with cedilla, composed and decomposed, all fold alike.
    """
    decomposed = unicodedata.normalize("NFKD", name.upper().replace("ß", "SS"))
    plain = "".join(mark for mark in decomposed if not unicodedata.combining(mark))
    return _BREAK.sub(" ", plain).strip()


def parts(name: str) -> tuple[str, ...]:
    """Folded words of a name; a double name has two."""
    return tuple(fold(name).split())


@lru_cache(maxsize=65536)
def likeness(one: str, other: str) -> float:
    """Jaro-Winkler similarity of two folded names, 0 to 1 (Winkler 1990)."""
    if one == other:
        return 1.0
    if not one or not other:
        return 0.0
    reach = max(0, max(len(one), len(other)) // 2 - 1)
    taken = [False] * len(other)
    matched: list[str] = []
    for position, letter in enumerate(one):
        for place in range(max(0, position - reach), min(len(other), position + reach + 1)):
            if not taken[place] and other[place] == letter:
                taken[place] = True
                matched.append(letter)
                break
    if not matched:
        return 0.0
    order = [letter for letter, used in zip(other, taken, strict=True) if used]
    swapped = sum(a != b for a, b in zip(matched, order, strict=True)) / 2
    count = len(matched)
    jaro = (count / len(one) + count / len(other) + (count - swapped) / count) / 3
    prefix = 0
    for a, b in zip(one[:4], other[:4], strict=False):
        if a != b:
            break
        prefix += 1
    return jaro + prefix * 0.1 * (1 - jaro)
