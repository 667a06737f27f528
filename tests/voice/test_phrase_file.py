"""Phrase files of other people: vocabularies without a registry, and mistakes."""

import pytest

from surgery_assist.errors import PhraseError
from surgery_assist.voice.parser import Parse
from surgery_assist.voice.phrases import load_phrases


def book_of(tmp_path, text, language="en"):
    path = tmp_path / "words.yaml"
    path.write_text(text, "utf-8")
    return load_phrases(path, language=language)


def test_ids_need_not_be_commands_and_words_need_not_be_known(tmp_path):
    book = book_of(tmp_path, "yes: [yes]\nno: [no, nope]\n7: seven\n'on': ['[switch] on']\n")
    assert book.ids == ("yes", "no", "7", "on")
    assert book.parser().parse("nope") == Parse("no", {}, "en")
    assert book.parser().parse("seven") == Parse("7", {}, "en")
    assert book.parser().parse("switch on") == Parse("on", {}, "en")


def test_numbers_work_without_lists(tmp_path):
    book = book_of(tmp_path, "salon: ['salonul {n}']\n", "ro")
    assert book.parser().parse("salonul doisprezece") == Parse("salon", {"n": 12}, "ro")


def test_fixed_slots_keep_their_type(tmp_path):
    book = book_of(tmp_path, "a: [{say: x, slots: {n: 3, f: 0.5, t: word}}]\n")
    assert book.parser().parse("x") == Parse("a", {"n": 3, "f": 0.5, "t": "word"}, "en")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just text",
        "a: {say: x}",
        "a: [{says: x}]",
        "a: [{say: x, cost: dear}]",
        "a: [{say: x, slots: {n: [1]}}]",
        "a: ['(x']",
        "a: ['{unknown}']",
        "a: [x]\na: [y]",
        "_other: [x]",
        "a: [x]\nb: [x]",
        "a: [\t",
        "_lists: [x]",
    ],
)
def test_mistakes_are_refused(tmp_path, text):
    with pytest.raises(PhraseError):
        book_of(tmp_path, text).automaton()


def test_a_missing_or_unreadable_file_is_refused(tmp_path):
    with pytest.raises(PhraseError):
        load_phrases(tmp_path / "none.yaml", language="en")
    (tmp_path / "bytes.yaml").write_bytes(b"a: [\xff\xfe]")
    with pytest.raises(PhraseError):
        load_phrases(tmp_path / "bytes.yaml", language="en")


def test_an_unknown_language_is_refused(tmp_path):
    (tmp_path / "words.yaml").write_text("a: [x]\n", "utf-8")
    with pytest.raises(PhraseError):
        load_phrases(tmp_path / "words.yaml")
