"""espeak-ng through ctypes: robot speech with the exact time of every phoneme, and IPA.

espeak-ng is GPL; it is a tool here, its output trains the pack and nothing of it ships.
"""

import ctypes
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.recipe.errors import RecipeError
from models.recipe.phonemes import ESPEAK_VOICE, Accent, phones_of_mnemonic
from surgery_assist.voice.phones import SILENCE

_PHONEME_EVENT = 7
_SYNCHRONOUS = 2
_UTF8 = 1
_RATE, _PITCH, _RANGE = 1, 3, 4


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int), ("unique", ctypes.c_uint), ("text_position", ctypes.c_int),
        ("length", ctypes.c_int), ("audio_ms", ctypes.c_int), ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p), ("id", _Id),
    )  # fmt: skip


_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True, slots=True)
class RobotVoice:
    """How espeak-ng speaks: a language with a variant, words per minute, pitch 0 to 99."""

    accent: Accent
    variant: str = ""
    rate: int = 170
    pitch: int = 50
    pitch_range: int = 50

    @property
    def name(self) -> str:
        """Voice name as espeak-ng takes it, such as ``ro+f2``."""
        base = ESPEAK_VOICE[self.accent]
        return f"{base}+{self.variant}" if self.variant else base


@dataclass(frozen=True, slots=True)
class RobotSpeech:
    """Samples (float32, -1 to 1, at ``rate`` Hz) and ``(start in s, phone)`` segments."""

    samples: NDArray[np.float32]
    rate: int
    segments: tuple[tuple[float, str], ...]


class _Library:
    """The one espeak-ng of this process (the C library keeps global state)."""

    def __init__(self) -> None:
        try:
            self.lib = ctypes.CDLL("libespeak-ng.so.1")
        except OSError as error:
            raise RecipeError("espeak-ng is missing: install the package espeak-ng") from error
        self.blocks: list[NDArray[np.int16]] = []
        self.phonemes: list[tuple[int, str]] = []
        self._callback: Callable[..., int] = _CALLBACK(self._collect)
        self.rate = int(self.lib.espeak_Initialize(_SYNCHRONOUS, 0, None, 1))
        self.lib.espeak_SetSynthCallback(self._callback)

    def _collect(self, samples: object, count: int, events: object) -> int:
        if count > 0:
            self.blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while (event := events[index]).type != 0:  # type: ignore[index]
            if event.type == _PHONEME_EVENT:
                self.phonemes.append((event.audio_ms, bytes(event.id.string).decode()))
            index += 1
        return 0


@cache
def _library() -> _Library:
    return _Library()


def speak(text: str, voice: RobotVoice) -> RobotSpeech | None:
    """Speech with phone times, or None where espeak-ng uses a phoneme that we do not have."""
    library = _library()
    if library.lib.espeak_SetVoiceByName(voice.name.encode()) != 0:
        raise RecipeError(f"espeak-ng has no voice {voice.name}")
    for parameter, value in (
        (_RATE, voice.rate),
        (_PITCH, voice.pitch),
        (_RANGE, voice.pitch_range),
    ):
        library.lib.espeak_SetParameter(parameter, value, 0)
    library.blocks.clear()
    library.phonemes.clear()
    data = text.encode()
    library.lib.espeak_Synth(data, len(data) + 1, 0, 0, 0, _UTF8, None, None)
    library.lib.espeak_Synchronize()
    if not library.blocks:
        return None
    samples = (np.concatenate(library.blocks) / 32768).astype(np.float32)
    ends = [ms for ms, _ in library.phonemes[1:]] + [1000 * len(samples) // library.rate]
    segments: list[tuple[float, str]] = [(0.0, SILENCE)]
    for (start, mnemonic), end in zip(library.phonemes, ends, strict=True):
        phones = phones_of_mnemonic(mnemonic, voice.accent)
        if phones is None:
            return None
        step = (end - start) / 1000 / max(1, len(phones))
        segments += [(start / 1000 + i * step, phone) for i, phone in enumerate(phones)]
    return RobotSpeech(samples, library.rate, tuple(segments))


def ipa(text: str, accent: Accent) -> str:
    """espeak-ng's IPA of a text on one line, with ``^`` between the halves of a diphthong."""
    command = ["espeak-ng", "-q", "-v", ESPEAK_VOICE[accent], "--ipa", "--tie=^", "--", text]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise RecipeError("espeak-ng does not run: install the package espeak-ng") from error
    return " ".join(done.stdout.split())
