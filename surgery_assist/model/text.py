"""Comparing what people write: names with and without their diacritics."""

import unicodedata


def folded(text: str) -> str:
    """Text for searching: small letters without marks, so that ș and s are one letter.

    Comma below (U+0219) and cedilla (U+015F) are different letters to a computer, DICOM's
    Latin-2 has only the latter, and many people type neither.
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = (mark for mark in plain if not unicodedata.combining(mark))
    return " ".join("".join(letters).replace("^", " ").split())


def matches(query: str, *texts: str) -> bool:
    """Whether every word of a query begins or lies within one of the texts."""
    whole = " ".join(folded(text) for text in texts)
    return all(word in whole for word in folded(query).split())
