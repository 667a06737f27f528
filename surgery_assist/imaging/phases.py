"""Phases: frames that lie at the same positions and differ in time, echo, b-value or energy."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from surgery_assist.imaging.elements import Elements

_MIN_SHARE: Final = 0.8
"""Of the positions that a phase must have to be one."""
MIN_POSITIONS: Final = 2


@dataclass(frozen=True, slots=True)
class Dimension:
    """One thing that phases may differ in; ``form`` makes the label."""

    name: str
    form: str
    readable: bool = True
    """Whether its value says more to a person than ``2/10``."""


DIMENSIONS: Final = (
    Dimension("kind", "{}"),
    Dimension("b_value", "b {}"),
    Dimension("echo_time", "TE {} ms"),
    Dimension("inversion_time", "TI {} ms"),
    Dimension("energy", "{} kV"),
    Dimension("cardiac_share", "{} %"),
    Dimension("trigger_time", "t {} ms"),
    Dimension("temporal_index", "{}", readable=False),
    Dimension("acquisition_number", "{}", readable=False),
    Dimension("acquisition_time", "{}", readable=False),
)
"""In the order of their worth: what explains the parts comes first."""


def phase_values(header: Elements) -> tuple[str, ...]:
    """What a plain image says of each dimension; empty where it says nothing."""
    return (
        "\\".join(header.texts(0x00080008)[2:]),
        _number(header, 0x00189087),
        _number(header, 0x00180081),
        _number(header, 0x00180082),
        _number(header, 0x00180060),
        _number(header, 0x00209241),
        _number(header, 0x00181060),
        _number(header, 0x00200100),
        _number(header, 0x00200012),
        header.code(0x00080032, 16),
    )


def _number(header: Elements, tag: int) -> str:
    values = header.doubles(tag) or header.numbers(tag)
    return f"{values[0]:g}" if values else ""


@dataclass(frozen=True, slots=True)
class Phase:
    """Which frames belong together (their indices, ascending), and what they are called."""

    indices: tuple[int, ...]
    label: str = ""


def parted(
    places: Sequence[int], values: Sequence[tuple[str, ...]], order: Sequence[int]
) -> tuple[Phase, ...]:
    """Part frames that repeat positions.

    Parameters
    ----------
    places
        Where each frame lies; equal numbers are the same position.
    values
        Of each frame, in the order of `DIMENSIONS`.
    order
        Indices of the frames by their numbering: what parts them when no dimension does.

    Returns
    -------
    tuple of Phase
        In the order of their values; a single one without a label when there is nothing to part.
    """
    everything = tuple(range(len(places)))
    whole = (Phase(everything),)
    count = len(set(places))
    if count == len(places) or count < MIN_POSITIONS:
        return whole
    kept: list[int] = []
    parts: dict[tuple[str, ...], list[int]] = {(): list(everything)}
    for dimension in range(len(DIMENSIONS)):
        if not any(_repeats(part, places) for part in parts.values()):
            break
        finer = _refined(parts, values, dimension)
        if len(finer) > len(parts) and all(
            len({places[index] for index in part}) >= _MIN_SHARE * count for part in finer.values()
        ):
            kept.append(dimension)
            parts = finer
    rank = {index: at for at, index in enumerate(order)}
    phases: list[Phase] = []
    ordered = sorted(parts, key=lambda key: [_sortable(value) for value in key])
    for key, label in zip(ordered, _numbered([_label(key, kept) for key in ordered]), strict=True):
        phases += _repetitions(sorted(parts[key], key=rank.__getitem__), places, label)
    return tuple(phases) if len(phases) > 1 else whole


def _repeats(part: Sequence[int], places: Sequence[int]) -> bool:
    return len({places[index] for index in part}) < len(part)


def _refined(
    parts: dict[tuple[str, ...], list[int]], values: Sequence[tuple[str, ...]], dimension: int
) -> dict[tuple[str, ...], list[int]]:
    finer: dict[tuple[str, ...], list[int]] = {}
    for key, part in parts.items():
        for index in part:
            value = values[index][dimension] if dimension < len(values[index]) else ""
            finer.setdefault((*key, value), []).append(index)
    return finer if len(finer) > len(parts) else parts


def _sortable(value: str) -> tuple[bool, float, str]:
    try:
        return False, float(value), ""
    except ValueError:
        return True, 0.0, value


def _label(key: Sequence[str], kept: Sequence[int]) -> str:
    """What a person can read of the values that tell the phase from the others."""
    named = [
        DIMENSIONS[dimension].form.format(value.replace("\\", " "))
        for dimension, value in zip(kept, key, strict=True)
        if value and DIMENSIONS[dimension].readable
    ]
    return ", ".join(named)


def _numbered(labels: Sequence[str]) -> list[str]:
    """Labels that occur several times get a number: ``2/10``."""
    times, seen = Counter(labels), Counter[str]()
    made = []
    for label in labels:
        seen[label] += 1
        number = f"{seen[label]}/{times[label]}" if times[label] > 1 else ""
        made.append(f"{label} {number}".strip())
    return made


def _repetitions(part: Sequence[int], places: Sequence[int], label: str) -> list[Phase]:
    """Parts of a part that repeats every position equally often and says no more of why."""
    times = Counter(places[index] for index in part)
    often = set(times.values())
    if len(often) != 1 or often == {1}:
        return [Phase(tuple(sorted(part)), label)]
    count = often.pop()
    seen: Counter[int] = Counter()
    made: list[list[int]] = [[] for _ in range(count)]
    for index in part:
        made[seen[places[index]]].append(index)
        seen[places[index]] += 1
    return [
        Phase(tuple(sorted(indices)), f"{label} {at + 1}/{count}".strip())
        for at, indices in enumerate(made)
    ]
