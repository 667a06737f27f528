"""What the voice side reports: small frozen values, passed from the voice thread to the caller.

``time`` is always in seconds of the audio stream, counted from the first block of its source.
"""

from dataclasses import dataclass

from surgery_assist.errors import SurgeryAssistError
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Language


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One sentence that the recogniser may have heard.

    ``score`` is a log-likelihood: only differences within one utterance say something.
    """

    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was said between two pauses, best hypothesis first.

    Parameters
    ----------
    started, ended
        First and last moment of speech, seconds of the audio stream.
    latency_ms
        From the end of speech to the end of recognition: audio waited for plus computing time.
    language
        Of the graph that heard it.
    """

    hypotheses: tuple[Hypothesis, ...]
    started: float
    ended: float
    latency_ms: float
    language: Language

    @property
    def text(self) -> str:
        """The best hypothesis, empty if nothing was heard."""
        return self.hypotheses[0].text if self.hypotheses else ""

    @property
    def seconds(self) -> float:
        """Length of the speech."""
        return self.ended - self.started


@dataclass(frozen=True, slots=True)
class LevelEvent:
    """How loud it is, about ten times a second; levels in dB below full scale.

    ``clipped`` counts samples at the limit of the converter since the last event.
    """

    time: float
    dbfs: float
    floor_dbfs: float
    snr_db: float
    speaking: bool
    clipped: int


@dataclass(frozen=True, slots=True)
class NoiseEvent:
    """The room became too loud to trust what is heard, or quiet again."""

    time: float
    loud: bool


@dataclass(frozen=True, slots=True)
class PartialEvent:
    """What is heard so far, while somebody still speaks."""

    time: float
    text: str


@dataclass(frozen=True, slots=True)
class UtteranceEvent:
    """A finished utterance, before anything is decided."""

    time: float
    utterance: Utterance


@dataclass(frozen=True, slots=True)
class UnderstoodEvent:
    """A sentence that is a command: dispatch its Invocation.

    ``confidence`` lies between 0 and 1.
    """

    time: float
    invocation: Invocation
    confidence: float
    latency_ms: float


@dataclass(frozen=True, slots=True)
class RejectedEvent:
    """Something was said that does not act; ``reason`` is a message key."""

    time: float
    reason: str
    heard: str
    confidence: float
    latency_ms: float


@dataclass(frozen=True, slots=True)
class RequestEvent:
    """The voice side's own wish, such as to sleep when the wake window is over."""

    time: float
    invocation: Invocation


@dataclass(frozen=True, slots=True)
class WindowEvent:
    """Countdown of the wake-word window; 0 when it is over."""

    time: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class SourceLostEvent:
    """The microphone is gone; it is looked for until it returns."""

    time: float
    name: str


@dataclass(frozen=True, slots=True)
class SourceFoundEvent:
    """The microphone is back."""

    time: float
    name: str


@dataclass(frozen=True, slots=True)
class ReadyEvent:
    """The recogniser is loaded and the source is open."""

    time: float
    source: str
    sample_rate: int


@dataclass(frozen=True, slots=True)
class EndedEvent:
    """A source that has an end, such as a file, came to it."""

    time: float


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """Listening is not possible, and why; the rest of the program goes on."""

    time: float
    error: SurgeryAssistError


@dataclass(frozen=True, slots=True)
class WarningEvent:
    """Listening goes on, but not as well as it could, and why."""

    time: float
    error: SurgeryAssistError


VoiceEvent = (
    LevelEvent
    | NoiseEvent
    | PartialEvent
    | UtteranceEvent
    | UnderstoodEvent
    | RejectedEvent
    | RequestEvent
    | WindowEvent
    | SourceLostEvent
    | SourceFoundEvent
    | ReadyEvent
    | EndedEvent
    | ErrorEvent
    | WarningEvent
)
