"""How fast a study opens: the ``bench load`` command."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from surgery_assist.errors import DecodeError, NothingToOpenError
from surgery_assist.imaging.cache import FrameStore
from surgery_assist.imaging.library import Library
from surgery_assist.imaging.memory import peak_resident_bytes
from surgery_assist.imaging.render import to_rgb32
from surgery_assist.model.study import Catalogue, study_display_sets

_PATIENCE_SECONDS: Final = 600.0


def bench_load(paths: Iterable[Path | str]) -> dict[str, float | int]:
    """Open and decode everything under ``paths`` once.

    Returns
    -------
    dict
        ``first_image_ms`` until the first frame is drawn, ``full_ms`` until all frames of all
        display sets are decoded, ``instances`` (files shown), ``volume_bytes`` (decoded pixels)
        and ``rss_peak_bytes`` of this process.

    Raises
    ------
    NothingToOpenError
        No image there.
    """
    begin = time.perf_counter()
    library = Library()
    library.warm_up()
    store = FrameStore(library)
    first: float | None = None
    catalogue = Catalogue()
    pixels = 0
    try:
        for catalogue in library.scan(paths):
            if first is None and catalogue.studies:
                first = _draw_first(store, catalogue, begin)
        if first is None:
            raise NothingToOpenError("error.nothing_to_open")
        for study in catalogue.studies:
            for display_set in study_display_sets(study):
                store.focus([(display_set.uid, 0)])
                store.wait_idle(_PATIENCE_SECONDS)
                pixels += store.loaded_bytes(display_set.uid)
    finally:
        store.close()
        library.close()
    return {
        "first_image_ms": round(first * 1000.0, 1),
        "full_ms": round((time.perf_counter() - begin) * 1000.0, 1),
        "instances": len(library.instances()),
        "volume_bytes": pixels,
        "rss_peak_bytes": peak_resident_bytes(),
    }


def _draw_first(store: FrameStore, catalogue: Catalogue, begin: float) -> float | None:
    """Seconds until the first frame is drawn; ``None`` if it can't be."""
    for study in catalogue.studies:
        for display_set in study_display_sets(study):
            try:
                to_rgb32(store.load(display_set.uid, 0))
            except DecodeError:
                continue
            return time.perf_counter() - begin
    return None
