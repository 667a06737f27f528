"""Sentence templates (hassil's language) and the machine that they stand for.

``(a|b)`` alternatives, ``[optional]``, ``(a;b)`` both in any order, ``<rule>`` and
``{slot}``. A slot is a closed list of the phrase file, or a number:

* ``{n}``: any number of the command's range, in the form used for counting;
* ``{2..3:n}``: from 2 to 3;
* ``{feminine:n}``, ``{masculine:n}``, ``{plural:n}``: a number before a noun in the plural,
  so from 2 on ("două imagini"; "one image" needs a phrase of its own);
* ``{decimal:degrees}``: a number with up to two decimals ("two point five");
* ``{length:mm}``: a length with its unit, millimetres or centimetres; the value is millimetres;
* ``{cell}``: a letter of the spelling alphabet and a digit, "B4".

What a person may say is wider: every form is understood everywhere ("doi" for "două").
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
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
from hassil.parse_expression import parse_sentence
from hassil.parser import ParseError

from surgery_assist.errors import PhraseError
from surgery_assist.voice.automaton import SPACE, Meaning, Network
from surgery_assist.voice.decimals import add_decimal, add_length, tidy
from surgery_assist.voice.numbers import HIGHEST, LOWEST, Gender, add_number
from surgery_assist.voice.spelling import normalise_letters, split_words

SlotValue = str | int | float
NumberRanges = Mapping[str, tuple[int, int]]
"""Range by slot name, both ends included."""

NUMBER_LISTS: Final[Mapping[str, Gender]] = {
    "n": "masculine", "n2": "masculine", "rows": "masculine", "columns": "masculine",
    "degrees": "feminine", "number": "masculine",
    "masculine": "masculine", "feminine": "feminine", "plural": "masculine",
    "decimal": "feminine", "length": "masculine",
}  # fmt: skip
"""Slots that are numbers where the phrase file has no list of the name; form in which they are
written out."""

_PLURAL_LISTS: Final = frozenset({"masculine", "feminine", "plural"})
DECIMAL_LIST: Final = "decimal"
LENGTH_LIST: Final = "length"
_ADDERS: Final = {DECIMAL_LIST: add_decimal, LENGTH_LIST: add_length}
CELL_LIST: Final = "cell"
CORRECTED: Final = "'"
"""Marks a slot whose value takes the place of the one said before: "left, no, right"."""
CORRECTION_COST: Final = 2.0
"""Of a word that begins a correction: a negative natural logarithm."""
_CELL_DIGITS: Final = (1, 9)
_DEEPEST_RULE: Final = 20
_MOST_PERMUTED: Final = 4


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template with the slot values that are the same whatever is said."""

    text: str
    expression: Expression
    slots: Mapping[str, SlotValue] = field(default_factory=dict)
    cost: float = 0.0

    @classmethod
    def parse(
        cls, text: str, *, slots: Mapping[str, SlotValue] | None = None, cost: float = 0.0
    ) -> "Template":
        """Read a template.

        Raises
        ------
        PhraseError
            If brackets do not match or nothing is said.
        """
        try:
            sentence = parse_sentence(normalise_letters(text))
        except (ParseError, AssertionError, IndexError) as error:
            raise PhraseError("error.phrase_template", template=text) from error
        return cls(text, sentence.expression, slots or {}, cost)


@dataclass(frozen=True, slots=True)
class NumberSlot:
    """A ``{slot}`` that is a number; ``form`` is `DECIMAL_LIST`, `LENGTH_LIST` or empty."""

    slot: str
    low: int
    high: int
    gender: Gender
    form: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What templates refer to: the rules, lists and spelling alphabet of one language.

    A list is a sequence of templates; each says which values it gives (``slots`` under the
    name of the list, or slots of its own inside).
    """

    language: str
    rules: Mapping[str, Template] = field(default_factory=dict)
    lists: Mapping[str, Sequence[Template]] = field(default_factory=dict)
    letters: Mapping[str, Template] = field(default_factory=dict)
    instead: Sequence[str] = ()
    """Words after which a value may be said again: "rotate left no right"."""

    def number(self, reference: ListReference, ranges: NumberRanges) -> NumberSlot | None:
        """The number that a reference stands for, ``None`` where it is a list.

        Raises
        ------
        PhraseError
            If there is no list of this name, or the range is empty.
        """
        name, slot = reference.list_name, reference.slot_name
        if name in self.lists:
            return None
        low, high = ranges.get(slot, (LOWEST, HIGHEST))
        inline = reference.get_inline_range()
        if inline is not None:
            low, high = max(low, inline[0]), min(high, inline[1])
        elif name not in NUMBER_LISTS:
            raise PhraseError("error.phrase_list", name=name)
        elif name in _PLURAL_LISTS:
            low = max(low, 2)
        if not LOWEST <= low <= high <= HIGHEST:
            raise PhraseError("error.phrase_range", name=slot, low=low, high=high)
        form = name if name in _ADDERS else ""
        return NumberSlot(slot, low, high, NUMBER_LISTS.get(name, "masculine"), form)

    def is_cell(self, reference: ListReference) -> bool:
        """Whether a reference stands for a letter and a digit."""
        return reference.list_name == CELL_LIST and bool(self.letters)

    def rule(self, reference: RuleReference) -> Template:
        """The rule of this name.

        Raises
        ------
        PhraseError
            If there is none.
        """
        found = self.rules.get(reference.rule_name)
        if found is None:
            raise PhraseError("error.phrase_rule", name=reference.rule_name)
        return found

    def values(self, reference: ListReference) -> list[tuple[Template, tuple[Meaning, ...]]]:
        """Entries of a list and what each means for the slot that is referred to."""
        name, slot = reference.list_name, reference.slot_name
        return [
            (entry, tuple(value_meaning(slot if key == name else key, value)
                          for key, value in entry.slots.items()))
            for entry in self.lists[name]
        ]  # fmt: skip


def value_meaning(slot: str, value: SlotValue) -> Meaning:
    """The meaning of a slot that has this very value."""
    return Meaning(slot, "value", value)


class TemplateCompiler:
    """Adds templates to a `Network`."""

    def __init__(self, network: Network, vocabulary: Vocabulary, ranges: NumberRanges) -> None:
        self._network = network
        self._vocabulary = vocabulary
        self._ranges = ranges

    def add(
        self, source: int, target: int, template: Template, meanings: Sequence[Meaning] = ()
    ) -> None:
        """Join two states by all that a template can say.

        Raises
        ------
        PhraseError
            If a list or rule is missing, or rules refer to one another in a circle.
        """
        state = source
        cost = template.cost
        fixed = [value_meaning(slot, value) for slot, value in template.slots.items()]
        for meaning in (*meanings, *fixed):
            following = self._network.add_state()
            self._network.add(state, following, meaning=meaning, cost=cost)
            state, cost = following, 0.0
        if cost:  # it means nothing, and costs all the same
            following = self._network.add_state()
            self._network.add(state, following, cost=cost)
            state = following
        self._expression(state, target, template.expression, 0)

    def _expression(self, source: int, target: int, expression: Expression, depth: int) -> None:
        match expression:
            case TextChunk():
                self._text(source, target, expression.text)
            case Alternative():
                for item in expression.items:
                    self._expression(source, target, item, depth)
            case Permutation():
                self._any_order(source, target, expression, depth)
            case Group():
                self._sequence(source, target, expression.items, depth)
            case RuleReference():
                self._rule(source, target, expression, depth)
            case ListReference():
                self._reference(source, target, expression, depth)

    def _sequence(self, source: int, target: int, items: Sequence[Expression], depth: int) -> None:
        state = source
        for item in items:
            following = self._network.add_state()
            self._expression(state, following, item, depth)
            state = following
        self._network.add(state, target)

    def _any_order(self, source: int, target: int, group: Permutation, depth: int) -> None:
        if len(group.items) > _MOST_PERMUTED:
            raise PhraseError("error.phrase_template", template="(…;…)")
        for order in permutations(group.items):
            self._sequence(source, target, order, depth)

    def _rule(self, source: int, target: int, reference: RuleReference, depth: int) -> None:
        if depth > _DEEPEST_RULE:
            raise PhraseError("error.phrase_rule", name=reference.rule_name)
        expression = self._vocabulary.rule(reference).expression
        self._expression(source, target, expression, depth + 1)

    def _text(self, source: int, target: int, text: str) -> None:
        """Words and the spaces between and around them; text may be only a part of a word."""
        state = source
        for fragment in text_fragments(text):
            following = self._network.add_state()
            self._network.add(state, following, fragment)
            state = following
        self._network.add(state, target)

    def _reference(self, source: int, target: int, reference: ListReference, depth: int) -> None:
        begin, end = self._network.add_state(), self._network.add_state()
        self._network.add(source, begin, SPACE)
        self._network.add(end, target, SPACE)
        if self._vocabulary.is_cell(reference):
            self._cell(begin, end, reference.slot_name, depth)
            return
        number = self._vocabulary.number(reference, self._ranges)
        if number is not None:
            add = _ADDERS.get(number.form, add_number)
            add(
                self._network,
                begin,
                end,
                slot=number.slot,
                low=number.low,
                high=number.high,
                language=self._vocabulary.language,
            )
            return
        if depth > _DEEPEST_RULE:
            raise PhraseError("error.phrase_list", name=reference.list_name)
        values = self._vocabulary.values(reference)
        self._values(begin, end, values, depth)
        if self._vocabulary.instead and not any(_holds_list(entry) for entry, _ in values):
            self._correction(end, target, values, depth)

    def _values(
        self,
        source: int,
        target: int,
        values: Iterable[tuple[Template, tuple[Meaning, ...]]],
        depth: int,
    ) -> None:
        for entry, meanings in values:
            state = source
            for position, meaning in enumerate(meanings):
                following = self._network.add_state()
                cost = 0.0 if position else entry.cost
                self._network.add(state, following, meaning=meaning, cost=cost)
                state = following
            self._expression(state, target, entry.expression, depth + 1)

    def _correction(
        self,
        source: int,
        target: int,
        values: Iterable[tuple[Template, tuple[Meaning, ...]]],
        depth: int,
    ) -> None:
        """A value said once more, after "no"."""
        begin, end = self._network.add_state(), self._network.add_state()
        for word in self._vocabulary.instead:
            self._network.add_word(source, begin, word, cost=CORRECTION_COST)
        self._network.add(end, target, SPACE)
        marked = [
            (entry, tuple(said._replace(slot=said.slot + CORRECTED) for said in meanings))
            for entry, meanings in values
        ]
        self._values(begin, end, marked, depth)

    def _cell(self, source: int, target: int, slot: str, depth: int) -> None:
        between = self._network.add_state()
        for letter, template in self._vocabulary.letters.items():
            named = self._network.add_state()
            self._network.add(source, named, meaning=cell_part(slot, letter))
            self._expression(named, between, template.expression, depth + 1)
        after = self._network.add_state()
        self._network.add(between, after, SPACE)
        low, high = _CELL_DIGITS
        add_number(
            self._network,
            after,
            target,
            slot=slot,
            low=low,
            high=high,
            language=self._vocabulary.language,
        )


def _holds_list(template: Template) -> bool:
    return "{" in template.text


def cell_part(slot: str, letter: str) -> Meaning:
    """What a letter adds to a cell: 10 for A, 20 for B; the digit is added to it."""
    return Meaning(slot, "cell", 10 * (ord(letter) - ord("A") + 1))


def slots_of(meanings: Iterable[Meaning]) -> tuple[str, dict[str, SlotValue]]:
    """The command id and the typed slot values that the meanings of a sentence make up."""
    command = ""
    slots: dict[str, SlotValue] = {}
    sums: dict[str, float] = {}
    scales: dict[str, float] = {}
    cells: set[str] = set()
    for meaning in meanings:
        if meaning.kind == "command":
            command = str(meaning.value)
        elif meaning.kind == "value":
            slots[meaning.slot] = meaning.value
        elif meaning.kind == "scale":
            scales[meaning.slot] = float(meaning.value)
        else:
            sums[meaning.slot] = sums.get(meaning.slot, 0) + float(meaning.value)
            if meaning.kind == "cell":
                cells.add(meaning.slot)
    for slot, total in sums.items():
        value = tidy(total * scales.get(slot, 1))
        slots[slot] = cell_name(int(value)) if slot in cells else value
    for slot in [name for name in slots if name.endswith(CORRECTED)]:
        slots[slot.removesuffix(CORRECTED)] = slots.pop(slot)
    return command, slots


def cell_name(number: int) -> str:
    """Cell of a number as `cell_part` adds it up: 24 is "B4"."""
    return f"{chr(ord('A') + number // 10 - 1)}{number % 10}"


def text_fragments(text: str) -> list[str]:
    """Words and `SPACE` marks of a piece of template text."""
    fragments: list[str] = []
    words = split_words(text)
    if not words:
        return [SPACE] if text else []
    if not text[0].isalnum():
        fragments.append(SPACE)
    for position, word in enumerate(words):
        if position:
            fragments.append(SPACE)
        fragments.append(word)
    if not text[-1].isalnum():
        fragments.append(SPACE)
    return fragments
