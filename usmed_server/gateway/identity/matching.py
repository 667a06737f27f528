"""Compares two identities: the same person, possibly, or not.

A CNP decides when check digit, birth date and sex agree. Everything else is weighed by the
evidence of each field (Fellegi and Sunter, 1969; weights are log2 likelihood ratios), and without
a number that both sides know the best that it can reach is "possibly": namesakes born on one day
exist, and a person must look.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import product
from typing import Final

from usmed_client.protocol.identity import Identity
from usmed_server.gateway.identity.cnp import CNP_ISSUER, agrees, cnp_of
from usmed_server.gateway.identity.names import fold, likeness, parts

ALIKE: Final = 0.9
"""Jaro-Winkler likeness of two spellings of one name."""
_POSSIBLE: Final = 12.0
_SURE: Final = 14.0
"""Needed beside a number of the same issuer."""
_FAMILY: Final = (7.0, 4.5, 2.0, -5.0)
_GIVEN: Final = (5.0, 3.0, 1.5, -4.0)
"""Equal, alike or part of a double name, one missing (0 in truth, see `_name`), different."""
_BIRTH_EQUAL: Final = 11.0
_BIRTH_SWAPPED: Final = 7.0
_BIRTH_ONE_DIGIT: Final = 5.0
_BIRTH_OTHER: Final = -8.0
_SEX: Final = (1.0, -6.0)
_SWAPPED_NAMES: Final = -1.0


class Verdict(StrEnum):
    """What a comparison says."""

    SAME = "same"
    POSSIBLE = "possible"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A verdict with its weight (log2 of the likelihood ratio) and what spoke for and against."""

    verdict: Verdict
    weight: float
    reasons: tuple[str, ...]


def compare(one: Identity, other: Identity) -> Comparison:
    """Whether two identities are one person; symmetric."""
    weight, reasons = _demographics(one, other)
    first, second = cnp_of(one), cnp_of(other)
    if first is not None and second is not None:
        if first.value != second.value:
            # A number mistyped into another valid one, or a mother's on her newborn.
            typo = (
                weight >= _SURE
                and sum(a != b for a, b in zip(first.value, second.value, strict=True)) <= 2
            )
            verdict = Verdict.POSSIBLE if typo else Verdict.OTHER
            return Comparison(verdict, weight, (*reasons, "cnp differs"))
        owner = agrees(first, one) and agrees(first, other)
        names = _names(one, other)[0] > 0 or not (one.family_name and other.family_name)
        verdict = Verdict.SAME if owner and names else Verdict.POSSIBLE
        return Comparison(verdict, weight + 20, (*reasons, "cnp equal"))
    for number, identity in ((first, other), (second, one)):
        if number is not None and not agrees(number, identity):
            reasons = (*reasons, "cnp of another birth date or sex")
            weight -= 4
    shared = _shared_number(one, other)
    if shared and weight >= _SURE and _exact(one, other):
        return Comparison(Verdict.SAME, weight + 10, (*reasons, "number equal"))
    if weight >= _POSSIBLE or (shared and weight > 0):
        return Comparison(Verdict.POSSIBLE, weight, reasons)
    return Comparison(Verdict.OTHER, weight, reasons)


def _exact(one: Identity, other: Identity) -> bool:
    return one.birth_date is not None and one.birth_date == other.birth_date


def _shared_number(one: Identity, other: Identity) -> bool:
    """A number of the same named issuer; numbers without issuer collide between hospitals."""
    mine = {(i.value, i.issuer) for i in one.identifiers if i.issuer and i.issuer != CNP_ISSUER}
    return any((i.value, i.issuer) in mine for i in other.identifiers)


def _demographics(one: Identity, other: Identity) -> tuple[float, tuple[str, ...]]:
    names, name_reason = _names(one, other)
    birth, birth_reason = _birth(one.birth_date, other.birth_date)
    sex = 0.0
    known = ("M", "F")
    if one.sex in known and other.sex in known:
        sex = _SEX[0] if one.sex == other.sex else _SEX[1]
    reasons = [reason for reason in (name_reason, birth_reason) if reason]
    if sex < 0:
        reasons.append("sex differs")
    return names + birth + sex, tuple(reasons)


def _names(one: Identity, other: Identity) -> tuple[float, str]:
    """Best weight over former names and swapped family and given name."""
    families = [
        (mine, theirs)
        for mine, theirs in product(
            (one.family_name, *one.former_names), (other.family_name, *other.former_names)
        )
    ]
    straight = max(_name(mine, theirs, _FAMILY) for mine, theirs in families)
    straight += _name(one.given_name, other.given_name, _GIVEN)
    swapped = (
        _name(one.family_name, other.given_name, _FAMILY)
        + _name(one.given_name, other.family_name, _GIVEN)
        + _SWAPPED_NAMES
    )
    weight = max(straight, swapped)
    if weight == swapped and swapped > straight:
        return weight, "names swapped"
    return weight, "names differ" if weight < 0 else ""


def _name(one: str, other: str, weights: tuple[float, float, float, float]) -> float:
    mine, theirs = fold(one), fold(other)
    if not mine or not theirs:
        return 0.0
    if mine == theirs or set(parts(one)) == set(parts(other)):
        return weights[0]
    if likeness(mine, theirs) >= ALIKE:
        return weights[1]
    if any(
        likeness(a, b) >= 0.95
        for a, b in product(parts(one), parts(other))
        if min(len(a), len(b)) > 2
    ):
        return weights[2]
    if min(len(mine), len(theirs)) == 1 and mine[0] == theirs[0]:  # an initial
        return weights[2] / 2
    return weights[3]


def _birth(one: date | None, other: date | None) -> tuple[float, str]:
    if one is None or other is None:
        return 0.0, ""
    if one == other:
        return _BIRTH_EQUAL, ""
    if one.year == other.year and (one.month, one.day) == (other.day, other.month):
        return _BIRTH_SWAPPED, "day and month swapped"
    if sum(a != b for a, b in zip(one.isoformat(), other.isoformat(), strict=True)) == 1:
        return _BIRTH_ONE_DIGIT, "birth date differs in a digit"
    return _BIRTH_OTHER, "birth date differs"
