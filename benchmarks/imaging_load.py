"""Time to the first image, to the whole study, and per drawn frame, beside pydicom and the disk.

Usage: python benchmarks/imaging_load.py FOLDER

Everything is measured in one run, alternating, and the best of the rounds is printed, so that
ratios mean something on a busy machine.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom

from surgery_assist.imaging.cache import FrameStore
from surgery_assist.imaging.library import Library
from surgery_assist.imaging.pixels import FramePixels
from surgery_assist.imaging.render import to_rgb32
from surgery_assist.model.study import Window, study_display_sets

ROUNDS = 3


def ours(folder: Path) -> dict[str, float]:
    """First image and whole study by the program's own loader, ms."""
    begin = time.perf_counter()
    library = Library()
    store = FrameStore(library)
    first = 0.0
    catalogue = library.catalogue
    for catalogue in library.scan([folder]):
        if not first and catalogue.studies:
            to_rgb32(store.load(study_display_sets(catalogue.studies[0])[0].uid, 0))
            first = time.perf_counter() - begin
    for study in catalogue.studies:
        for entry in study_display_sets(study):
            store.focus([(entry.uid, 0)])
            store.wait_idle(600)
    whole = time.perf_counter() - begin
    store.close()
    return {"first image": 1000 * first, "whole": 1000 * whole}


def by_pydicom(folder: Path) -> dict[str, float]:
    """The same files one after the other by pydicom, ms."""
    begin = time.perf_counter()
    first, kept = 0.0, []
    for path in sorted(folder.rglob("*.dcm")):
        kept.append(pydicom.dcmread(path).pixel_array)
        first = first or time.perf_counter() - begin
    return {"first image": 1000 * first, "whole": 1000 * (time.perf_counter() - begin)}


def by_disk(folder: Path) -> dict[str, float]:
    """Reading all bytes of the files and copying them once, ms: the limit."""
    begin = time.perf_counter()
    kept = [bytearray(path.read_bytes()) for path in folder.rglob("*.dcm")]
    return {"whole": 1000 * (time.perf_counter() - begin) if kept else 0.0}


def drawing() -> dict[str, float]:
    """Milliseconds per frame through the window table: cached, and with a new window."""
    figures = {}
    for size in (512, 2048):
        values = np.random.default_rng(1).normal(0, 300, (size, size)).astype(np.int16)
        pixels = FramePixels(values)
        figures[f"draw {size}"] = _median(lambda _, p=pixels: to_rgb32(p, Window(40, 400)))
        figures[f"draw {size}, new window"] = _median(
            lambda n, p=pixels: to_rgb32(p, Window(40 + n, 400))
        )
    return figures


def _median(work: Callable[[int], object], times: int = 20) -> float:
    taken = []
    for n in range(times):
        begin = time.perf_counter()
        work(n)
        taken.append(1000 * (time.perf_counter() - begin))
    return float(np.median(taken))


def main() -> None:
    """Print the table."""
    folder = Path(sys.argv[1])
    best: dict[str, dict[str, float]] = {}
    for _ in range(ROUNDS):
        for name, run in (("ours", ours), ("pydicom", by_pydicom), ("disk", by_disk)):
            for figure, value in run(folder).items():
                known = best.setdefault(name, {}).get(figure, value)
                best[name][figure] = min(known, value)
    for name, figures in best.items():
        print(name.ljust(10), {figure: round(value, 1) for figure, value in figures.items()})
    print("whole, ours / pydicom", round(best["ours"]["whole"] / best["pydicom"]["whole"], 2))
    print("whole, ours / disk", round(best["ours"]["whole"] / best["disk"]["whole"], 2))
    print({name: round(value, 2) for name, value in drawing().items()})


if __name__ == "__main__":
    main()
