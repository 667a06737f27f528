"""Several commands in one breath, corrections, and what takes all back."""

from collections import deque
from collections.abc import Iterator

import pytest

from surgery_assist.commands.catalogue import build_registry
from surgery_assist.commands.registry import Risk
from surgery_assist.messages import LANGUAGES
from surgery_assist.voice.assembly import SWITCHES, JoinedParser
from surgery_assist.voice.automaton import Automaton
from surgery_assist.voice.chain import LONGEST_CHAIN, ChainParser, ChainPlan, plan_chains
from surgery_assist.voice.parser import NotUnderstood, Parse
from surgery_assist.voice.phrases import Wake
from tests.helpers.ears import phrase_books

RISKS = {command.id: command.risk for command in build_registry()}


@pytest.fixture(scope="module")
def plans() -> dict[str, ChainPlan]:
    made = {name: plan_chains(book, RISKS) for name, book in phrase_books().items()}
    return {name: plan for name, plan in made.items() if plan is not None}


@pytest.fixture(scope="module")
def parsers(plans: dict[str, ChainPlan]) -> dict[str, ChainParser]:
    books = phrase_books()
    return {
        name: plan.parser(JoinedParser(tuple(map(books[name].parser_of, plan.automata))))
        for name, plan in plans.items()
    }


def commands(parse: Parse | NotUnderstood) -> list[tuple[str, dict[str, object]]]:
    assert isinstance(parse, Parse)
    return [(part.command_id, dict(part.slots)) for part in (parse, *parse.then)]


BONE = ("window.preset", {"preset": "bone"})
TWO = ("layout.set", {"rows": 1, "columns": 2})


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("ro", "fereastră osoasă și împarte în două", [BONE, TWO]),
        ("en", "bone window and split in two", [BONE, TWO]),
        ("en", "and then split in two", [TWO]),
        ("ro", "rotește la stânga nu la dreapta", [("rotate", {"side": "right"})]),
        ("ro", "mută imaginea sus nu jos puțin", [("pan", {"side": "down", "amount": "little"})]),
        ("en", "rotate left no right", [("rotate", {"side": "right"})]),
        ("en", "lung no bone window", [BONE]),
        ("en", "bone window and zoom in no zoom out", [BONE, ("zoom.out", {})]),
        ("en", "next image no previous image", [("image.previous", {})]),
        ("en", "go to image one hundred and five", [("image.goto", {"n": 105})]),
        (
            "en",
            "go to image one hundred and zoom in",
            [("image.goto", {"n": 100}), ("zoom.in", {})],
        ),
        ("ro", "înainte douăzeci și două imagini", [("image.forward", {"n": 22})]),
    ],
)
def test_chains_and_corrections_mean(
    parsers: dict[str, ChainParser], language: str, text: str, expected: object
) -> None:
    parse = parsers[language].parse(text)
    assert commands(parse) == expected
    assert isinstance(parse, Parse)
    assert not parse.taken_back


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "zoom in cancel cancel"),
        ("en", "open patient three cancel cancel"),
        ("en", "bone window and split in two cancel that"),
        ("ro", "deschide pacientul trei renunță renunță"),
    ],
)
def test_an_ending_takes_all_back(
    parsers: dict[str, ChainParser], language: str, text: str
) -> None:
    parse = parsers[language].parse(text)
    assert isinstance(parse, Parse)
    assert parse.taken_back


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "zoom in and open patient three"),
        ("en", "open patient three and zoom in"),
        ("ro", "mărește și închide cazul"),
        ("en", "zoom in and stop"),
        ("en", "zoom in and invert and rotate left and flip horizontal"),
        ("en", "zoom in and"),
        ("en", "and and zoom in"),
        ("en", "zoom in zoom out"),
    ],
)
def test_no_chain(parsers: dict[str, ChainParser], language: str, text: str) -> None:
    assert isinstance(parsers[language].parse(text), NotUnderstood)


def test_only_commands_that_change_the_view_are_chained(plans: dict[str, ChainPlan]) -> None:
    for plan in plans.values():
        for index in plan.links.joined:
            assert {RISKS[name] for name in ids(plan.automata[index])} <= {Risk.VIEW}
        assert {RISKS[name] for name in ids(plan.links.follower)} == {Risk.VIEW}


def ids(automaton: Automaton) -> set[str]:
    everywhere = (
        meaning
        for state in automaton.states
        for said in (*(arc.meanings for arc in state.arcs.values()), (state.final or ((), 0))[0])
        for meaning in said
    )
    return {str(m.value) for m in everywhere if m.kind == "command"} - {"listen.start"}


def test_a_finished_sentence_is_not_held_open_for_a_link(parsers: dict[str, ChainParser]) -> None:
    step = parsers["en"].progress("bone window")
    assert step.complete
    assert not step.extendable
    step = parsers["en"].progress("bone window and")
    assert not step.complete
    assert step.extendable
    assert parsers["en"].progress("bone window and split in two").complete
    assert not parsers["ro"].progress("rotește la stânga nu").complete


# No sentence may have two meanings: exactly, over the product of all that a graph accepts.

Place = tuple[int, int]
"""A machine of the graph and its state; a link is not in it: its words are read in one go."""


class Sentences:
    """All that a graph accepts, as a nondeterministic machine."""

    def __init__(self, plan: ChainPlan, *others: Automaton) -> None:
        self.links = plan.links
        self.machines = [*plan.automata, *others, plan.links.follower]
        self.follower = len(self.machines) - 1
        self.starts = [(number, 0) for number in range(self.follower)]

    def steps(self, place: Place) -> Iterator[tuple[str, Place]]:
        if place[0] < 0:
            word, *rest = UNREAD[place[1]]
            yield word, self.reading(tuple(rest))
            return
        state = self.machines[place[0]].states[place[1]]
        for word, arc in state.arcs.items():
            yield word, (place[0], arc.target)
        if state.final is not None and place[0] in {*self.links.joined, self.follower}:
            # "view from front no back": a value that is said again wins over a new sentence.
            instead = (words for words in self.links.words.instead if words[0] not in state.arcs)
            for words in (*self.links.words.then, *instead):
                yield words[0], self.reading(words[1:])

    def reading(self, words: tuple[str, ...]) -> Place:
        if not words:
            return (self.follower, 0)
        UNREAD.append(words) if words not in UNREAD else None
        return (-1, UNREAD.index(words))

    def ends(self, place: Place) -> bool:
        return place[0] >= 0 and self.machines[place[0]].states[place[1]].final is not None


UNREAD: list[tuple[str, ...]] = []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_chain_has_two_meanings(plans: dict[str, ChainPlan], language: str) -> None:
    """Two different ways through the machine never read the same sentence."""
    books = phrase_books()
    switches = [
        book.automaton(SWITCHES & set(book.ids)) for name, book in books.items() if name != language
    ]
    machine = Sentences(plans[language], *switches)
    leading = [machine.reading(words) for words in plans[language].links.words.then]
    starts = [*machine.starts, *leading]
    todo: deque[tuple[Place, Place, tuple[str, ...]]] = deque(
        (one, other, ()) for one in starts for other in starts if one < other
    )
    # Ways that were one until here and part by a link: the same word, another place.
    whole = set(starts)
    queue = deque(starts)
    while queue:
        place = queue.popleft()
        by_word: dict[str, list[Place]] = {}
        for word, target in machine.steps(place):
            by_word.setdefault(word, []).append(target)
            if target not in whole:
                whole.add(target)
                queue.append(target)
        todo.extend(
            (one, other, (word,))
            for word, targets in by_word.items()
            for number, one in enumerate(targets)
            for other in targets[number + 1 :]
        )
    seen = {frozenset(pair[:2]) for pair in todo}
    while todo:
        one, other, words = todo.popleft()
        both = machine.ends(one) and machine.ends(other)
        assert not both or " ".join(words) in SAME_MEANING, words
        following: dict[str, list[Place]] = {}
        for word, target in machine.steps(other):
            following.setdefault(word, []).append(target)
        for word, target in machine.steps(one):
            for second in following.get(word, []):
                pair = frozenset((target, second))
                if len(pair) == 2 and pair not in seen:
                    seen.add(pair)
                    todo.append((target, second, (*words, word)))


SAME_MEANING = {"stop", "computer", "calculator"}
"""Stand in two machines, and mean the same in both."""


def test_the_longest_chain_is_what_can_be_said(parsers: dict[str, ChainParser]) -> None:
    said = " and ".join(["zoom in"] * LONGEST_CHAIN)
    assert len(commands(parsers["en"].parse(said))) == LONGEST_CHAIN
    assert isinstance(parsers["en"].parse(f"{said} and zoom in"), NotUnderstood)


def test_the_wake_word_stands_before_the_whole_chain(parsers: dict[str, ChainParser]) -> None:
    assert commands(parsers["en"].parse("computer zoom in and invert"))[1] == ("invert", {})
    assert isinstance(parsers["en"].parse("zoom in and computer invert"), NotUnderstood)


def test_without_classes_nothing_is_chained() -> None:
    assert plan_chains(phrase_books()["en"], {}) is None


def test_wake_alone_still_wakes(parsers: dict[str, ChainParser]) -> None:
    assert commands(parsers["ro"].parse("calculator"))[0][0] == "listen.start"
    assert phrase_books()["ro"].automaton(None, Wake.OPTIONAL).walk(["calculator"]) is not None
