"""Segmentations: masks of parts of the patient, frame by frame (PS3.3 A.51, C.8.20)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.elements import Elements
from surgery_assist.imaging.objects.contours import mask_outlines
from surgery_assist.imaging.objects.solids import Solid, carried, is_parallel, lab_colour
from surgery_assist.imaging.pixels import FramePixels
from surgery_assist.imaging.reader import read_masks
from surgery_assist.imaging.records import Instance
from surgery_assist.model.annotations import Colour, Point, Region
from surgery_assist.model.geometry import ImagePlane, dot

MAX_MASK_BYTES: Final = 1 << 30
_SHARED: Final = 0x52009229
_PER_FRAME: Final = 0x52009230


@dataclass(frozen=True, slots=True)
class Segment:
    """What one segment is."""

    number: int
    name: str
    colour: Colour


@dataclass(frozen=True, slots=True)
class SegmentFrame:
    """One frame of the file: whose part it shows, where, and on which images."""

    index: int
    segment: int | None
    """``None`` in a label map, whose values are the segments' numbers."""
    plane: ImagePlane | None
    sources: tuple[tuple[str, int | None], ...]
    """Instance UID and frame (from 0; ``None`` means all) of the images it was made from."""


@dataclass(frozen=True, slots=True)
class SegmentationFile:
    """What one segmentation file says; its masks stay where they are."""

    uid: str
    frame_of_reference: str
    instance: Instance
    segments: tuple[Segment, ...]
    labels: bool
    """The values of the frames are the segments' numbers."""
    threshold: float
    """From here on a value is inside."""
    frames: tuple[SegmentFrame, ...]


def segmentation_file(path: Path, header: Elements) -> SegmentationFile:
    """What a file says of its segments.

    Raises
    ------
    HeaderError
        It holds no masks.
    """
    instance = read_masks(path)
    labels = header.code(0x00620001, 16) == "LABELMAP"
    fractional = header.code(0x00620001, 16) == "FRACTIONAL"
    half = max(1, (header.short(0x0062000E, 1) or 1) / 2)
    return SegmentationFile(
        uid=header.code(0x00080018),
        frame_of_reference=header.code(0x00200052),
        instance=instance,
        segments=tuple(_segments(header)),
        labels=labels,
        threshold=half if fractional else 1.0,
        frames=tuple(_frames(header, instance, labels=labels)),
    )


def _frames(header: Elements, instance: Instance, *, labels: bool) -> list[SegmentFrame]:
    items = list(header.items(_PER_FRAME))
    shared = header.item(_SHARED)
    frames = []
    for index, info in enumerate(instance.frames):
        groups = [group for group in (*items[index : index + 1], shared) if group is not None]
        segment = None if labels else _segment_number(groups)
        frames.append(SegmentFrame(index, segment, info.plane, _sources(groups)))
    return frames


class Segmentation:
    """One segmentation; its masks are decoded by ``read`` when asked for."""

    def __init__(
        self, file: SegmentationFile, read: Callable[[Instance, int], FramePixels]
    ) -> None:
        self.uid, self.frame_of_reference = file.uid, file.frame_of_reference
        self.instance, self.segments, self.frames = file.instance, file.segments, file.frames
        self._labels, self._threshold = file.labels, file.threshold
        self._read = read
        self._outlines: dict[tuple[int, int], tuple[tuple[Point, ...], ...]] = {}

    def references(self) -> tuple[str, ...]:
        """Instance UIDs of the images that the frames were made from."""
        return tuple(dict.fromkeys(uid for frame in self.frames for uid, _ in frame.sources))

    def mask(self, frame: SegmentFrame, segment: int) -> NDArray[np.bool_]:
        """``(rows, columns)``: where the segment is."""
        values: NDArray[Any] = self._read(self.instance, frame.index).values
        if self._labels:
            return np.asarray(values == segment)
        return np.asarray(values >= self._threshold)

    def regions_on(
        self, instance_uid: str, number: int, plane: ImagePlane | None, size: tuple[int, int]
    ) -> tuple[Region, ...]:
        """Outlines of all segments on one frame of an image.

        Parameters
        ----------
        instance_uid, number
            The image and its frame (from 0).
        plane
            Of that frame, if it has one.
        size
            Its rows and columns.
        """
        regions = []
        for segment in self.segments:
            outlines: list[tuple[Point, ...]] = []
            for frame in self._shown(segment, instance_uid, number, plane):
                own = self._outline(frame, segment.number)
                if frame.plane is not None and plane is not None:
                    outlines += carried(own, frame.plane, plane)
                elif size == (self.instance.layout.rows, self.instance.layout.columns):
                    outlines += own
            if outlines:
                regions.append(
                    Region(self.uid, segment.number, segment.name, segment.colour, tuple(outlines))
                )
        return tuple(regions)

    def _shown(
        self, segment: Segment, instance_uid: str, number: int, plane: ImagePlane | None
    ) -> list[SegmentFrame]:
        """Frames of a segment that were made from the image, else those that lie on its plane."""
        mine = [frame for frame in self.frames if frame.segment in (None, segment.number)]
        made = [
            frame
            for frame in mine
            if any(uid == instance_uid and at in (None, number) for uid, at in frame.sources)
            and (frame.plane is None or plane is None or is_parallel(frame.plane, plane))
        ]
        if made or plane is None:
            return made
        near = [
            (abs(plane.distance(frame.plane.position)), frame)
            for frame in mine
            if frame.plane is not None and is_parallel(frame.plane, plane)
        ]
        if not near:
            return []
        closest = min(distance for distance, _ in near)
        if closest > self.reach():
            return []
        return [frame for distance, frame in near if distance <= closest + 1e-3]

    def reach(self) -> float:
        """Half the distance between its slices, mm."""
        planes = [frame.plane for frame in self.frames if frame.plane is not None]
        if len(planes) < 2:
            return 0.5
        normal = planes[0].normal
        along = sorted({round(dot(plane.position, normal), 3) for plane in planes})
        steps = [after - before for before, after in pairwise(along)]
        return max(0.05, min(steps, default=1.0) / 2)

    def _outline(self, frame: SegmentFrame, segment: int) -> tuple[tuple[Point, ...], ...]:
        key = (frame.index, segment)
        if key not in self._outlines:
            self._outlines[key] = mask_outlines(self.mask(frame, segment))
        return self._outlines[key]

    def solids(self) -> tuple[Solid, ...]:
        """Every segment in space, as far as its frames have planes and memory allows."""
        found = []
        for segment in self.segments:
            placed = [
                (frame, frame.plane)
                for frame in self.frames
                if frame.plane is not None and frame.segment in (None, segment.number)
            ]
            size = len(placed) * self.instance.layout.rows * self.instance.layout.columns
            if not placed or size > MAX_MASK_BYTES:
                continue
            found.append(self._solid(segment, placed))
        return tuple(found)

    def _solid(self, segment: Segment, placed: Sequence[tuple[SegmentFrame, ImagePlane]]) -> Solid:
        normal = placed[0][1].normal
        ordered = sorted(placed, key=lambda entry: dot(entry[1].position, normal))
        mask = np.stack([self.mask(frame, segment.number) for frame, _ in ordered])
        planes = tuple(plane for _, plane in ordered)
        return Solid(
            self.uid,
            segment.number,
            segment.name,
            segment.colour,
            mask=mask.astype(np.uint8),
            planes=planes,
        )


def _segments(header: Elements) -> list[Segment]:
    found = []
    for item in header.items(0x00620002):
        number = item.short(0x00620004)
        if not number:  # 0 is the background of a label map
            continue
        name = item.text(0x00620005, 64)
        if not name:
            kind = item.item(0x0062000F)
            name = kind.text(0x00080104) if kind is not None else ""
        found.append(Segment(number, name or str(number), lab_colour(item, number)))
    return found


def _segment_number(groups: Sequence[Elements]) -> int | None:
    for group in groups:
        identification = group.item(0x0062000A)
        if identification is not None:
            return identification.short(0x0062000B)
    return 1


def _sources(groups: Sequence[Elements]) -> tuple[tuple[str, int | None], ...]:
    """Source images of a frame, from its derivation (PS3.3 C.7.6.16.2.6)."""
    found: list[tuple[str, int | None]] = []
    for group in groups:
        for derivation in group.items(0x00089124):
            for source in derivation.items(0x00082112):
                uid = source.code(0x00081155)
                numbers = source.numbers(0x00081160)
                found += [(uid, int(number) - 1) for number in numbers] or [(uid, None)]
        if found:
            break
    return tuple(found)
