"""``python -m models.recipe.demo``: the spoken commands under ``resources/demo``.

Voices that never train say them, so that the demo shows what the pack has not learned by heart.
"""

import csv
import json
import sys
from pathlib import Path
from typing import Final

import numpy as np

from models.recipe import espeak
from models.recipe.__main__ import ROOT
from models.recipe.clips import write_samples
from models.recipe.config import SAMPLE_RATE
from models.recipe.errors import RecipeError
from models.recipe.kokoro import Kokoro
from models.recipe.phonemes import Accent, kokoro_symbols

_SPEED: Final = 0.9
_EDGE_SECONDS: Final = 0.35
_DEMO: Final[tuple[tuple[str, Accent, str, str, str, dict[str, object]], ...]] = (
    ("split", "ro", "if_sara", "împarte în patru", "layout.set", {"rows": 2, "columns": 2}),
    ("bone", "ro", "im_nicola", "fereastră osoasă", "window.preset", {"preset": "bone"}),
    ("rotate", "ro", "if_sara", "rotește la dreapta", "rotate", {"side": "right", "degrees": 90}),
    ("goto", "ro", "im_nicola", "mergi la imaginea patruzeci și doi", "image.goto", {"n": 42}),
    ("zoom", "us", "am_michael", "zoom in", "zoom.in", {}),
    ("next", "us", "bf_emma", "next image", "image.next", {}),
    ("lung", "us", "am_michael", "lung window", "window.preset", {"preset": "lung"}),
    ("left", "gb", "bm_lewis", "rotate left", "rotate", {"side": "left", "degrees": 90}),
)
"""File, accent, voice, text, and what the command is."""


def speak_demo(cache: Path, folder: Path) -> None:
    """Write the clips and their manifest; needs the packages of the ``fetch`` stage."""
    kokoro = Kokoro(cache)
    folder.mkdir(parents=True, exist_ok=True)
    edge = np.zeros(round(_EDGE_SECONDS * SAMPLE_RATE), np.float32)
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("path", "expected_id", "expected_slots", "lang", "group"))
        for name, accent, voice, text, command_id, slots in _DEMO:
            symbols = kokoro_symbols(espeak.ipa(text, accent), accent)
            samples, _ = kokoro.speak(symbols, (voice, voice), 1.0, _SPEED)
            language = "ro" if accent == "ro" else "en"
            path = folder / f"{language}_{name}.ogg"
            write_samples(path, np.concatenate([edge, samples * 0.8, edge]))
            row = (path.name, command_id, json.dumps(slots), language, "demo")
            writer.writerow(row)


if __name__ == "__main__":
    try:
        speak_demo(ROOT / ".cache" / "recipe", ROOT / "resources" / "demo")
    except RecipeError as error:
        sys.exit(f"demo: {error}")
