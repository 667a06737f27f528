"""A second opinion by a standard Vosk model: which of the candidate sentences it hears.

The model listens for the candidates alone. Its scores of the N best become log-probabilities
by their share, so that they mean what Whisper's mean: near 0 for a sentence that it hears
clearly, far below where it hears another one, or none.
"""

import json
import logging
import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from surgery_assist.errors import PackError
from surgery_assist.model.session import Language
from surgery_assist.voice.audio import SAMPLE_RATE, Samples
from surgery_assist.voice.decision import Judgement, Nearest
from surgery_assist.voice.packs import VoicePack
from surgery_assist.voice.parser import UNKNOWN_WORD
from surgery_assist.voice.recognizer import ModelCache, read_hypotheses
from surgery_assist.voice.standard import knows_word

log = logging.getLogger(__name__)

UNHEARD: Final = -6.0
"""Log-probability per word of a sentence that is not among what the model heard."""
_PADDING: Final = np.zeros(round(0.3 * SAMPLE_RATE), np.int16)
_MOST: Final = 10


class VoskOpinion:
    """Judges candidates of the model's own language; of others it has no opinion.

    Parameters
    ----------
    pack
        A standard model whose languages are known.
    """

    def __init__(self, pack: VoicePack) -> None:
        self._pack = pack
        self._models = ModelCache()
        self._model: Any = None

    def warm_up(self) -> None:
        """Load the model now.

        Raises
        ------
        PackError
            Vosk can't load it.
        """
        self._model = self._models.load(self._pack.root)

    def listen(self, audio: Samples) -> None:
        """Nothing to begin early: it hears in a fraction of what Whisper needs."""

    def judge(
        self,
        audio: Samples,
        candidates: Sequence[str],
        language: Language,
        nearest: Nearest | None = None,  # noqa: ARG002  (it hears candidates only)
    ) -> list[Judgement]:
        """Judge candidates; none in a language that the model does not know.

        Parameters
        ----------
        audio
            The utterance: (n,) int16, 16 kHz.
        """
        if language not in self._pack.languages:
            return []
        try:
            if self._model is None:
                self.warm_up()
        except PackError as error:
            log.warning("second opinion not loaded: %s", error)
            return []
        knows = knows_word(self._model)
        heard = [text for text in candidates[:_MOST] if all(map(knows, text.split()))]
        if not heard:
            return []
        grammar = [*heard, UNKNOWN_WORD] if knows(UNKNOWN_WORD) else heard
        return judgements(self._hear(audio, grammar), heard)

    def _hear(self, audio: Samples, grammar: list[str]) -> dict[str, float]:
        """Vosk's scores by text."""
        decoder = self._models.decoder(self._pack.root, json.dumps(grammar, ensure_ascii=False))
        decoder.AcceptWaveform(np.concatenate((_PADDING, audio, _PADDING)).tobytes())
        return {found.text: found.score for found in read_hypotheses(decoder.FinalResult())}


def judgements(scores: dict[str, float], sentences: Sequence[str]) -> list[Judgement]:
    """Scores as log-probabilities, each sentence's share of all that was heard."""
    best = max(scores.values(), default=0.0)
    total = sum(math.exp(score - best) for score in scores.values())
    found = []
    for sentence in sentences:
        words = max(1, len(sentence.split()))
        if sentence in scores:
            share = scores[sentence] - best - math.log(total)
            per_word = max(UNHEARD, share / words)
        else:
            per_word = UNHEARD
        found.append(Judgement(sentence, per_word * words, per_word))
    return found
