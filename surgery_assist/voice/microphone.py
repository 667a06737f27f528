"""A microphone through PortAudio, which may be unplugged and plugged in again at any time."""

import logging
import queue
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from surgery_assist.errors import AudioSourceError
from surgery_assist.voice import portaudio
from surgery_assist.voice.audio import (
    SAMPLE_RATE,
    Conditioner,
    SoundLost,
    SourceFound,
    SourceItem,
    SourceLost,
)

QUEUED_BLOCKS: Final = 200
"""Ten seconds: more than any pause of the recogniser, and bounded."""
BLOCK_SECONDS: Final = 0.05
POLL_SECONDS: Final = 0.1
STALL_SECONDS: Final = 2.0
"""A stream that gives nothing for so long is dead, whatever its driver says."""
START_SECONDS: Final = 6.0
"""A sound server may take its time before the first block."""
FIRST_RETRY_SECONDS: Final = 0.25
LAST_RETRY_SECONDS: Final = 2.0
LATENCY_SECONDS: Final = 0.1
WARNING_SECONDS: Final = 10.0
"""Lost sound is told at most so often."""
logger = logging.getLogger(__name__)


class MicrophoneSource:
    """A microphone; `name` is the one chosen, by number or part of its name.

    `overruns` counts how often sound was lost since the program could not keep up.
    """

    def __init__(self, wanted: str = "") -> None:
        self.overruns = 0
        self._wanted = wanted
        self._device: portaudio.SoundDevice | None = None
        self._rate = 0
        self._queue: queue.Queue[NDArray[np.int16]] = queue.Queue(QUEUED_BLOCKS)
        self._stream: Any = None
        self._open = ExitStack()
        self._last_heard = 0.0
        self._heard_any = False

    @property
    def name(self) -> str:
        """Name of the device that is used, or what was asked for."""
        return self._device.name if self._device is not None else self._wanted

    @property
    def native_rate(self) -> int:
        """At which the device delivers, samples per second."""
        return self._rate

    @property
    def returns(self) -> bool:
        """It may be plugged in at any time."""
        return True

    def __enter__(self) -> Self:
        """Open the device.

        Raises
        ------
        AudioSourceError
            No sound system, no microphone, none of this name, or it can't be opened.
        """
        portaudio.refresh()
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the device."""
        self._stop()

    def blocks(self) -> Iterator[SourceItem | None]:
        """Blocks for ever; `SourceLost` and `SourceFound` round each time that it is away.

        `SoundLost` stands where blocks are missing.
        """
        begun = time.monotonic()
        while True:
            shift = time.monotonic() - begun
            yield from self._blocks_until_lost(shift)
            yield SourceLost(time.monotonic() - begun, self.name)
            self._stop()
            for found in self._search():
                if found:
                    break
                yield None
            yield SourceFound(time.monotonic() - begun, self.name)

    def _blocks_until_lost(self, shift: float) -> Iterator[SourceItem | None]:
        conditioner = Conditioner(self._rate, start=shift)
        told, quiet_until = self.overruns, 0.0
        while True:
            try:
                frames = self._queue.get(timeout=POLL_SECONDS)
            except queue.Empty:
                if self._dead():
                    return
                yield None
                continue
            if self.overruns > told:
                told = self.overruns
                logger.warning("sound was lost %d times: the program can't keep up", told)
                if time.monotonic() >= quiet_until:
                    quiet_until = time.monotonic() + WARNING_SECONDS
                    yield SoundLost(conditioner.time)
            yield from conditioner.feed(frames)

    def _dead(self) -> bool:
        quiet = time.monotonic() - self._last_heard
        return not self._stream.active or quiet > (
            STALL_SECONDS if self._heard_any else START_SECONDS
        )

    def _search(self) -> Iterator[bool]:
        """Try to open it again, with growing pauses; yields ``True`` once, at the end."""
        pause = FIRST_RETRY_SECONDS
        while True:
            until = time.monotonic() + pause
            while time.monotonic() < until:
                time.sleep(POLL_SECONDS)
                yield False
            pause = min(LAST_RETRY_SECONDS, pause * 2)
            if not portaudio.refresh():
                continue
            try:
                self._start()
            except AudioSourceError:
                continue
            yield True
            return

    def _start(self) -> None:
        package = portaudio.sounddevice()
        with portaudio.LOCK:
            device = portaudio.find_microphone(self._wanted)
            self._device = device
            try:
                self._rate, channels = _format(package, device)
                self._queue = queue.Queue(QUEUED_BLOCKS)
                self._stream = package.InputStream(
                    device=device.index,
                    samplerate=self._rate,
                    channels=channels,
                    dtype="int16",
                    blocksize=int(self._rate * BLOCK_SECONDS),
                    latency=LATENCY_SECONDS,
                    callback=self._callback,
                )
                self._heard_any = False
                self._last_heard = time.monotonic()
                self._stream.start()
            except (package.PortAudioError, ValueError) as error:
                self._stop()
                raise AudioSourceError(
                    "error.microphone_open", device=device.name, detail=str(error.args[0])
                ) from error
            self._open.enter_context(portaudio.stream_open())

    def _stop(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            with portaudio.LOCK:
                # A device that was pulled out may refuse even to close; there is nothing to do.
                stream.close(ignore_errors=True)
        self._open.close()

    def _callback(self, frames: NDArray[np.int16], _count: int, _time: Any, status: Any) -> None:
        """Called in PortAudio's thread: copies, never waits."""
        self._last_heard = time.monotonic()
        self._heard_any = True
        if status.input_overflow:
            self.overruns += 1
        try:
            self._queue.put_nowait(frames.copy())
        except queue.Full:
            self.overruns += 1


def _format(package: Any, device: portaudio.SoundDevice) -> tuple[int, int]:
    """Sample rate and channels that the device accepts: its own, then those that most know."""
    channels = min(2, device.channels)
    wishes = [(device.sample_rate, channels), (48000, channels), (44100, channels)]
    wishes += [(SAMPLE_RATE, 1), (48000, 1), (44100, 1), (8000, 1)]
    for rate, count in wishes:
        try:
            package.check_input_settings(device.index, count, "int16", samplerate=rate)
        except (package.PortAudioError, ValueError):
            continue
        return rate, count
    return wishes[0]
