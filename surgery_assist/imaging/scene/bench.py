"""How fast volumes are drawn: the ``bench volume`` command."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

import numpy as np

from surgery_assist.errors import NothingToOpenError
from surgery_assist.imaging.cache import FrameStore
from surgery_assist.imaging.library import Library
from surgery_assist.imaging.memory import peak_resident_bytes
from surgery_assist.imaging.scene.frame import Shot
from surgery_assist.imaging.scene.source import scene_volume
from surgery_assist.imaging.scene.studio import Result, Studio, Wish
from surgery_assist.imaging.scene.volume import SceneVolume
from surgery_assist.imaging.volumes import VolumeSource
from surgery_assist.model.grid import grid_of
from surgery_assist.model.study import Catalogue, study_display_sets
from surgery_assist.model.units import DisplaySetUID
from surgery_assist.model.volume_view import VIEWS, VolumeCamera, VolumeView, turned

PATIENCE_SECONDS: Final = 300.0
MOVING_FRAMES: Final = 30
TURN_DEGREES: Final = 3.0


def bench_volume(paths: Iterable[Path | str], size: tuple[int, int]) -> dict[str, object]:
    """Load the largest volume under ``paths`` and draw it; see `measure`.

    Raises
    ------
    NothingToOpenError
        There is no volume.
    """
    library = Library()
    store = FrameStore(library)
    try:
        list(library.scan(paths))
        source = loaded(store, largest(library.catalogue))
        return measure(lambda: scene_volume(source), size)
    finally:
        store.close()
        library.close()


def measure(make: Callable[[], SceneVolume], size: tuple[int, int]) -> dict[str, object]:
    """Times of a volume that has been loaded.

    Returns
    -------
    dict
        ``renderer``; ``first_ms`` until the first picture, VTK's own start included;
        ``moving_fps`` while the volume turns; ``still_ms`` from the last movement to the final
        picture; ``rss_peak_bytes`` of this process.
    """
    results: SimpleQueue[Result] = SimpleQueue()
    studio = Studio(results.put)
    try:
        begin = time.perf_counter()
        volume = make()
        studio.load("volume", lambda: volume, hounsfield=True)
        camera = VIEWS["front"]
        studio.wish(0, _wish(volume, camera, size))
        _wait(results, lambda result: result.picture is not None)
        first = time.perf_counter() - begin
        _wait(results, lambda result: result.final)
        begin = time.perf_counter()
        for _ in range(MOVING_FRAMES):
            camera = turned(camera, "left", TURN_DEGREES)
            wish = _wish(volume, camera, size)
            studio.wish(0, wish)
            _wait(results, lambda result, wish=wish: result.wish == wish)  # type: ignore[misc]
        moving = MOVING_FRAMES / (time.perf_counter() - begin)
        begin = time.perf_counter()
        _wait(results, lambda result: result.final)
        still = time.perf_counter() - begin
        return {
            "renderer": studio.renderer.name or "processor",
            "first_ms": round(first * 1000.0, 1),
            "moving_fps": round(moving, 1),
            "still_ms": round(still * 1000.0, 1),
            "rss_peak_bytes": peak_resident_bytes(),
        }
    finally:
        studio.close()


def largest(catalogue: Catalogue) -> DisplaySetUID:
    """The volume with the most voxels.

    Raises
    ------
    NothingToOpenError
        There is none.
    """
    volumes = [
        (display_set.count * display_set.rows * display_set.columns, display_set.uid)
        for study in catalogue.studies
        for display_set in study_display_sets(study)
        if grid_of(display_set) is not None
    ]
    if not volumes:
        raise NothingToOpenError("error.nothing_to_open", refused=len(catalogue.refused))
    return max(volumes)[1]


def loaded(store: FrameStore, uid: DisplaySetUID) -> VolumeSource:
    """A volume with all its slices.

    Raises
    ------
    NothingToOpenError
        They did not come in time.
    """
    store.focus([(uid, 0)])
    source = store.volume_source(uid)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while source is not None and not source.settled and time.monotonic() < deadline:
        time.sleep(0.005)
    if source is None or not source.settled:
        raise NothingToOpenError("error.nothing_to_open", refused=0)
    return source


def _wish(volume: SceneVolume, camera: VolumeCamera, size: tuple[int, int]) -> Wish:
    edges = np.array(volume.values.shape[::-1]) - 1
    middle = volume.affine @ np.array([*(edges / 2), 1.0])
    mm = float((edges * volume.spacing).max()) / min(size)
    focus = (float(middle[0]), float(middle[1]), float(middle[2]))
    return Wish("volume", VolumeView("bone", camera=camera), Shot(*size, mm, camera, focus))


def _wait(results: "SimpleQueue[Result]", wanted: Callable[[Result], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            if wanted(results.get(timeout=1.0)):
                return
        except Empty:
            continue
    raise TimeoutError("a volume was not drawn in time")
