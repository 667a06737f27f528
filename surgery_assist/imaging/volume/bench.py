"""How fast planes through a volume are made: the ``bench mpr`` command."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import numpy as np

from surgery_assist.errors import NothingToOpenError
from surgery_assist.imaging.cache import FrameStore
from surgery_assist.imaging.library import Library
from surgery_assist.imaging.render import to_rgb32
from surgery_assist.imaging.volume.build import Volume, volume_of
from surgery_assist.imaging.volume.cut import Slice, Wanted, cut
from surgery_assist.imaging.volume.reslice import Quality, flat
from surgery_assist.imaging.volume.worker import moving_quality, still_quality
from surgery_assist.model.geometry import unit
from surgery_assist.model.grid import grid_of
from surgery_assist.model.plane import NamedPlane, Plane, Projection, named, tilted
from surgery_assist.model.reformat import acquired_plane, axes_of, reformatted
from surgery_assist.model.study import DisplaySet, study_display_sets

PATIENCE_SECONDS: Final = 300.0
ROUNDS: Final = 30
SLAB_MM: Final = 20.0
_KINDS: Final[tuple[NamedPlane, ...]] = ("axial", "coronal", "sagittal")


def bench_mpr(paths: Iterable[Path | str]) -> dict[str, float]:
    """Load the largest stack under ``paths`` and cut it; see `measure`.

    Raises
    ------
    NothingToOpenError
        There is nothing to be cut.
    """
    library = Library()
    store = FrameStore(library)
    try:
        list(library.scan([Path(path) for path in paths]))
        sets = [
            entry
            for study in library.catalogue.studies
            for entry in study_display_sets(study)
            if grid_of(entry) is not None
        ]
        if not sets:
            raise NothingToOpenError("error.nothing_to_open", refused=0)
        largest = max(sets, key=lambda entry: entry.rows * entry.columns * entry.count)
        return measure(_loaded(store, largest))
    finally:
        store.close()
        library.close()


def _loaded(store: FrameStore, display_set: DisplaySet) -> Volume:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        source = store.volume_source(display_set.uid)
        volume = volume_of(source) if source is not None and source.settled else None
        if volume is not None:
            return volume
        time.sleep(0.01)
    raise NothingToOpenError("error.nothing_to_open", refused=0)


def measure(volume: Volume) -> dict[str, float]:
    """Milliseconds from the wish for an image to its screen colours.

    Returns
    -------
    dict
        ``ms_p50`` and ``ms_p95`` of an oblique image with every pixel, linear; ``moving_...`` of
        the coarser ones that follow a hand, ``still_...`` of the final ones, ``slab_...`` of 20 mm
        of maximum while moving and still, ``orthogonal_...`` of images along the voxels.
    """
    oblique = _oblique(volume)
    slab = _oblique(volume, projection_mm=SLAB_MM)
    found: dict[str, float] = {}
    for name, make in {
        "": lambda i: flat(volume, oblique(i), Quality(1, "linear")),
        "moving_": lambda i: flat(volume, oblique(i), moving_quality(volume, oblique(i))),
        "still_": lambda i: flat(volume, oblique(i), still_quality(volume, oblique(i))),
        "slab_moving_": lambda i: flat(volume, slab(i), moving_quality(volume, slab(i))),
        "slab_still_": lambda i: flat(volume, slab(i), still_quality(volume, slab(i))),
        "orthogonal_": _orthogonal(volume),
    }.items():
        times = _times(volume, make)
        found[f"{name}ms_p50"] = round(float(np.percentile(times, 50)), 2)
        found[f"{name}ms_p95"] = round(float(np.percentile(times, 95)), 2)
    return found


def _times(volume: Volume, make: Callable[[int], Slice | None]) -> list[float]:
    times = []
    for number in range(ROUNDS + 1):
        begin = time.perf_counter()
        image = make(number)
        if image is not None:
            to_rgb32(volume.pixels(image.values))
        times.append((time.perf_counter() - begin) * 1000.0)
    return times[1:]  # the first loads libraries


def _oblique(volume: Volume, projection_mm: float = 0.0) -> Callable[[int], Wanted]:
    """Images that tilt further from one to the next, as under a hand; all through the middle."""
    middle = volume.grid.middle
    base = acquired_plane(volume.display_set) or named("axial", middle)
    kind: Projection = "max" if projection_mm else "none"
    base = Plane(base.kind, base.right, base.down, middle, kind, projection_mm)
    made: list[Wanted] = []
    for number in range(ROUNDS + 1):
        plane = tilted(base, unit((1.0, 0.5, 0.3)), 20.0 + number, middle)
        shown = reformatted(volume.display_set, plane)
        made.append(Wanted(shown, plane, shown.count // 2))
    return lambda number: made[number]


def _orthogonal(volume: Volume) -> Callable[[int], Slice | None]:
    """The three customary planes in turn, from the middle onwards."""
    planes = [named(kind, volume.grid.middle) for kind in _KINDS]
    shown = [reformatted(volume.display_set, plane) for plane in planes]

    def make(number: int) -> Slice | None:
        plane, images = planes[number % 3], shown[number % 3]
        wanted = Wanted(images, plane, (images.count // 2 + number) % images.count)
        axes = axes_of(volume.grid, plane)
        return flat(volume, wanted) if axes is None else cut(volume, wanted, axes)

    return make
