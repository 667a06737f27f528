"""Stage ``labels``: when every phone of every clip is spoken.

Robots tell their exact times, so a first net learns from them alone and aligns the neural
speech (whose own durations lag by 50 ms); a second net learns from both and aligns again.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from models.recipe.alignment import Segments, align, labels_of
from models.recipe.augment import disturb
from models.recipe.corpus import Utterance, shifted, with_edges
from models.recipe.features import Mfcc
from models.recipe.head import PhoneNet, train_head
from models.recipe.store import Features, FeatureSet, Labels, cached
from models.recipe.trunk import Trunk

_ROUNDS: Final = 2
_WORST: Final = 0.03
"""Share of clips dropped: those whose sound fits their text least."""


@dataclass(frozen=True, slots=True)
class Listener:
    """From samples to what the head sees."""

    mfcc: Mfcc
    trunk: Trunk

    def __call__(self, samples: np.ndarray) -> Features:
        """Trunk outputs, (steps of 30 ms, dimension)."""
        return self.trunk(self.mfcc(samples)).astype(np.float16)


def label_utterances(
    robots: Sequence[Utterance],
    others: Sequence[Utterance],
    listen: Listener,
    cache: Path,
    seed: int,
) -> dict[str, Segments]:
    """Segments of all utterances by name, as times within ``with_edges``."""
    path = cache / "segments.json"
    wanted = {utterance.name for utterance in others}
    exact = {u.name: shifted(u.segments) for u in robots if u.segments is not None}
    if path.is_file():
        known = json.loads(path.read_text("utf-8"))
        if wanted <= set(known["asked"]):
            aligned = {name: _segments(pairs) for name, pairs in known["segments"].items()}
            return exact | {name: aligned[name] for name in wanted & aligned.keys()}
    robot_set = cached(
        cache / "clean-robots.npz", lambda: _robot_features(robots, exact, listen, seed), "labels"
    )
    clean = cached(cache / f"clean-{len(others)}.npz", lambda: _clean(others, listen), "labels")
    by_name = {utterance.name: utterance for utterance in others}
    net = train_head(robot_set.features, robot_set.labels, width=192, epochs=8, seed=seed)
    segments: dict[str, Segments] = {}
    for turn in range(_ROUNDS):
        segments = _align_all(net, clean, by_name, turn)
        if turn + 1 < _ROUNDS:
            both = robot_set + _labelled(clean, segments)
            net = train_head(both.features, both.labels, width=192, epochs=4, seed=seed)
    path.write_text(
        json.dumps({"asked": sorted(wanted), "segments": segments}, ensure_ascii=False), "utf-8"
    )
    return exact | segments


def _segments(pairs: list[list[object]]) -> Segments:
    return tuple((float(start), str(phone)) for start, phone in pairs)  # type: ignore[arg-type]


def _robot_features(
    robots: Sequence[Utterance], exact: dict[str, Segments], listen: Listener, seed: int
) -> Iterator[tuple[str, Features, Labels]]:
    chance = np.random.default_rng(seed)
    for utterance in robots:
        features = listen(disturb(with_edges(utterance.load()), chance))
        yield utterance.name, features, labels_of(exact[utterance.name], len(features))


def _clean(
    utterances: Sequence[Utterance], listen: Listener
) -> Iterator[tuple[str, Features, Labels]]:
    for utterance in utterances:
        samples = with_edges(utterance.load())
        noise = np.random.default_rng(len(samples)).standard_normal(len(samples)) * 3e-5
        features = listen((samples + noise).astype(np.float32))
        yield utterance.name, features, np.zeros(0, np.int64)


def _align_all(
    net: PhoneNet, clean: FeatureSet, by_name: dict[str, Utterance], turn: int
) -> dict[str, Segments]:
    found = {}
    for name, features in zip(clean.names, clean.features, strict=True):
        if name in by_name:
            alignment = align(net.scores(features), by_name[name].phones)
            if alignment is not None:
                found[name] = alignment
    scores = sorted(alignment.score for alignment in found.values())
    worst = scores[int(_WORST * len(scores))]
    print(
        f"labels: round {turn + 1}, {len(found)} clips, mean log probability "
        f"{np.mean(scores):.3f}, {int(_WORST * len(scores))} below {worst:.3f} dropped",
        flush=True,
    )
    return {name: a.segments for name, a in found.items() if a.score >= worst}


def _labelled(clean: FeatureSet, segments: dict[str, Segments]) -> FeatureSet:
    chosen = [
        (name, features, labels_of(segments[name], len(features)))
        for name, features in zip(clean.names, clean.features, strict=True)
        if name in segments
    ]
    return FeatureSet([c[0] for c in chosen], [c[1] for c in chosen], [c[2] for c in chosen])
