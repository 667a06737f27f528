"""The recipe's own Python environment, made on first use: torch never joins the program's.

Plain pip is used on purpose: it takes torch's CPU wheel where uv would load several gigabytes
of CUDA. Nothing here needs more than the standard library.
"""

import hashlib
import importlib.util
import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from models.recipe.errors import RecipeError

REQUIREMENTS: Final = Path(__file__).with_name("requirements.txt")
_ROOT: Final = Path(__file__).resolve().parents[2]
_NEEDED: Final = ("torch", "onnxruntime", "onnx", "kaldi_native_fbank", "scipy", "vosk", "hassil")


def has_requirements() -> bool:
    """True if this Python can run every stage."""
    return all(importlib.util.find_spec(name) is not None for name in _NEEDED)


def run_elsewhere(arguments: Sequence[str], cache: Path) -> int:
    """Run the recipe in its own environment; answers its exit code.

    Raises
    ------
    RecipeError
        The environment can't be made.
    """
    folder = cache / "venv"
    if Path(sys.prefix).resolve() == folder.resolve():
        raise RecipeError(f"the recipe's environment is incomplete: delete {folder} and try again")
    python = make_environment(folder)
    environment = os.environ | {
        "PYTHONPATH": str(_ROOT),
        # More threads than free cores make torch several times slower, not faster.
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
    }
    command = [str(python), "-m", "models.recipe", *arguments]
    return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603


def make_environment(folder: Path) -> Path:
    """Python of a virtual environment with the pinned requirements; made or renewed if needed."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "requirements.sha256"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text("ascii") == wanted:
        return python
    print(f"recipe: installing its own Python packages into {folder} (once)", flush=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--requirement", str(REQUIREMENTS)]
    try:
        venv.create(folder, with_pip=True)
        subprocess.run(command, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise RecipeError(
            "the recipe's Python packages can't be installed; is there a network, and "
            f"python3-venv? By hand: pip install -r {REQUIREMENTS} (Python {sys.version[:4]})"
        ) from error
    stamp.write_text(wanted, "ascii")
    return python
