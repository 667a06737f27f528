"""Number words both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgery_assist.voice.automaton import Network
from surgery_assist.voice.numbers import (
    accepted_forms,
    add_number,
    from_words,
    needs_de,
    to_words,
)

numbers = st.integers(0, 999)
languages = st.sampled_from(["ro", "en"])
genders = st.sampled_from(["masculine", "feminine"])


@given(numbers, languages, genders)
def test_what_is_written_is_read_back(number, language, gender):
    assert from_words(to_words(number, language, gender), language) == number


@pytest.mark.parametrize("language", ["ro", "en"])
def test_every_form_stands_for_one_number(language):
    forms = accepted_forms(language)
    assert len({words for words, _ in forms}) == len(forms)
    assert {number for _, number in forms} == set(range(1000))
    assert all(from_words(words, language) == number for words, number in forms)


@given(
    languages,
    st.lists(st.sampled_from(["unu", "două", "și", "o", "sută", "sute", "one", "hundred", "and"])),
)
def test_nonsense_is_no_number(language, words):
    number = from_words(" ".join(words), language)
    forms = {form for form, value in accepted_forms(language) if value == number}
    assert number is None or " ".join(words) in forms


@given(languages, numbers, numbers)
def test_a_range_holds_its_numbers_and_no_other(language, first, second):
    low, high = min(first, second), max(first, second)
    network = Network()
    add_number(network, Network.START, Network.END, slot="n", low=low, high=high, language=language)
    automaton = network.compile(language)
    for number in {0, low - 1, low, low + 1, high - 1, high, high + 1, 999} & set(range(1000)):
        accepted = automaton.walk(to_words(number, language).split()) is not None
        assert accepted == (low <= number <= high), number


def test_the_machine_is_small():
    network = Network()
    add_number(network, Network.START, Network.END, slot="n", low=0, high=999, language="ro")
    automaton = network.compile("ro")
    assert len(automaton.states) < 20
    assert automaton.arc_count() < 150


@pytest.mark.parametrize(
    ("number", "gender", "words"),
    [
        (0, "masculine", "zero"),
        (1, "feminine", "una"),
        (2, "masculine", "doi"),
        (2, "feminine", "două"),
        (12, "feminine", "douăsprezece"),
        (14, "masculine", "paisprezece"),
        (16, "masculine", "șaisprezece"),
        (21, "masculine", "douăzeci și unu"),
        (60, "masculine", "șaizeci"),
        (100, "masculine", "o sută"),
        (101, "feminine", "o sută una"),
        (222, "feminine", "două sute douăzeci și două"),
        (999, "masculine", "nouă sute nouăzeci și nouă"),
    ],
)
def test_romanian_words(number, gender, words):
    assert to_words(number, "ro", gender) == words


@pytest.mark.parametrize(
    ("words", "language", "number"),
    [
        ("unșpe", "ro", 11),
        ("doișpe", "ro", 12),
        ("șaptișpe", "ro", 17),
        ("o sută douăș cinci", "ro", 125),
        ("două sute treișpe", "ro", 213),
        ("a hundred and five", "en", 105),
        ("one hundred five", "en", 105),
        ("nine hundred ninety nine", "en", 999),
    ],
)
def test_spoken_forms(words, language, number):
    assert from_words(words, language) == number


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0, False), (1, False), (2, False), (19, False), (20, True), (22, True), (99, True),
     (100, True), (101, False), (119, False), (120, True), (200, True), (315, False)],
)  # fmt: skip
def test_de_between_number_and_noun(number, expected):
    assert needs_de(number) == expected


@pytest.mark.parametrize("number", [-1, 1000])
def test_numbers_out_of_reach(number):
    with pytest.raises(ValueError, match="outside"):
        to_words(number, "ro")


def test_an_empty_range_is_refused():
    with pytest.raises(ValueError, match="no numbers"):
        add_number(Network(), 0, 1, slot="n", low=5, high=4, language="en")
