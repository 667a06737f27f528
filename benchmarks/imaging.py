"""Loading, drawing and scrolling beside other programs' libraries, in one run, as ratios.

    python benchmarks/imaging.py [--peers PYTHON] [--counts 100 400 1000] [--rounds 3] [--out FILE.md]

Every contender loads in a fresh process, in turns with the others; the best of the rounds counts.
On a busy machine wall times say little: processor times stand beside them. ``--peers`` is a Python
with benchmarks/requirements.txt. ITK and SimpleITK show nothing before the end.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from imaging_drawing import drawing_rows
from imaging_series import SYNTAXES, series
from imaging_stale import stale_row

HERE = Path(__file__).resolve().parent
PEERS = ("SimpleITK", "ITK")
SECONDS = 900
Figures = dict[str, float]


def contenders(syntax: str) -> list[str]:
    """Who can read this at all; VTK's reader gives zeros for compressed slices."""
    names = ["ours", "pydicom", *PEERS]
    return [*names, "VTK", "limit"] if syntax == "uncompressed" else names


def one_load(name: str, folder: Path, peers: str) -> Figures | None:
    """Figures of one fresh process; ``None`` when it fails (not installed, can't decode)."""
    python = peers if name in PEERS else sys.executable
    command = [python, str(HERE / "imaging_loaders.py"), name, str(folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(  # noqa: S603  (our own program)
            command, capture_output=True, text=True, timeout=SECONDS, env=environment, check=True
        )
    except (subprocess.SubprocessError, OSError):
        return None
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def loads(folder: Path, names: Sequence[str], rounds: int, peers: str) -> dict[str, Figures]:
    """Best figures of each contender; who got other values than ours is left out."""
    best: dict[str, Figures] = {}
    for _ in range(rounds):
        for name in names:
            figures = one_load(name, folder, peers)
            if figures is None:
                continue
            known = best.get(name, figures)
            best[name] = {key: min(known[key], value) for key, value in figures.items()}
    right = best["ours"]["sum"]
    return {n: f for n, f in best.items() if n == "limit" or f["sum"] == right}


def loading_rows(options: argparse.Namespace, root: Path) -> Iterator[str]:
    yield "| series | who | first ms | whole ms | processor ms | peak MiB | whole, ours / theirs | processor, ours / theirs |"
    yield "|---|---|---|---|---|---|---|---|"
    for syntax in options.syntaxes:
        for count in options.counts:
            folder = series(root, syntax, count)
            best = loads(folder, contenders(syntax), options.rounds, options.peers)
            ours = best["ours"]
            for name, figures in best.items():
                yield (
                    f"| {count} {syntax} | {name} | {figures['first_ms']:.0f} "
                    f"| {figures['whole_ms']:.0f} | {figures['cpu_ms']:.0f} "
                    f"| {figures['rss_mib']:.0f} "
                    f"| {ours['whole_ms'] / figures['whole_ms']:.2f} "
                    f"| {ours['cpu_ms'] / max(figures['cpu_ms'], 1):.2f} |"
                )


def scrolling_rows(folder: Path) -> Iterator[str]:
    """The real window: every image drawn before the next is asked for."""
    yield "| window | frames | p50 ms | p95 ms | slower than 33 ms |"
    yield "|---|---|---|---|---|"
    for size in ("1920x1080", "3840x2160"):
        with tempfile.TemporaryDirectory() as place:
            out = Path(place) / "scroll.json"
            command = [sys.executable, "-m", "surgery_assist", "bench", "scroll", str(folder)]
            subprocess.run(  # noqa: S603  (our own program)
                [*command, "--size", size, "--json", str(out)], check=True, timeout=SECONDS
            )
            found = json.loads(out.read_text("utf-8"))
        yield (
            f"| {size} | {found['frames']} | {found['ms_p50']} | {found['ms_p95']} "
            f"| {found['dropped']} |"
        )


def report(options: argparse.Namespace, root: Path) -> Iterator[str]:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    yield "# Imaging, measured side by side"
    yield ""
    yield f"{os.cpu_count()} cores, load average {load:.1f} at the start, best of {options.rounds} rounds."
    yield "`python benchmarks/imaging.py` makes this page. A ratio below 1 means that ours takes less."
    yield "`limit` reads the same bytes and copies the pixels once. Peak memory includes our worker processes."
    if "load" in options.parts:
        yield "\n## Loading CT slices of 512 x 512\n"
        yield from loading_rows(options, root)
    if "draw" in options.parts:
        yield "\n## Drawing one frame with a new window, ms\n"
        yield from drawing_rows()
    if "scroll" in options.parts:
        yield "\n## Scrolling through 1,000 slices in the real window\n"
        yield from scrolling_rows(series(root, "uncompressed", max(options.counts)))
        yield "\n## Moving on to another series while one is being decoded\n"
        yield from stale_row(series(root, "JPEG 2000", 40), series(root, "uncompressed", 100))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", default=sys.executable)
    parser.add_argument("--counts", type=int, nargs="+", default=[100, 400, 1000])
    parser.add_argument("--syntaxes", nargs="+", default=list(SYNTAXES), choices=list(SYNTAXES))
    parser.add_argument("--parts", nargs="+", default=["load", "draw", "scroll"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, help="where the series are kept between runs")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        lines = []
        for line in report(options, options.data or Path(place)):
            print(line, flush=True)
            lines.append(line)
    if options.out is not None:
        options.out.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
