"""Number words from 0 to 999 in Romanian and English, both ways.

A number is a small machine of words whose parts add up ("două sute" + "trei"), built for any
range and joined into the sentences that hold a number; sentences are never written out per number.
Romanian words are our own: masculine and feminine ("doi", "două"), the colloquial teens
("unșpe") and contractions ("douăș cinci") are understood, and everything is written with
comma-below letters.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from surgery_assist.voice.automaton import Automaton, Meaning, Network

LOWEST: Final = 0
HIGHEST: Final = 999

Gender = Literal["masculine", "feminine"]

COLLOQUIAL_COST: Final = 1.0
"""Extra cost of a colloquial form in the recogniser's graph (tropical weight)."""


@dataclass(frozen=True, slots=True)
class _Language:
    """Words of one language. Where several words stand for one value, the first is written.

    ``joints`` are the words between tens and units ("și"), ``hundred_joints`` between
    hundreds and the rest; an empty string there means that nothing needs to stand.
    """

    small: Mapping[int, tuple[str, ...]]
    feminine: Mapping[int, str]
    tens: Mapping[int, str]
    joints: tuple[str, ...]
    hundred_joints: tuple[str, ...]
    hundreds: Mapping[int, tuple[tuple[str, str], ...]]
    colloquial: Mapping[int, tuple[str, ...]]
    contracted_tens: Mapping[int, str]


_RO_UNITS: Final = ("", "unu", "doi", "trei", "patru", "cinci", "șase", "șapte", "opt", "nouă")
_EN_UNITS: Final = (
    "", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
)  # fmt: skip

_ROMANIAN: Final = _Language(
    small={
        0: ("zero",), 1: ("unu", "una"), 2: ("doi", "două"),
        **{n: (_RO_UNITS[n],) for n in range(3, 10)},
        10: ("zece",), 11: ("unsprezece",), 12: ("doisprezece", "douăsprezece"),
        13: ("treisprezece",), 14: ("paisprezece", "patrusprezece"), 15: ("cincisprezece",),
        16: ("șaisprezece",), 17: ("șaptesprezece",), 18: ("optsprezece",), 19: ("nouăsprezece",),
    },
    feminine={1: "una", 2: "două", 12: "douăsprezece"},
    tens={
        20: "douăzeci", 30: "treizeci", 40: "patruzeci", 50: "cincizeci", 60: "șaizeci",
        70: "șaptezeci", 80: "optzeci", 90: "nouăzeci",
    },
    joints=("și",),
    hundred_joints=("",),
    hundreds={
        100: (("o", "sută"),),
        **{100 * n: ((_RO_UNITS[n] if n > 2 else "două", "sute"),) for n in range(2, 10)},
    },
    colloquial={
        11: ("unșpe",), 12: ("doișpe", "douășpe"), 13: ("treișpe",), 14: ("paișpe",),
        15: ("cinșpe", "cincișpe"), 16: ("șaișpe",), 17: ("șaptișpe", "șapteșpe"),
        18: ("optișpe", "optâșpe"), 19: ("nouășpe",),
    },
    contracted_tens={
        20: "douăș", 30: "treiș", 40: "patruș", 50: "cinciș", 60: "șaiș", 70: "șapteș",
        90: "nouăș",
    },
)  # fmt: skip

_ENGLISH: Final = _Language(
    small={
        0: ("zero",),
        **{n: (_EN_UNITS[n],) for n in range(1, 10)},
        10: ("ten",), 11: ("eleven",), 12: ("twelve",), 13: ("thirteen",), 14: ("fourteen",),
        15: ("fifteen",), 16: ("sixteen",), 17: ("seventeen",), 18: ("eighteen",),
        19: ("nineteen",),
    },
    feminine={},
    tens={
        20: "twenty", 30: "thirty", 40: "forty", 50: "fifty", 60: "sixty", 70: "seventy",
        80: "eighty", 90: "ninety",
    },
    joints=("",),
    hundred_joints=("", "and"),
    hundreds={
        100: (("one", "hundred"), ("a", "hundred")),
        **{100 * n: ((_EN_UNITS[n], "hundred"),) for n in range(2, 10)},
    },
    colloquial={},
    contracted_tens={},
)  # fmt: skip

_LANGUAGES: Final = {"ro": _ROMANIAN, "en": _ENGLISH}
NUMBER_LANGUAGES: Final = frozenset(_LANGUAGES)
"""Languages whose numbers can be said."""


def to_words(number: int, language: str, gender: Gender = "masculine") -> str:
    """The number as a careful speaker says it; ``gender`` matters in Romanian only.

    Raises
    ------
    ValueError
        If the number is outside 0 to 999.
    """
    if not LOWEST <= number <= HIGHEST:
        raise ValueError(f"{number} is outside {LOWEST} to {HIGHEST}")
    words = _LANGUAGES[language]
    hundreds, rest = number - number % 100, number % 100
    said: list[str] = []
    if hundreds:
        said.extend(words.hundreds[hundreds][0])
    if rest or not hundreds:
        if hundreds:
            said.append(words.hundred_joints[0])
        tens, unit = (rest - rest % 10, rest % 10) if rest >= 20 else (0, rest)
        if tens:
            said.append(words.tens[tens])
        if tens and unit:
            said.append(words.joints[0])
        if unit or not tens:
            said.append(_small_word(words, unit, gender))
    return " ".join(word for word in said if word)


def _small_word(words: _Language, number: int, gender: Gender) -> str:
    if gender == "feminine" and number in words.feminine:
        return words.feminine[number]
    return words.small[number][0]


def from_words(text: str, language: str) -> int | None:
    """The number that the words say in any accepted form, or ``None``."""
    meanings = _all_numbers(language).walk(text.split())
    return None if meanings is None else sum(int(meaning.value) for meaning in meanings)


def accepted_forms(language: str) -> list[tuple[str, int]]:
    """Every way to say every number, with the number."""
    return [
        (" ".join(words), sum(int(meaning.value) for meaning in meanings))
        for words, meanings in _all_numbers(language).sentences()
    ]


@cache
def _all_numbers(language: str) -> Automaton:
    network = Network()
    add_number(
        network, Network.START, Network.END, slot="n", low=LOWEST, high=HIGHEST, language=language
    )
    return network.compile(language)


def needs_de(number: int) -> bool:
    """Whether Romanian puts "de" between this number and its noun ("douăzeci de imagini")."""
    return number != 0 and not 1 <= number % 100 <= 19


def add_number(
    network: Network, source: int, target: int, *, slot: str, low: int, high: int, language: str
) -> None:
    """Join ``source`` to ``target`` by every number from ``low`` to ``high``, both included.

    The value is the sum of the ``"number"`` meanings of the words.

    Raises
    ------
    ValueError
        If the range is empty or leaves 0 to 999.
    """
    if not LOWEST <= low <= high <= HIGHEST:
        raise ValueError(f"no numbers to say from {low} to {high}")
    builder = _NumberBuilder(network, target, slot, _LANGUAGES[language])
    if low < 100:
        builder.join_below_hundred(source, low, min(high, 99))
    for hundred in range(100, high + 1, 100):
        if hundred + 99 >= low:
            builder.join_hundred(source, hundred, low - hundred, high - hundred)


class _NumberBuilder:
    def __init__(self, network: Network, target: int, slot: str, words: _Language) -> None:
        self._network = network
        self._target = target
        self._slot = slot
        self._words = words
        self._shared: dict[tuple[int, int], int] = {}

    def _say(self, source: int, target: int, word: str, value: int, cost: float = 0.0) -> None:
        meaning = Meaning(self._slot, "number", value)
        self._network.add_word(source, target, word, meaning=meaning, cost=cost)

    def _below_hundred(self, low: int, high: int) -> int:
        """State from which the numbers of this range are said; whole blocks are shared."""
        if (low, high) not in self._shared:
            self._shared[low, high] = self._network.add_state()
            self.join_below_hundred(self._shared[low, high], low, high)
        return self._shared[low, high]

    def join_below_hundred(self, source: int, low: int, high: int) -> None:
        words = self._words
        for number in range(low, min(high, 19) + 1):
            for word in words.small[number]:
                self._say(source, self._target, word, number)
            for word in words.colloquial.get(number, ()):
                self._say(source, self._target, word, number, COLLOQUIAL_COST)
        for ten, word in words.tens.items():
            if low <= ten <= high:
                self._say(source, self._target, word, ten)
            first, last = max(low - ten, 1), min(high - ten, 9)
            if first > last:
                continue
            units = self._below_hundred(first, last)
            after = self._network.add_state()
            self._say(source, after, word, ten)
            for joint in words.joints:
                self._join(after, units, joint)
            if ten in words.contracted_tens:
                self._say(source, units, words.contracted_tens[ten], ten, COLLOQUIAL_COST)

    def join_hundred(self, source: int, hundred: int, low: int, high: int) -> None:
        """One hundred and what may follow; ``low`` and ``high`` are counted from it."""
        after = self._network.add_state()
        for first, second in self._words.hundreds[hundred]:
            between = self._network.add_state()
            self._network.add_word(source, between, first)
            self._say(between, after, second, hundred)
        if low <= 0:
            self._network.add(after, self._target)
        first_rest, last_rest = max(low, 1), min(high, 99)
        if first_rest <= last_rest:
            rest = self._below_hundred(first_rest, last_rest)
            for joint in self._words.hundred_joints:
                self._join(after, rest, joint)

    def _join(self, source: int, target: int, word: str) -> None:
        if word:
            self._network.add_word(source, target, word)
        else:
            self._network.add(source, target)
