"""The part that learns: the donor's upper layers, ours on top, one output a phone every 30 ms."""

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch  # noqa: TID253  (with upper.py the only module that needs it)
from numpy.typing import NDArray

from models.recipe.sequence import PhoneLoop
from models.recipe.store import Clock, Features, Labels
from models.recipe.trunk import Layer
from models.recipe.upper import Upper, shifted
from surgery_assist.voice.phones import PHONE_INDEX, PHONES, SILENCE

CONTEXT: Final = (-1, 0, 1)
"""Steps (30 ms) that a layer of ours sees."""
LAYERS: Final = 2
_BATCH_STEPS: Final = 1600
_POOL: Final = 40
"""So many batches are drawn at once, their utterances put side by side by length."""
_IGNORED: Final = -100
_UPPER_RATE: Final = 0.15
"""The donor's layers learn so much slower than ours."""
_HALF: Final = torch.cpu._is_avx512_bf16_supported()  # noqa: SLF001
"""Half the bits, twice the speed, where the processor has an instruction for it."""
_GRADIENT: Final = 5.0
_FRAMES_SHARE: Final = 0.3
"""Weight of the frames where sequences count too."""
_PRIOR_POWER: Final = 0.5


class Head(torch.nn.Module):
    """The donor's upper layers; ours with context, ReLU and batch norm; an output a phone."""

    def __init__(self, upper: Sequence[Layer], width: int) -> None:
        super().__init__()
        self.upper = Upper(upper)
        size = upper[-1].dimension
        self.level = torch.nn.BatchNorm1d(size, affine=False)
        inputs = [size] + [width] * (LAYERS - 1)
        self.linear = torch.nn.ModuleList(
            torch.nn.Linear(size * len(CONTEXT), width) for size in inputs
        )
        self.norm = torch.nn.ModuleList(torch.nn.BatchNorm1d(width) for _ in inputs)
        self.drop = torch.nn.Dropout(0.1)
        self.output = torch.nn.Linear(width, len(PHONES))

    def forward(self, tap: torch.Tensor) -> torch.Tensor:
        """(batch, steps, phones) from (batch, steps, dimension); the ends repeat themselves."""
        x = _by_channel(self.level, self.upper(tap))
        for linear, norm in zip(self.linear, self.norm, strict=True):
            x = torch.relu(linear(torch.cat([shifted(x, k) for k in CONTEXT], 2)))
            x = self.drop(_by_channel(norm, x))
        result: torch.Tensor = self.output(x)
        return result


def _by_channel(norm: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    normed: torch.Tensor = norm(x.reshape(-1, x.shape[2])).reshape(x.shape)
    return normed


@dataclass(slots=True)
class PhoneNet:
    """A trained head and how often every phone is spoken."""

    head: Head
    log_prior: NDArray[np.float32]

    def scores(self, features: Features) -> NDArray[np.float32]:
        """(steps, phones) log probabilities of trunk outputs (steps, dimension)."""
        tap = torch.from_numpy(features.astype(np.float32))[None]
        with torch.no_grad():
            result = torch.log_softmax(self.head(tap), 2)[0]
        return result.numpy()

    def state(self) -> dict[str, object]:
        """To be saved with ``torch.save``."""
        return {"head": self.head.state_dict(), "log_prior": self.log_prior}

    @classmethod
    def of_state(cls, state: dict[str, object], upper: Sequence[Layer]) -> "PhoneNet":
        """From ``state`` and the donor's layers, whose values it replaces."""
        weights: dict[str, torch.Tensor] = state["head"]  # type: ignore[assignment]
        head = Head(upper, len(weights["linear.0.weight"]))
        head.load_state_dict(weights)
        head.eval()
        return cls(head, state["log_prior"])  # type: ignore[arg-type]


def train_head(
    features: Sequence[Features],
    labels: Sequence[Labels],
    upper: Sequence[Layer],
    *,
    width: int,
    epochs: int,
    seed: int,
    judge: Callable[[PhoneNet], float] | None = None,
    rate: float = 2e-3,
    start: PhoneNet | None = None,
    sequences: bool = False,
) -> PhoneNet:
    """Train by frame cross-entropy with label smoothing; keep what judges best.

    Parameters
    ----------
    features, labels
        (steps, dimension) and (steps,) of every utterance; label -100 is not learned from.
    upper
        The donor's layers between the tap and ours.
    judge
        Accuracy on speech that is not trained on, asked after the later epochs. Networks
        overfit small sets of synthetic speech: the loss can't tell when to stop. The mean of
        the judged epochs is judged too.
    start
        Trained further in place of a fresh one (``width`` is then its own).
    sequences
        Whole utterances count as well as frames, see `sequence`.
    """
    torch.manual_seed(seed)
    chance = random.Random(seed)  # noqa: S311
    head = copy.deepcopy(start.head) if start is not None else Head(upper, width)
    net = PhoneNet(head, _log_prior(labels))
    ours = [p for name, p in head.named_parameters() if not name.startswith("upper.")]
    optimiser = torch.optim.Adam(
        [
            {"params": ours, "share": 1.0},
            {"params": list(head.upper.parameters()), "share": _UPPER_RATE},
        ],
        lr=rate, weight_decay=1e-5,
    )  # fmt: skip
    total = epochs * sum(1 for _ in _batches(labels, random.Random(seed)))  # noqa: S311
    step = 0
    warm = max(1, min(100, total // 10))
    clock = Clock("train", total)
    loop = PhoneLoop.of_labels(labels, _PRIOR_POWER * net.log_prior) if sequences else None
    judged: list[tuple[float, dict[str, torch.Tensor]]] = []
    for epoch in range(epochs):
        head.train()
        right = seen = 0
        for members in _batches(labels, chance):
            x, y = _padded(members, features, labels)
            now = rate * min(1, (step + 1) / warm) * max(0.02, 1 - step / total)
            for group in optimiser.param_groups:
                group["lr"] = now * group["share"]
            with torch.autocast("cpu", torch.bfloat16, enabled=_HALF):
                output = head(x)
            output = output.float()
            loss = torch.nn.functional.cross_entropy(
                output.reshape(-1, len(PHONES)), y.reshape(-1), ignore_index=_IGNORED,
                label_smoothing=0.05,
            )  # fmt: skip
            if loop is not None:
                loss = _FRAMES_SHARE * loss + loop.loss(torch.log_softmax(output, 2), y)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(head.parameters(), _GRADIENT)
            optimiser.step()
            step += 1
            clock.tick(step)
            known = y >= 0
            right += int((output.argmax(2) == y)[known].sum())
            seen += int(known.sum())
        head.eval()
        verdict = ""
        if judge is not None and epoch >= epochs // 2:
            score = judge(net)
            verdict = f", judged {score:.4f}"
            judged.append((score, copy.deepcopy(head.state_dict())))
        print(
            f"  epoch {epoch + 1}/{epochs}: {right / max(1, seen):.4f} of frames{verdict}",
            flush=True,
        )
    if judge is not None and judged:
        _keep_best(net, judged, judge)
    return net


def frame_accuracy(net: PhoneNet, features: Sequence[Features], labels: Sequence[Labels]) -> float:
    """Share of spoken (not silent) steps whose best phone is the right one."""
    right = seen = 0
    for x, y in zip(features, labels, strict=True):
        spoken = y != PHONE_INDEX[SILENCE]
        right += int((net.scores(x).argmax(1) == y)[spoken].sum())
        seen += int(spoken.sum())
    return right / max(1, seen)


def _log_prior(labels: Sequence[Labels]) -> NDArray[np.float32]:
    counts = np.zeros(len(PHONES))
    for y in labels:
        counts += np.bincount(y[y >= 0], minlength=len(PHONES))
    return np.log((counts + 10) / (counts + 10).sum()).astype(np.float32)


def _keep_best(
    net: PhoneNet,
    judged: Sequence[tuple[float, dict[str, torch.Tensor]]],
    judge: Callable[[PhoneNet], float],
) -> None:
    """The epoch that judged best, or the mean of the judged ones if that judges no worse."""
    if len(judged) == 1:
        return
    states = [state for _, state in judged]
    mean = {
        key: torch.stack([state[key] for state in states]).mean(0)
        if value.is_floating_point()
        else value
        for key, value in states[-1].items()
    }
    net.head.load_state_dict(mean)
    score = judge(net)
    best, state = max(judged, key=lambda pair: pair[0])
    print(f"  mean of {len(states)} epochs judged {score:.4f}, the best one {best:.4f}", flush=True)
    if score < best:
        net.head.load_state_dict(state)


def _batches(labels: Sequence[Labels], chance: random.Random) -> Iterator[list[int]]:
    """Utterances of like length, about ``_BATCH_STEPS`` steps together, in random order."""
    order = list(range(len(labels)))
    chance.shuffle(order)
    pool: list[int] = []
    steps = 0
    for number, i in enumerate(order):
        pool.append(i)
        steps += len(labels[i])
        if steps >= _POOL * _BATCH_STEPS or number + 1 == len(order):
            yield from _cut(sorted(pool, key=lambda i: len(labels[i])), labels, chance)
            pool, steps = [], 0


def _cut(pool: Sequence[int], labels: Sequence[Labels], chance: random.Random) -> list[list[int]]:
    batches: list[list[int]] = [[]]
    for i in pool:
        if batches[-1] and (len(batches[-1]) + 1) * len(labels[i]) > _BATCH_STEPS:
            batches.append([])
        batches[-1].append(i)
    chance.shuffle(batches)
    return batches


def _padded(
    members: Sequence[int], features: Sequence[Features], labels: Sequence[Labels]
) -> tuple[torch.Tensor, torch.Tensor]:
    longest = max(len(labels[i]) for i in members)
    x = np.empty((len(members), longest, features[members[0]].shape[1]), np.float32)
    y = np.full((len(members), longest), _IGNORED, np.int64)
    for row, i in enumerate(members):
        steps = len(labels[i])
        x[row, :steps] = features[i]
        x[row, steps:] = features[i][-1]
        y[row, :steps] = labels[i]
    return torch.from_numpy(x), torch.from_numpy(y)
