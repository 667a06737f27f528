"""Decimals and lengths, both ways."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surgery_assist.voice.automaton import Network
from surgery_assist.voice.decimals import (
    add_decimal,
    add_length,
    decimal_from_words,
    decimal_to_words,
    length_from_words,
    length_to_words,
    value_of,
)
from surgery_assist.voice.grammar import Template, TemplateCompiler, Vocabulary, slots_of
from surgery_assist.voice.numbers import to_words

languages = st.sampled_from(["ro", "en"])
hundredths = st.integers(0, 99900)
genders = st.sampled_from(["masculine", "feminine"])


@settings(deadline=None)
@given(hundredths, languages, genders)
def test_what_is_written_is_read_back(number, language, gender):
    value = number / 100
    assert decimal_from_words(decimal_to_words(value, language, gender), language) == value


@settings(deadline=None)
@given(st.integers(0, 999), languages)
def test_a_whole_number_stays_whole(number, language):
    found = decimal_from_words(to_words(number, language), language)
    assert found == number
    assert isinstance(found, int)


@settings(deadline=None)
@given(st.integers(1, 9900), languages, st.sampled_from(["mm", "cm"]))
def test_lengths_are_read_back_in_millimetres(tenths, language, unit):
    millimetres = tenths / 10
    said = length_to_words(millimetres, language, unit)
    assert length_from_words(said, language) == pytest.approx(millimetres)


@settings(deadline=None, max_examples=40)
@given(languages, st.integers(0, 200), st.integers(1, 200), hundredths)
def test_a_range_holds_its_decimals_and_no_other(language, low, span, number):
    high, value = low + span, number / 100
    network = Network()
    add_decimal(network, 0, 1, slot="n", low=low, high=high, language=language)
    accepted = network.compile(language).walk(decimal_to_words(value, language).split())
    assert (accepted is not None) == (low <= value <= high)


@settings(deadline=None, max_examples=40)
@given(languages, st.integers(0, 50), st.integers(1, 200), st.integers(1, 3000))
def test_a_range_holds_its_lengths_in_any_unit(language, low, span, tenths):
    millimetres = tenths / 10
    network = Network()
    add_length(network, 0, 1, slot="mm", low=low, high=low + span, language=language)
    meanings = network.compile(language).walk(length_to_words(millimetres, language).split())
    assert (meanings is not None) == (low <= millimetres <= low + span)
    if meanings is not None:
        assert value_of(meanings) == pytest.approx(millimetres)


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("doi virgulă cinci", "ro", 2.5),
        ("două virgulă cinci", "ro", 2.5),
        ("zero virgulă zero cinci", "ro", 0.05),
        ("unu virgulă douăzeci și cinci", "ro", 1.25),
        ("unu virgulă doi cinci", "ro", 1.25),
        ("o sută doișpe virgulă opt", "ro", 112.8),
        ("two point five", "en", 2.5),
        ("two point five zero", "en", 2.5),
        ("zero point seven five", "en", 0.75),
        ("ninety nine point twelve", "en", 99.12),
        ("doi virgulă", "ro", None),
        ("virgulă cinci", "ro", None),
        ("two point five five five", "en", None),
        ("doi point cinci", "ro", None),
    ],
)
def test_spoken_decimals(text, language, value):
    assert decimal_from_words(text, language) == value


@pytest.mark.parametrize(
    ("text", "language", "millimetres"),
    [
        ("un milimetru", "ro", 1),
        ("doi milimetri", "ro", 2),
        ("douăzeci de milimetri", "ro", 20),
        ("douăzeci milimetri", "ro", 20),
        ("doi virgulă cinci milimetri", "ro", 2.5),
        ("un centimetru", "ro", 10),
        ("doi virgulă cinci centimetri", "ro", 25),
        ("one millimeter", "en", 1),
        ("a centimetre", "en", 10),
        ("two point five millimetres", "en", 2.5),
        ("two point five centimeters", "en", 25),
        ("cinci", "ro", None),
        ("un milimetri", "ro", None),
        ("one millimeters", "en", 1),
    ],
)
def test_spoken_lengths(text, language, millimetres):
    assert length_from_words(text, language) == millimetres


@pytest.mark.parametrize(
    ("millimetres", "language", "unit", "text"),
    [
        (1, "ro", "mm", "un milimetru"),
        (19, "ro", "mm", "nouăsprezece milimetri"),
        (20, "ro", "mm", "douăzeci de milimetri"),
        (20.5, "ro", "mm", "douăzeci virgulă cinci milimetri"),
        (25, "ro", "cm", "doi virgulă cinci centimetri"),
        (10, "en", "cm", "one centimeter"),
    ],
)
def test_written_lengths(millimetres, language, unit, text):
    assert length_to_words(millimetres, language, unit) == text


@pytest.mark.parametrize("value", [-0.5, 1000, 0.125])
def test_what_cannot_be_said_is_refused(value):
    with pytest.raises(ValueError, match=r"outside|decimals"):
        decimal_to_words(value, "ro")


@pytest.mark.parametrize(
    ("template", "sentence", "slots"),
    [
        ("rotate {decimal:degrees} degrees", "rotate two point five degrees", {"degrees": 2.5}),
        ("rotate {decimal:degrees} degrees", "rotate ninety degrees", {"degrees": 90}),
        ("slab {length:mm}", "slab two point five millimeters", {"mm": 2.5}),
        ("slab {length:mm}", "slab three centimeters", {"mm": 30}),
    ],
)
def test_templates_take_decimals_and_lengths(template, sentence, slots):
    network = Network()
    compiler = TemplateCompiler(network, Vocabulary("en"), {"degrees": (0, 360), "mm": (1, 200)})
    compiler.add(Network.START, Network.END, Template.parse(template))
    meanings = network.compile("en").walk(sentence.split())
    assert meanings is not None
    assert slots_of(meanings)[1] == slots


@pytest.mark.parametrize("language", ["ro", "en"])
def test_the_machines_are_small(language):
    network = Network()
    add_length(network, 0, 1, slot="mm", low=1, high=200, language=language)
    automaton = network.compile(language)
    assert len(automaton.states) < 120
    assert automaton.arc_count() < 900
