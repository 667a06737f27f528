"""English pronunciation: ARPAbet to our phones, and letter-to-sound rules for unknown words.

The dictionary decides first (see ``lexicon.py``); the rules here serve words that no
dictionary has. They follow the shape of the Naval Research Laboratory rules (Elovitz and
others, 1976): for each letter a list of ``left[letters]right = phones``, the first that
fits wins.
"""

from collections.abc import Sequence
from typing import Final

_ARPABET: Final[dict[str, tuple[str, ...]]] = {
    "AA": ("Q",), "AE": ("A",), "AH": ("V",), "AO": ("O",), "AW": ("a", "w"), "AY": ("a", "j"),
    "EH": ("e",), "ER": ("er",), "EY": ("e", "j"), "IH": ("I",), "IY": ("i",), "OW": ("o", "w"),
    "OY": ("O", "j"), "UH": ("U",), "UW": ("u",),
    "B": ("b",), "CH": ("tS",), "D": ("d",), "DH": ("D",), "F": ("f",), "G": ("g",),
    "HH": ("h",), "JH": ("dZ",), "K": ("k",), "L": ("l",), "M": ("m",), "N": ("n",),
    "NG": ("N",), "P": ("p",), "R": ("R",), "S": ("s",), "SH": ("S",), "T": ("t",),
    "TH": ("T",), "V": ("v",), "W": ("w",), "Y": ("j",), "Z": ("z",), "ZH": ("Z",),
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
