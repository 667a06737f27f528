"""Pronunciations: hand-checked Romanian, English rules, dictionary and exceptions."""

import ctypes
import ctypes.util
import gzip
from pathlib import Path

import pytest

from surgery_assist.errors import PackError, VocabularyError
from surgery_assist.settings import resources_dir
from surgery_assist.voice import pronounce_en, pronounce_ro
from surgery_assist.voice.lexicon import (
    Lexicon,
    Origin,
    Pronunciation,
    check_vocabulary,
    load_lexicon,
    read_dictionary,
)
from surgery_assist.voice.phones import PHONE_INDEX
from surgery_assist.voice.phrases import load_phrases

LEXICON_DIR = resources_dir() / "lexicon"
RO_WORDS = read_dictionary(Path(__file__).parent / "ro_words.txt")


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return load_lexicon(LEXICON_DIR)


def said(lexicon: Lexicon, word: str, language: str) -> list[str]:
    return [" ".join(found.phones) for found in lexicon.pronunciations(word, language)]


def test_hand_checked_romanian_words(lexicon):
    """The checked form is the first or the second that the lexicon gives."""
    wrong = {
        word: said(lexicon, word, "ro")
        for word, [phones] in RO_WORDS.items()
        if " ".join(phones) not in said(lexicon, word, "ro")[:2]
    }
    assert len(RO_WORDS) >= 400
    assert wrong == {}


@pytest.mark.parametrize(
    ("word", "variants"),
    [
        ("panoul", ["p a n o u l", "p a n o u"]),
        ("imagini", ["i m a dZ i n j", "i m a dZ i n"]),
        ("seria", ["s e r i a", "s e r j a"]),
        ("stânga", ["s t 1 n g a", "s t 1 N g a"]),
        ("examen", ["e g z a m e n", "e k s a m e n"]),
        ("zoom", ["z u m"]),
    ],
)
def test_romanian_variants(lexicon, word, variants):
    assert said(lexicon, word, "ro") == variants


@pytest.mark.parametrize("word", ["", "'", "b4", "42", "日本"])
@pytest.mark.parametrize("language", ["ro", "en"])
def test_what_cannot_be_said_has_no_pronunciation(lexicon, word, language):
    assert lexicon.pronunciations(word, language) == []


def test_foreign_letters_are_read_without_their_marks(lexicon):
    assert said(lexicon, "müller", "ro") == said(lexicon, "muller", "ro")
    assert said(lexicon, "café", "en") == said(lexicon, "cafe", "en")


def test_cedilla_is_read_as_comma_below(lexicon):
    assert said(lexicon, "m\u0103re\u015fte", "ro") == ["m @ r e S t e"]


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("zoom", "z u m"),
        ("image", "I m I dZ"),
        ("screen", "s k R i n"),
        ("patient", "p e j S @ n t"),
        ("brightness", "b R a j t n e s"),
        ("play", "p l e j"),
        ("nudge", "n V dZ"),
        ("three", "T R i"),
    ],
)
def test_english_rules(word, phones):
    assert pronounce_en.pronounce(word) == [tuple(phones.split())]


def test_every_rule_of_english_can_be_reached_by_its_letter():
    for letter in "abcdefghijklmnopqrstuvwxyz":
        assert pronounce_en.pronounce(f"{letter}a{letter}a")


def test_arpabet():
    symbols = ["HH", "AH0", "L", "OW1", "DH", "ER0", "CH", "AA2", "NG"]
    assert pronounce_en.arpabet_to_phones(symbols) == [
        "h",
        "@",
        "l",
        "o",
        "w",
        "D",
        "er",
        "tS",
        "Q",
        "N",
    ]
    with pytest.raises(KeyError):
        pronounce_en.arpabet_to_phones(["QQ"])


def test_exceptions_come_before_the_dictionary_before_rules():
    lexicon = Lexicon(
        {"en": {"one": [("w", "V", "n")], "two": [("t", "u")]}}, {"en": {"one": [("O",)]}}
    )
    assert lexicon.pronunciations("one", "en") == [Pronunciation(("O",), Origin.EXCEPTION)]
    assert lexicon.pronunciations("two", "en") == [Pronunciation(("t", "u"), Origin.DICTIONARY)]
    assert [p.origin for p in lexicon.pronunciations("three", "en")] == [Origin.RULES]


def test_accents_come_last_and_only_to_listen():
    """ "Three" and "brightness" as Romanians say them; Romanian itself has no accent."""
    entries = {"en": {"three": [("T", "R", "i")], "see": [("s", "i")]}}
    lexicon = Lexicon(entries, accents=True)
    assert said(lexicon, "three", "en") == ["T R i", "t r i"]
    assert said(lexicon, "see", "en") == ["s i"]
    assert lexicon.pronunciations("three", "en")[1].origin is Origin.ACCENT
    assert said(Lexicon(entries), "three", "en") == ["T R i"]
    assert said(lexicon, "rotește", "ro") == said(Lexicon(), "rotește", "ro")


def test_dictionaries_may_be_compressed_and_list_variants(tmp_path):
    text = b"a\t@\na\te j\nred\tR e d\tr e d\n"
    (tmp_path / "en.txt.gz").write_bytes(gzip.compress(text))
    assert read_dictionary(tmp_path / "en.txt.gz") == {
        "a": [("@",), ("e", "j")],
        "red": [("R", "e", "d"), ("r", "e", "d")],
    }


@pytest.mark.parametrize("data", [b"a\tnope\n", b"a\t\n", b"\xff\xfe"])
def test_broken_dictionaries_are_refused(tmp_path, data):
    (tmp_path / "en.txt").write_bytes(data)
    with pytest.raises(PackError):
        read_dictionary(tmp_path / "en.txt")


def test_a_truncated_dictionary_is_refused(tmp_path):
    (tmp_path / "en.txt.gz").write_bytes(gzip.compress(b"a\t@\n" * 100)[:-9])
    with pytest.raises(PackError):
        read_dictionary(tmp_path / "en.txt.gz")


@pytest.mark.parametrize("language", ["ro", "en"])
def test_every_word_of_the_phrases_can_be_said(lexicon, language):
    words = load_phrases(resources_dir() / "phrases" / f"{language}.yaml").words()
    check_vocabulary(words, language, lexicon)
    for word in words:
        for found in lexicon.pronunciations(word, language):
            assert all(phone in PHONE_INDEX for phone in found.phones)


def test_words_that_cannot_be_said_are_named(lexicon):
    with pytest.raises(VocabularyError) as caught:
        check_vocabulary(["zoom", "b4", "日本"], "en", lexicon)
    assert caught.value.arguments == {"words": "b4, 日本"}


def test_espeak_agrees_on_most_romanian_words():
    """espeak-ng has errors of its own, so this only guards against a rule that breaks much."""
    speak = _espeak()
    agreed = 0
    for word in RO_WORDS:
        ours = {_plain("".join(phones)) for phones in pronounce_ro.pronounce(word)}
        agreed += _plain(speak(word)) in ours
    assert agreed > 0.8 * len(RO_WORDS)


def _plain(phones: str) -> str:
    """Consonants in one spelling; vowels and glides, which the two write differently, left out."""
    for old, new in (("t^s", "ts"), ("tS", "C"), ("dZ", "G"), ("N", "n"), ("*", "r"), (";", "")):
        phones = phones.replace(old, new)
    return "".join(phone for phone in phones if phone in "pbtdkgfvszSZCGhmnlr")


def _espeak():
    name = ctypes.util.find_library("espeak-ng")
    if name is None:
        pytest.skip("espeak-ng is not installed")
    library = ctypes.CDLL(name)
    if library.espeak_Initialize(2, 0, None, 0) < 0 or library.espeak_SetVoiceByName(b"ro"):
        pytest.skip("espeak-ng has no Romanian voice")
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p

    def speak(word: str) -> str:
        text = ctypes.c_char_p(word.encode())
        return str(library.espeak_TextToPhonemes(ctypes.byref(text), 1, 0).decode())

    return speak
