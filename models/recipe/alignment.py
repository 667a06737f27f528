"""When every phone is spoken: segments, frame labels, and forced alignment between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.recipe.config import FRAME_SECONDS, SUBSAMPLING
from surgery_assist.voice.phones import PHONE_INDEX, SILENCE

STEP_SECONDS: Final = FRAME_SECONDS * SUBSAMPLING
_WINDOW_CENTRE: Final = 0.0125
_IMPOSSIBLE: Final = -1e9
Segments = tuple[tuple[float, str], ...]
"""``(start in s, phone)``, in order; each lasts until the next."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where the phones lie, and the mean log probability of a step: low for wrong texts."""

    segments: Segments
    score: float


def labels_of(
    segments: Segments, steps: int, *, speed: float = 1, delay: float = 0
) -> NDArray[np.int64]:
    """Phone index of every 30 ms step.

    Parameters
    ----------
    segments
        Times of the clean clip.
    steps
        How many labels.
    speed, delay
        The clip was made ``speed`` times faster, then ``delay`` s of silence went before it.
    """
    times = (np.arange(steps) * STEP_SECONDS + _WINDOW_CENTRE - delay) * speed
    starts = np.array([start for start, _ in segments])
    phones = np.array([PHONE_INDEX[phone] for _, phone in segments])
    places = np.searchsorted(starts, times, side="right") - 1
    labels: NDArray[np.int64] = np.where(places < 0, PHONE_INDEX[SILENCE], phones[places])
    return labels


def align(scores: NDArray[np.float32], phones: Sequence[str]) -> Alignment | None:
    """Best path of a phone sequence; silences in it may be left out.

    Parameters
    ----------
    scores
        (steps, phones) log probabilities.
    phones
        What was said, silence first and last and between words.

    Returns
    -------
    Alignment or None
        None if the sound is too short for the phones.
    """
    sequence = np.array([PHONE_INDEX[phone] for phone in phones])
    silent = sequence == PHONE_INDEX[SILENCE]
    if len(scores) < np.count_nonzero(~silent):
        return None
    skippable = np.concatenate(([False, False], silent[1:-1]))
    count = len(sequence)
    best = np.full(count, _IMPOSSIBLE)
    best[0] = scores[0, sequence[0]]
    if count > 1 and silent[0]:
        best[1] = scores[0, sequence[1]]
    back = np.zeros((len(scores), count), np.int8)
    for step in range(1, len(scores)):
        one = np.concatenate(([_IMPOSSIBLE], best[:-1]))
        two = np.concatenate(([_IMPOSSIBLE] * 2, best[:-2]))[:count]
        two = np.where(skippable[:count], two, _IMPOSSIBLE)
        choices = np.stack([best, one, two])
        back[step] = choices.argmax(axis=0)
        best = choices[back[step], np.arange(count)] + scores[step, sequence]
    place = count - 1
    if silent[-1] and best[count - 2] > best[count - 1]:
        place = count - 2
    total = best[place]
    if total < _IMPOSSIBLE / 2:
        return None
    path = [place]
    for step in range(len(scores) - 1, 0, -1):
        place -= int(back[step, place])
        path.append(place)
    path.reverse()
    segments = [
        (step * STEP_SECONDS + _WINDOW_CENTRE - STEP_SECONDS / 2, phones[place])
        for step, place in enumerate(path)
        if step == 0 or place != path[step - 1]
    ]
    segments[0] = (0.0, segments[0][1])
    return Alignment(tuple(segments), float(total / len(scores)))
