"""Measure the viewer several times and print the medians: ``python benchmarks/viewer.py PATH...``.

Each round is a fresh process of ``surgery-assist bench``, so that caches of the program start empty.
Figures of a busy machine say little: the load average stands beside them.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

SIZES = ("1920x1080", "3840x2160")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    paths = [str(path) for path in options.paths]
    runs = {"load": ["load", *paths], "voice": ["voice"]}
    runs |= {f"scroll {size}": ["scroll", *paths, "--size", size] for size in SIZES}
    print(
        f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, medians of {options.rounds}"
    )
    for name, arguments in runs.items():
        rounds = [bench(arguments) for _ in range(options.rounds)]
        figures = [f"{key} {median(rounds, key):g}" for key in rounds[0] if numeric(rounds[0][key])]
        print(f"{name:<18} {', '.join(figures)}", flush=True)


def bench(arguments: Sequence[str]) -> dict[str, object]:
    """The figures of one run."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures.json"
        subprocess.run(  # noqa: S603  (our own program)
            [sys.executable, "-m", "surgery_assist", "bench", *arguments, "--json", out],
            check=True,
            timeout=600,
        )
        figures: dict[str, object] = json.loads(out.read_text("utf-8"))
        return figures


def numeric(value: object) -> bool:
    """A number, not a name."""
    return isinstance(value, int | float)


def median(rounds: Sequence[dict[str, object]], key: str) -> float:
    """Median of one figure."""
    return statistics.median(float(str(entry[key])) for entry in rounds)


if __name__ == "__main__":
    main()
