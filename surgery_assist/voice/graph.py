"""The recogniser's graph: from the automaton of sentences to what Vosk decodes.

H, L and G of the textbook are built in one go, since a phone is a single HMM state without
context: each state of the automaton becomes a tree of the phones of its words, each phone a state with a
self loop. Between words silence may stand; before and after too. Equal states are merged while
they are made, so tails and numbers are shared; no arc is empty.

Where `Links` are given, a sentence may go on with "and" to another one: the only cycle. Two
sentences are added. Silence alone: without it, what is left after an endpoint becomes a
false word. The filler ``[unk]``, as a whole utterance only, takes speech that is no sentence.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from surgery_assist.errors import PackError, VocabularyError
from surgery_assist.voice.automaton import Automaton
from surgery_assist.voice.fst import NOT_FINAL, FstArc, FstState, encode_fst
from surgery_assist.voice.lexicon import Lexicon
from surgery_assist.voice.links import Links
from surgery_assist.voice.parser import UNKNOWN_WORD
from surgery_assist.voice.phones import (
    BEGIN,
    END,
    FILLER_INDEX,
    INTERNAL,
    PHONE_INDEX,
    SILENCE,
    SINGLETON,
    phone_id,
    transition_ids,
    word_boundary_lines,
)

_FORMAT: Final = 2
"""Part of the cache key: raise it when the same input should give another graph."""

FILLER_PHONES: Final = 6
"""Shortest ``[unk]``: at 30 ms a frame, 0.18 s of speech."""

_SILENCE_ID: Final = phone_id(PHONE_INDEX[SILENCE], 0)
_MOST_KEPT: Final = 32
"""Graphs in the cache; the longest unused go first. A run of the program needs about four."""
_LINKED_FOLDERS: Final = ("am", "conf", "ivector")


@dataclass(frozen=True, slots=True)
class GraphCosts:
    """Weights of the tropical semiring: negative natural logarithms, smaller is likelier."""

    silence_at_edge: float = 0.7
    silence_between: float = 1.5
    empty: float = 1.0
    unknown: float | None = 0.0
    """Cost of ``[unk]``; without it every sound becomes a sentence."""


@dataclass(frozen=True, slots=True)
class Graph:
    """A decoding graph; output label ``i`` stands for ``words[i]``."""

    states: Sequence[FstState]
    words: Sequence[str]

    def arc_count(self) -> int:
        """Number of arcs over all states."""
        return sum(len(state.arcs) for state in self.states)


def build_graph(
    automata: Sequence[Automaton],
    lexicon: Lexicon,
    out_dir: Path,
    pack_root: Path,
    *,
    costs: GraphCosts | None = None,
    links: Links | None = None,
) -> Path:
    """A Vosk model directory whose graph holds exactly these sentences.

    It is made once for the same input: the name is a hash of sentences, pronunciations, costs and
    acoustic model's and its configuration's size and time. The pack's large files are linked, not copied, where the disk allows.

    Parameters
    ----------
    automata
        Sentences, each in its language; a sentence of any of them may be spoken.
    lexicon
        Pronunciations of their words.
    out_dir
        Cache folder; the model directory is made under it.
    pack_root
        Folder with ``am/final.mdl`` and ``conf``.
    costs
        Weights of silence and filler.
    links
        How sentences are joined to chains, if they are.

    Returns
    -------
    Path
        The model directory.

    Raises
    ------
    VocabularyError
        If a word can't be pronounced.
    PackError
        If the pack has no acoustic model or the directory can't be written.
    """
    costs = costs or GraphCosts()
    model = pack_root / "am" / "final.mdl"
    if not model.is_file():
        raise PackError("error.model_unloadable", path=pack_root.name)
    target = out_dir / f"graph-{_key(automata, lexicon, costs, pack_root, links)}"
    if not target.is_dir():
        graph = compose_graph(automata, lexicon, costs, links)
        try:
            _write_model(target, graph, pack_root)
        except OSError as error:
            raise PackError("error.cache_unwritable", path=out_dir.name) from error
    with contextlib.suppress(OSError):  # a read-only cache serves as well
        os.utime(target)
        _forget_oldest(out_dir)
    return target


def _forget_oldest(out_dir: Path) -> None:
    graphs = sorted(out_dir.glob("graph-????????????????"), key=lambda path: path.stat().st_mtime)
    for path in graphs[:-_MOST_KEPT]:
        shutil.rmtree(path, ignore_errors=True)


def _key(
    automata: Sequence[Automaton],
    lexicon: Lexicon,
    costs: GraphCosts,
    pack: Path,
    links: Links | None,
) -> str:
    """Hash of all that makes the model directory what it is."""
    linked = [pack / "am" / "final.mdl", *sorted((pack / "conf").glob("*"))]
    stats = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in linked]
    key = hashlib.sha256(repr((_FORMAT, costs, stats, links)).encode())
    for automaton in automata:
        key.update(repr(automaton).encode())
        for word in sorted(automaton.words()):
            key.update(repr(lexicon.pronunciations(word, automaton.language)).encode())
    return key.hexdigest()[:16]


def _write_model(target: Path, graph: Graph, pack_root: Path) -> None:
    """Write beside the target and rename: a directory with its name is always whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="graph-", dir=target.parent) as temporary:
        draft = Path(temporary) / "model"
        for folder in _LINKED_FOLDERS:
            for source in sorted((pack_root / folder).rglob("*")):
                if source.is_file():
                    _link(source, draft / source.relative_to(pack_root))
        phones = draft / "graph" / "phones"
        phones.mkdir(parents=True)
        (draft / "graph" / "HCLG.fst").write_bytes(encode_fst(graph.states))
        lines = [f"{word} {number}" for number, word in enumerate(graph.words)]
        (draft / "graph" / "words.txt").write_text("\n".join(lines) + "\n", "utf-8", newline="\n")
        (phones / "word_boundary.int").write_text(
            "\n".join(word_boundary_lines()) + "\n", "ascii", newline="\n"
        )
        try:
            draft.rename(target)
        except OSError:
            # Another program may have made the same directory in the meantime.
            if not target.is_dir():
                raise


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def compose_graph(
    automata: Sequence[Automaton],
    lexicon: Lexicon,
    costs: GraphCosts | None = None,
    links: Links | None = None,
) -> Graph:
    """The graph of these sentences, silence and ``[unk]``.

    Raises
    ------
    VocabularyError
        If a word can't be pronounced.
    """
    vocabulary = {word for automaton in automata for word in automaton.words()}
    if links is not None:
        vocabulary |= links.words.spoken()
    words = ["<eps>", *sorted(vocabulary), UNKNOWN_WORD]
    composer = _Composer(automata, lexicon, words, costs or GraphCosts(), links)
    return Graph(composer.compose(), words)


_Arcs = tuple[FstArc, ...]
_Node = tuple[int, int]
"""A state of the sentence machines: which machine, which state. In a link: its number, negative
from `_LINK_BASE` on, and how many of its words are said."""
_LINK_BASE: Final = -1


@dataclass(frozen=True, slots=True)
class _Path:
    """What is left of a word: its phones, its label if not given yet, its cost, where it leads."""

    phones: tuple[int, ...]
    word: int
    cost: float
    node: _Node


class _LinkTable:
    """The links of a graph by number, and where they begin and lead."""

    def __init__(self, links: Links, follower: int) -> None:
        words = links.words
        joins = (*words.then, *words.instead)
        self.table: tuple[tuple[str, ...], ...] = (*joins, *words.never)
        self.cost = links.cost
        self.follower = follower
        """Index of the machine whose sentences follow."""
        self._joined, self._ended = links.joined | {follower}, links.ended | {follower}
        self._joins = [(_LINK_BASE - number, 0) for number in range(len(joins))]
        self._endings = [(_LINK_BASE - number, 0) for number in range(len(joins), len(self.table))]
        self.leading = self._joins[: len(words.then)]
        """Links that may come before the first sentence."""

    def after(self, machine: int) -> list[_Node]:
        """Links that may follow a sentence of a machine."""
        joins = self._joins if machine in self._joined else []
        return joins + (self._endings if machine in self._ended else [])

    def leads_on(self, node: _Node) -> bool:
        """Whether a link is said, and a sentence follows."""
        return self._said(node) and not self.ends(node)

    def ends(self, node: _Node) -> bool:
        """Whether a link is said that ends everything."""
        return self._said(node) and _LINK_BASE - node[0] >= len(self._joins)

    def _said(self, node: _Node) -> bool:
        return node[0] <= _LINK_BASE and node[1] == len(self.table[_LINK_BASE - node[0]])


class _Composer:
    def __init__(
        self,
        automata: Sequence[Automaton],
        lexicon: Lexicon,
        words: Sequence[str],
        costs: GraphCosts,
        links: Links | None,
    ) -> None:
        self._automata = list(automata)
        self._lexicon = lexicon
        self._links = _LinkTable(links, len(automata)) if links is not None else None
        if links is not None:
            self._automata.append(links.follower)
        self._word_ids = {word: number for number, word in enumerate(words)}
        self._costs = costs
        self._states: list[FstState] = [FstState()]
        self._merged: dict[tuple[int, _Arcs, float], int] = {}
        self._roots: dict[_Node, _Arcs] = {}
        self._pauses: dict[_Node, FstArc] = {}
        self._phones: dict[tuple[str, str], list[tuple[int, ...]]] = {}
        self._joints: dict[int, int] = {}
        """States of the last phone of a link; their arcs, to the next sentence, come last, since
        that sentence may lead to them again."""

    def compose(self) -> list[FstState]:
        follower = self._links.follower if self._links is not None else len(self._automata)
        starts = [(number, 0) for number in range(len(self._automata)) if number != follower]
        paths = [path for node in starts for path in self._paths(node)]
        if self._links is not None:
            paths += self._link_paths(self._links.leading)
        arcs = self._tree(paths)
        arcs += self._filler()
        if self._links is not None:
            self._close_joints((follower, 0))
        silent = self._emitting(_SILENCE_ID, arcs, self._costs.empty)
        lead_in = _arc_into(_SILENCE_ID, 0, self._costs.silence_at_edge, silent)
        self._states[0].arcs = [*arcs, lead_in]
        return _renumber(self._states)

    def _emitting(self, phone: int, arcs: _Arcs, final: float) -> int:
        """A state inside a phone, with its self loop; equal ones are one."""
        key = (phone, arcs, final)
        if key not in self._merged:
            number = len(self._states)
            self._merged[key] = number
            loop = FstArc(transition_ids(phone)[0], 0, 0.0, number)
            self._states.append(FstState([*arcs, loop], final))
        return self._merged[key]

    def _close_joints(self, start: _Node) -> None:
        """Lead every link into the sentences that may follow it."""
        onward = (*self._root(start), self._pause(start))
        for state in list(self._joints.values()):
            self._states[state].arcs = [*onward, *self._states[state].arcs]

    def _joint(self, phone: int) -> int:
        if phone not in self._joints:
            self._joints[phone] = number = len(self._states)
            loop = FstArc(transition_ids(phone)[0], 0, 0.0, number)
            self._states.append(FstState([loop], NOT_FINAL))
        return self._joints[phone]

    def _after_word(self, phone: int, node: _Node) -> int:
        """The last phone of a word that leads to ``node``: silence, a word or the end follow."""
        if self._links is not None and self._links.leads_on(node):
            return self._joint(phone)
        return self._emitting(phone, (*self._root(node), self._pause(node)), self._final(node))

    def _pause(self, node: _Node) -> FstArc:
        """Silence after a word, at the end or before the next word."""
        if node not in self._pauses:
            extra = self._costs.silence_between - self._costs.silence_at_edge
            onward = tuple(arc._replace(weight=arc.weight + extra) for arc in self._root(node))
            silent = self._emitting(_SILENCE_ID, onward, self._final(node))
            self._pauses[node] = _arc_into(_SILENCE_ID, 0, self._costs.silence_at_edge, silent)
        return self._pauses[node]

    def _final(self, node: _Node) -> float:
        if self._links is not None and node[0] <= _LINK_BASE:
            return 0.0 if self._links.ends(node) else NOT_FINAL
        final = self._automata[node[0]].states[node[1]].final
        return NOT_FINAL if final is None else final[1]

    def _root(self, node: _Node) -> _Arcs:
        """Arcs into the first phones of all words that may follow ``node``."""
        if node not in self._roots:
            self._roots[node] = self._tree(list(self._paths(node)))
        return self._roots[node]

    def _paths(self, node: _Node) -> Iterator[_Path]:
        if self._links is not None and node[0] <= _LINK_BASE:
            yield from self._link_paths([node])
            return
        automaton = self._automata[node[0]]
        state = automaton.states[node[1]]
        for arc in state.arcs.values():
            yield from self._word_paths(arc.word, arc.cost, (node[0], arc.target))
        if self._links is not None and state.final is not None:
            yield from self._link_paths(self._links.after(node[0]))

    def _link_paths(self, nodes: Iterable[_Node]) -> Iterator[_Path]:
        """The next word of each link."""
        links = self._links
        for number, position in nodes if links is not None else ():
            words = links.table[_LINK_BASE - number] if links is not None else ()
            if links is not None and position < len(words):
                cost = links.cost if position == 0 else 0.0
                yield from self._word_paths(words[position], cost, (number, position + 1))

    def _word_paths(self, word: str, cost: float, target: _Node) -> Iterator[_Path]:
        language = self._automata[max(0, target[0])].language
        for phones in self._pronunciations(word, language):
            yield _Path(phones, self._word_ids[word], cost, target)

    def _pronunciations(self, word: str, language: str) -> list[tuple[int, ...]]:
        """Kaldi phone ids of a word, placed in the word."""
        key = (word, language)
        if key not in self._phones:
            found = self._lexicon.pronunciations(word, language)
            if not found:
                raise VocabularyError("error.vocabulary", words=word)
            self._phones[key] = [
                place_phones([PHONE_INDEX[phone] for phone in pronunciation.phones])
                for pronunciation in found
            ]
        return self._phones[key]

    def _tree(self, paths: Sequence[_Path]) -> _Arcs:
        """Arcs of a prefix tree: words with the same beginning share it.

        A word's label stands where the word is certain, which lets the tails merge.
        """
        groups: dict[int, list[_Path]] = {}
        for path in paths:
            groups.setdefault(path.phones[0], []).append(path)
        arcs: list[FstArc] = []
        for phone, group in sorted(groups.items()):
            if len(group[0].phones) == 1:
                # The last phone has an id of its own, so the whole group ends here.
                arcs.extend(
                    _arc_into(phone, path.word, path.cost, self._after_word(phone, path.node))
                    for path in group
                )
                continue
            certain = len({path.word for path in group}) == 1
            cost = min(path.cost for path in group)
            rest = [
                _Path(path.phones[1:], 0 if certain else path.word, path.cost - cost, path.node)
                for path in group
            ]
            state = self._emitting(phone, self._tree(rest), NOT_FINAL)
            arcs.append(_arc_into(phone, group[0].word if certain else 0, cost, state))
        return tuple(dict.fromkeys(arcs))

    def _filler(self) -> _Arcs:
        """The arc into ``[unk]``: a run of filler phones, then silence or nothing."""
        if self._costs.unknown is None:
            return ()
        silent = self._emitting(_SILENCE_ID, (), 0.0)
        after: _Arcs = (_arc_into(_SILENCE_ID, 0, self._costs.silence_at_edge, silent),)
        final = 0.0
        for phone in reversed(place_phones([FILLER_INDEX] * FILLER_PHONES)):
            state = self._emitting(phone, after, final)
            after, final = (_arc_into(phone, 0, 0.0, state),), NOT_FINAL
        first = after[0]
        return (first._replace(output=self._word_ids[UNKNOWN_WORD], weight=self._costs.unknown),)


def place_phones(indices: Sequence[int]) -> tuple[int, ...]:
    """Kaldi ids of a word's phones: begin, internal, end, or the single one."""
    if len(indices) == 1:
        return (phone_id(indices[0], SINGLETON),)
    inner = [phone_id(index, INTERNAL) for index in indices[1:-1]]
    return (phone_id(indices[0], BEGIN), *inner, phone_id(indices[-1], END))


def _arc_into(phone: int, word: int, cost: float, state: int) -> FstArc:
    return FstArc(transition_ids(phone)[1], word, round(cost, 6), state)


def _renumber(states: Sequence[FstState]) -> list[FstState]:
    """States in the order of a walk from the start: neighbours lie together in memory."""
    numbers = {0: 0}
    order = [0]
    for state in order:
        for arc in states[state].arcs:
            if arc.target not in numbers:
                numbers[arc.target] = len(order)
                order.append(arc.target)
    return [
        FstState(
            [arc._replace(target=numbers[arc.target]) for arc in states[old].arcs],
            states[old].final,
        )
        for old in order
    ]
