"""Stage ``labels``: when every phone of every clip is spoken.

Robots tell their exact times, so a first net learns from them alone and aligns the neural
speech (whose own durations lag by 50 ms); a second net learns from both and aligns again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from models.recipe.alignment import Segments, align
from models.recipe.corpus import Utterance, shifted, with_edges
from models.recipe.features import Mfcc
from models.recipe.head import PhoneNet, train_head
from models.recipe.store import Features, Heard, counted, stored
from models.recipe.trunk import Layer, Trunk

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


def clean_features(
    utterances: Sequence[Utterance], listen: Listener, folder: Path
) -> dict[str, Features]:
    """What the trunk makes of the undisturbed clips, by name."""
    by_name = {utterance.name: utterance for utterance in utterances}

    def hear(name: str) -> Heard:
        samples = with_edges(by_name[name].load())
        noise = np.random.default_rng(len(samples)).standard_normal(len(samples)) * 3e-5
        return Heard(name, listen((samples + noise).astype(np.float32)))

    heard = stored(folder, list(by_name), hear, listen.trunk.dimension)
    return {h.name: h.features for h in heard}


def label_utterances(
    robots: Sequence[Utterance],
    others: Sequence[Utterance],
    path: Path,
    *,
    heard_robots: Sequence[Heard],
    clean: Mapping[str, Features],
    upper: Sequence[Layer],
    seed: int,
) -> dict[str, Segments]:
    """Segments of all utterances by name, as times within ``with_edges``; kept in ``path``.

    Parameters
    ----------
    heard_robots
        Disturbed copies of the robots.
    clean
        Features of the others, by name.
    """
    exact = {u.name: shifted(u.segments) for u in robots if u.segments is not None}
    wanted = {utterance.name for utterance in others}
    if path.is_file():
        known = json.loads(path.read_text("utf-8"))
        if wanted <= set(known["asked"]):
            aligned = {name: _segments(pairs) for name, pairs in known["segments"].items()}
            return exact | {name: aligned[name] for name in wanted & aligned.keys()}
    features = [h.features for h in heard_robots]
    labels = [h.labels(exact) for h in heard_robots]
    net = train_head(features, labels, upper, width=192, epochs=8, seed=seed)
    segments = align_all(net, clean, others)
    for turn in range(1, _ROUNDS):
        chosen = [Heard(name, clean[name]) for name in segments]
        net = train_head(
            [*features, *(h.features for h in chosen)],
            [*labels, *(h.labels(segments) for h in chosen)],
            upper, width=192, epochs=4, seed=seed + turn,
        )  # fmt: skip
        segments = align_all(net, clean, others)
    write_segments(path, wanted, segments)
    return exact | segments


def write_segments(path: Path, asked: set[str], segments: Mapping[str, Segments]) -> None:
    """Keep what was aligned; what was asked but is missing was dropped."""
    text = json.dumps({"asked": sorted(asked), "segments": segments}, ensure_ascii=False)
    path.write_text(text, "utf-8")


def align_all(
    net: PhoneNet, clean: Mapping[str, Features], utterances: Sequence[Utterance]
) -> dict[str, Segments]:
    """Segments of the utterances but for the worst few, which may say something else."""
    by_name = {utterance.name: utterance for utterance in utterances}
    found = {}
    for name in counted(list(by_name), "labels"):
        alignment = align(net.scores(clean[name]), by_name[name].phones)
        if alignment is not None:
            found[name] = alignment
    scores = sorted(alignment.score for alignment in found.values())
    worst = scores[int(_WORST * len(scores))]
    print(
        f"labels: {len(found)} clips, mean log probability {np.mean(scores):.3f}, "
        f"{int(_WORST * len(scores))} below {worst:.3f} dropped",
        flush=True,
    )
    return {name: a.segments for name, a in found.items() if a.score >= worst}


def _segments(pairs: list[list[object]]) -> Segments:
    return tuple((float(start), str(phone)) for start, phone in pairs)  # type: ignore[arg-type]
