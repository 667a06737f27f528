"""The machine of sentences: templates in, one meaning for each sentence out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgery_assist.errors import PhraseError
from surgery_assist.voice.automaton import SPACE, Automaton, Meaning, Network
from surgery_assist.voice.grammar import Template, TemplateCompiler, Vocabulary, slots_of


def compiled(*templates: str, vocabulary: Vocabulary | None = None) -> Automaton:
    """Template ``i`` is the command ``c<i>``."""
    network = Network()
    compiler = TemplateCompiler(network, vocabulary or Vocabulary("en"), {})
    for number, text in enumerate(templates):
        meaning = Meaning("", "command", f"c{number}")
        compiler.add(Network.START, Network.END, Template.parse(text), [meaning])
    return network.compile("en")


def sentences(automaton: Automaton) -> dict[str, tuple[str, dict[str, object]]]:
    return {" ".join(words): slots_of(meanings) for words, meanings in automaton.sentences()}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("zoom in", {"zoom in"}),
        ("(zoom|go) in", {"zoom in", "go in"}),
        ("zoom in [now]", {"zoom in", "zoom in now"}),
        ("zoom in[ now]", {"zoom in", "zoom in now"}),
        ("[please] zoom [in|out]", {"please zoom", "zoom", "please zoom in", "please zoom out",
                                    "zoom in", "zoom out"}),
        ("image[s] on", {"image on", "images on"}),
        ("imagin(ea|ile)", {"imaginea", "imaginile"}),
        ("(left;now)", {"left now", "now left"}),
        ("Computer, listen!", {"computer listen"}),
        ("MĂRE\u015eTE", {"mărește"}),
    ],
)  # fmt: skip
def test_template_language(template, expected):
    assert set(sentences(compiled(template))) == expected


def test_numbers_lists_and_cells_give_slots():
    vocabulary = Vocabulary(
        "en",
        rules={"go": Template.parse("(go|move)")},
        lists={"side": [Template.parse("[to the] left", slots={"side": "left"})]},
        letters={"A": Template.parse("alpha"), "B": Template.parse("bravo")},
    )
    automaton = compiled(
        "<go> {side} {2..3:n}", "{cell} to {cell:cell2}", "turn {side:way}", vocabulary=vocabulary
    )
    found = sentences(automaton)
    assert found["move to the left three"] == ("c0", {"side": "left", "n": 3})
    assert "go left four" not in found
    assert found["bravo four to alpha nine"] == ("c1", {"cell": "B4", "cell2": "A9"})
    assert found["turn left"] == ("c2", {"way": "left"})


def test_a_number_may_come_before_the_word_that_decides():
    """The number is not remembered state by state, or this machine would have 1000 states."""
    automaton = compiled("{n} forward", "{n} back")
    assert slots_of(automaton.walk(["two", "hundred", "and", "five", "back"]) or ()) == (
        "c1",
        {"n": 205},
    )
    assert len(automaton.states) < 40


def test_a_number_that_goes_on_is_not_cut_short():
    automaton = compiled("{n}", "{n} percent")
    assert slots_of(automaton.walk(["two", "hundred"]) or ()) == ("c0", {"n": 200})
    assert slots_of(automaton.walk(["two", "percent"]) or ()) == ("c1", {"n": 2})


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        ("zoom in", "zoom in [now]", "zoom in"),
        ("panel {n}", "panel forty two", "panel forty two"),
    ],
)
def test_ambiguity_is_found_and_named(first, second, sentence):
    with pytest.raises(PhraseError) as caught:
        compiled(first, second)
    assert caught.value.key == "error.phrase_ambiguous"
    assert sentence.startswith(str(caught.value.arguments["sentence"]))


def test_two_ways_to_the_same_slots_are_ambiguous_if_values_differ():
    with pytest.raises(PhraseError):
        compiled("{n} {n2}")  # "one hundred two": 100 2, or 1 and 102 is no number: 100 | 2


def test_the_same_sentence_twice_in_one_command_is_no_matter():
    network = Network()
    compiler = TemplateCompiler(network, Vocabulary("en"), {})
    for text in ("zoom in", "zoom [in]"):
        compiler.add(0, 1, Template.parse(text), [Meaning("", "command", "zoom")])
    assert set(sentences(network.compile("en"))) == {"zoom in", "zoom"}


def test_the_cheapest_way_counts():
    network = Network()
    compiler = TemplateCompiler(network, Vocabulary("en"), {})
    for cost, text in ((2.0, "zoom in"), (0.5, "zoom (in|out)")):
        meaning = Meaning("", "command", "zoom")
        compiler.add(0, 1, Template.parse(text, cost=cost), [meaning])
    automaton = network.compile("en")
    zoom = automaton.states[0].arcs["zoom"]
    follow = automaton.states[zoom.target].arcs
    assert zoom.cost + follow["in"].cost == 0.5
    assert zoom.cost + follow["out"].cost == 0.5


@pytest.mark.parametrize("template", ["(zoom", "zoom]", "{nolist}", "<norule>", "{5..2:n}"])
def test_broken_templates_are_refused(template):
    with pytest.raises(PhraseError):
        compiled(template)


def test_rules_in_a_circle_are_refused():
    with pytest.raises(PhraseError):
        compiled("<a>", vocabulary=Vocabulary("en", rules={"a": Template.parse("x [<a>]")}))


words = st.lists(st.sampled_from("ab"), min_size=1, max_size=4).map(tuple)


@given(st.dictionaries(words, st.integers(0, 2), max_size=12))
def test_any_finite_set_of_sentences_is_kept_exactly(meant):
    network = Network()
    for sentence, command in meant.items():
        state = network.add_state()
        network.add(Network.START, state, meaning=Meaning("", "command", f"c{command}"))
        for word in sentence:
            following = network.add_state()
            network.add_word(state, following, word)
            state = following
        network.add(state, Network.END, SPACE)
    found = {w: slots_of(m)[0] for w, m in network.compile("en").sentences()}
    assert found == {sentence: f"c{command}" for sentence, command in meant.items()}
