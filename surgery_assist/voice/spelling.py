"""One spelling for every text: phrase files, typed sentences and what the recogniser says."""

import re
import unicodedata
from typing import Final

_CEDILLA_TO_COMMA: Final = str.maketrans("\u015e\u015f\u0162\u0163", "ȘșȚț")
_APOSTROPHES: Final = str.maketrans("\u2019\u02bc`", "'''")
_NOT_SPOKEN: Final = re.compile(r"[^\w\s'%°.,]|_|(?<!\d)[.,]|[.,](?!\d)")
"""A point or comma is kept inside a decimal ("2.5", "2,5")."""


def normalise_letters(text: str) -> str:
    """Lower case, composed letters (NFC), comma below in ș and ț, plain apostrophes."""
    composed = unicodedata.normalize("NFC", text)
    return composed.translate(_CEDILLA_TO_COMMA).translate(_APOSTROPHES).lower()


def split_words(text: str) -> list[str]:
    """The words of a sentence; hyphens and punctuation separate words."""
    return _NOT_SPOKEN.sub(" ", normalise_letters(text)).split()


def fold(word: str) -> str:
    """The word as typed on a keyboard without Romanian letters ("mărește" as "mareste")."""
    return "".join(
        letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter)
    )
