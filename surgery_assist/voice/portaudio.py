"""The sound system, PortAudio through sounddevice: devices, and one lock for all who use it.

PortAudio lists devices once, when it starts. To find a microphone that was plugged in again it
must be started anew, which ends every open stream: so streams are opened, closed and the list
refreshed under `LOCK`, and a refresh is only done while no other stream is open.
"""

import ctypes
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

from surgery_assist.errors import AudioSourceError

LOCK: Final = threading.RLock()
_open_streams = 0
Direction = Literal["input", "output"]


@dataclass(frozen=True, slots=True)
class SoundDevice:
    """A microphone or loudspeaker as the sound system lists it."""

    index: int
    name: str
    host: str
    channels: int
    sample_rate: int


@cache
def sounddevice() -> Any:
    """The sounddevice package.

    Raises
    ------
    AudioSourceError
        PortAudio is not there or does not start.
    """
    _silence_alsa()
    try:
        import sounddevice as package
    except Exception as error:
        # OSError without the library, PortAudioError where it does not start.
        raise AudioSourceError("error.no_sound_system", detail=str(error)) from error
    return package


def devices(direction: Direction) -> list[SoundDevice]:
    """All microphones, or all loudspeakers.

    Raises
    ------
    AudioSourceError
        There is no sound system.
    """
    package = sounddevice()
    with LOCK:
        hosts = [str(host["name"]) for host in package.query_hostapis()]
        return [
            SoundDevice(
                index,
                str(entry["name"]),
                hosts[entry["hostapi"]],
                int(entry[f"max_{direction}_channels"]),
                int(entry["default_samplerate"]),
            )
            for index, entry in enumerate(package.query_devices())
            if entry[f"max_{direction}_channels"] > 0
        ]


def find_microphone(wanted: str) -> SoundDevice:
    """The microphone with this number or part of a name; empty is the system's default.

    Raises
    ------
    AudioSourceError
        There is none at all, or none that fits.
    """
    package = sounddevice()
    with LOCK:
        known = devices("input")
        default = int(package.default.device[0])
    if not known:
        raise AudioSourceError("error.no_microphone")
    if not wanted:
        return next((entry for entry in known if entry.index == default), known[0])
    for entry in known:
        if wanted == str(entry.index) or wanted.casefold() in entry.name.casefold():
            return entry
    names = ", ".join(f"{entry.index} {entry.name}" for entry in known)
    raise AudioSourceError("error.microphone_unknown", device=wanted, known=names)


@contextmanager
def stream_open() -> Iterator[None]:
    """Count a stream while it is open, so that nobody refreshes the device list under it."""
    global _open_streams  # noqa: PLW0603  (PortAudio itself is one per process)
    with LOCK:
        _open_streams += 1
    try:
        yield
    finally:
        with LOCK:
            _open_streams -= 1


def refresh() -> bool:
    """List the devices anew; ``False`` if an open stream forbids it now."""
    package = sounddevice()
    with LOCK:
        if _open_streams:
            return False
        package._terminate()  # noqa: SLF001  (sounddevice has no public way)
        package._initialize()  # noqa: SLF001
        return True


@cache
def _silence_alsa() -> object:
    """Keep ALSA from writing a page of warnings about missing sound cards to stderr."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        library = ctypes.CDLL("libasound.so.2")
    except OSError:
        return None
    kind = ctypes.CFUNCTYPE(
        None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
    )
    handler = kind(lambda *_: None)
    library.snd_lib_error_set_handler(handler)
    return handler  # kept alive by the cache: ALSA holds a pointer to it
