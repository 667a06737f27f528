"""A criterion on whole utterances: maximum mutual information over a loop of phones.

Frame cross-entropy asks for every step by itself; a decoder weighs whole paths. Here the paths
that say what was said (each phone within a little of where it was aligned) compete with all
paths of a phone bigram, as in lattice-free MMI (Povey and others, Interspeech 2016), with one
state a phone as in our packs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch  # noqa: TID253  (the recipe's own environment)

from models.recipe.store import Labels
from surgery_assist.voice.phones import PHONE_INDEX, PHONES, SILENCE

_TOLERANCE: Final = 2
"""Steps (30 ms) that a phone may come earlier or later than aligned."""
_STAY: Final = 0.6
_STAY_SILENT: Final = 0.9
_LEAST: Final = 1e-12


@dataclass(frozen=True, slots=True)
class PhoneLoop:
    """Every path of phones.

    Attributes
    ----------
    steps
        (phones, phones) probability to go from one to another in one step.
    start
        (phones,) probability of the first step.
    log_prior
        (phones,) offsets taken from log probabilities to make scores, as the decoder's.
    """

    steps: torch.Tensor
    start: torch.Tensor
    log_prior: torch.Tensor

    @classmethod
    def of_labels(cls, labels: Sequence[Labels], offsets: np.ndarray) -> "PhoneLoop":
        """The bigram of aligned utterances."""
        counts = np.full((len(PHONES), len(PHONES)), 0.5)
        for y in labels:
            known = y[y >= 0]
            change = np.flatnonzero(np.diff(known))
            np.add.at(counts, (known[change], known[change + 1]), 1)
        np.fill_diagonal(counts, 0)
        stay = np.full(len(PHONES), _STAY)
        stay[PHONE_INDEX[SILENCE]] = _STAY_SILENT
        steps = counts / counts.sum(1, keepdims=True) * (1 - stay)[:, None] + np.diag(stay)
        start = np.full(len(PHONES), 0.1 / (len(PHONES) - 1))
        start[PHONE_INDEX[SILENCE]] = 0.9
        return cls(*(torch.from_numpy(np.float32(x)) for x in (steps, start, offsets)))

    def loss(self, log_probabilities: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Log probability of all paths less that of the right ones, per known step.

        Parameters
        ----------
        log_probabilities
            (batch, steps, phones).
        labels
            (batch, steps); below zero where nothing is known and every phone may be.
        """
        scores = log_probabilities - self.log_prior
        both = torch.cat([scores, scores])
        allowed = allowed_phones(labels)
        paths = self._log_paths(both, torch.cat([allowed, torch.ones_like(allowed)]))
        right, every = paths.chunk(2)
        return (every - right).sum() / (labels >= 0).sum()

    def _log_paths(self, scores: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
        peak = scores.detach().amax(2, keepdim=True)
        likelihood = (scores - peak).exp() * allowed
        log_total = peak.squeeze(2).sum(1)
        reached = self.start * likelihood[:, 0]
        for step in range(1, scores.shape[1]):
            size = reached.sum(1, keepdim=True).clamp_min(_LEAST)
            log_total = log_total + size.squeeze(1).log()
            reached = (reached / size) @ self.steps * likelihood[:, step]
        return log_total + reached.sum(1).clamp_min(_LEAST).log()


def allowed_phones(labels: torch.Tensor) -> torch.Tensor:
    """(batch, steps, phones), 1 for the phones that are aligned to a step or near it."""
    known = labels.clamp_min(0)
    one = torch.nn.functional.one_hot(known, len(PHONES)).float()
    one = torch.where((labels >= 0).unsqueeze(2), one, torch.ones_like(one))
    wide = torch.nn.functional.max_pool1d(
        one.transpose(1, 2), 2 * _TOLERANCE + 1, stride=1, padding=_TOLERANCE
    )
    return wide.transpose(1, 2)
