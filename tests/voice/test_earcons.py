"""Earcons are short, soft, distinct, and never in the way."""

import time
from itertools import combinations
from typing import get_args

import numpy as np
import pytest

from surgery_assist.voice.earcons import RATE, Earcon, Earcons, sound
from tests.helpers.threads import no_thread_left

ALL = get_args(Earcon)


@pytest.mark.parametrize("earcon", ALL)
def test_it_is_short_and_soft_and_without_clicks(earcon: Earcon) -> None:
    samples = sound(earcon)
    assert 0.05 <= len(samples) / RATE <= 0.45
    assert 0.05 < np.abs(samples).max() < 0.35
    assert np.abs(samples[[0, -1]]).max() < 0.01
    assert np.abs(np.diff(samples)).max() < 0.1


def test_they_differ() -> None:
    for one, other in combinations(ALL, 2):
        first, second = sound(one), sound(other)
        length = max(len(first), len(second))
        a = np.abs(np.fft.rfft(first, length))
        b = np.abs(np.fft.rfft(second, length))
        likeness = float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
        assert likeness < 0.9, (one, other)


def test_playing_never_waits_and_leaves_nothing() -> None:
    with no_thread_left():
        earcons = Earcons()
        begun = time.monotonic()
        for _ in range(50):
            earcons.play("done")
        assert time.monotonic() - begun < 2.0
        earcons.close()
        earcons.play("done")


def test_switched_off_it_starts_nothing() -> None:
    with no_thread_left(0.0):
        Earcons(enabled=False).play("lost")
