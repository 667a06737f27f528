"""Stage ``speech``: Kokoro says sentences of both languages in many voices. Resumable."""

import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from models.recipe import espeak
from models.recipe.clips import INDEX, KokoroClip, read_index, write_samples
from models.recipe.config import HELD_OUT_VOICES
from models.recipe.kokoro import Kokoro
from models.recipe.phonemes import Accent, kokoro_symbols
from models.recipe.sentences import Sentence

_ENGLISH_VOICES: Final = "ab"
_FOREIGN_VOICES: Final = "efhip"
"""Spanish, French, Hindi, Italian, Portuguese: English with an accent, Romanian without ours."""


def speak_all(
    sentences: Sequence[Sentence], folder: Path, cache: Path, seed: int, *, held_out: bool = False
) -> None:
    """Say every sentence that the folder lacks; the voices follow from ``seed``.

    With ``held_out`` only the voices that judge speak, else all but them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    done = {clip.name for clip in read_index(folder)}
    kokoro = Kokoro(cache)
    able = [voice for voice in kokoro.voices if (voice in HELD_OUT_VOICES) == held_out]
    started, spoken = time.monotonic(), 0.0
    with (folder / INDEX).open("a", encoding="utf-8") as index:
        for number, sentence in enumerate(sentences):
            clip = plan(sentence, f"{number:05d}", able, seed)
            if clip.name in done:
                continue
            samples, durations = kokoro.speak(clip.symbols, clip.voices, clip.mix, clip.speed)
            write_samples(folder / f"{clip.name}.ogg", samples)
            complete = KokoroClip(
                clip.name, clip.accent, clip.text, clip.symbols, clip.voices, clip.mix,
                clip.speed, tuple(durations.tolist()),
            )  # fmt: skip
            index.write(complete.line() + "\n")
            index.flush()
            spoken += len(samples) / 16000
            if number % 50 == 0:
                minutes = (time.monotonic() - started) / 60
                print(
                    f"speech: {number}/{len(sentences)}, {spoken / 60:.1f} min of speech "
                    f"in {minutes:.1f} min",
                    flush=True,
                )


def plan(sentence: Sentence, name: str, voices: Sequence[str], seed: int) -> KokoroClip:
    """Which of ``voices`` says a sentence and how fast; a seed always answers the same."""
    chance = random.Random(f"{seed}/{name}")  # noqa: S311
    accent: Accent = "ro" if sentence.language == "ro" else chance.choice(("us", "us", "gb"))
    families = _ENGLISH_VOICES
    if accent != "ro" and chance.random() >= 0.7:
        families += _FOREIGN_VOICES
    able = [voice for voice in voices if accent == "ro" or voice[0] in families]
    first, second = chance.sample(able, 2)
    mix = chance.choice((1.0, 1.0, chance.uniform(0.3, 0.7), chance.uniform(1.0, 1.3)))
    # People say commands slowly and Kokoro does not: most of them below its own pace.
    speed = chance.choice((chance.uniform(0.65, 0.95), chance.uniform(0.8, 1.25)))
    symbols = kokoro_symbols(espeak.ipa(sentence.text, accent), accent)
    return KokoroClip(
        name, accent, sentence.text, symbols, (first, second), round(mix, 3), round(speed, 3), ()
    )
