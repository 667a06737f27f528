"""Says templates: plainly for help pages, at random for training speech and tests.

Both speak correct Romanian: number words agree with their noun, and "de" stands where it must
("douăzeci de imagini", but "două imagini"), although people are understood either way.
"""

import random
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from hassil.expression import (
    Alternative,
    Expression,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    TextChunk,
)
from typing_extensions import override

from surgery_assist.voice.automaton import SPACE, Meaning
from surgery_assist.voice.decimals import decimal_to_words, length_to_words
from surgery_assist.voice.grammar import (
    DECIMAL_LIST,
    LENGTH_LIST,
    NumberRanges,
    NumberSlot,
    SlotValue,
    Template,
    Vocabulary,
    cell_part,
    slots_of,
    text_fragments,
    value_meaning,
)
from surgery_assist.voice.numbers import accepted_forms, needs_de, to_words

_DE: Final = "de"
_EXAMPLE_NUMBERS: Final = (5, 150)
_EXAMPLE_DEGREES: Final = (45, 90)


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence and the slot values that it carries."""

    sentence: str
    slots: dict[str, SlotValue]


class Speaker(ABC):
    """Turns a template into one sentence; subclasses decide where there is a choice."""

    def __init__(self, vocabulary: Vocabulary, ranges: NumberRanges) -> None:
        self._vocabulary = vocabulary
        self._ranges = ranges
        self._fragments: list[str] = []
        self._meanings: list[Meaning] = []

    def say(self, template: Template) -> Said:
        """One sentence of a template."""
        self._fragments, self._meanings = [], []
        self._meanings.extend(value_meaning(slot, value) for slot, value in template.slots.items())
        self._expression(template.expression)
        sentence = " ".join("".join(self._fragments).split())
        return Said(sentence, slots_of(self._meanings)[1])

    @abstractmethod
    def _choose(self, count: int) -> int:
        """Which of so many alternatives is said."""

    @abstractmethod
    def _wants_optional(self) -> bool:
        """Whether an optional part is said."""

    @abstractmethod
    def _number(self, slot: NumberSlot) -> tuple[int, str]:
        """A whole number of the range, and its words."""

    def _said(self, slot: NumberSlot) -> tuple[float, str]:
        """A value of the slot, and its words with the unit that belongs to them."""
        value, words = self._number(slot)
        if slot.form == DECIMAL_LIST and value < slot.high and self._wants_optional():
            decimal = value + (1 + self._choose(9)) / 10
            return decimal, decimal_to_words(decimal, self._vocabulary.language, slot.gender)
        if slot.form == LENGTH_LIST:
            return value, length_to_words(value, self._vocabulary.language)
        return value, words

    def _expression(self, expression: Expression) -> None:
        match expression:
            case TextChunk():
                self._fragments.extend(text_fragments(expression.text))
            case Alternative() if expression.is_optional:
                if self._wants_optional():
                    self._expression(expression.items[self._choose(len(expression.items) - 1)])
            case Alternative():
                self._expression(expression.items[self._choose(len(expression.items))])
            case Permutation() | Group():
                self._sequence(expression.items)
            case RuleReference():
                self._expression(self._vocabulary.rule(expression).expression)
            case ListReference():
                self._reference(expression)

    def _sequence(self, items: Sequence[Expression]) -> None:
        number: float | None = None
        for item in items:
            if number is not None and _is_optional_de(item):
                if number == int(number) and needs_de(int(number)):
                    self._fragments.extend((SPACE, _DE, SPACE))
                continue
            if isinstance(item, ListReference):
                number = self._reference(item)
            else:
                self._expression(item)
                number = number if _is_blank(item) else None

    def _reference(self, reference: ListReference) -> float | None:
        """Say a slot; the number, where it is one."""
        slot = reference.slot_name
        if self._vocabulary.is_cell(reference):
            letters = self._vocabulary.letters
            letter = list(letters)[self._choose(len(letters))]
            digit, words = self._number(NumberSlot(slot, 1, 9, "masculine"))
            self._fragments.append(SPACE)
            self._expression(letters[letter].expression)
            self._fragments.extend((SPACE, words, SPACE))
            self._meanings.extend((cell_part(slot, letter), Meaning(slot, "number", digit)))
            return None
        number = self._vocabulary.number(reference, self._ranges)
        if number is not None:
            value, words = self._said(number)
            self._fragments.extend((SPACE, words, SPACE))
            self._meanings.append(Meaning(slot, "number", value))
            return value if number.form != LENGTH_LIST else None
        entries = self._vocabulary.values(reference)
        entry, meanings = entries[self._choose(len(entries))]
        self._meanings.extend(meanings)
        self._fragments.append(SPACE)
        self._expression(entry.expression)
        self._fragments.append(SPACE)
        return None


def _is_optional_de(item: Expression) -> bool:
    match item:
        case Alternative(is_optional=True, items=[Group(items=[TextChunk(text=text)]), _]):
            return text.split() == [_DE]
        case _:
            return False


def _is_blank(item: Expression) -> bool:
    return isinstance(item, TextChunk) and not item.text.strip()


class CarefulSpeaker(Speaker):
    """First alternatives, nothing optional: for help pages."""

    @override
    def _choose(self, count: int) -> int:
        return 0

    @override
    def _wants_optional(self) -> bool:
        return False

    @override
    def _number(self, slot: NumberSlot) -> tuple[int, str]:
        wanted = _EXAMPLE_DEGREES if slot.slot == "degrees" else _EXAMPLE_NUMBERS
        value = next((n for n in wanted if slot.low <= n <= slot.high), slot.low)
        return value, to_words(value, self._vocabulary.language, slot.gender)


class CasualSpeaker(Speaker):
    """Any sentence, small numbers more often than large, colloquial forms now and then."""

    _OPTIONAL: Final = 0.4
    _CANONICAL: Final = 0.7
    _SMALL: Final = 0.5
    _SMALL_SPAN: Final = 30

    def __init__(self, vocabulary: Vocabulary, ranges: NumberRanges, rng: random.Random) -> None:
        super().__init__(vocabulary, ranges)
        self._rng = rng

    @override
    def _choose(self, count: int) -> int:
        return self._rng.randrange(count)

    @override
    def _wants_optional(self) -> bool:
        return self._rng.random() < self._OPTIONAL

    @override
    def _number(self, slot: NumberSlot) -> tuple[int, str]:
        high = slot.high
        if self._rng.random() < self._SMALL:
            high = min(high, slot.low + self._SMALL_SPAN)
        value = self._rng.randint(slot.low, high)
        if self._rng.random() < self._CANONICAL:
            return value, to_words(value, self._vocabulary.language, slot.gender)
        return value, self._rng.choice(_forms(self._vocabulary.language)[value])


@cache
def _forms(language: str) -> dict[int, list[str]]:
    """Accepted forms by number, sorted: the same seed says the same."""
    forms: dict[int, list[str]] = {}
    for words, number in sorted(accepted_forms(language)):
        forms.setdefault(number, []).append(words)
    return forms
