"""Stage ``train``: disturbed copies of every utterance, and the head that learns from them."""

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from models.recipe.augment import add_silence, change_speed, disturb
from models.recipe.corpus import Utterance, with_edges
from models.recipe.labels import Listener
from models.recipe.store import Heard, stored


def disturbed_copies(
    utterances: Sequence[Utterance], listen: Listener, folder: Path, seed: int
) -> list[Heard]:
    """Every utterance once, through a random channel; kept in ``folder``.

    A copy follows from the seed and the utterance's name alone, so that a run that was stopped
    and one that was not hear the same, and more utterances leave the others as they are.
    """
    by_name: Mapping[str, Utterance] = {utterance.name: utterance for utterance in utterances}
    names = list(by_name)

    def hear(name: str) -> Heard:
        chance = np.random.default_rng((seed, zlib.crc32(name.encode())))
        # Slower rather than faster: people say commands slowly and one by one.
        speed = float(chance.choice((1.0, chance.uniform(0.75, 1.0), chance.uniform(0.85, 1.15))))
        before, after = chance.uniform(0.05, 0.6), chance.uniform(0.1, 0.7)
        clip = with_edges(by_name[name].load())
        samples = add_silence(change_speed(clip, speed), before, after)
        others = chance.choice(len(names), 4)
        talkers = [by_name[names[other]].load for other in others]
        return Heard(name, listen(disturb(samples, chance, talkers)), speed, before)

    return stored(folder, names, hear, listen.trunk.dimension)
