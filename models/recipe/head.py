"""The part that learns: two layers on the trunk, one output a phone every 30 ms."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch  # noqa: TID253  (only this module needs it)
from numpy.typing import NDArray

from surgery_assist.voice.phones import PHONE_INDEX, PHONES, SILENCE

CONTEXT: Final = (-1, 0, 1)
"""Steps (30 ms) that a layer sees."""
LAYERS: Final = 2
_CHUNK: Final = 50
_BATCH: Final = 16
_IGNORED: Final = -100

Features = NDArray[np.float16]
Labels = NDArray[np.int64]


class Head(torch.nn.Module):
    """Layers of context, ReLU and batch norm, then an output for every phone."""

    def __init__(self, dimension: int, width: int) -> None:
        super().__init__()
        inputs = [dimension] + [width] * (LAYERS - 1)
        self.linear = torch.nn.ModuleList(
            torch.nn.Linear(size * len(CONTEXT), width) for size in inputs
        )
        self.norm = torch.nn.ModuleList(torch.nn.BatchNorm1d(width) for _ in inputs)
        self.drop = torch.nn.Dropout(0.1)
        self.output = torch.nn.Linear(width, len(PHONES))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, steps, phones) from (batch, steps, dimension); the ends repeat themselves."""
        for linear, norm in zip(self.linear, self.norm, strict=True):
            steps = torch.arange(x.shape[1])
            sides = [x[:, (steps + k).clamp(0, x.shape[1] - 1)] for k in CONTEXT]
            x = torch.relu(linear(torch.cat(sides, 2)))
            x = self.drop(norm(x.transpose(1, 2)).transpose(1, 2))
        result: torch.Tensor = self.output(x)
        return result


@dataclass(slots=True)
class PhoneNet:
    """A trained head with the normalisation of its input and the frequency of the phones."""

    head: Head
    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    log_prior: NDArray[np.float32]

    def scores(self, features: Features) -> NDArray[np.float32]:
        """(steps, phones) log probabilities of trunk outputs (steps, dimension)."""
        x = (features.astype(np.float32) - self.mean) / self.deviation
        with torch.no_grad():
            result = torch.log_softmax(self.head(torch.from_numpy(x)[None]), 2)[0]
        return result.numpy()

    def state(self) -> dict[str, object]:
        """To be saved with ``torch.save``."""
        return {
            "head": self.head.state_dict(), "mean": self.mean, "deviation": self.deviation,
            "log_prior": self.log_prior,
        }  # fmt: skip

    @classmethod
    def of_state(cls, state: dict[str, object]) -> "PhoneNet":
        """From ``state``."""
        weights: dict[str, torch.Tensor] = state["head"]  # type: ignore[assignment]
        width, inputs = weights["linear.0.weight"].shape
        head = Head(inputs // len(CONTEXT), width)
        head.load_state_dict(weights)
        head.eval()
        return cls(head, state["mean"], state["deviation"], state["log_prior"])  # type: ignore[arg-type]


def train_head(
    features: Sequence[Features],
    labels: Sequence[Labels],
    *,
    width: int,
    epochs: int,
    seed: int,
    judge: Callable[[PhoneNet], float] | None = None,
    rate: float = 2e-3,
    start: PhoneNet | None = None,
) -> PhoneNet:
    """Train by frame cross-entropy with label smoothing; keep the epoch that judges best.

    Parameters
    ----------
    features, labels
        (steps, dimension) and (steps,) of every utterance; label -100 is not learned from.
    judge
        Accuracy on speech that is not trained on, asked after the later epochs. Networks
        overfit small sets of synthetic speech: the loss can't tell when to stop.
    start
        Trained further in place of a fresh one (``width`` is then its own).
    """
    torch.manual_seed(seed)
    chance = random.Random(seed)  # noqa: S311
    sample = np.concatenate(list(features[:: max(1, len(features) // 300)]))
    mean = sample.astype(np.float32).mean(0)
    deviation = sample.astype(np.float32).std(0) + 1e-3
    counts = np.bincount(np.concatenate([y[y >= 0] for y in labels]), minlength=len(PHONES)).astype(
        np.float64
    )
    prior = np.log((counts + 10) / (counts + 10).sum()).astype(np.float32)
    net = PhoneNet(Head(features[0].shape[1], width), mean, deviation, prior)
    if start is not None:
        net = PhoneNet(start.head, start.mean, start.deviation, prior)
    optimiser = torch.optim.Adam(net.head.parameters(), lr=rate, weight_decay=1e-5)
    chunks = [(i, s) for i, y in enumerate(labels) for s in range(0, max(1, len(y) - 15), _CHUNK)]
    total, step = epochs * (len(chunks) // _BATCH), 0
    best: tuple[float, dict[str, torch.Tensor]] | None = None
    for epoch in range(epochs):
        net.head.train()
        chance.shuffle(chunks)
        right = seen = 0
        for first in range(0, len(chunks) - _BATCH + 1, _BATCH):
            x, y = _batch(chunks[first : first + _BATCH], features, labels, net)
            for group in optimiser.param_groups:
                group["lr"] = rate * min(1, (step + 1) / 30) * max(0.02, 1 - step / total)
            output = net.head(x)
            loss = torch.nn.functional.cross_entropy(
                output.reshape(-1, len(PHONES)), y.reshape(-1), ignore_index=_IGNORED,
                label_smoothing=0.05,
            )  # fmt: skip
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            step += 1
            known = y >= 0
            right += int((output.argmax(2) == y)[known].sum())
            seen += int(known.sum())
        net.head.eval()
        verdict = ""
        if judge is not None and epoch >= epochs // 2:
            score = judge(net)
            verdict = f", judged {score:.4f}"
            if best is None or score >= best[0]:
                best = (score, {k: v.clone() for k, v in net.head.state_dict().items()})
        print(
            f"  epoch {epoch + 1}/{epochs}: {right / max(1, seen):.4f} of frames{verdict}",
            flush=True,
        )
    if best is not None:
        net.head.load_state_dict(best[1])
    net.head.eval()
    return net


def frame_accuracy(net: PhoneNet, features: Sequence[Features], labels: Sequence[Labels]) -> float:
    """Share of spoken (not silent) steps whose best phone is the right one."""
    right = seen = 0
    for x, y in zip(features, labels, strict=True):
        spoken = y != PHONE_INDEX[SILENCE]
        right += int((net.scores(x).argmax(1) == y)[spoken].sum())
        seen += int(spoken.sum())
    return right / max(1, seen)


def _batch(
    chunks: Sequence[tuple[int, int]],
    features: Sequence[Features],
    labels: Sequence[Labels],
    net: PhoneNet,
) -> tuple[torch.Tensor, torch.Tensor]:
    x = np.zeros((len(chunks), _CHUNK, features[0].shape[1]), np.float32)
    y = np.full((len(chunks), _CHUNK), _IGNORED, np.int64)
    for row, (i, start) in enumerate(chunks):
        piece = features[i][start : start + _CHUNK]
        x[row, : len(piece)] = (piece - net.mean) / net.deviation
        x[row, len(piece) :] = x[row, len(piece) - 1]
        known = labels[i][start : start + _CHUNK]
        y[row, : len(known)] = known
    return torch.from_numpy(x), torch.from_numpy(y)
