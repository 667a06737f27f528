"""`voice words`: known, made from spelling, or not to be heard."""

from typing import get_args

from surgery_assist.model.session import Language
from surgery_assist.voice.lexicon import Lexicon
from surgery_assist.voice.words import model_words_report, words_report

LEXICON = Lexicon({"en": {"zoom": [("z", "u", "m")]}})


def test_each_word_says_where_its_sound_comes_from() -> None:
    report = words_report("Zoom, zoom blorg 本", "en", LEXICON)
    known, made, hopeless = report["words"]  # type: ignore[misc]
    assert known == {
        "word": "zoom",
        "known": True,
        "pronunciations": ["z u m"],
        "from_spelling": False,
    }
    assert (made["word"], made["known"], made["from_spelling"]) == ("blorg", False, True)
    assert made["pronunciations"]
    assert (hopeless["word"], hopeless["known"], hopeless["pronunciations"]) == ("本", False, [])


def test_both_languages_have_rules() -> None:
    for language in get_args(Language):
        (word,) = words_report("fereastra", language, Lexicon())["words"]  # type: ignore[misc]
        assert word["from_spelling"]


def test_a_standard_model_knows_a_word_or_not():
    report = model_words_report("Next image", "en", lambda word: word == "next")
    assert report["words"] == [
        {"word": "next", "known": True, "pronunciations": [], "from_spelling": False},
        {"word": "image", "known": False, "pronunciations": [], "from_spelling": False},
    ]
