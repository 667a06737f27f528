"""Strict understanding: a sentence is exactly one command, or it is a miss.

The parser walks the automaton from which the recogniser's graph is made, so it accepts what
can be heard and nothing else. Typed text is treated kindly: digits for number words, letters
without diacritics where that leaves one meaning, and a suggestion after a miss.
"""

import heapq
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import cache
from itertools import count, product
from typing import Final, get_args

from surgery_assist.voice.automaton import Automaton, Meanings
from surgery_assist.voice.decimals import decimal_to_words
from surgery_assist.voice.grammar import SlotValue, slots_of
from surgery_assist.voice.numbers import HIGHEST, Gender, to_words
from surgery_assist.voice.spelling import fold, split_words

UNKNOWN_WORD: Final = "[unk]"
"""What the recogniser writes for speech that is no sentence."""

_SYMBOLS: Final[Mapping[str, Mapping[str, str]]] = {
    "ro": {"%": "la sută", "°": "grade"},
    "en": {"%": "percent", "°": "degrees"},
}
_DECIMAL: Final = re.compile(r"\d{1,3}[.,]\d{1,2}")
_GLUED: Final = re.compile(r"(?<=\d)(?=[^\W\d])|(?<=[^\W\d])(?=\d)")
_MOST_READINGS: Final = 16
_GIVE_UP_COST: Final = 0.45
"""A sentence is near if it costs less than this for each word, and as much once more."""


@dataclass(frozen=True, slots=True)
class Parse:
    """What a sentence says; slot values have the type that the registry expects."""

    command_id: str
    slots: Mapping[str, SlotValue] = field(default_factory=dict)
    language: str = ""
    then: tuple["Parse", ...] = ()
    """What was said in the same breath, to be done after it."""
    taken_back: bool = False
    """The sentence ended with "cancel cancel": nothing is to be done."""

    def meaning(self) -> tuple[tuple[str, Mapping[str, SlotValue]], ...]:
        """What tells it from another sentence; all that is taken back means the same: nothing."""
        if self.taken_back:
            return ()
        return tuple((part.command_id, dict(part.slots)) for part in (self, *self.then))


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A sentence that is no command; ``suggestion`` is the nearest one, empty if none is near."""

    text: str
    language: str = ""
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the words so far are a sentence: for deciding before silence confirms the end."""

    complete: bool
    extendable: bool


class Parser:
    """Parses sentences of one automaton.

    Parameters
    ----------
    afterthoughts
        Words that begin a correction ("left, no, right"): a sentence before them is not held open
        for one.
    """

    def __init__(self, automaton: Automaton, afterthoughts: frozenset[str] = frozenset()) -> None:
        self._automaton = automaton
        self._afterthoughts = afterthoughts
        self._language = automaton.language

    def parse(self, text: str) -> Parse | NotUnderstood:
        """Understand what the recogniser heard: the exact words, nothing guessed."""
        return self._parse_words(split_words(text)) or NotUnderstood(text, self._language)

    def parse_typed(self, text: str) -> Parse | NotUnderstood:
        """Understand typed text: digits and missing diacritics are allowed.

        Where diacritics are missing and two commands fit, it is a miss.
        """
        for words in self._readings(text):
            exact = self._parse_words(words)
            if exact is not None:
                return exact
        found = [parse for words in self._readings(text) for parse in self._parse_folded(words)]
        if found and all(parse == found[0] for parse in found):
            return found[0]
        return NotUnderstood(text, self._language, self.suggest(text))

    def progress(self, text: str) -> Progress:
        """Whether the words so far are a whole sentence, and whether more may follow."""
        state = self._automaton.states[0]
        for word in split_words(text):
            arc = state.arcs.get(word)
            if arc is None:
                return Progress(complete=False, extendable=False)
            state = self._automaton.states[arc.target]
        complete = state.final is not None
        open_words = state.arcs.keys() - self._afterthoughts if complete else state.arcs.keys()
        return Progress(complete, extendable=bool(open_words))

    def suggest(self, text: str) -> str:
        """The sentence nearest to a text, empty if none is near.

        Words may be misspelt, missing or too many; the cheapest sentence wins.
        """
        words = next(iter(self._readings(text)), [])
        limit = _GIVE_UP_COST * (len(words) + 1)
        tick = count()
        queue: list[tuple[float, int, int, int, tuple[str, ...]]] = [(0.0, next(tick), 0, 0, ())]
        seen: set[tuple[int, int]] = set()
        while queue:
            cost, _, position, index, said = heapq.heappop(queue)
            if cost > limit:
                break
            if (position, index) in seen:
                continue
            seen.add((position, index))
            state = self._automaton.states[index]
            if position == len(words) and state.final is not None and said:
                return " ".join(said)
            steps: list[tuple[float, int, int, tuple[str, ...]]] = []
            if position < len(words):
                steps.append((1.0, position + 1, index, said))
                steps.extend(
                    (_distance(words[position], word), position + 1, arc.target, (*said, word))
                    for word, arc in state.arcs.items()
                )
            steps.extend(
                (1.0, position, arc.target, (*said, word)) for word, arc in state.arcs.items()
            )
            for extra, position_after, index_after, sentence in steps:
                if cost + extra <= limit and (position_after, index_after) not in seen:
                    heapq.heappush(
                        queue, (cost + extra, next(tick), position_after, index_after, sentence)
                    )
        return ""

    def _parse_words(self, words: Sequence[str]) -> Parse | None:
        meanings = self._automaton.walk(words)
        return None if meanings is None else self._parse_of(meanings)

    def _parse_of(self, meanings: Meanings) -> Parse:
        command_id, slots = slots_of(meanings)
        return Parse(command_id, slots, self._language)

    def _parse_folded(self, words: Sequence[str]) -> Iterator[Parse]:
        """Every parse of sentences that are written the same without diacritics."""
        paths: list[tuple[int, Meanings]] = [(0, ())]
        for word in words:
            plain = fold(word)
            paths = [
                (arc.target, meanings + arc.meanings)
                for index, meanings in paths
                for arc in self._automaton.states[index].arcs.values()
                if fold(arc.word) == plain
            ]
        for index, meanings in paths:
            final = self._automaton.states[index].final
            if final is not None:
                yield self._parse_of(meanings + final[0])

    def _readings(self, text: str) -> Iterable[list[str]]:
        """The words of a typed text, with digits and signs as every way to say them."""
        symbols = _SYMBOLS[self._language]
        options: list[tuple[str, ...]] = []
        for word in split_words(text):
            for sign, said in symbols.items():
                word = word.replace(sign, f" {said} ")  # noqa: PLW2901
            parts = _GLUED.sub(" ", word).split()
            options.extend(_spoken(part, self._language) for part in parts)
        for number, reading in enumerate(product(*options)):
            if number == _MOST_READINGS:
                return
            yield [word for part in reading for word in part.split()]


def _spoken(word: str, language: str) -> tuple[str, ...]:
    if _DECIMAL.fullmatch(word):
        value = float(word.replace(",", "."))
        return tuple(decimal_to_words(value, language, gender) for gender in get_args(Gender))
    if not (word.isascii() and word.isdigit() and int(word) <= HIGHEST):
        return (word,)
    forms = (to_words(int(word), language), to_words(int(word), language, "feminine"))
    return tuple(dict.fromkeys(forms))


@cache
def _distance(typed: str, word: str) -> float:
    """How unlike two words are: 0 for the same, 1.5 for nothing in common."""
    if typed == word:
        return 0.0
    plain, other = fold(typed), fold(word)
    if plain == other:
        return 0.05
    return 1.5 * (1.0 - SequenceMatcher(None, plain, other, autojunk=False).ratio())
