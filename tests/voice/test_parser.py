"""Strict for what is heard, kind to what is typed."""

import pytest

from surgery_assist.settings import resources_dir
from surgery_assist.voice.parser import NotUnderstood, Parse, Progress
from surgery_assist.voice.phrases import Wake, load_phrases


@pytest.fixture(scope="module")
def parsers():
    return {
        language: load_phrases(resources_dir() / "phrases" / f"{language}.yaml").parser(
            wake=Wake.OPTIONAL
        )
        for language in ("en", "ro")
    }


@pytest.mark.parametrize(
    ("language", "typed", "command_id", "slots"),
    [
        ("ro", "mergi la imaginea 42", "image.goto", {"n": 42}),
        ("ro", "Mergi la imaginea 42!", "image.goto", {"n": 42}),
        ("ro", "mareste putin", "zoom.in", {"amount": "little"}),
        ("ro", "m\u0103re\u015fte pu\u0163in", "zoom.in", {"amount": "little"}),
        ("ro", "împarte în 2", "layout.set", {"rows": 1, "columns": 2}),
        ("ro", "împarte 2 pe 3", "layout.set", {"rows": 2, "columns": 3}),
        ("ro", "rotește 90° la dreapta", "rotate", {"side": "right", "degrees": 90}),
        ("ro", "mărește cu 30%", "zoom.in", {"amount": 30}),
        ("ro", "inainte 2 imagini", "image.forward", {"n": 2}),
        ("ro", "Barbu 4", "target", {"cell": "B4"}),
        ("ro", "fereastra osoasa", "window.preset", {"preset": "bone"}),
        ("en", "go to image 42", "image.goto", {"n": 42}),
        ("en", "ZOOM 150%", "zoom.set", {"n": 150}),
        ("en", "soft-tissue window", "window.preset", {"preset": "soft_tissue"}),
        ("en", "computer, next image", "image.next", {}),
    ],
)
def test_typed_text(parsers, language, typed, command_id, slots):
    assert parsers[language].parse_typed(typed) == Parse(command_id, slots, language)


def test_slot_values_have_their_types(parsers):
    slots = parsers["en"].parse("split two by three").slots
    assert [type(slots[name]) for name in ("rows", "columns")] == [int, int]
    assert type(parsers["en"].parse("zoom in twice").slots["amount"]) is int


@pytest.mark.parametrize(
    ("language", "heard"),
    [
        ("ro", "[unk]"),
        ("ro", ""),
        ("ro", "mareste"),
        ("ro", "mărește mărește"),
        ("ro", "mergi la imaginea"),
        ("ro", "next image"),
        ("en", "imaginea următoare"),
        ("en", "image 42"),
        ("en", "please next image"),
        ("en", "next image please"),
    ],
)
def test_what_is_heard_must_be_exact(parsers, language, heard):
    assert isinstance(parsers[language].parse(heard), NotUnderstood)


@pytest.mark.parametrize(
    ("language", "typed", "suggestion"),
    [
        ("en", "nex image", "next image"),
        ("en", "show lung windw", "show lung window"),
        ("en", "next next image", "next image"),
        ("ro", "imagina urmatoare", "imaginea următoare"),
        ("ro", "arata comenzi", "arată comenzile"),
    ],
)
def test_the_nearest_sentence_is_suggested(parsers, language, typed, suggestion):
    missed = parsers[language].parse_typed(typed)
    assert missed == NotUnderstood(typed, language, suggestion)
    assert isinstance(parsers[language].parse(suggestion), Parse)


@pytest.mark.parametrize("typed", ["the weather is nice today", "xyzzy", "", "   ", "1000"])
def test_nothing_near_means_no_suggestion(parsers, typed):
    assert parsers["en"].parse_typed(typed) == NotUnderstood(typed, "en", "")


def test_missing_diacritics_that_leave_two_meanings_are_a_miss(tmp_path):
    path = tmp_path / "ro.yaml"
    path.write_text("zoom.in: ['fata']\nzoom.out: ['fața']\npan: ['față']\n", "utf-8")
    parser = load_phrases(path).parser()
    assert parser.parse_typed("fața") == Parse("zoom.out", {}, "ro")
    path.write_text("zoom.out: ['fața']\npan: ['față']\n", "utf-8")
    parser = load_phrases(path).parser()
    assert isinstance(parser.parse_typed("fata"), NotUnderstood)


@pytest.mark.parametrize(
    ("text", "progress"),
    [
        ("", Progress(complete=False, extendable=True)),
        ("stop", Progress(complete=True, extendable=True)),
        ("full", Progress(complete=False, extendable=True)),
        ("full screen", Progress(complete=True, extendable=False)),
        ("image twenty", Progress(complete=True, extendable=True)),
        ("image twenty five", Progress(complete=True, extendable=False)),
        ("[unk]", Progress(complete=False, extendable=False)),
    ],
)
def test_progress(parsers, text, progress):
    assert parsers["en"].progress(text) == progress
