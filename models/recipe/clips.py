"""A folder of spoken clips: Ogg files and ``index.tsv``, one line a clip.

Columns: id, accent (ro, us, gb), text, Kokoro symbols, the two voices, mix, speed, frames of
25 ms of every token (both ends included). A line is written after its sound, so that a folder
that was stopped half-way is a valid shorter one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.recipe.config import HELD_OUT_VOICES, SAMPLE_RATE
from models.recipe.errors import RecipeError
from models.recipe.phonemes import Accent

INDEX: Final = "index.tsv"


@dataclass(frozen=True, slots=True)
class KokoroClip:
    """One line of the index."""

    name: str
    accent: Accent
    text: str
    symbols: str
    voices: tuple[str, str]
    mix: float
    speed: float
    durations: tuple[int, ...]

    @property
    def held_out(self) -> bool:
        """True if a voice that judges takes part."""
        heard = self.voices if self.mix != 1 else self.voices[:1]
        return any(voice in HELD_OUT_VOICES for voice in heard)

    def line(self) -> str:
        """As the index holds it."""
        durations = " ".join(map(str, self.durations))
        fields = (self.name, self.accent, self.text, self.symbols, " ".join(self.voices))
        return "\t".join((*fields, f"{self.mix:.3f}", f"{self.speed:.3f}", durations))


def read_index(folder: Path) -> Iterator[KokoroClip]:
    """Clips of a folder; a broken last line (stopped half-way) is passed over."""
    path = folder / INDEX
    if not path.is_file():
        return
    for line in path.read_text("utf-8").splitlines():
        fields = line.split("\t")
        if len(fields) != 8:
            continue
        name, accent, text, symbols, voices, mix, speed, durations = fields
        first, _, second = voices.partition(" ")
        if accent not in ("ro", "us", "gb"):
            raise RecipeError(f"{path}: unknown accent {accent}")
        yield KokoroClip(
            name,
            accent,  # type: ignore[arg-type]
            text,
            symbols,
            (first, second or first),
            float(mix),
            float(speed),
            tuple(map(int, durations.split())),
        )


def read_samples(path: Path) -> NDArray[np.float32]:
    """Mono samples at 16 kHz, -1 to 1, of any sound file."""
    import soundfile

    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono: NDArray[np.float32] = samples.mean(axis=1)
    if rate != SAMPLE_RATE:
        import soxr

        mono = soxr.resample(mono, rate, SAMPLE_RATE)
    return mono


def write_samples(path: Path, samples: NDArray[np.float32]) -> None:
    """Write 16 kHz mono Ogg Vorbis."""
    import soundfile

    soundfile.write(path, samples, SAMPLE_RATE, format="OGG", subtype="VORBIS")
