"""Ears whose recogniser follows a script: real phrases and real sound, but no model is needed."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from surgery_assist.commands.registry import Risk
from surgery_assist.settings import resources_dir
from surgery_assist.voice.assembly import SWITCHES, JoinedParser
from surgery_assist.voice.audio import SAMPLE_RATE
from surgery_assist.voice.decision import Interpreter, SecondOpinion
from surgery_assist.voice.parser import Parser
from surgery_assist.voice.phrases import PhraseBook, Wake, load_phrases
from surgery_assist.voice.pipeline import Ears
from surgery_assist.voice.recognizer import Decoder, Ear, ModelCache, Scope
from tests.helpers.speech import ESPEAK_RATE, resampled, speech

Alternatives = Sequence[tuple[str, float]]


class ScriptedDecoder:
    """Says at each moment what the script has for it.

    The script is a list of seconds, and what is heard from then on; ``finals`` has the N best for
    a text, where there is more than the text itself.
    """

    def __init__(self, models: "ScriptedModels") -> None:
        self.models = models
        self.seconds = 0.0
        self._from: float | None = None
        self._to = 0.0

    def AcceptWaveform(self, data: bytes) -> bool:  # noqa: N802
        begin, self._to = self.models.moments(data)
        self._from = begin if self._from is None else self._from
        self.seconds += self._to - begin
        return False

    def PartialResult(self) -> str:  # noqa: N802
        return json.dumps({"partial": self._text()})

    def Result(self) -> str:  # noqa: N802
        return self.FinalResult()

    def FinalResult(self) -> str:  # noqa: N802
        text = self._text()
        self._from = None
        best = self.models.finals.get(text, [(text, -1.0)])
        return json.dumps(
            {"alternatives": [{"text": words, "confidence": score} for words, score in best]}
        )

    def _text(self) -> str:
        begin = self._to if self._from is None else self._from
        known = [text for time, text in self.models.script if begin <= time <= self._to]
        return known[-1] if known else ""


class ScriptedModels(ModelCache):
    """Makes decoders that follow one script, whatever graph is asked for.

    Sound that is heard again, by the same or another decoder, is known by its samples.
    """

    def __init__(
        self, script: Sequence[tuple[float, str]], finals: Mapping[str, Alternatives]
    ) -> None:
        super().__init__()
        self.script = list(script)
        self.finals = finals
        self.decoders: list[tuple[Path, ScriptedDecoder]] = []
        self._moments: dict[bytes, tuple[float, float]] = {}
        self._now = 0.0

    def moments(self, data: bytes) -> tuple[float, float]:
        """Begin and end of a block, seconds."""
        if data not in self._moments:
            end = self._now + len(data) / 2 / SAMPLE_RATE
            self._moments[data] = (self._now, end)
            self._now = end
        return self._moments[data]

    def load(self, path: Path) -> object:
        return path

    def decoder(self, path: Path, grammar: str = "") -> Decoder:  # noqa: ARG002
        made = ScriptedDecoder(self)
        self.decoders.append((path, made))
        return made


@cache
def phrase_books() -> dict[str, PhraseBook]:
    return {
        language: load_phrases(resources_dir() / "phrases" / f"{language}.yaml")
        for language in ("ro", "en")
    }


def scripted_ears(
    script: Sequence[tuple[float, str]],
    *,
    finals: Mapping[str, Alternatives] | None = None,
    risks: Mapping[str, Risk] | None = None,
    opinion: SecondOpinion | None = None,
) -> Ears:
    """Ears for both languages with the phrase files of the program."""
    books = phrase_books()
    table = {}
    for language, book in books.items():
        other = books["en" if language == "ro" else "ro"]
        awake = (book.parser(None, Wake.OPTIONAL), other.parser(SWITCHES))
        called = Parser(book.automaton({"listen.start", "stop"}))
        asleep = (book.parser(None, Wake.REQUIRED), called)
        for scope, parsers in ((Scope.AWAKE, awake), (Scope.ASLEEP, asleep)):
            model = Path(f"{language}-{scope}")
            table[language, scope] = Ear(language, scope, model, JoinedParser(parsers))
    models = ScriptedModels(script, finals or {})
    return Ears(table, Interpreter(risks or {}, opinion=opinion), models)


def said(*parts: tuple[float, str], language: str = "ro", length: float = 3.0) -> NDArray[np.int16]:
    """Sentences by a robot that begin at these seconds, over faint noise; 16 kHz."""
    rng = np.random.default_rng(1)
    sound = rng.normal(0, 8, round(length * SAMPLE_RATE))
    for start, text in parts:
        words = spoken(text, language)
        first = round(start * SAMPLE_RATE)
        sound[first : first + len(words)] += words[: max(0, len(sound) - first)]
    return np.clip(sound, -32768, 32767).astype(np.int16)


def spoken(text: str, language: str) -> NDArray[np.int16]:
    """A sentence by a robot without the silence round it; 16 kHz."""
    words = resampled(speech(text, language), SAMPLE_RATE, was=ESPEAK_RATE)
    loud = np.flatnonzero(np.abs(words) > 500)
    return words[loud[0] : loud[-1] + 1]
