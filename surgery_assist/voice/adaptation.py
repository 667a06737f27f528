"""Adapting a pack to one speaker: the network's last layer learns from a few minutes of reading.

What was read is known, so the network itself says which phone stands where. The last affine
layer (41 phones from some hundred inputs) is then moved towards these labels, but held near to what
it was: its answers for each frame stay mixed into the targets (Yu and others, "KL-divergence
regularized deep neural network adaptation", 2013). Everything is numpy.

Whether that helps is measured on sentences that took no part: the reading is cut into folds, each
is left out once, and the layer that the others make must find its sentences at least as often
as the old one, and by a larger lead.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.errors import VocabularyError
from surgery_assist.voice.audio import Samples
from surgery_assist.voice.lexicon import Lexicon
from surgery_assist.voice.mfcc import Mfcc
from surgery_assist.voice.network import Network, log_softmax
from surgery_assist.voice.phones import PHONE_INDEX, PHONES, SILENCE
from surgery_assist.voice.spelling import split_words

FloatArray = NDArray[np.float32]

STEPS: Final = 60
RATE: Final = 1e-3
KEPT: Final = 0.3
"""Share of the old network's answer in the targets."""
FOLDS: Final = 4
WORST_SHORTFALL: Final = 1.2
"""Mean loss per step against the likeliest phones, from which on something else was said."""
MOST_WAYS: Final = 12
_SILENCE: Final = PHONE_INDEX[SILENCE]
_IMPOSSIBLE: Final = -1e9
_BETA1: Final = 0.9
_BETA2: Final = 0.99


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence that somebody read: its text and the network's `hidden` values (steps, inputs)."""

    text: str
    language: str
    hidden: FloatArray


@dataclass(frozen=True, slots=True)
class Layer:
    """The last affine layer: weights (phones, inputs), bias (phones,)."""

    weights: FloatArray
    bias: FloatArray


@dataclass(frozen=True, slots=True)
class Quality:
    """How well sentences are found among all of the list.

    ``lead`` is the mean lead of the right sentence over the best other one, in natural logarithms
    per step; negative where it is not found.
    """

    right: int
    sentences: int
    lead: float


@dataclass(frozen=True, slots=True)
class Trial:
    """Held-out sentences before and after."""

    before: Quality
    after: Quality

    @property
    def helps(self) -> bool:
        """Whether adapting found more sentences, or as many with a larger lead."""
        if self.after.right != self.before.right:
            return self.after.right > self.before.right
        return self.after.lead > self.before.lead


@dataclass(frozen=True, slots=True)
class Chain:
    """Phones of a sentence in one way to say it; ``optional`` marks silence that may be skipped."""

    phones: tuple[int, ...]
    optional: tuple[bool, ...]


def chains(text: str, language: str, lexicon: Lexicon) -> list[Chain]:
    """Ways to say a sentence, silence between words and at its ends; none if a word can't be said."""
    words = [
        [tuple(PHONE_INDEX[phone] for phone in way.phones) for way in found]
        for found in (lexicon.pronunciations(word, language) for word in split_words(text))
    ]
    return [_chain(ways) for ways in islice(product(*words), MOST_WAYS)] if words else []


def _chain(words: Sequence[Sequence[int]]) -> Chain:
    phones: list[int] = [_SILENCE]
    optional = [True]
    for word in words:
        phones += [*word, _SILENCE]
        optional += [False] * len(word) + [True]
    return Chain(tuple(phones), tuple(optional))


class Aligner:
    """Best paths through many chains at once.

    Parameters
    ----------
    ways
        All chains that are compared.
    """

    def __init__(self, ways: Sequence[Chain]) -> None:
        width = max(len(way.phones) for way in ways)
        self._phones = np.full((len(ways), width), _SILENCE)
        self._skips = np.zeros((len(ways), width), bool)
        self._ends = np.array([len(way.phones) for way in ways])
        for row, way in enumerate(ways):
            self._phones[row, : len(way.phones)] = way.phones
            # A state may be entered from two before it where the one between is optional.
            self._skips[row, 1 : len(way.phones)] = way.optional[:-1]

    def totals(self, scores: FloatArray) -> NDArray[np.float64]:
        """Score of the best path of each chain, for phone scores (steps, phones)."""
        best = self._first(scores[0])
        for step in scores[1:]:
            best = np.maximum.reduce(self._entries(best)) + step[self._phones]
        return self._last(best)

    def labels(self, scores: FloatArray) -> NDArray[np.int64]:
        """Phone of each step, (steps,), on the best path of all chains."""
        best = self._first(scores[0])
        history = []
        for step in scores[1:]:
            entries = self._entries(best)
            choice = np.argmax(entries, axis=0)
            history.append(choice)
            best = np.take_along_axis(entries, choice[None], 0)[0] + step[self._phones]
        row = int(np.argmax(self._last(best)))
        end = int(self._ends[row])
        state = end - 1 if best[row, end - 1] >= best[row, end - 2] else end - 2
        states = [state]
        for choice in reversed(history):
            state -= int(choice[row, state])
            states.append(state)
        return self._phones[row, states[::-1]]

    def _first(self, scores: FloatArray) -> NDArray[np.float64]:
        best = np.full(self._phones.shape, _IMPOSSIBLE)
        best[:, :2] = scores[self._phones[:, :2]]
        return best

    def _entries(self, best: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores of staying, coming from the state before, and from two before; (3, chains, states)."""
        entries = np.full((3, *best.shape), _IMPOSSIBLE)
        entries[0] = best
        entries[1, :, 1:] = best[:, :-1]
        entries[2, :, 2:] = np.where(self._skips[:, 2:], best[:, :-2], _IMPOSSIBLE)
        return entries

    def _last(self, best: NDArray[np.float64]) -> NDArray[np.float64]:
        rows = np.arange(len(best))
        ends: NDArray[np.float64] = np.maximum(
            best[rows, self._ends - 1], best[rows, self._ends - 2]
        )
        return ends


class Adapter:
    """Adapts one network; pronunciations from one lexicon, cepstra as the pack wants them."""

    def __init__(self, network: Network, lexicon: Lexicon, cepstra: Mfcc) -> None:
        self._network = network
        self._lexicon = lexicon
        self._cepstra = cepstra
        self._old = Layer(*network.weights)

    def reading(self, text: str, language: str, samples: Samples) -> Reading | None:
        """What a sound teaches; ``None`` if it does not sound like its sentence at all.

        Parameters
        ----------
        samples
            (n,) int16, 16 kHz.

        Raises
        ------
        VocabularyError
            A word of the sentence can't be said.
        """
        ways = chains(text, language, self._lexicon)
        if not ways:
            raise VocabularyError("error.vocabulary", words=text)
        features = self._cepstra(samples)
        if not len(features):
            return None
        reading = Reading(text, language, self._network.hidden(features))
        scores = self._phone_scores(reading.hidden, self._old)
        total = float(Aligner(ways).totals(scores).max())
        shortfall = (float(scores.max(axis=1).sum()) - total) / len(scores)
        return reading if shortfall < WORST_SHORTFALL else None

    def try_out(self, readings: Sequence[Reading], rivals: Sequence[str] = ()) -> Trial:
        """Leave each fold out once, adapt on the others, and find the sentences left out.

        Parameters
        ----------
        rivals
            Further sentences that a reading may be taken for.
        """
        texts = sorted({reading.text for reading in readings} | set(rivals))
        language = readings[0].language
        before, after = [], []
        for train, test in _folds(readings):
            layer = self.adapt(train)
            before += self.leads(test, texts, language, self._old)
            after += self.leads(test, texts, language, layer)
        return Trial(_quality(before), _quality(after))

    def adapt(self, readings: Sequence[Reading]) -> Layer:
        """The last layer after learning from all readings."""
        inputs = np.concatenate([reading.hidden for reading in readings])
        labels = np.concatenate([self._labels(reading) for reading in readings])
        return fit(inputs, labels, self._old)

    def leads(
        self, readings: Sequence[Reading], texts: Sequence[str], language: str, layer: Layer
    ) -> list[float]:
        """Lead of each reading's sentence over the best other one, logarithms per step."""
        ways = [(text, way) for text in texts for way in chains(text, language, self._lexicon)]
        aligner = Aligner([way for _, way in ways])
        owners = np.array([text for text, _ in ways])
        leads = []
        for reading in readings:
            totals = aligner.totals(self._phone_scores(reading.hidden, layer))
            own = owners == reading.text
            lead = float(totals[own].max() - totals[~own].max())
            leads.append(lead / len(reading.hidden))
        return leads

    def _labels(self, reading: Reading) -> NDArray[np.int64]:
        ways = chains(reading.text, reading.language, self._lexicon)
        return Aligner(ways).labels(self._phone_scores(reading.hidden, self._old))

    def _phone_scores(self, hidden: FloatArray, layer: Layer) -> FloatArray:
        """Scores (steps, phones): both densities of a phone share theirs."""
        scores = self._network.scores(hidden, layer.weights, layer.bias)
        return scores[:, : 2 * len(PHONES) : 2]


def fit(inputs: FloatArray, labels: NDArray[np.int64], old: Layer) -> Layer:
    """Move a layer towards labels by Adam on all frames at once.

    Parameters
    ----------
    inputs
        (steps, inputs).
    labels
        (steps,), phone indices.
    """
    targets = np.exp(log_softmax(inputs @ old.weights.T + old.bias)) * np.float32(KEPT)
    targets[np.arange(len(labels)), labels] += np.float32(1.0 - KEPT)
    values = np.concatenate((old.weights, old.bias[:, None]), axis=1)
    extended = np.concatenate((inputs, np.ones((len(inputs), 1), np.float32)), axis=1)
    mean, square = np.zeros_like(values), np.zeros_like(values)
    for step in range(1, STEPS + 1):
        found = np.exp(log_softmax(extended @ values.T))
        slope = (found - targets).T @ extended / np.float32(len(labels))
        mean = _BETA1 * mean + (1 - _BETA1) * slope
        square = _BETA2 * square + (1 - _BETA2) * slope * slope
        ahead = mean / (1 - _BETA1**step)
        spread = np.sqrt(square / (1 - _BETA2**step)) + 1e-8
        values = values - np.float32(RATE) * ahead / spread
    return Layer(np.asarray(values[:, :-1], np.float32), np.asarray(values[:, -1], np.float32))


def _folds(readings: Sequence[Reading]) -> Iterator[tuple[list[Reading], list[Reading]]]:
    for fold in range(FOLDS):
        yield (
            [reading for place, reading in enumerate(readings) if place % FOLDS != fold],
            [reading for place, reading in enumerate(readings) if place % FOLDS == fold],
        )


def _quality(leads: Sequence[float]) -> Quality:
    return Quality(sum(lead > 0 for lead in leads), len(leads), float(np.mean(leads)))
