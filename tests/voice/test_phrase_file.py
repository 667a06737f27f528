"""Phrase files of other people: vocabularies without a registry, and mistakes."""

from pathlib import Path

import pytest

from surgery_assist.errors import PhraseError
from surgery_assist.settings import resources_dir
from surgery_assist.voice.parser import Parse
from surgery_assist.voice.phrases import Wake, load_phrases


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


def test_a_site_adds_its_own_words(tmp_path: Path) -> None:
    site = tmp_path / "en.yaml"
    site.write_text(
        'invert: ["swap the greys"]\n_wake: ["athena"]\n_lists: {preset: [{say: thorax, value: lung}]}',
        "utf-8",
    )
    book = load_phrases(resources_dir() / "phrases" / "en.yaml", site=site)
    parser = book.parser(None, Wake.OPTIONAL)
    for said, command in (
        ("swap the greys", "invert"),
        ("invert colors", "invert"),
        ("athena thorax window", "window.preset"),
    ):
        assert getattr(parser.parse(said), "command_id", "") == command
    assert not hasattr(parser.parse("computer invert"), "command_id")
    site.write_text('no.such: ["swap the greys"]', "utf-8")
    with pytest.raises(PhraseError):
        load_phrases(resources_dir() / "phrases" / "en.yaml", site=site)


@pytest.mark.parametrize("language", ["ro", "en"])
def test_no_decoy_is_a_command(language: str) -> None:
    book = load_phrases(resources_dir() / "phrases" / f"{language}.yaml")
    decoys = book.decoys()
    assert decoys is not None
    parser = book.parser(None, Wake.OPTIONAL)
    for words, _ in decoys.sentences():
        assert not hasattr(parser.parse(" ".join(words)), "command_id"), words
    # Each costs something: where both fit alike, the command is heard.
    assert min(arc.cost for arc in decoys.states[0].arcs.values()) > 0
