"""The phrase files: what is said means one thing, in both languages."""

import random
from pathlib import Path

import pytest
import yaml

from surgery_assist.errors import PhraseError
from surgery_assist.settings import resources_dir
from surgery_assist.voice.automaton import Network
from surgery_assist.voice.grammar import slots_of
from surgery_assist.voice.parser import Parse
from surgery_assist.voice.phrases import PhraseBook, Wake, load_phrases
from surgery_assist.voice.spelling import fold, split_words

LANGUAGES = ("en", "ro")
SENTENCES = Path(__file__).parent / "sentences"


def phrase_file(language: str) -> Path:
    return resources_dir() / "phrases" / f"{language}.yaml"


@pytest.fixture(scope="module")
def books() -> dict[str, PhraseBook]:
    return {language: load_phrases(phrase_file(language)) for language in LANGUAGES}


def expected_sentences(language: str) -> list[tuple[str, str, dict[str, object]]]:
    data = yaml.safe_load((SENTENCES / f"{language}.yaml").read_text("utf-8"))
    return [
        (command_id, sentence, slots)
        for command_id, sentences in data.items()
        for sentence, slots in sentences.items()
    ]


def test_both_languages_have_the_same_commands(books):
    assert books["en"].ids == books["ro"].ids


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_has_test_sentences(books, language):
    tested = {command_id for command_id, _, _ in expected_sentences(language)}
    assert tested == set(books[language].ids)


@pytest.mark.parametrize(
    ("language", "command_id", "sentence", "slots"),
    [(language, *row) for language in LANGUAGES for row in expected_sentences(language)],
)
def test_sentence_means(books, language, command_id, sentence, slots):
    assert books[language].parser().parse(sentence) == Parse(command_id, slots, language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("wake", Wake)
def test_no_sentence_has_two_meanings(books, language, wake):
    """Compiling raises on the first ambiguous sentence."""
    assert books[language].automaton(wake=wake).states


def test_no_sentence_means_different_things_in_both_languages(books):
    """Both languages in one machine: "stop" may stand in both, but for the same command."""
    network = Network()
    for book in books.values():
        book.add_to(network, wake=Wake.OPTIONAL)
    both = network.compile("ro")
    assert slots_of(both.walk(["stop"]) or ()) == ("stop", {})


def test_a_collision_between_languages_is_found(tmp_path):
    (tmp_path / "en.yaml").write_text("zoom.in: ['panel {n}']\n", "utf-8")
    (tmp_path / "ro.yaml").write_text("zoom.out: ['panel zero']\n", "utf-8")
    network = Network()
    for language in LANGUAGES:
        load_phrases(tmp_path / f"{language}.yaml").add_to(network)
    with pytest.raises(PhraseError) as caught:
        network.compile("en")
    assert caught.value.arguments["sentence"] == "panel zero"
    assert {caught.value.arguments["first"], caught.value.arguments["second"]} == {
        "zoom.in n=0",
        "zoom.out",
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_samples_are_understood_as_they_were_meant(books, language):
    book, rng = books[language], random.Random(5)
    parser = book.parser()
    for command_id in book.ids:
        for _ in range(30):
            sentence, said_id, slots = book.sample(rng, command_id)
            assert parser.parse(sentence) == Parse(said_id, slots, language), sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_samples_are_repeatable(books, language):
    draws = [[books[language].sample(random.Random(seed)) for seed in range(50)] for _ in range(2)]
    assert draws[0] == draws[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_examples_are_sentences_of_the_command(books, language):
    book = books[language]
    for command_id in book.ids:
        examples = book.examples(command_id)
        assert 1 <= len(examples) <= 3
        for example in examples:
            parse = book.parser().parse(example)
            assert isinstance(parse, Parse), example
            assert parse.command_id == command_id


def test_romanian_samples_put_de_where_it_belongs(books):
    rng = random.Random(11)
    for _ in range(400):
        sentence, _, slots = books["ro"].sample(rng, "image.forward")
        n = slots["n"]
        noun = any(sentence.split()[-1].startswith(w) or f" {w}" in sentence
                   for w in ("imagini", "secțiuni", "felii"))  # fmt: skip
        if noun:
            assert (" de " in sentence) == (n % 100 >= 20 or n % 100 == 0), sentence


def test_romanian_file_has_no_cedilla():
    for path in (phrase_file("ro"), SENTENCES / "ro.yaml"):
        assert not set("\u015e\u015f\u0162\u0163") & set(path.read_text("utf-8"))


def test_vowels_with_diacritics_are_composed():
    text = phrase_file("ro").read_text("utf-8")
    assert split_words(text) == split_words(text.replace("ă", "a\u0306").replace("ș", "s\u0326"))
    assert fold("mărește-ți") == "mareste-ti"


@pytest.mark.parametrize("language", LANGUAGES)
def test_asleep_only_the_wake_word_is_heard(books, language):
    book = books[language]
    wake = {"en": "computer", "ro": "calculator"}[language]
    parser = book.parser(wake=Wake.REQUIRED)
    example = book.examples("image.next")[0]
    assert parser.parse(wake) == Parse("listen.start", {}, language)
    assert parser.parse(f"{wake} {example}") == Parse("image.next", {}, language)
    assert not isinstance(parser.parse(example), Parse)


def test_another_wake_word_takes_the_place_of_the_first():
    book = load_phrases(phrase_file("en"), wake="hey display")
    parser = book.parser(wake=Wake.REQUIRED)
    assert parser.parse("hey display") == Parse("listen.start", {}, "en")
    assert parser.parse("hey display listen") == Parse("listen.start", {}, "en")
    assert not isinstance(parser.parse("computer listen"), Parse)
    assert {"hey", "display"} <= book.words()


def test_ranges_limit_what_is_heard():
    book = load_phrases(phrase_file("en"), {"viewport.select": {"n": (1, 9)}})
    parser = book.parser()
    assert isinstance(parser.parse("panel nine"), Parse)
    assert not isinstance(parser.parse("panel ten"), Parse)
    assert not isinstance(parser.parse("panel zero"), Parse)


def test_disabled_commands_are_not_heard(books):
    automaton = books["ro"].automaton(["image.next"])
    assert automaton.walk(["următoarea"]) is not None
    assert automaton.walk(["precedenta"]) is None
    with pytest.raises(PhraseError):
        books["ro"].automaton(["no.such"])
