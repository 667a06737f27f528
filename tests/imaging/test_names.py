"""Names: put right, shown well, compared without marks."""

import pytest

from surgery_assist.imaging.names import decode_text, folded, person_name, same_name

STEFAN = "\u0218tef\u0103nescu"


@pytest.mark.parametrize(
    ("raw", "sets"),
    [
        (STEFAN.encode(), ("ISO_IR 192",)),
        (STEFAN.encode(), ()),
        (STEFAN.encode(), ("ISO_IR 100",)),
        ("\u015etef\u0103nescu".encode("iso8859_2"), ("ISO_IR 101",)),
        ("\u015etef\u0103nescu".encode("cp1250"), ("ISO_IR 100",)),
        ("S\u0326tefa\u0306nescu".encode(), ("ISO_IR 192",)),
    ],
)
def test_romanian_name_in_every_spelling(raw, sets):
    assert decode_text(raw, sets) == STEFAN


@pytest.mark.parametrize(
    ("text", "raw", "sets"),
    [
        ("Jérôme", "Jérôme".encode("latin-1"), ("ISO_IR 100",)),
        ("João", "João".encode("latin-1"), ("ISO_IR 100",)),
        ("Διονυσιος", "Διονυσιος".encode("iso8859_7"), ("ISO_IR 126",)),
        ("Люк", "Люк".encode("iso8859_5"), ("ISO_IR 144",)),
        ("plain", b"plain", ("no such set",)),
    ],
)
def test_other_languages_stay_as_they_are(text, raw, sets):
    assert decode_text(raw, sets) == text


def test_turkish_cedilla_is_no_romanian_comma():
    name = "\u015eahino\u011flu"
    assert decode_text(name.encode(), ("ISO_IR 192",)) == name


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("POPESCU^Ion", "POPESCU Ion"),
        ("Popescu^Ion^Dan^Dr.^Jr", "Popescu Ion Dan"),
        ("=山田^太郎", "山田 太郎"),
        ("", ""),
        ("^^^", ""),
    ],
)
def test_person_names_are_readable(value, shown):
    assert person_name(value) == shown


def test_comparison_folds_marks_and_case():
    assert folded("\u0218TEF\u0102NESCU^Ana") == folded("stefanescu ana")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("?tef?nescu", "stefanescu", True),
        ("stefan", "stefana", False),
        ("ana", "ina", False),
    ],
)
def test_lost_letters_match_anything(one, other, same):
    assert same_name(one, other) is same
