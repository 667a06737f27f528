"""Decimals and lengths in words: "doi virgulă cinci", "two point five", "trei centimetri".

As in `surgery_assist.voice.numbers`, the words of a number add up: "doi" + "cinci" after the
mark is 2 + 0.5. A unit of length multiplies: whatever is said comes out in millimetres.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from surgery_assist.voice.automaton import Automaton, Meaning, Meanings, Network
from surgery_assist.voice.numbers import (
    HIGHEST,
    LOWEST,
    Gender,
    add_number,
    needs_de,
    to_words,
)

MARKS: Final[Mapping[str, str]] = {"ro": "virgulă", "en": "point"}
PLACES: Final = 2
"""Digits after the mark at most."""
_DE: Final = "de"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of length: its words for one and for more, the first of each is written."""

    millimetres: int
    one: tuple[str, ...]
    many: tuple[str, ...]


UNITS: Final[Mapping[str, Mapping[str, Unit]]] = {
    "ro": {
        "mm": Unit(1, ("milimetru",), ("milimetri",)),
        "cm": Unit(10, ("centimetru",), ("centimetri",)),
    },
    "en": {
        "mm": Unit(1, ("millimeter", "millimetre"), ("millimeters", "millimetres")),
        "cm": Unit(10, ("centimeter", "centimetre"), ("centimeters", "centimetres")),
    },
}
_ONE: Final[Mapping[str, tuple[str, ...]]] = {"ro": ("un",), "en": ("one", "a")}


def add_decimal(
    network: Network, source: int, target: int, *, slot: str, low: int, high: int, language: str
) -> None:
    """Join two states by every number from ``low`` to ``high`` with up to two decimals.

    Raises
    ------
    ValueError
        If the range is empty or leaves 0 to 999.
    """
    add_number(network, source, target, slot=slot, low=low, high=high, language=language)
    if low == high:
        return
    whole, marked = network.add_state(), network.add_state()
    add_number(network, source, whole, slot=slot, low=low, high=high - 1, language=language)
    network.add_word(whole, marked, MARKS[language])
    _add_fraction(network, marked, target, slot, language)


def _add_fraction(network: Network, source: int, target: int, slot: str, language: str) -> None:
    """Digits after the mark: one, two one by one, or two as a number ("twenty five")."""
    hundredths = network.add_state()
    for digit in range(10):
        for word in _digit_words(digit, language):
            first = Meaning(slot, "number", digit / 10)
            network.add_word(source, target, word, meaning=first)
            network.add_word(source, hundredths, word, meaning=first)
            network.add_word(hundredths, target, word, meaning=Meaning(slot, "number", digit / 100))
    for number in range(10, 100):
        state = source
        *before, last = to_words(number, language).split()
        for word in before:
            following = network.add_state()
            network.add_word(state, following, word)
            state = following
        network.add_word(state, target, last, meaning=Meaning(slot, "number", number / 100))


def _digit_words(digit: int, language: str) -> tuple[str, ...]:
    forms = (to_words(digit, language), to_words(digit, language, "feminine"))
    return tuple(dict.fromkeys(forms))


def add_length(
    network: Network, source: int, target: int, *, slot: str, low: int, high: int, language: str
) -> None:
    """Join two states by every length from ``low`` to ``high`` mm, in millimetres or centimetres.

    Centimetres begin at the first whole one in the range.

    Raises
    ------
    ValueError
        If the range is empty or leaves 0 to 999.
    """
    for unit in UNITS[language].values():
        least, most = -(-low // unit.millimetres), high // unit.millimetres
        if least > most:
            continue
        scale = Meaning(slot, "scale", unit.millimetres)
        number = network.add_state()
        if most >= 1:
            add_decimal(network, source, number, slot=slot, low=least, high=most, language=language)
        noun = network.add_state()
        network.add(number, noun)
        if language == "ro":
            network.add_word(number, noun, _DE)
        for word in unit.many:
            network.add_word(noun, target, word, meaning=scale)
        if least <= 1 <= most:
            single = network.add_state()
            for word in _ONE[language]:
                network.add_word(source, single, word, meaning=Meaning(slot, "number", 1))
            for word in unit.one:
                network.add_word(single, target, word, meaning=scale)


def value_of(meanings: Meanings) -> int | float:
    """What number words add up to, units taken into account; whole numbers are ``int``."""
    total = sum(float(m.value) for m in meanings if m.kind == "number")
    for meaning in meanings:
        if meaning.kind == "scale":
            total *= float(meaning.value)
    return tidy(total)


def tidy(value: float) -> int | float:
    """Sums of tenths without the dust of binary fractions; whole numbers are ``int``."""
    rounded = round(value, PLACES + 1)
    return int(rounded) if rounded == int(rounded) else rounded


def decimal_to_words(value: float, language: str, gender: Gender = "masculine") -> str:
    """A number with up to two decimals as a careful speaker says it.

    Raises
    ------
    ValueError
        If it is outside 0 to 999 or has more decimals.
    """
    hundredths = round(value * 100)
    if abs(hundredths / 100 - value) > 1e-9:
        raise ValueError(f"{value} has more than {PLACES} decimals")
    whole, rest = divmod(hundredths, 100)
    said = to_words(whole, language, gender)
    if not rest:
        return said
    tens, units = divmod(rest, 10)
    if not units:
        fraction = to_words(tens, language)
    elif language == "ro" and tens:
        fraction = to_words(rest, language)
    else:
        fraction = f"{to_words(tens, language)} {to_words(units, language)}"
    return f"{said} {MARKS[language]} {fraction}"


def length_to_words(millimetres: float, language: str, unit: str = "mm") -> str:
    """A length as a careful speaker says it, with "de" and the singular where they belong.

    Raises
    ------
    KeyError
        No such unit.
    ValueError
        The number is outside 0 to 999 or has more than two decimals in this unit.
    """
    found = UNITS[language][unit]
    value = tidy(millimetres / found.millimetres)
    if value == 1:
        return f"{_ONE[language][0]} {found.one[0]}"
    de = language == "ro" and isinstance(value, int) and needs_de(value)
    number = decimal_to_words(value, language)
    return f"{number} {_DE} {found.many[0]}" if de else f"{number} {found.many[0]}"


def decimal_from_words(text: str, language: str) -> int | float | None:
    """The number that the words say in any accepted form, or ``None``."""
    return _walk(_all_decimals(language), text)


def length_from_words(text: str, language: str) -> int | float | None:
    """The length in millimetres that the words say, or ``None``."""
    return _walk(_all_lengths(language), text)


def _walk(automaton: Automaton, text: str) -> int | float | None:
    meanings = automaton.walk(text.split())
    return None if meanings is None else value_of(meanings)


@cache
def _all_decimals(language: str) -> Automaton:
    network = Network()
    add_decimal(
        network, Network.START, Network.END, slot="n", low=LOWEST, high=HIGHEST, language=language
    )
    return network.compile(language)


@cache
def _all_lengths(language: str) -> Automaton:
    network = Network()
    add_length(
        network, Network.START, Network.END, slot="n", low=LOWEST, high=HIGHEST, language=language
    )
    return network.compile(language)
