"""Earcons: short soft sounds that say without words what became of a sentence.

They rise for yes, fall for no, and hold a question open; none lasts longer than 0.4 s, so that they
never cover the next command.
"""

import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from surgery_assist.errors import AudioSourceError
from surgery_assist.voice import portaudio

Earcon = Literal["heard", "done", "refused", "asking", "lost", "loud"]
RATE: Final = 44100
VOLUME: Final = 0.18
FADE_SECONDS: Final = 0.012
DECAY_PER_SECOND: Final = 9.0
WAITING: Final = 4
"""More than this and they would tell of what is long past."""


@dataclass(frozen=True, slots=True)
class Note:
    """A tone of ``hertz`` that begins at ``start`` and lasts ``length`` seconds."""

    hertz: float
    start: float
    length: float


NOTES: Final[Mapping[Earcon, tuple[Note, ...]]] = {
    "heard": (Note(880.0, 0.0, 0.07),),
    "done": (Note(659.3, 0.0, 0.09), Note(987.8, 0.07, 0.14)),
    "refused": (Note(392.0, 0.0, 0.12), Note(293.7, 0.1, 0.2)),
    "asking": (Note(587.3, 0.0, 0.1), Note(587.3, 0.13, 0.1), Note(784.0, 0.26, 0.14)),
    "lost": (Note(440.0, 0.0, 0.12), Note(349.2, 0.12, 0.12), Note(261.6, 0.24, 0.16)),
    "loud": (Note(261.6, 0.0, 0.12), Note(261.6, 0.16, 0.12)),
}


def sound(earcon: Earcon) -> NDArray[np.float32]:
    """Samples (n,), float32 from -1 to 1, mono, at `RATE`."""
    notes = NOTES[earcon]
    length = max(note.start + note.length for note in notes)
    mixed = np.zeros(round(length * RATE), np.float32)
    for note in notes:
        count = round(note.length * RATE)
        seconds = np.arange(count) / RATE
        # An octave above, quietly, makes it carry in a room without being sharp.
        tone = np.sin(2 * np.pi * note.hertz * seconds)
        tone += 0.25 * np.sin(4 * np.pi * note.hertz * seconds)
        fade = np.minimum(1.0, np.minimum(seconds, seconds[::-1]) / FADE_SECONDS)
        first = round(note.start * RATE)
        envelope = fade * np.exp(-DECAY_PER_SECOND * seconds)
        part = (VOLUME * tone * envelope).astype(np.float32)[: len(mixed) - first]
        mixed[first : first + len(part)] += part
    return mixed


class Earcons:
    """Plays earcons in its own thread; without a loudspeaker it is silent."""

    def __init__(self, *, enabled: bool = True) -> None:
        self._enabled = enabled
        self._wishes: queue.Queue[Earcon | None] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = None

    def play(self, earcon: Earcon) -> None:
        """Play a sound soon; never waits and never fails."""
        if not self._enabled:
            return
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run, name="surgery-assist-earcons", daemon=True
            )
            self._thread.start()
        try:
            self._wishes.put_nowait(earcon)
        except queue.Full:
            return

    def close(self) -> None:
        """End the thread after what is being played."""
        self._enabled = False
        thread, self._thread = self._thread, None
        if thread is not None:
            self._wishes.put(None)
            thread.join(5.0)

    def _run(self) -> None:
        while (earcon := self._wishes.get()) is not None:
            play_sound(sound(earcon))


def play_sound(samples: NDArray[np.float32]) -> bool:
    """Play samples (n,) at `RATE` to the end; ``False`` if there is nothing to play them on."""
    try:
        package = portaudio.sounddevice()
        if not portaudio.devices("output"):
            return False
    except AudioSourceError:
        return False
    try:
        with (
            portaudio.stream_open(),
            package.OutputStream(samplerate=RATE, channels=1, dtype="float32") as stream,
        ):
            stream.write(samples.reshape(-1, 1))
    except package.PortAudioError:
        return False
    return True
