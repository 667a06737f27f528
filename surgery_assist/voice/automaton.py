"""Sentences as a small deterministic machine, shared by the parser and the recogniser.

Templates become a nondeterministic machine (`Network`) whose arcs read text fragments and
write what they mean (`Meaning`). `Network.compile` turns it into an `Automaton`: one arc per
word and state, as few states as can be, meanings written as early as they are certain. Since
the recogniser's graph is built from the very object that the parser walks, what can be heard
and what is understood never differ.

The method is the usual determinisation of transducers (Mohri, 1997), but the outputs of a path are a
multiset instead of a string: a number is the sum of its words, so their order says nothing,
and the machine for "{n} forward | {n} back" does not have to remember the number.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from surgery_assist.errors import PhraseError

SPACE: Final = " "
"""Fragment that ends a word."""


class Meaning(NamedTuple):
    """One thing that a word says: a command, or (a part of) the value of a slot.

    Parameters
    ----------
    slot
        Name of the slot, empty for the command itself.
    kind
        ``"command"``, ``"value"``, or ``"number"`` and ``"cell"``, whose parts are added up;
        ``"scale"`` multiplies their sum.
    value
        Command id, value of the slot, the part to add, or the factor.
    """

    slot: str
    kind: str
    value: str | int | float

    def sort_key(self) -> tuple[str, str, str]:
        """Key for an order that does not depend on the value's type."""
        return (self.slot, self.kind, repr(self.value))


Meanings = tuple[Meaning, ...]


class Arc(NamedTuple):
    """A word to read, what it says, what it costs, and the state after it."""

    word: str
    meanings: Meanings
    cost: float
    target: int


@dataclass(frozen=True, slots=True)
class State:
    """Arcs by word; ``final`` is ``None`` where no sentence ends, else what its end says and costs."""

    arcs: Mapping[str, Arc]
    final: tuple[Meanings, float] | None


@dataclass(frozen=True, slots=True)
class Automaton:
    """Deterministic, acyclic, minimal machine over words; state 0 is the start."""

    states: tuple[State, ...]
    language: str

    def words(self) -> frozenset[str]:
        """Every word of any sentence."""
        return frozenset(word for state in self.states for word in state.arcs)

    def arc_count(self) -> int:
        """Number of arcs over all states."""
        return sum(len(state.arcs) for state in self.states)

    def walk(self, words: Iterable[str]) -> Meanings | None:
        """What the sentence says, or ``None`` if it is no sentence."""
        state = self.states[0]
        meanings: list[Meaning] = []
        for word in words:
            arc = state.arcs.get(word)
            if arc is None:
                return None
            meanings.extend(arc.meanings)
            state = self.states[arc.target]
        if state.final is None:
            return None
        return (*meanings, *state.final[0])

    def sentences(self) -> Iterator[tuple[tuple[str, ...], Meanings]]:
        """Every sentence and what it says: for tests and small machines, it may be endless work."""
        stack: list[tuple[int, tuple[str, ...], Meanings]] = [(0, (), ())]
        while stack:
            index, words, meanings = stack.pop()
            state = self.states[index]
            if state.final is not None:
                yield words, meanings + state.final[0]
            stack.extend(
                (arc.target, (*words, arc.word), meanings + arc.meanings)
                for arc in state.arcs.values()
            )


class _Edge(NamedTuple):
    """An arc of a `Network`: an empty ``text`` reads nothing."""

    text: str
    meaning: Meaning | None
    cost: float
    target: int


class Network:
    """Nondeterministic machine over text fragments, made to be joined up from templates.

    State 0 is the start and state 1 the only end. It must have no cycle.
    """

    START: Final = 0
    END: Final = 1

    def __init__(self) -> None:
        self._edges: list[list[_Edge]] = [[], []]

    def add_state(self) -> int:
        """A new state."""
        self._edges.append([])
        return len(self._edges) - 1

    def add(
        self,
        source: int,
        target: int,
        text: str = "",
        *,
        meaning: Meaning | None = None,
        cost: float = 0.0,
    ) -> None:
        """Join two states by a fragment of text (part of a word, or `SPACE`), or by nothing."""
        self._edges[source].append(_Edge(text, meaning, cost, target))

    def add_word(
        self,
        source: int,
        target: int,
        word: str,
        *,
        meaning: Meaning | None = None,
        cost: float = 0.0,
    ) -> None:
        """Join two states by a whole word, whatever stands beside it."""
        begin, end = self.add_state(), self.add_state()
        self.add(source, begin, SPACE)
        self.add(begin, end, word, meaning=meaning, cost=cost)
        self.add(end, target, SPACE)

    def compile(self, language: str) -> Automaton:
        """The deterministic, minimal machine for the same sentences.

        Raises
        ------
        PhraseError
            If a sentence has two different meanings; it is named.
        """
        return _minimise(_Determiniser(_WordNetwork(self._edges)).run(), language)


class _Step(NamedTuple):
    meanings: Meanings
    cost: float
    target: int


class _WordNetwork:
    """A `Network` read word by word: no empty arcs, every state can reach the end."""

    def __init__(self, edges: list[list[_Edge]]) -> None:
        self._edges = edges
        self._steps: dict[int, dict[str, set[_Step]]] = {}
        self._ends: dict[int, set[tuple[Meanings, float]]] = {}
        self._alive: dict[int, bool] = {}

    def steps(self, state: int) -> Mapping[str, set[_Step]]:
        """Words that can follow ``state``, which stands between two words."""
        self._explore(state)
        return self._steps[state]

    def ends(self, state: int) -> set[tuple[Meanings, float]]:
        """Meanings and costs with which a sentence may end at ``state``."""
        self._explore(state)
        return self._ends[state]

    def _explore(self, state: int) -> None:
        if state in self._steps:
            return
        steps: dict[str, set[_Step]] = defaultdict(set)
        ends: set[tuple[Meanings, float]] = set()
        todo: list[tuple[int, str, Meanings, float]] = [(state, "", (), 0.0)]
        while todo:
            here, text, meanings, cost = todo.pop()
            if here == Network.END:
                if text:
                    steps[text].add(_Step(_ordered(meanings), cost, here))
                else:
                    ends.add((_ordered(meanings), cost))
            for edge in self._edges[here]:
                said = meanings if edge.meaning is None else (*meanings, edge.meaning)
                paid = cost + edge.cost
                if edge.text != SPACE:
                    todo.append((edge.target, text + edge.text, said, paid))
                elif not text:
                    todo.append((edge.target, "", said, paid))
                elif self._reaches_end(edge.target):
                    steps[text].add(_Step(_ordered(said), paid, edge.target))
        self._steps[state] = steps
        self._ends[state] = ends

    def _reaches_end(self, state: int) -> bool:
        if state not in self._alive:
            self._alive[state] = state == Network.END or any(
                self._reaches_end(edge.target) for edge in self._edges[state]
            )
        return self._alive[state]


def _ordered(meanings: Meanings) -> Meanings:
    if len(meanings) < 2:
        return meanings
    return tuple(sorted(meanings, key=Meaning.sort_key))


def _without(meanings: Meanings, taken: Meanings) -> Meanings:
    if not taken:
        return meanings
    rest = list(meanings)
    for meaning in taken:
        rest.remove(meaning)
    return tuple(rest)


def _common(all_meanings: Iterable[Meanings]) -> Meanings:
    """The meanings that every one of the given multisets holds."""
    first, *others = all_meanings
    common = list(first)
    for other in others:
        rest = list(other)
        kept = []
        for meaning in common:
            if meaning in rest:
                rest.remove(meaning)
                kept.append(meaning)
        common = kept
    return tuple(common)


_Members = dict[int, tuple[Meanings, float]]
"""A deterministic state: the states of the network that the words so far may have led to,
each with what was said on the way but is not certain yet, and its extra cost."""

_Final = tuple[Meanings, float] | None
_Draft = tuple[dict[str, tuple[Meanings, float, int]], _Final]


class _Determiniser:
    def __init__(self, network: _WordNetwork) -> None:
        self._network = network
        self._index: dict[frozenset[tuple[int, tuple[Meanings, float]]], int] = {}
        self._todo: list[tuple[int, _Members, tuple[str, ...]]] = []
        self._drafts: list[_Draft] = []

    def run(self) -> list[_Draft]:
        self._state({Network.START: ((), 0.0)}, ())
        while self._todo:
            index, members, words = self._todo.pop()
            arcs: dict[str, tuple[Meanings, float, int]] = {}
            for word, group in self._following(members, words).items():
                said, cost, rest = _emit(group)
                arcs[word] = (said, cost, self._state(rest, (*words, word)))
            self._drafts[index] = (arcs, self._final(members, words))
        return self._drafts

    def _following(self, members: _Members, words: tuple[str, ...]) -> dict[str, _Members]:
        following: dict[str, _Members] = {}
        for member, (pending, cost) in members.items():
            for word, steps in self._network.steps(member).items():
                group = following.setdefault(word, {})
                for step in steps:
                    said = _ordered(pending + step.meanings)
                    _merge(group, step.target, (said, cost + step.cost), words, word)
        return following

    def _state(self, members: _Members, words: tuple[str, ...]) -> int:
        key = frozenset(members.items())
        if key not in self._index:
            self._index[key] = len(self._drafts)
            self._drafts.append(({}, None))
            self._todo.append((self._index[key], members, words))
        return self._index[key]

    def _final(self, members: _Members, words: tuple[str, ...]) -> _Final:
        found: _Members = {}
        for member, (pending, cost) in members.items():
            for meanings, extra in self._network.ends(member):
                _merge(found, Network.END, (_ordered(pending + meanings), cost + extra), words)
        return found.get(Network.END)


def _emit(group: _Members) -> tuple[Meanings, float, _Members]:
    """What is certain now that a word led to this group, its cost, and what stays open."""
    if len(group) == 1:
        [(member, (meanings, cost))] = group.items()
        return meanings, cost, {member: ((), 0.0)}
    common = _common(meanings for meanings, _ in group.values())
    least = min(cost for _, cost in group.values())
    rest = {
        member: (_without(meanings, common), round(cost - least, 6))
        for member, (meanings, cost) in group.items()
    }
    return common, least, rest


def _merge(
    members: _Members,
    member: int,
    value: tuple[Meanings, float],
    words: tuple[str, ...],
    word: str = "",
) -> None:
    """Add a member to a group; two meanings at one place make the sentence ambiguous."""
    known = members.get(member)
    if known is not None:
        if known[0] != value[0]:
            raise PhraseError(
                "error.phrase_ambiguous",
                sentence=" ".join((*words, word)).strip(),
                first=_describe(known[0]),
                second=_describe(value[0]),
            )
        value = (value[0], min(known[1], value[1]))
    members[member] = value


def _describe(meanings: Meanings) -> str:
    return " ".join(f"{m.slot}={m.value}" if m.slot else str(m.value) for m in meanings)


def _minimise(drafts: list[_Draft], language: str) -> Automaton:
    """Merge the states from which the same sentences with the same meanings follow."""
    classes: dict[object, int] = {}
    merged: dict[int, int] = {}
    states: list[State] = []

    def visit(index: int) -> int:
        if index in merged:
            return merged[index]
        arcs, final = drafts[index]
        found = {
            word: Arc(word, meanings, cost, visit(target))
            for word, (meanings, cost, target) in sorted(arcs.items())
        }
        signature = (tuple(found.values()), final)
        if signature not in classes:
            classes[signature] = len(states)
            states.append(State(found, final))
        merged[index] = classes[signature]
        return merged[index]

    visit(0)
    # The start comes last in this order; turned round, every arc leads to a higher state.
    last = len(states) - 1
    turned = [
        State(
            {
                word: Arc(word, a.meanings, a.cost, last - a.target)
                for word, a in state.arcs.items()
            },
            state.final,
        )
        for state in reversed(states)
    ]
    return Automaton(tuple(turned), language)
