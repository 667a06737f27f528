"""What lies over frames and beside them, read in a thread of its own: outlines, shutters, reports.

Between `surgery_assist.imaging.objects` (files, values) and the panes (Qt).
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtGui import QImage, QPolygonF

from surgery_assist.errors import SurgeryAssistError
from surgery_assist.model.annotations import FrameAnnotations, Presentation, Region, Report
from surgery_assist.model.study import DisplaySet, Study

KEPT: Final = 1024
"""Answers that are remembered."""
WAITING: Final = 24
"""Questions that may wait: while somebody scrolls, the oldest are of no more use."""
OVERLAY_COLOUR: Final = 0xFFE6D27A
"""Of bitmap overlays."""


class Bitmap(Protocol):
    """An overlay of a file (PS3.3 C.9.2)."""

    @property
    def mask(self) -> NDArray[np.bool_]:
        """``(rows, columns)`` of the frame."""


class Reader(Protocol):
    """What is needed of `surgery_assist.imaging.objects.ObjectReader`; called in a worker."""

    def annotations(self, display_set: DisplaySet, index: int) -> FrameAnnotations:
        """Shutters and outlines of one frame."""

    def bitmaps(self, display_set: DisplaySet, index: int) -> tuple[Bitmap, ...]:
        """Overlays of one frame."""

    def presentations(self, display_set: DisplaySet, index: int) -> tuple[Presentation, ...]:
        """Saved ways to show one frame."""

    def key_images(self, study: Study) -> frozenset[str]:
        """Instances that somebody has marked."""

    def report(self, object_uid: str) -> Report:
        """A report as text."""


@dataclass(frozen=True)
class FrameObjects:
    """What is drawn over one frame, ready for a painter; points are image pixels."""

    annotations: FrameAnnotations = field(default_factory=FrameAnnotations)
    outlines: tuple[tuple[Region, tuple[QPolygonF, ...]], ...] = ()
    bitmaps: tuple[QImage, ...] = ()
    presentations: tuple[Presentation, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.annotations or self.bitmaps or self.presentations)


NOTHING: Final = FrameObjects()


class Objects(QObject):
    """Answers at once with what is known, and asks for what is not.

    Parameters
    ----------
    make_reader
        Makes what reads the files; called again when a case is closed, so that nothing of it
        stays in memory.
    """

    changed = Signal(str)
    """Something about a display set, study or report (its UID) is known now."""
    _arrived = Signal(object, str, object)

    def __init__(self, make_reader: Callable[[], Reader]) -> None:
        super().__init__()
        self._make_reader = make_reader
        self._reader = make_reader()
        self._known: OrderedDict[Hashable, Any] = OrderedDict()
        self._asked: OrderedDict[Hashable, Future[None]] = OrderedDict()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="objects")
        self._case = 0
        self._arrived.connect(self._keep)

    def frame(self, display_set: DisplaySet, index: int) -> FrameObjects | None:
        """What lies over a frame; ``None`` while it is being read."""
        reference = display_set.frames[index]
        key = ("frame", display_set.uid, reference.instance_uid, reference.frame)
        found = self._answer(key, display_set.uid, lambda: self._read(display_set, index))
        return NOTHING if isinstance(found, SurgeryAssistError) else found

    def report(self, object_uid: str) -> Report | SurgeryAssistError | None:
        """A report as text, why it can't be read, or ``None`` while it is being read."""
        key = ("report", object_uid)
        found: Report | SurgeryAssistError | None = self._answer(
            key, object_uid, lambda: self._reader.report(object_uid)
        )
        return found

    def key_images(self, study: Study) -> frozenset[str]:
        """Instances that are marked; none while the marks are being read."""
        if not any(entry.kind == "key_images" for entry in study.objects):
            return frozenset()
        key = ("key images", study.uid, study.objects)
        found = self._answer(key, study.uid, lambda: self._reader.key_images(study))
        return found if isinstance(found, frozenset) else frozenset()

    @property
    def busy(self) -> bool:
        """Something is being read."""
        return bool(self._asked)

    def clear(self) -> None:
        """Forget everything: the case was closed."""
        self.refresh()
        self._reader = self._make_reader()

    def refresh(self) -> None:
        """More files have been read: all answers may be others now."""
        self._case += 1
        for asked in self._asked.values():
            asked.cancel()
        self._asked.clear()
        self._known.clear()

    def close(self) -> None:
        """End the thread."""
        self.refresh()
        self._pool.shutdown(cancel_futures=True)

    def _answer(self, key: Hashable, uid: str, read: Callable[[], object]) -> Any:
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        if key in self._asked:
            self._asked.move_to_end(key)
            return None
        case = self._case

        def body() -> None:
            try:
                answer = read()
            except SurgeryAssistError as error:
                answer = error
            except Exception as error:  # noqa: BLE001  (a broken file must not end the thread)
                answer = SurgeryAssistError("error.task_failed", detail=type(error).__name__)
            self._arrived.emit((case, key), uid, answer)

        self._asked[key] = self._pool.submit(body)
        self._drop_stale()
        return None

    def _drop_stale(self) -> None:
        for key in list(self._asked)[:-WAITING]:
            if self._asked[key].cancel():
                del self._asked[key]

    def _keep(self, asked: tuple[int, Hashable], uid: str, answer: object) -> None:
        case, key = asked
        if case != self._case:
            return
        self._asked.pop(key, None)
        self._known[key] = answer
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        if answer:  # nothing to draw is no reason to draw again
            self.changed.emit(uid)

    def _read(self, display_set: DisplaySet, index: int) -> FrameObjects:
        annotations = self._reader.annotations(display_set, index)
        outlines = tuple((region, _polygons(region)) for region in annotations.regions)
        bitmaps = tuple(_image(entry.mask) for entry in self._reader.bitmaps(display_set, index))
        presentations = self._reader.presentations(display_set, index)
        return FrameObjects(annotations, outlines, bitmaps, presentations)


def _polygons(region: Region) -> tuple[QPolygonF, ...]:
    return tuple(
        QPolygonF([QPointF(column, row) for column, row in outline]) for outline in region.outlines
    )


def _image(mask: NDArray[np.bool_]) -> QImage:
    pixels = np.where(mask, np.uint32(OVERLAY_COLOUR), np.uint32(0))
    rows, columns = pixels.shape
    kind = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(pixels.data, columns, rows, 4 * columns, kind).copy()
