"""What Whisper says about a sound: how well sentences fit, and what it would write itself."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.model.session import Language
from surgery_assist.voice.audio import SAMPLE_RATE, Samples
from surgery_assist.voice.mel import HOP, log_mel
from surgery_assist.voice.whisper_model import LoadedWhisper

WINDOW_STEP_SECONDS: Final = 0.5
SHORTEST_SECONDS: Final = 3.0
LONGEST_SECONDS: Final = 10.0
"""Whisper was trained on 30 s, and judges as well on less, which costs less."""
PEAK: Final = 0.5
"""Level to which the loudest sample is brought, of full scale."""
LEAST_PROBABILITY: Final = 1e-9
LONGEST_TEXT: Final = 24
"""Tokens; a command is shorter."""
_REPEATED: Final = re.compile(r"\b(\w.*?)(?:\W+\1)+\b", re.IGNORECASE)
"""On little sound Whisper tends to write a word again and again."""
_ENCLITIC: Final = re.compile(r"(?<=\w) (te|mă)\b")


@dataclass(frozen=True, slots=True)
class Sound:
    """An utterance as Whisper's encoder sees it; ``states`` is (1, frames / 2, width)."""

    states: NDArray[np.float32]
    frames: int


class WhisperScorer:
    """Asks a loaded model; for one thread at a time."""

    def __init__(self, model: LoadedWhisper) -> None:
        self._network = model.network
        self._vocabulary = model.vocabulary

    def practise(self) -> None:
        """Do everything once: the first time is slower."""
        silence = self.encode(np.zeros(SAMPLE_RATE, np.int16))
        self.write(silence, "en")
        self.score(silence, ["stop"], "en")

    def encode(self, audio: Samples) -> Sound:
        """Hear an utterance; of a longer one the last ten seconds."""
        import ctranslate2

        audio = audio[-round(LONGEST_SECONDS * SAMPLE_RATE) :]
        steps = math.ceil(len(audio) / SAMPLE_RATE / WINDOW_STEP_SECONDS)
        seconds = max(SHORTEST_SECONDS, steps * WINDOW_STEP_SECONDS)
        frames = round(seconds * SAMPLE_RATE / HOP)
        features = log_mel(_levelled(audio), frames, bands=self._network.n_mels)
        states = self._network.encode(
            ctranslate2.StorageView.from_array(features[np.newaxis]), to_cpu=True
        )
        return Sound(np.array(states), frames)

    def score(
        self, sound: Sound, sentences: Sequence[str], language: Language
    ) -> list[list[float]]:
        """Log-probability of every token of each sentence, all judged at once."""
        if not sentences:
            return []
        tokens = [self._vocabulary.encode(f" {written(sentence)}.") for sentence in sentences]
        aligned = self._network.align(
            self._batch(sound, len(tokens)),
            self._vocabulary.prompt(language),
            tokens,
            [sound.frames] * len(tokens),
        )
        return [
            np.log(np.maximum(result.text_token_probs[: len(cut)], LEAST_PROBABILITY)).tolist()
            for cut, result in zip(tokens, aligned, strict=True)
        ]

    def write(self, sound: Sound, language: Language) -> str:
        """What Whisper would write, at most a few words."""
        prompt = [*self._vocabulary.prompt(language), self._vocabulary.no_timestamps]
        (result,) = self._network.generate(
            self._batch(sound, 1),
            [prompt],
            beam_size=1,
            no_repeat_ngram_size=3,
            max_length=len(prompt) + LONGEST_TEXT,
        )
        return once(self._vocabulary.decode(result.sequences_ids[0]).strip())

    def _batch(self, sound: Sound, count: int) -> Any:
        import ctranslate2

        repeated = np.ascontiguousarray(np.repeat(sound.states, count, axis=0))
        return ctranslate2.StorageView.from_array(repeated)


def written(sentence: str) -> str:
    """A sentence of the phrase files as Whisper writes: "Oprește-te" for "oprește te"."""
    return _ENCLITIC.sub(r"-\1", sentence[:1].upper() + sentence[1:])


def once(text: str) -> str:
    """A text without words or groups of words that only repeat those before: "left left" -> "left"."""
    return _REPEATED.sub(r"\1", text)


def _levelled(audio: Samples) -> Samples:
    """Brought to a common level: a quiet voice is judged as a loud one."""
    loudest = int(np.abs(audio.astype(np.int32)).max(initial=0))
    if loudest == 0:
        return audio
    return (audio * (PEAK * 32767.0 / loudest)).astype(np.int16)
