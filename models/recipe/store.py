"""Trunk outputs of many utterances on disk: one flat array, and where each begins."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float16]
Labels = NDArray[np.int64]


@dataclass(slots=True)
class FeatureSet:
    """Utterances as the network sees them; ``labels`` may be empty where none are known."""

    names: list[str]
    features: list[Features]
    labels: list[Labels]

    def __add__(self, other: "FeatureSet") -> "FeatureSet":
        return FeatureSet(
            self.names + other.names, self.features + other.features, self.labels + other.labels
        )


def cached(
    path: Path, make: Callable[[], Iterable[tuple[str, Features, Labels]]], what: str
) -> FeatureSet:
    """Features of ``path``, made and written first if they are not there."""
    if not path.is_file():
        names, features, labels = [], [], []
        for name, feature, label in make():
            names.append(name)
            features.append(feature.astype(np.float16))
            labels.append(label)
            if len(names) % 200 == 0:
                print(f"{what}: {len(names)} utterances", flush=True)
        _write(path, names, features, labels)
    with np.load(path) as file:
        names = file["names"].tolist()
        flat, ends = file["features"], file["ends"]
        flat_labels, label_ends = file["labels"], file["label_ends"]
    return FeatureSet(names, np.split(flat, ends[:-1]), np.split(flat_labels, label_ends[:-1]))


def _write(
    path: Path, names: Sequence[str], features: Sequence[Features], labels: Sequence[Labels]
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        np.savez(
            file,
            names=np.array(names),
            features=np.concatenate(features),
            ends=np.cumsum([len(x) for x in features]),
            labels=np.concatenate(labels),
            label_ends=np.cumsum([len(y) for y in labels]),
        )
    partial.rename(path)
