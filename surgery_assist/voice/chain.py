"""Sentences in a row: "bone window and split in two", "zoom in no zoom out", "... cancel cancel".

A chain is made of sentences that only change the view; what opens another patient or must be
confirmed is never a part of one. Its words are joined in the recogniser's graph (`graph.build_graph`)
by the same `Links` that the parser takes them apart by.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from surgery_assist.commands.registry import Risk
from surgery_assist.voice.automaton import Automaton, State
from surgery_assist.voice.links import Links, LinkWords, Words
from surgery_assist.voice.numbers import accepted_forms
from surgery_assist.voice.parser import NotUnderstood, Parse, Parser, Progress
from surgery_assist.voice.phrases import PhraseBook, Wake
from surgery_assist.voice.spelling import split_words

LONGEST_CHAIN: Final = 3
"""Commands in one breath; more are rejected, since nobody can say what went wrong in them."""
NEVER_CHAINED: Final = frozenset({"stop", "undo", "redo", "repeat", "more", "target"})
"""These only make sense alone; "bravo four" alone is too short to follow anything."""

_NOTHING_YET: Final = ""
"""Stands for the sentence after a link that has only just been said."""


@dataclass(frozen=True, slots=True)
class ChainPlan:
    """The machines of a graph with chains, and how they are joined and parsed."""

    automata: tuple[Automaton, ...]
    links: Links
    first: Parser
    follower: Parser

    def parser(self, single: "SingleParser") -> "ChainParser":
        """A parser of chains of what ``single`` understands."""
        return ChainParser(single, self.first, self.follower, self.links.words)


def plan_chains(book: PhraseBook, risks: Mapping[str, Risk]) -> ChainPlan | None:
    """How a book's sentences are joined; ``None`` where nothing may be.

    Two machines take the place of the book's one: sentences that stand alone, and those that
    only change the view.
    """
    chained = {name for name in book.ids if risks.get(name) is Risk.VIEW} - NEVER_CHAINED
    if not chained or not book.links.then:
        return None
    alone = book.automaton(set(book.ids) - chained, Wake.OPTIONAL)
    view = book.automaton(chained, Wake.OPTIONAL)
    follower = follower_of(view, book.wake_words)
    links = Links(frozenset({1}), frozenset({0, 1}), follower, book.links)
    return ChainPlan((alone, view), links, book.parser_of(view), book.parser_of(follower))


def follower_of(automaton: Automaton, without: frozenset[str] = frozenset()) -> Automaton:
    """The sentences of a machine that may follow a link.

    None that begins with a number ("and two images") follows, since "twenty and two images" would have two
    meanings, nor one that begins with a word of ``without``, the wake word.
    """
    first = automaton.states[0]
    barred = without | number_words(automaton.language)
    kept = {word: arc for word, arc in first.arcs.items() if word not in barred}
    return replace(automaton, states=(State(kept, None), *automaton.states[1:]))


def number_words(language: str) -> frozenset[str]:
    """First words of all numbers."""
    return frozenset(words.split()[0] for words, _ in accepted_forms(language))


class SingleParser(Protocol):
    """What a chain asks of the parser of single sentences."""

    def parse(self, text: str) -> Parse | NotUnderstood:
        """The command that a sentence is."""

    def progress(self, text: str) -> Progress:
        """Whether words so far are a sentence, and whether more may follow."""

    def suggest(self, text: str) -> str:
        """The sentence nearest to a text, empty if none is near."""


@dataclass(frozen=True, slots=True)
class ChainParser:
    """Parses single sentences and chains of them.

    Where both fit, the single sentence counts: in "view from front no back" the value is corrected,
    and "back" is no command of its own.

    Parameters
    ----------
    single
        Every sentence of the graph that stands alone.
    first, follower
        Sentences that may begin a chain, and those that may follow.
    """

    single: SingleParser
    first: Parser
    follower: Parser
    words: LinkWords

    def parse(self, text: str) -> Parse | NotUnderstood:
        """The command, or the first with its followers in ``then``."""
        words = tuple(split_words(text))
        for ending in self.words.never:
            if len(words) > len(ending) and words[-len(ending) :] == ending:
                rest = self._whole(words[: -len(ending)])
                if rest:
                    return replace(rest[0], then=tuple(rest[1:]), taken_back=True)
        found = self._whole(words)
        if not found or len(found) > LONGEST_CHAIN:
            return self.single.parse(text) if not found else NotUnderstood(text)
        return replace(found[0], then=tuple(found[1:]))

    def progress(self, text: str) -> Progress:
        """As of the sentence that is being said now."""
        step = self.single.progress(text)
        if step.complete or step.extendable:
            return step
        words = tuple(split_words(text))
        for start in _after_link(words, 0, self.words.then):
            return self._open(words[start:], self.follower)
        return self._open(words, self.first)

    def suggest(self, text: str) -> str:
        """A chain as it is, else the nearest single sentence."""
        words = tuple(split_words(text))
        return " ".join(words) if self._whole(words) else self.single.suggest(text)

    def _whole(self, words: Words) -> list[Parse]:
        """Commands of a sentence or chain, empty if it is none."""
        single = self.single.parse(" ".join(words))
        if isinstance(single, Parse):
            return [single]
        for start in _after_link(words, 0, self.words.then):
            chain = self._chain(words[start:], self.follower)
            if chain:
                return chain
        return self._chain(words, self.first)

    def _chain(self, words: Words, parser: Parser) -> list[Parse]:
        alone = _parse(parser, words)
        if isinstance(alone, Parse):
            return [alone]
        for instead, left, right in self._links(words):
            first = _parse(parser, left)
            if not isinstance(first, Parse):
                continue
            rest = self._chain(right, self.follower)
            if rest:
                return rest if instead else [first, *rest]
        return []

    def _links(self, words: Words) -> Iterator[tuple[bool, Words, Words]]:
        """Every link in a row of words: whether it means "instead", what stands before and after."""
        for position in range(1, len(words) - 1):
            for instead, links in ((False, self.words.then), (True, self.words.instead)):
                for end in _after_link(words, position, links):
                    yield instead, words[:position], words[end:]

    def _open(self, words: Words, parser: Parser) -> Progress:
        step = parser.progress(" ".join(words))
        if step.complete or step.extendable:
            return step
        for _, left, right in self._links((*words, _NOTHING_YET)):
            if isinstance(_parse(parser, left), Parse):
                following = self._open(right[:-1], self.follower)
                if following.complete or following.extendable:
                    return following
        return step


def _parse(parser: Parser, words: Words) -> Parse | NotUnderstood:
    return parser.parse(" ".join(words))


def _after_link(words: Words, position: int, links: Sequence[Words]) -> Iterator[int]:
    """Where a link that begins at a position ends, the longest first."""
    for link in sorted(links, key=len, reverse=True):
        if words[position : position + len(link)] == link:
            yield position + len(link)
