"""The PyInstaller bundle: built once for a state of the sources, run with nothing of ours around."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = ("surgery_assist", "resources", "models/ro-en-command", "packaging", "requirements.lock")
KEPT = ROOT / ".cache" / "bundle"
BUILD_SECONDS = 1200


@cache
def bundle() -> Path:
    """The program of a bundle of the sources as they are; built if there is none."""
    folder = KEPT / state_of_sources()
    program = folder / "surgery-assist" / "surgery-assist"
    if not program.is_file():
        shutil.rmtree(KEPT, ignore_errors=True)
        building = KEPT / "building"
        subprocess.run(
            [ROOT / "packaging" / "build", "--out", building], check=True, timeout=BUILD_SECONDS
        )
        building.rename(folder)
    return program


def state_of_sources() -> str:
    """A hash of all that goes into the bundle."""
    digest = hashlib.sha256()
    for path in _files():
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _files() -> Iterator[Path]:
    for name in SOURCES:
        place = ROOT / name
        inside = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (p for p in inside if p.is_file() and "__pycache__" not in p.parts)


def run_bundle(home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the bundle as on a bare machine: no Python, no path, no settings."""
    environment = {"HOME": str(home), "PATH": "/nonexistent", "LC_ALL": "C.UTF-8"}
    if os.name == "nt":
        environment["SYSTEMROOT"] = os.environ["SYSTEMROOT"]
    return subprocess.run(
        [bundle(), *arguments],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=180,
        check=False,
    )
