"""What the objects of a library say of the frame that is shown, and of the patient in space."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import Final, TypeVar

from surgery_assist.errors import DecodeError, OutputError, ReadError
from surgery_assist.imaging.library import Library
from surgery_assist.imaging.objects.overlays import OverlayBitmap
from surgery_assist.imaging.objects.presentation_writer import ShownFrame, write_presentation
from surgery_assist.imaging.objects.segmentations import Segmentation, SegmentationFile
from surgery_assist.imaging.objects.solids import Solid
from surgery_assist.imaging.objects.structures import Structure
from surgery_assist.imaging.records import HeaderError
from surgery_assist.model.annotations import FrameAnnotations, Presentation, Region, Report
from surgery_assist.model.study import DisplaySet, FrameRef, ObjectKind, Study

_KEPT: Final = 32
"""Objects and frames that are remembered."""
_SINGLE_REACH_MM: Final = 1.0
"""How far from a slice without neighbours a contour may lie."""
K = TypeVar("K")
T = TypeVar("T")


class ObjectReader:
    """Reads the objects of a library; safe to use from several threads, slow the first time.

    What can't be read counts as nothing: a broken object never hides an image.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._safe = library.reader
        self._lock = RLock()
        self._segmentations: OrderedDict[Path, Segmentation | None] = OrderedDict()
        self._structures: OrderedDict[Path, tuple[Structure, ...]] = OrderedDict()
        self._presentations: OrderedDict[Hashable, tuple[Presentation, ...]] = OrderedDict()
        self._bitmaps: OrderedDict[tuple[str, int], tuple[OverlayBitmap, ...]] = OrderedDict()

    def annotations(self, display_set: DisplaySet, index: int) -> FrameAnnotations:
        """Shutters of one frame's file, and where segments and structures cut it.

        Parameters
        ----------
        display_set
            What is shown.
        index
            Of the frame in it.
        """
        frame = display_set.frames[index]
        instance = self._library.instance(frame.instance_uid)
        if instance is None:
            return FrameAnnotations()
        regions = (*self._segments(display_set, frame), *self._structures_on(display_set, frame))
        return FrameAnnotations(shutters=instance.shutters, regions=regions)

    def bitmaps(self, display_set: DisplaySet, index: int) -> tuple[OverlayBitmap, ...]:
        """Overlay planes (60xx) of one frame."""
        frame = display_set.frames[index]
        instance = self._library.instance(frame.instance_uid)
        if instance is None or not instance.has_overlays:
            return ()
        key = frame.instance_uid, frame.frame

        def read() -> tuple[OverlayBitmap, ...]:
            slim = replace(instance, shutters=(), findings=())
            asked = (slim, frame.frame)
            return self._safe.contents("overlays", instance.path, OverlayBitmap, asked)

        return self._remembered(self._bitmaps, key, read, ())

    def presentations(self, display_set: DisplaySet, index: int) -> tuple[Presentation, ...]:
        """Saved presentations of one frame, in the order of opening."""
        frame = display_set.frames[index]
        uid = _plain_uid(frame.instance_uid)
        asked = (uid, frame.frame, display_set.rows, display_set.columns)
        found: list[Presentation] = []
        for path in self._paths("presentation", image=uid):

            def read(path: Path = path) -> tuple[Presentation, ...]:
                return self._safe.contents("presentation", path, Presentation, asked)

            shown = self._remembered(self._presentations, (path, asked), read, ())
            found += shown
        return tuple(found)

    def write_presentation(
        self, path: Path, display_set: DisplaySet, shown: Mapping[int, Presentation], label: str
    ) -> str:
        """Save how frames of a display set (by index) are shown; see `write_presentation`.

        Raises
        ------
        OutputError
            It can't be written, or the images are not open any more.
        """
        frames = []
        for index, presentation in shown.items():
            reference = display_set.frames[index]
            instance = self._library.instance(reference.instance_uid)
            if instance is None:
                raise OutputError("error.presentation_not_written", detail="image not open")
            frames.append(ShownFrame(instance, reference.frame, presentation))
        return write_presentation(path, frames, label)

    def key_images(self, study: Study) -> frozenset[str]:
        """Instance UIDs of the images of a study that someone marked as key images."""
        return frozenset(
            uid for entry in study.objects if entry.kind == "key_images" for uid in entry.references
        )

    def report(self, object_uid: str) -> Report:
        """A report or key object selection as text.

        Raises
        ------
        ReadError
            It isn't open, or can't be read any more.
        """
        for entry in self._library.objects:
            if entry.about is not None and entry.about.uid == object_uid:
                return self._safe.contents("report", entry.path, Report)[0]
        raise ReadError("error.object_unreadable", detail="not open")

    def solids(self, object_uid: str) -> tuple[Solid, ...]:
        """Segments or structures of one object in space; empty when it has none."""
        for path in self._paths("segmentation", object_uid):
            segmentation = self._segmentation(path)
            return segmentation.solids() if segmentation is not None else ()
        for path in self._paths("structures", object_uid):
            return tuple(structure.solid() for structure in self._structures_in(path))
        return ()

    def _paths(
        self, kind: ObjectKind, uid: str | None = None, image: str | None = None
    ) -> Iterator[Path]:
        """Files of a kind: one by its UID, those about an image, or all."""
        for entry in self._library.objects:
            about = entry.about
            if about is None or about.kind != kind or uid not in (None, about.uid):
                continue
            if image is None or image in about.references:
                yield entry.path

    def _segments(self, display_set: DisplaySet, frame: FrameRef) -> Iterator[Region]:
        for path in self._paths("segmentation"):
            segmentation = self._segmentation(path)
            if segmentation is None:
                continue
            same_space = segmentation.frame_of_reference == display_set.frame_of_reference_uid
            uid = _plain_uid(frame.instance_uid)
            if uid not in segmentation.references() and not (
                same_space and segmentation.frame_of_reference
            ):
                continue
            size = display_set.rows, display_set.columns
            try:
                yield from segmentation.regions_on(uid, frame.frame, frame.plane, size)
            except DecodeError:
                continue

    def _structures_on(self, display_set: DisplaySet, frame: FrameRef) -> Iterator[Region]:
        if frame.plane is None:
            return
        step = display_set.spacing[2] if display_set.spacing else 0.0
        reach = step / 2 if step > 0 else _SINGLE_REACH_MM
        for path in self._paths("structures"):
            for structure in self._structures_in(path):
                named = {uid for _, uid in structure.contours}
                same = structure.frame_of_reference == display_set.frame_of_reference_uid
                if not same and _plain_uid(frame.instance_uid) not in named:
                    continue
                region = structure.region_on(frame.plane, reach)
                if region is not None:
                    yield region

    def _segmentation(self, path: Path) -> Segmentation | None:
        def read() -> Segmentation | None:
            found = self._safe.contents("segmentation", path, SegmentationFile)
            return Segmentation(found[0], self._safe.frame)

        return self._remembered(self._segmentations, path, read, None)

    def _structures_in(self, path: Path) -> tuple[Structure, ...]:
        def read() -> tuple[Structure, ...]:
            return self._safe.contents("structures", path, Structure)

        return self._remembered(self._structures, path, read, ())

    def _remembered(self, memory: OrderedDict[K, T], key: K, read: Callable[[], T], broken: T) -> T:
        """Read once; what fails is remembered too."""
        with self._lock:
            if key not in memory:
                try:
                    memory[key] = read()
                except (ReadError, HeaderError, ValueError, MemoryError):
                    memory[key] = broken
                while len(memory) > _KEPT:
                    memory.popitem(last=False)
            else:
                memory.move_to_end(key)
            return memory[key]


def _plain_uid(instance_uid: str) -> str:
    """The UID as in the file: the library marks repeated ones with ``~``."""
    return instance_uid.rstrip("~")
