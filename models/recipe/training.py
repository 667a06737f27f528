"""Stage ``train``: disturbed copies of every utterance, and the head that learns from them."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from models.recipe.alignment import Segments, labels_of
from models.recipe.augment import add_silence, change_speed, disturb
from models.recipe.corpus import Samples, Utterance, with_edges
from models.recipe.labels import Listener
from models.recipe.store import Features, FeatureSet, Labels, cached


def disturbed_copies(
    utterances: Sequence[Utterance],
    segments: dict[str, Segments],
    listen: Listener,
    path: Path,
    seed: int,
) -> FeatureSet:
    """Every labelled utterance once, through a random channel; cached under ``path``."""
    return cached(path, lambda: _copies(utterances, segments, listen, seed), path.stem)


def _copies(
    utterances: Sequence[Utterance],
    segments: dict[str, Segments],
    listen: Listener,
    seed: int,
) -> Iterator[tuple[str, Features, Labels]]:
    chance = np.random.default_rng(seed)
    order = [u for u in utterances if u.name in segments]
    random.Random(seed).shuffle(order)  # noqa: S311
    talkers: list[Samples] = []
    for utterance in order:
        clip = utterance.load()
        # Slower rather than faster: people say commands slowly and one by one.
        speed = float(chance.choice((1.0, chance.uniform(0.8, 1.0), chance.uniform(0.85, 1.15))))
        before, after = chance.uniform(0.05, 0.6), chance.uniform(0.1, 0.7)
        samples = add_silence(change_speed(with_edges(clip), speed), before, after)
        features = listen(disturb(samples, chance, talkers))
        labels = labels_of(segments[utterance.name], len(features), speed=speed, delay=before)
        yield utterance.name, features, labels
        if len(talkers) < 60:
            talkers.append(clip)
        else:
            talkers[int(chance.integers(60))] = clip
