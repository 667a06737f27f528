"""What the frozen trunk makes of many utterances, on disk: one flat file, and an index.

A line of the index is written after its rows, so that a folder that was stopped half-way goes
on where it stopped. Labels are not kept: they follow from the segments and from how the sound
was stretched, and so cost nothing when the segments change.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.recipe.alignment import Segments, labels_of

Features = NDArray[np.float16]
Labels = NDArray[np.int64]
_ROWS: Final = "features.f16"
_INDEX: Final = "index.tsv"


@dataclass(frozen=True, slots=True)
class Heard:
    """An utterance as the trunk heard it.

    Attributes
    ----------
    features
        Trunk outputs, (steps of 30 ms, dimension).
    speed, delay
        The clip was made ``speed`` times faster, then ``delay`` s of silence went before it.
    """

    name: str
    features: Features
    speed: float = 1.0
    delay: float = 0.0

    def labels(self, segments: Mapping[str, Segments]) -> Labels:
        """Phone of every step, from the times of the clean clip."""
        return labels_of(
            segments[self.name], len(self.features), speed=self.speed, delay=self.delay
        )


def stored(
    folder: Path,
    names: Sequence[str],
    hear: Callable[[str], Heard],
    dimension: int,
) -> list[Heard]:
    """What ``folder`` holds of ``names``, after ``hear`` has made what it lacks.

    Parameters
    ----------
    hear
        Answers an utterance by its name; asked for each missing one, in the order of ``names``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    index = _read_index(folder)
    missing = [name for name in names if name not in index]
    if missing:
        _append(folder, index, missing, hear, dimension)
    total = sum(entry[1] for entry in index.values())
    rows = np.memmap(folder / _ROWS, np.float16, "r", shape=(total, dimension))
    wanted = set(names)
    return [
        Heard(name, rows[start : start + steps], speed, delay)
        for name, (start, steps, speed, delay) in index.items()
        if name in wanted
    ]


_Index = dict[str, tuple[int, int, float, float]]


def _read_index(folder: Path) -> _Index:
    """Where every utterance begins, its steps, speed and delay."""
    path = folder / _INDEX
    found: _Index = {}
    start = 0
    for line in path.read_text("utf-8").splitlines(keepends=True) if path.is_file() else []:
        if not line.endswith("\n"):
            break
        name, steps, speed, delay = line.rstrip("\n").split("\t")
        found[name] = (start, int(steps), float(speed), float(delay))
        start += int(steps)
    return found


def _append(
    folder: Path,
    index: _Index,
    missing: Sequence[str],
    hear: Callable[[str], Heard],
    dimension: int,
) -> None:
    start = max((first + steps for first, steps, _, _ in index.values()), default=0)
    with (folder / _ROWS).open("ab") as rows, (folder / _INDEX).open("ab") as file:
        rows.truncate(start * dimension * 2)
        file.truncate(sum(len(_line(name, *entry[1:])) for name, entry in index.items()))
        for name in counted(missing, folder.name):
            heard = hear(name)
            rows.write(heard.features.astype(np.float16).tobytes())
            rows.flush()
            steps = len(heard.features)
            file.write(_line(name, steps, heard.speed, heard.delay))
            file.flush()
            index[name] = (start, steps, heard.speed, heard.delay)
            start += steps


def _line(name: str, steps: int, speed: float, delay: float) -> bytes:
    return f"{name}\t{steps}\t{speed:.6f}\t{delay:.6f}\n".encode()


class Clock:
    """Tells now and then how much of a long job is done and how long the rest will take."""

    def __init__(self, what: str, total: int, every: float = 20.0) -> None:
        self._what, self._total, self._every = what, total, every
        self._began = self._told = time.monotonic()

    def tick(self, done: int) -> None:
        """``done`` of all are done."""
        now = time.monotonic()
        if now - self._told > self._every:
            self._told = now
            left = (now - self._began) / done * (self._total - done) / 60
            print(f"{self._what}: {done} of {self._total}, {left:.0f} min left", flush=True)


def counted(things: Sequence[str], what: str) -> Iterator[str]:
    """The things one by one, with a clock."""
    clock = Clock(what, len(things))
    for number, thing in enumerate(things, 1):
        yield thing
        clock.tick(number)
