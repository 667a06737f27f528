"""In which order frames are loaded: what is visible, then its neighbours, nearest first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from surgery_assist.model.units import DisplaySetUID


@dataclass(frozen=True, slots=True)
class Focus:
    """A frame that is visible, in a display set of ``total`` frames."""

    uid: DisplaySetUID
    index: int
    total: int


def nearest_first(index: int, total: int) -> Iterator[int]:
    """All indices from the nearest to the farthest: ``5, 6, 4, 7, 3...``."""
    index = min(max(index, 0), total - 1)
    if total <= 0:
        return
    yield index
    for distance in range(1, total):
        if index + distance < total:
            yield index + distance
        if index - distance >= 0:
            yield index - distance


def loading_order(focus: Sequence[Focus]) -> Iterator[tuple[DisplaySetUID, int]]:
    """Round robin over what is visible, so that no pane starves; each frame once per set."""
    queues: dict[tuple[DisplaySetUID, int], Iterator[int]] = {}
    for place in focus:
        queues.setdefault((place.uid, place.index), nearest_first(place.index, place.total))
    seen: set[tuple[DisplaySetUID, int]] = set()
    for _ in count():
        if not queues:
            return
        for place_key in list(queues):
            index = next((i for i in queues[place_key] if (place_key[0], i) not in seen), None)
            if index is None:
                del queues[place_key]
                continue
            seen.add((place_key[0], index))
            yield place_key[0], index
