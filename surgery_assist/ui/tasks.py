"""Effects: work that is not view state, done outside the GUI thread.

What an effect brings comes back as an Invocation, through a queued signal, so that the Session
changes in one thread only.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Qt, Signal, Slot

from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.commands.effects import (
    AutoWindow,
    CancelWork,
    CloseCase,
    Effect,
    MoveToMonitor,
    OpenPaths,
    PickVolume,
)
from surgery_assist.commands.windowing import adjusted
from surgery_assist.errors import NothingToOpenError, SurgeryAssistError
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.reformat import acquired_index
from surgery_assist.model.study import Catalogue
from surgery_assist.ui.images import Images


class Opener(Protocol):
    """What is needed of `surgery_assist.imaging.library.Library`."""

    @property
    def catalogue(self) -> Catalogue:
        """All that is open."""

    def scan(self, paths: Sequence[Path], cancelled: Callable[[], bool]) -> Iterator[Catalogue]:
        """Read files and folders; yields what is known so far."""

    def clear(self) -> None:
        """Forget everything."""


class TaskRunner(QObject):
    """Runs effects in worker threads.

    Reading and forgetting happen one after another in the order of their asking; closing the
    case cancels what is being read, and throws away what still arrives of it.
    """

    failed = Signal(object)
    """A `SurgeryAssistError` to be shown."""
    monitor_wanted = Signal(int)
    """The program shall move to another screen."""
    pick_wanted = Signal(object)
    """Points in the depth of a volume shall be found (`PickVolume`)."""
    idle = Signal()
    """The last task has ended and its result has been delivered."""
    _delivered = Signal(int, object)
    _ended = Signal(int, object)

    def __init__(self, library: Opener, images: Images) -> None:
        super().__init__()
        self._library = library
        self._images = images
        self._dispatcher: Dispatcher | None = None
        self._running = 0
        self._case = 0
        self._cancel = threading.Event()
        self._files = ThreadPoolExecutor(1, thread_name_prefix="files")
        self._pixels = ThreadPoolExecutor(1, thread_name_prefix="pixels")
        queued = Qt.ConnectionType.QueuedConnection
        self._delivered.connect(self._deliver, queued)
        self._ended.connect(self._end, queued)

    def serve(self, dispatcher: Dispatcher) -> None:
        """Send results to this dispatcher, which has `run` as its effect runner."""
        self._dispatcher = dispatcher

    @property
    def busy(self) -> bool:
        """Something is under way, or its result has not been delivered yet."""
        return self._running > 0

    def run(self, effect: Effect) -> None:
        """Start an effect; returns at once."""
        match effect:
            case OpenPaths(paths):
                cancel = self._cancel
                self._start(self._files, lambda case: self._open(case, paths, cancel))
            case CancelWork():
                self._stop()
            case CloseCase():
                self._stop()
                self._case += 1
                self._images.clear()
                self._start(self._files, lambda _case: self._library.clear())
            case AutoWindow():
                self._find_window(effect)
            case MoveToMonitor(monitor):
                self.monitor_wanted.emit(monitor)
            case PickVolume():
                self.pick_wanted.emit(effect)
            case _:
                raise TypeError(f"no worker for {type(effect).__name__}")

    def close(self) -> None:
        """Cancel everything and wait for the workers."""
        self._stop()
        self._files.shutdown(cancel_futures=True)
        self._pixels.shutdown(cancel_futures=True)

    def _stop(self) -> None:
        self._cancel.set()
        self._cancel = threading.Event()

    def _start(self, pool: ThreadPoolExecutor, work: Callable[[int], None]) -> None:
        case = self._case
        self._running += 1

        def body() -> None:
            error: SurgeryAssistError | None = None
            try:
                work(case)
            except SurgeryAssistError as known:
                error = known
            except Exception as unknown:  # noqa: BLE001  (a worker must never end in silence)
                error = SurgeryAssistError("error.task_failed", detail=type(unknown).__name__)
            self._ended.emit(case, error)

        pool.submit(body)

    def _open(self, case: int, paths: tuple[str, ...], cancel: threading.Event) -> None:
        before = self._library.catalogue
        after = before
        for after in self._library.scan([Path(path) for path in paths], cancel.is_set):
            arguments = {"catalogue": after}
            self._delivered.emit(case, Invocation("catalogue.replace", arguments))
        # The same files once more bring nothing new, but that is no failure.
        known = after.files_total == 0 and before.studies and all(map(_exists, paths))
        if _size(after) == _size(before) and not known and not cancel.is_set():
            raise NothingToOpenError("error.nothing_to_open", refused=len(after.refused))

    def _find_window(self, effect: AutoWindow) -> None:
        session = self._dispatcher.session if self._dispatcher else None
        shown = session.shown(effect.viewport) if session else None
        acquired = (
            session.catalogue.display_set(shown[0].display_set) if session and shown else None
        )
        if shown is None or acquired is None:
            return
        # Planes take the window of the acquired image in their middle.
        uid, index = acquired.uid, acquired_index(acquired, shown[1], shown[0].index)
        # Brighter means a lower centre, but a higher one where black and white are swapped.
        shift = -effect.shift if shown[0].invert else effect.shift

        def work(case: int) -> None:
            window = adjusted(self._images.auto_window(uid, index), effect.width_factor, shift)
            arguments = {
                "viewport": effect.viewport,
                "center": window.center,
                "width": window.width,
            }
            self._delivered.emit(case, Invocation("window.put", arguments))

        self._start(self._pixels, work)

    @Slot(int, object)
    def _deliver(self, case: int, invocation: Invocation) -> None:
        if case == self._case and self._dispatcher is not None:
            self._dispatcher.dispatch(invocation)

    @Slot(int, object)
    def _end(self, case: int, error: SurgeryAssistError | None) -> None:
        self._running -= 1
        if error is not None and case == self._case:
            self.failed.emit(error)
        if self._running == 0:
            self.idle.emit()


def _exists(path: str) -> bool:
    return Path(path).exists()


def _size(catalogue: Catalogue) -> tuple[int, int]:
    """How many objects without and frames with a picture are open."""
    return catalogue.objects, sum(
        display_set.count
        for study in catalogue.studies
        for series in study.series
        for display_set in series.display_sets
    )
