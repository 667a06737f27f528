"""Where sound comes from: one interface for microphones and files.

Whatever the source, its blocks are 16 kHz mono int16 without DC offset, 50 ms long, with the
time of their first sample. A microphone also tells when it is lost and found.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from surgery_assist.errors import AudioSourceError

SAMPLE_RATE: Final = 16000
BLOCK_SAMPLES: Final = 800
"""50 ms: five frames of the voice activity detector."""
FULL_SCALE: Final = 32768.0
CLIP_LEVEL: Final = 32700
DC_SECONDS: Final = 0.5
TAIL_SECONDS: Final = 1.2
"""Silence after a file, so that its last sentence ends as it does at a microphone."""

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class AudioBlock:
    """Samples (n,), int16, 16 kHz mono, from ``time`` seconds on.

    ``clipped`` counts samples that stood at the limit of the converter.
    """

    samples: Samples
    time: float
    clipped: int = 0

    @property
    def end(self) -> float:
        """Time after the last sample, seconds."""
        return self.time + len(self.samples) / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class SourceLost:
    """The device is gone; ``blocks`` goes on looking for it."""

    time: float
    name: str


@dataclass(frozen=True, slots=True)
class SourceFound:
    """The device is back."""

    time: float
    name: str


@dataclass(frozen=True, slots=True)
class SoundLost:
    """Sound was lost since the program could not keep up; the source goes on."""

    time: float


SourceItem = AudioBlock | SourceLost | SourceFound | SoundLost


class AudioSource(Protocol):
    """Opened by ``with``; gives its items until it ends or is closed.

    Raises
    ------
    AudioSourceError
        On entering, if there is no such device or file.
    """

    @property
    def name(self) -> str:
        """What a person calls it."""

    @property
    def native_rate(self) -> int:
        """Samples per second before conversion; 0 while closed."""

    @property
    def returns(self) -> bool:
        """Whether it is worth trying again when it can't be opened."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def blocks(self) -> Iterator[SourceItem | None]:
        """Items in order; ``None`` where nothing came for a moment, so that the reader can go."""


class Conditioner:
    """Makes any sound what the recogniser expects: 16 kHz, mono, no DC offset, no dead silence.

    Vosk's model has never heard exact zeros, and they cost it seven commands in a hundred
    (research/voice.md section 5): they become noise of one bit.

    Parameters
    ----------
    rate
        Of the sound that is fed, samples per second.
    start
        Time of its first sample, seconds.
    """

    def __init__(self, rate: int, *, start: float = 0.0) -> None:
        import soxr

        self._resampler: Any = None
        if rate != SAMPLE_RATE:
            self._resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")
        self._offset: float | None = None
        self._rest: NDArray[np.float32] = np.zeros(0, np.float32)
        self._clipped = 0
        self._start = start
        self._done = 0
        self._noise = np.random.default_rng(0)

    @property
    def time(self) -> float:
        """End of the last block that was given, seconds."""
        return self._start + self._done / SAMPLE_RATE

    def feed(self, frames: NDArray[np.int16], *, last: bool = False) -> list[AudioBlock]:
        """Blocks that are complete after ``frames``, int16, (n,) or (n, channels)."""
        self._clipped += int(np.count_nonzero(np.abs(frames.astype(np.int32)) >= CLIP_LEVEL))
        mono = frames if frames.ndim == 1 else frames.mean(axis=1)
        sound = mono.astype(np.float32)
        if self._resampler is not None:
            sound = self._resampler.resample_chunk(sound, last=last)
        waiting = np.concatenate((self._rest, sound))
        whole = len(waiting) if last else len(waiting) // BLOCK_SAMPLES * BLOCK_SAMPLES
        self._rest = waiting[whole:]
        return [
            self._block(waiting[start : start + BLOCK_SAMPLES])
            for start in range(0, whole, BLOCK_SAMPLES)
        ]

    def _block(self, sound: NDArray[np.float32]) -> AudioBlock:
        mean = float(sound.mean())
        before = mean if self._offset is None else self._offset
        seconds = len(sound) / SAMPLE_RATE
        after = before + (mean - before) * min(1.0, seconds / DC_SECONDS)
        self._offset = after
        # A ramp from one estimate to the next: a step would be a click.
        ramp = np.linspace(before, after, len(sound), endpoint=False, dtype=np.float32)
        samples = np.clip(np.rint(sound - ramp), -32768, 32767).astype(np.int16)
        silent = samples == 0
        samples[silent] = self._noise.integers(-1, 2, int(silent.sum()), dtype=np.int16)
        block = AudioBlock(samples, self.time, self._clipped)
        self._done += len(samples)
        self._clipped = 0
        return block


class FileSource:
    """A sound file (WAV, FLAC, OGG...) of any rate and number of channels.

    Parameters
    ----------
    realtime
        Give the blocks at the pace of a microphone instead of as fast as they are taken.
    tail
        Seconds of silence after the end.
    """

    def __init__(self, path: Path, *, realtime: bool = False, tail: float = TAIL_SECONDS) -> None:
        self._path = path
        self._realtime = realtime
        self._tail = tail
        self._file: Any = None

    @property
    def name(self) -> str:
        """The file's name."""
        return self._path.name

    @property
    def native_rate(self) -> int:
        """Of the file, samples per second."""
        return int(self._file.samplerate) if self._file is not None else 0

    @property
    def seconds(self) -> float:
        """Length of the sound without its tail, as its header says."""
        return float(self._file.frames) / self.native_rate if self._file is not None else 0.0

    @property
    def returns(self) -> bool:
        """A file that can't be read now can't be read later."""
        return False

    def __enter__(self) -> Self:
        """Open the file.

        Raises
        ------
        AudioSourceError
            It does not exist or is no sound.
        """
        import soundfile

        if not self._path.is_file():
            raise AudioSourceError("error.audio_missing", path=self._path.name)
        try:
            self._file = soundfile.SoundFile(self._path)
        except (soundfile.LibsndfileError, OSError) as error:
            raise AudioSourceError(
                "error.audio_unreadable", path=self._path.name, detail=_short(error)
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def blocks(self) -> Iterator[SourceItem | None]:
        """Blocks to the end of the file and its tail; a truncated file ends where it breaks off."""
        conditioner = Conditioner(self.native_rate)
        started = time.monotonic()
        for frames, last in self._frames():
            for block in conditioner.feed(frames, last=last):
                if self._realtime:
                    time.sleep(max(0.0, started + block.end - time.monotonic()))
                yield block

    def _frames(self) -> Iterator[tuple[NDArray[np.int16], bool]]:
        import soundfile

        size = max(1, self.native_rate // 4)
        try:
            while len(frames := self._file.read(size, dtype="float32")):
                yield _whole_numbers(frames), False
        except soundfile.LibsndfileError as error:
            if self._file.tell() == 0:
                raise AudioSourceError(
                    "error.audio_unreadable", path=self.name, detail=_short(error)
                ) from error
        yield np.zeros(int(self._tail * self.native_rate), np.int16), True


def _whole_numbers(frames: NDArray[np.float32]) -> NDArray[np.int16]:
    """Samples of -1 to 1 as int16; libsndfile itself would make zeros of a float file.

    What is no number is silence, what is louder is clipped; samples of 16 bits stay the same.
    """
    scaled = np.nan_to_num(frames, nan=0.0, posinf=1.0, neginf=-1.0) * np.float32(FULL_SCALE)
    whole: NDArray[np.int16] = np.clip(np.rint(scaled), -32768, 32767).astype(np.int16)
    return whole


def _short(error: Exception) -> str:
    return str(error).rpartition(": ")[2].rstrip(".") or type(error).__name__
