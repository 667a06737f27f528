"""How much work is done for a series that nobody looks at any more."""

import time
from collections.abc import Iterator
from pathlib import Path

from surgery_assist.imaging.cache import FrameStore
from surgery_assist.imaging.library import Library
from surgery_assist.model.study import study_display_sets

LOOK_SECONDS = 1.0


def stale_row(slow: Path, other: Path) -> Iterator[str]:
    """Look at a slow series for a second, then at another one."""
    arrived: list[tuple[str, float]] = []
    library = Library()
    library.reader.warm_up()
    *_, catalogue = library.scan([slow, other])
    sets = [entry for study in catalogue.studies for entry in study_display_sets(study)]
    first, second = sorted(sets, key=lambda entry: entry.count)
    store = FrameStore(library, on_frame=lambda uid, _: arrived.append((uid, time.perf_counter())))
    store.focus([(first.uid, 0)])
    time.sleep(LOOK_SECONDS)
    moved = time.perf_counter()
    store.focus([(second.uid, 0)])
    store.wait_idle(120)
    stale = sum(uid == first.uid and at > moved for uid, at in arrived)
    shown = next(at for uid, at in arrived if uid == second.uid) - moved
    store.close()
    library.close()
    yield "| frames decoded for nobody | first frame of the other series, ms |"
    yield "|---|---|"
    yield f"| {stale} (those that were under way) | {1000 * shown:.0f} |"
