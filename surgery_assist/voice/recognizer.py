"""The recogniser: Vosk with our static graphs, N best sentences, and our own sense of an end.

Vosk's endpoint waits for silence whatever was said, and its partial results lag by half a second.
Here the utterance is tried as soon as nobody speaks for a moment: a whole sentence is taken at
once, one that could go on ("image twenty ... five") a little later, and one that is cut short
much later. "stop" never waits for more. If speech goes on, everything is heard again by a new decoder, which takes a twentieth of
its length.
"""

import json
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from surgery_assist.errors import PackError
from surgery_assist.model.session import Language
from surgery_assist.voice.audio import SAMPLE_RATE, AudioBlock, Samples
from surgery_assist.voice.events import Hypothesis, Utterance
from surgery_assist.voice.packs import is_vosk_model
from surgery_assist.voice.parser import NotUnderstood, Parse, Progress
from surgery_assist.voice.vad import VoiceActivity

N_BEST: Final = 8
TRIAL_SECONDS: Final = 0.2
"""Silence after which an utterance is tried, and taken if nothing can follow."""
EXTENDABLE_SECONDS: Final = 0.4
INCOMPLETE_SECONDS: Final = 0.9
"""Silence after which a sentence is over that could go on, or that is not whole."""
NOISY_PATIENCE: Final = 1.5
"""Factor on both waits in noise, where weak words look like pauses."""
PAUSE_SECONDS: Final = 0.1
"""Silence after which the utterance may well be over: a second opinion can begin to hear it."""
PREROLL_SECONDS: Final = 0.4
"""A foot is often slower than the tongue: so much from before the pedal counts."""
LONGEST_SECONDS: Final = 20.0


STOP: Final = "stop"
"""The one command that is never held back for words that might follow."""


class Scope(StrEnum):
    """Which sentences a graph holds."""

    AWAKE = "awake"
    """All commands, the wake word before them allowed."""
    ASLEEP = "asleep"
    """The wake word, alone or before a command, and "stop"."""


class SentenceParser(Protocol):
    """Understands exactly the sentences of a graph."""

    def parse(self, text: str) -> Parse | NotUnderstood:
        """The command that a sentence is."""

    def progress(self, text: str) -> Progress:
        """Whether words so far are a sentence, and whether more may follow."""

    def suggest(self, text: str) -> str:
        """The sentence nearest to a text, empty if none is near."""


@dataclass(frozen=True, slots=True)
class Ear:
    """A Vosk model directory with the graph of a scope, and the parser of the same sentences."""

    language: Language
    scope: Scope
    model: Path
    parser: SentenceParser
    grammar: str = ""
    """Sentences (JSON) for a standard model, which makes its graph of them at run time."""
    missing: tuple[str, ...] = ()
    """Words that such a model does not know."""


EarTable = Mapping[tuple[Language, Scope], Ear]


@dataclass(frozen=True, slots=True)
class Finished:
    """An utterance with its sound, for a second opinion."""

    utterance: Utterance
    audio: Samples
    """As `Recognizer.paused` gave it, where nothing was said since."""


class Decoder(Protocol):
    """What is used of Vosk's recogniser; texts are JSON."""

    def AcceptWaveform(self, data: bytes) -> bool:  # noqa: N802  (Vosk's names)
        """Hear int16 samples; whether Vosk takes the utterance for ended."""

    def PartialResult(self) -> str:  # noqa: N802
        """The best sentence so far."""

    def Result(self) -> str:  # noqa: N802
        """N best of the utterance that has ended."""

    def FinalResult(self) -> str:  # noqa: N802
        """End the utterance now: its N best."""


@dataclass(frozen=True, slots=True)
class _Trial:
    """N best of an utterance that seems over, and the silence that proves it."""

    hypotheses: tuple[Hypothesis, ...]
    wait: float


class ModelCache:
    """Vosk models by directory, each loaded once."""

    def __init__(self) -> None:
        self._models: dict[Path, Any] = {}

    def load(self, path: Path) -> Any:
        """The model in a directory.

        Raises
        ------
        PackError
            Vosk can't load it.
        """
        if path not in self._models:
            # Vosk frees a model that it could not make, and says why only on stderr.
            if not is_vosk_model(path):
                raise PackError("error.model_unloadable", path=path.name)
            import vosk

            vosk.SetLogLevel(-1)
            try:
                self._models[path] = vosk.Model(str(path))
            except Exception as error:
                raise PackError("error.model_unloadable", path=path.name) from error
        return self._models[path]

    def decoder(self, path: Path, grammar: str = "") -> Decoder:
        """A recogniser with nothing heard yet, made in under 1 ms.

        Parameters
        ----------
        grammar
            Sentences (JSON) for a standard model.

        Raises
        ------
        PackError
            Vosk can't load the model.
        """
        model = self.load(path)
        import vosk

        options = (grammar,) if grammar else ()
        decoder = vosk.KaldiRecognizer(model, SAMPLE_RATE, *options)
        decoder.SetMaxAlternatives(N_BEST)
        made: Decoder = decoder
        return made


class Recognizer:
    """Takes blocks, gives partial texts and finished utterances; for one thread.

    Graphs are swapped between utterances at no cost.
    """

    def __init__(self, models: ModelCache) -> None:
        self._models = models
        self._ear: Ear | None = None
        self._decoder: Decoder | None = None
        self._utterance: list[AudioBlock] = []
        self._before: deque[AudioBlock] = deque(maxlen=round(PREROLL_SECONDS * SAMPLE_RATE / 800))
        self._started: float | None = None
        self._trial: _Trial | None = None
        self._partial = ""
        self._paused: Samples | None = None
        self.noisy = False
        """Whether to wait longer for the rest of a sentence."""

    @property
    def paused(self) -> Samples | None:
        """The utterance until a pause that may be its end, (n,) int16; ``None`` while it goes on."""
        return self._paused

    @property
    def ear(self) -> Ear | None:
        """What is listened with."""
        return self._ear

    @property
    def partial(self) -> str:
        """The best sentence so far."""
        return self._partial

    def use(self, ear: Ear, *, preroll: bool = False) -> None:
        """Listen with another graph from now on; what was heard so far is dropped.

        With ``preroll`` the last moments are heard again by the new graph.
        """
        if ear is self._ear:
            return
        decoder = self._models.decoder(ear.model, ear.grammar)
        self._decoder = decoder
        self._ear = ear
        again = list(self._before) if preroll else []
        self._clear()
        for block in again:
            decoder.AcceptWaveform(block.samples.tobytes())
            self._utterance.append(block)

    def feed(self, block: AudioBlock, activity: VoiceActivity) -> Finished | None:
        """Hear a block that ``activity`` has judged already.

        `use` comes first: without a graph there is nothing to hear with.
        """
        begun = time.perf_counter()
        decoder, ear = self._decoder, self._ear
        if decoder is None or ear is None:
            return None
        self._before.append(block)
        self._utterance.append(block)
        if activity.speaking and self._started is None:
            self._started = activity.started
        silence = activity.silence_since(block.end)
        self._notice_pause(silence)
        if self._trial is not None and silence < TRIAL_SECONDS:
            decoder = self._hear_again(ear)
        elif self._trial is None and decoder.AcceptWaveform(block.samples.tobytes()):
            return self._finish(read_hypotheses(decoder.Result()), block.end, activity, begun)
        if self._trial is None and self._started is not None and silence >= TRIAL_SECONDS:
            self._try(decoder)
        if self._trial is not None:
            if silence < self._trial.wait:
                return None
            return self._finish(self._trial.hypotheses, block.end, activity, begun)
        self._partial = json.loads(decoder.PartialResult()).get("partial", "")
        self._forget_silence()
        return None

    def finish(self, now: float, activity: VoiceActivity) -> Finished | None:
        """End the utterance now, such as when the pedal is released or the file ends."""
        begun = time.perf_counter()
        if self._decoder is None or not self._utterance:
            return None
        if self._trial is None:
            self._try(self._decoder)
        hypotheses = self._trial.hypotheses if self._trial is not None else ()
        return self._finish(hypotheses, now, activity, begun)

    def _notice_pause(self, silence: float) -> None:
        if self._started is None or silence < PAUSE_SECONDS:
            self._paused = None
        elif self._paused is None:
            self._paused = self._sound()

    def _sound(self) -> Samples:
        return np.concatenate([block.samples for block in self._utterance])

    def _try(self, decoder: Decoder) -> None:
        """End the utterance for the time being; `_hear_again` takes it back."""
        hypotheses = read_hypotheses(decoder.FinalResult())
        text = hypotheses[0].text if hypotheses else ""
        self._partial = text
        self._trial = _Trial(hypotheses, self._wait(text))

    def _wait(self, text: str) -> float:
        if not text or self._ear is None:
            return TRIAL_SECONDS
        progress = self._ear.parser.progress(text)
        patience = NOISY_PATIENCE if self.noisy else 1.0
        if not progress.complete:
            return INCOMPLETE_SECONDS * patience
        if not progress.extendable or self._urgent(text, self._ear.parser):
            return TRIAL_SECONDS
        return EXTENDABLE_SECONDS * patience

    @staticmethod
    def _urgent(text: str, parser: SentenceParser) -> bool:
        parse = parser.parse(text)
        return isinstance(parse, Parse) and parse.command_id == STOP

    def _hear_again(self, ear: Ear) -> Decoder:
        """Speech goes on after all: a new decoder hears the utterance from its start."""
        self._trial = None
        self._decoder = decoder = self._models.decoder(ear.model, ear.grammar)
        for block in self._utterance:
            decoder.AcceptWaveform(block.samples.tobytes())
        return decoder

    def _finish(
        self,
        hypotheses: tuple[Hypothesis, ...],
        now: float,
        activity: VoiceActivity,
        begun: float,
    ) -> Finished | None:
        started = self._started
        audio = self._sound() if self._paused is None else self._paused
        first = self._utterance[0].time
        language = self._ear.language if self._ear else "en"
        self._clear()
        if not hypotheses or not hypotheses[0].text:
            return None
        # Where the activity detector heard nothing, such as a whisper, Vosk alone says when.
        ended = activity.last_voiced if activity.last_voiced > first else now
        latency = (now - ended + time.perf_counter() - begun) * 1000.0
        begin = first if started is None else max(first, started)
        return Finished(Utterance(hypotheses, begin, ended, latency, language), audio)

    def _clear(self) -> None:
        self._utterance = []
        self._started = None
        self._trial = None
        self._partial = ""
        self._paused = None

    def _forget_silence(self) -> None:
        """Keep the sound bounded: silence before speech is of no use to anyone."""
        limit = LONGEST_SECONDS if self._started is not None else PREROLL_SECONDS
        while self._utterance and self._utterance[-1].end - self._utterance[0].time > limit:
            del self._utterance[0]


def read_hypotheses(text: str) -> tuple[Hypothesis, ...]:
    """Hypotheses of a result of Vosk (JSON), best first, each text once."""
    alternatives = json.loads(text).get("alternatives", [])
    best: dict[str, float] = {}
    for entry in alternatives:
        words, score = entry["text"].strip(), float(entry["confidence"])
        best[words] = max(score, best.get(words, score))
    ordered = sorted(best.items(), key=lambda pair: -pair[1])
    return tuple(Hypothesis(words, score) for words, score in ordered)
