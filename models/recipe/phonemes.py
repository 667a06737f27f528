"""From the alphabets of the synthesizers to the phones of the pack.

Three alphabets meet here: espeak-ng's mnemonics (with exact times), espeak-ng's IPA (with ``^``
as tie), and Kokoro's own symbols, one character each.
"""

import unicodedata
from typing import Final, Literal

from surgery_assist.voice.phones import PHONE_INDEX, SILENCE

Accent = Literal["ro", "us", "gb"]
"""Whose phonemes a sentence is spoken with: Romanian, American or British."""

ESPEAK_VOICE: Final[dict[Accent, str]] = {"ro": "ro", "us": "en-us", "gb": "en-gb"}

_IPA_TO_KOKORO: Final[dict[Accent, tuple[tuple[str, str], ...]]] = {
    "ro": (
        ("d^ʒ", "ʤ"), ("t^ʃ", "ʧ"), ("t^s", "ʦ"), ("e^a", "ea"), ("ɔ^a", "wa"), ("o^a", "wa"),
        ("a^ɪ", "aj"), ("e^ɪ", "ej"), ("o^ɪ", "oj"), ("u^ɪ", "uj"), ("ə^ɪ", "əj"),
        ("a^ʊ", "aw"), ("e^ʊ", "ew"), ("o^ʊ", "ow"), ("ə^ʊ", "əw"), ("i^ʊ", "iw"),
        ("^", ""), ("g", "ɡ"),
    ),
    "us": (
        ("a^ɪ", "I"), ("a^ʊ", "W"), ("d^ʒ", "ʤ"), ("e^ɪ", "A"), ("ɔ^ɪ", "Y"), ("ə^l", "ᵊl"),
        ("t^ʃ", "ʧ"), ("o^ʊ", "O"), ("ə^ʊ", "Q"), ("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("ɪə", "iə"),
        ("ɚ", "əɹ"), ("ɐ", "ə"), ("r", "ɹ"), ("x", "k"), ("ʔ", "t"), ("ː", ""), ("^", ""),
        ("g", "ɡ"),
    ),
    "gb": (
        ("a^ɪ", "I"), ("a^ʊ", "W"), ("d^ʒ", "ʤ"), ("e^ɪ", "A"), ("ɔ^ɪ", "Y"), ("ə^l", "ᵊl"),
        ("t^ʃ", "ʧ"), ("ə^ʊ", "Q"), ("o^ʊ", "Q"), ("e^ə", "ɛː"), ("iə", "ɪə"), ("ɚ", "əɹ"),
        ("ɐ", "ə"), ("r", "ɹ"), ("x", "k"), ("^", ""), ("g", "ɡ"),
    ),
}  # fmt: skip

_KOKORO_TO_PHONES: Final[dict[str, tuple[str, ...]]] = {
    "ʃ": ("S",), "ʒ": ("Z",), "ʧ": ("tS",), "ʤ": ("dZ",), "ʦ": ("ts",), "ɨ": ("1",),
    "ə": ("@",), "ɾ": ("r",), "ɡ": ("g",), "ɹ": ("R",), "ɜ": ("er",), "ɛ": ("e",),
    "ɪ": ("I",), "ʊ": ("U",), "ʌ": ("V",), "æ": ("A",), "ɑ": ("Q",), "ɔ": ("O",), "ɒ": ("Q",),
    "θ": ("T",), "ð": ("D",), "ŋ": ("N",), "ᵊ": ("@",), "ᵻ": ("I",), "x": ("h",),
    "I": ("a", "j"), "A": ("e", "j"), "O": ("o", "w"), "Q": ("@", "w"), "W": ("a", "w"),
    "Y": ("O", "j"),
    **{symbol: (symbol,) for symbol in "aeioupbtdkfvszhmnlrjw"},
}  # fmt: skip
_ROMANIAN_SYMBOLS: Final[dict[str, str]] = {"ŋ": "n", "ɪ": "i", "ʊ": "u", "ɔ": "o", "ɛ": "e"}
_BRITISH_SYMBOLS: Final[dict[str, tuple[str, ...]]] = {"a": ("A",), "Q": ("o", "w")}
"""The vowels of "cat" and "go", by the phones that the dictionary writes them with."""
STRESS_MARKS: Final = "ˈˌ"
LENGTH_MARKS: Final = "ːʲ"

_MNEMONICS: Final[dict[str, tuple[str, ...]]] = {
    "_": (SILENCE,), "_:": (SILENCE,), "_!": (SILENCE,), "_|": (), "*": ("r",), "@-": (),
    "?": (), "I^": ("j",), ";": ("j",), "y": ("1",), "I#": ("I",), "I2": ("I",), "a#": ("@",),
    "3": ("er",), "3:": ("er",), "E": ("e",), "0": ("Q",), "A:": ("Q",), "O:": ("O",),
    "O2": ("O",), "i:": ("i",), "u:": ("u",), "t#": ("t",), "t2": ("t",), "aa": ("A",),
    "A": ("Q",), "n-": ("n",), "l-": ("l",), "m-": ("m",), "x": ("h",),
}  # fmt: skip
_ENGLISH_MNEMONICS: Final[dict[str, tuple[str, ...]]] = {
    "a": ("A",), "r": ("R",), "r-": ("R",), "eI": ("e", "j"), "aI": ("a", "j"),
    "oU": ("o", "w"), "aU": ("a", "w"), "OI": ("O", "j"), "@L": ("@", "l"), "A@": ("Q", "R"),
    "O@": ("O", "R"), "o@": ("O", "R"), "e@": ("e", "R"), "i@": ("i", "R"), "i@3": ("i", "er"),
    "U@": ("U", "R"), "aI3": ("a", "j", "er"), "aI@": ("a", "j", "@"),
}  # fmt: skip
_ROMANIAN_MNEMONICS: Final[dict[str, tuple[str, ...]]] = {
    "ea": ("e", "a"), "Oa": ("o", "a"), "aI": ("a", "j"), "aU": ("a", "w"), "eI": ("e", "j"),
    "eo": ("e", "o"), "iU": ("i", "w"), "yI": ("1", "j"), "uI": ("u", "j"), "@U": ("@", "w"),
    "oU": ("o", "w"), "@I": ("@", "j"), "eU": ("e", "w"), "iI": ("i",), "O": ("o",),
    "oI": ("o", "j"), "I": ("i",), "U": ("u",), "E": ("e",), "yU": ("1", "w"),
}  # fmt: skip


def kokoro_symbols(ipa: str, accent: Accent) -> str:
    """Kokoro's spelling of espeak-ng's IPA (made with ``--tie=^``)."""
    symbols = unicodedata.normalize("NFC", ipa)
    for old, new in _IPA_TO_KOKORO[accent]:
        symbols = symbols.replace(old, new)
    return symbols


def phones_of_symbol(symbol: str, accent: Accent) -> tuple[str, ...] | None:
    """Phones of one Kokoro symbol; empty for marks, None if the symbol is unknown."""
    if symbol in STRESS_MARKS or symbol in LENGTH_MARKS:
        return ()
    if accent == "ro" and symbol in _ROMANIAN_SYMBOLS:
        return (_ROMANIAN_SYMBOLS[symbol],)
    if accent == "gb" and symbol in _BRITISH_SYMBOLS:
        return _BRITISH_SYMBOLS[symbol]
    if accent != "ro" and symbol == "ɾ":  # the tap of American "water"
        return ("t",)
    return _KOKORO_TO_PHONES.get(symbol)


def phones_of_mnemonic(mnemonic: str, accent: Accent) -> tuple[str, ...] | None:
    """Phones of one espeak-ng phoneme mnemonic, None if it is unknown."""
    name = mnemonic.replace("'", "").replace(",", "")
    own = _ROMANIAN_MNEMONICS if accent == "ro" else _ENGLISH_MNEMONICS
    if name in own:
        return own[name]
    if accent == "ro" and len(name) > 1 and name.endswith(";"):  # palatalised
        name = name[:-1]
        if name in own:
            return own[name]
    if name in _MNEMONICS:
        return _MNEMONICS[name]
    return (name,) if name in PHONE_INDEX else None
