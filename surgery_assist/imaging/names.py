"""Patients' names and other texts: the best readable form, and one for comparing.

Romanian names come in many spellings: DICOM's Latin-2 has only the cedilla letters, UTF-8 has
the right ones with a comma below, senders declare one character set and write another, or none.
"""

import re
import unicodedata
from typing import Final

from surgery_assist.imaging.quiet import quiet_pydicom

_COMMA_BELOW: Final = str.maketrans("\u015f\u015e\u0163\u0162", "\u0219\u0218\u021b\u021a")
_TURKISH: Final = frozenset("\u0131\u0130\u011f\u011e")
_MISREAD_CP1250: Final = frozenset("\u00aa\u00ba\u00de\u00fe")
"""What S, s, T, t with cedilla of cp1250 or Latin-2 look like when read as Latin-1."""
_DELIMITERS: Final = frozenset(b"^=\\")
"""After these a text starts anew in the first character set (PS3.5 section 6.1.2.5.3)."""
_ESCAPES: Final = re.compile("\x1b[\x20-\x2f]*[\x30-\x7e]")
"""Sequences of ISO 2022 that decoders leave standing."""
_GUESSED_SETS: Final = frozenset({"", "ISO_IR 6", "ISO_IR 100", "ISO_IR 192"})
"""None, ASCII, Latin-1 and UTF-8: declared wrongly often enough to look at the bytes first."""


def decode_text(value: bytes, character_sets: tuple[str, ...] = ()) -> str:
    """Text of a header value, with wrong declarations put right.

    Parameters
    ----------
    value
        Bytes of the value.
    character_sets
        Values of SpecificCharacterSet (0008,0005).

    Returns
    -------
    str
        Composed (NFC), control characters removed, cedilla letters replaced by those with comma.
    """
    first = character_sets[0].strip() if character_sets else ""
    if value.isascii() and b"\x1b" not in value:
        text = value.decode("ascii")
    elif len(character_sets) <= 1 and first in _GUESSED_SETS:
        text = _guessed(value)
    else:
        text = _declared(value, character_sets)
    text = unicodedata.normalize("NFC", _ESCAPES.sub("", text))
    text = "".join(mark for mark in text if mark.isprintable())
    if not _TURKISH & set(text):
        text = text.translate(_COMMA_BELOW)
    return text.strip()


def _guessed(value: bytes) -> str:
    """UTF-8 if it can be that, else Latin-1, unless it looks like the Windows code page."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    if _MISREAD_CP1250 & set(text):
        return value.decode("cp1250", errors="replace")
    return text


def _declared(value: bytes, character_sets: tuple[str, ...]) -> str:
    quiet_pydicom()
    from pydicom.charset import convert_encodings, decode_bytes  # noqa: PLC0415  (start-up time)

    try:
        return decode_bytes(value, convert_encodings(list(character_sets)), set(_DELIMITERS))
    except (LookupError, ValueError, TypeError):
        return _guessed(value)


def person_name(text: str) -> str:
    """A PN value as people read it: ``POPESCU^Ion`` becomes ``POPESCU Ion``.

    The first of the alphabetic, ideographic and phonetic groups that holds something; family,
    given and middle name (PS3.5 section 6.2.1).
    """
    for group in text.split("="):
        parts = [" ".join(part.split()) for part in group.split("^")[:3]]
        name = " ".join(part for part in parts if part)
        if name:
            return name
    return ""


def folded(text: str) -> str:
    """Lower case without diacritics, for comparing and searching."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(mark for mark in decomposed if not unicodedata.combining(mark))
    return " ".join(re.sub(r"[^\w?]+", " ", plain).split())


def same_name(one: str, other: str) -> bool:
    """Whether two folded names may be the same; ``?`` stands for a letter that was lost."""
    if one == other:
        return True
    if len(one) != len(other) or "?" not in one + other:
        return False
    return all(a == b or "?" in (a, b) for a, b in zip(one, other, strict=True))


def readability(name: str) -> int:
    """How good a form of a name is: lost letters count against it, diacritics for it."""
    return sum(not mark.isascii() for mark in name) - 10 * (name.count("?") + name.count("\ufffd"))
