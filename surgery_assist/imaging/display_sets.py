"""From the images of one series to what viewports can show: grouping, sorting, judging.

Geometry comes from orientation and position alone, never from file names, file order or
SliceThickness (DICOM PS3.3 C.7.6.2). Index 0 is the first frame in the direction in which the
series was numbered; where the numbers say nothing, axial images start at the head, coronal ones
in front and sagittal ones at the right.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from surgery_assist.imaging.phases import Phase, parted
from surgery_assist.imaging.records import FrameInfo, Instance
from surgery_assist.imaging.spacing import StackGeometry, judge
from surgery_assist.model.geometry import dot
from surgery_assist.model.study import DisplayKind, DisplaySet, Finding, FrameRef, SpacingSource
from surgery_assist.model.units import DisplaySetUID, SeriesUID, Vector

ANGLE_TOLERANCE: Final = 1e-3
"""Of direction cosines: scanners round them to four digits or so."""
POSITION_TOLERANCE: Final = 1e-2
"""Frames closer than this (mm) lie at the same position."""
MIN_VOLUME: Final = 3
MAX_TOLD: Final = 8
"""Places of one kind of finding that are told of."""
_ONE_BY_ONE: Final = frozenset({"CR", "DX", "MG", "PX", "IO", "RG"})
_TOMOGRAPHIC: Final = frozenset({"CT", "MR", "PT", "NM", "RTDOSE"})
_NEEDS_POSITION: Final = frozenset({"CT", "MR", "PT"})


@dataclass(frozen=True, slots=True)
class _Frame:
    instance: Instance
    number: int
    info: FrameInfo

    def along(self, normal: Vector) -> float:
        plane = self.info.plane
        return dot(plane.position, normal) if plane else 0.0


@dataclass(slots=True)
class _Group:
    """Frames that fit together; ``first`` decides what fits."""

    first: _Frame
    own: str
    frames: list[_Frame] = field(default_factory=list)

    def fits(self, frame: _Frame, own: str) -> bool:
        mine, other = self.first, frame
        layout, theirs = mine.instance.layout, other.instance.layout
        return (
            self.own == own
            and (layout.rows, layout.columns, layout.colour)
            == (theirs.rows, theirs.columns, theirs.colour)
            and mine.instance.frame_of_reference == other.instance.frame_of_reference
            and (mine.info.plane is None) == (other.info.plane is None)
            and _same_directions(mine.info.orientation, other.info.orientation)
            and _same_spacing(mine, other)
        )


def _same_directions(
    one: tuple[Vector, Vector] | None, other: tuple[Vector, Vector] | None
) -> bool:
    if one is None or other is None:
        return one is other
    return all(1.0 - dot(a, b) < ANGLE_TOLERANCE for a, b in zip(one, other, strict=True))


def _same_spacing(one: _Frame, other: _Frame) -> bool:
    mine, theirs = one.instance.spacing, other.instance.spacing
    if one.info.plane is not None and other.info.plane is not None:
        mine = one.info.plane.row_spacing, one.info.plane.column_spacing
        theirs = other.info.plane.row_spacing, other.info.plane.column_spacing
    if mine is None or theirs is None:
        return mine is theirs
    return all(abs(a - b) <= 1e-3 * max(a, b) for a, b in zip(mine, theirs, strict=True))


def display_sets(
    series_uid: SeriesUID,
    instances: Sequence[Instance],
    *,
    duplicates: bool = False,
) -> tuple[DisplaySet, ...]:
    """Display sets of one series.

    Parameters
    ----------
    series_uid
        Of the series; display sets are named after it.
    instances
        In the order of their arrival: while a scan only adds to them, the UIDs of the display
        sets stay the same.
    duplicates
        Whether files were left out because their instances are there already.

    Returns
    -------
    tuple of DisplaySet
        Ordered by the lowest instance number in each.
    """
    groups: list[_Group] = []
    for instance in instances:
        several = len(instance.frames) > 1
        own = instance.uid if several or instance.modality in _ONE_BY_ONE else ""
        for number, info in enumerate(instance.frames):
            frame = _Frame(instance, number, info)
            group = next((group for group in groups if group.fits(frame, own)), None)
            if group is None:
                group = _Group(frame, own)
                groups.append(group)
            group.frames.append(frame)
    mixed = _is_mixed(groups)
    made: list[tuple[tuple[int, int, str], DisplaySet]] = []
    for position, group in enumerate(groups):
        base = series_uid if position == 0 else f"{series_uid}#{position + 1}"
        extra: tuple[Finding, ...] = (Finding("duplicate"),) if duplicates and position == 0 else ()
        if mixed:
            extra += (Finding("mixed", (("parts", mixed),)),)
        made += _phase_sets(base, series_uid, group.frames, extra)
    return tuple(made_set for _, made_set in sorted(made, key=lambda entry: entry[0]))


def _phase_sets(
    base: str, series_uid: SeriesUID, frames: list[_Frame], extra: tuple[Finding, ...]
) -> list[tuple[tuple[int, int, str], DisplaySet]]:
    """Display sets of one group, each with its place among all of the series.

    UIDs follow the order of arrival, so that they stay the same while more files come; the places
    follow the values that part the phases.
    """
    phases = _phases(frames)
    if len(phases) == 1:
        uid = DisplaySetUID(base)
        return [((_lowest_number(frames), 0, uid), _display_set(uid, series_uid, frames, extra))]
    extra += (Finding("time", (("phases", len(phases)),)),)
    arrived = sorted(range(len(phases)), key=lambda place: phases[place].indices[0])
    names = {place: base if at == 0 else f"{base}.{at + 1}" for at, place in enumerate(arrived)}
    made: list[tuple[tuple[int, int, str], DisplaySet]] = []
    for place, phase in enumerate(phases):
        mine = [frames[index] for index in phase.indices]
        uid = DisplaySetUID(names[place])
        made_set = _display_set(uid, series_uid, mine, extra)
        made_set = replace(made_set, group=base, label=phase.label)
        made.append(((_lowest_number(frames), place, uid), made_set))
    return made


def _is_mixed(groups: list[_Group]) -> int:
    """How many sizes or directions there are where one stack would be expected; 0 if one."""
    together = [group for group in groups if not group.own]
    return len(together) if len(together) > 1 else 0


def _lowest_number(frames: Sequence[_Frame]) -> int:
    numbers = [frame.instance.number for frame in frames if frame.instance.number is not None]
    return min(numbers, default=1 << 31)


def _phases(frames: list[_Frame]) -> tuple[Phase, ...]:
    """Part frames that repeat positions: time, echo, b-value, energy."""
    normal = _normal(frames[0])
    if normal is None or len(frames) < 2 * MIN_VOLUME:
        return (Phase(tuple(range(len(frames)))),)
    places = [round(frame.along(normal) / POSITION_TOLERANCE / 5) for frame in frames]
    values = [frame.info.phase for frame in frames]
    order = sorted(range(len(frames)), key=lambda index: _numbering(frames[index]))
    return parted(places, values, order)


def _numbering(frame: _Frame) -> tuple[bool, int, int, str]:
    """Order by instance number; frames without one last, then by name."""
    number = frame.instance.number
    return number is None, number or 0, frame.number, frame.instance.path.name


def _normal(frame: _Frame) -> Vector | None:
    return frame.info.plane.normal if frame.info.plane else None


def _sorted(frames: list[_Frame]) -> list[_Frame]:
    """Along the normal in the direction of the numbering; by number without positions."""
    normal = _normal(frames[0])
    by_number = sorted(frames, key=_numbering)
    if normal is None:
        return by_number
    along = sorted(by_number, key=lambda frame: frame.along(normal))
    trend = 0
    numbered = [frame for frame in by_number if frame.instance.number is not None]
    for before, after in pairwise(numbered):
        step = after.along(normal) - before.along(normal)
        later = _numbering(after)[1:3] > _numbering(before)[1:3]
        trend += later * ((step > POSITION_TOLERANCE) - (step < -POSITION_TOLERANCE))
    if trend == 0:
        # Head, front and right first: against +z, along +y and +x.
        strongest = max(range(3), key=lambda axis: abs(normal[axis]))
        wanted = (1.0, 1.0, -1.0)[strongest]
        trend = 1 if normal[strongest] * wanted > 0 else -1
    return along if trend > 0 else _reversed_ties(along, normal)


def _reversed_ties(along: list[_Frame], normal: Vector) -> list[_Frame]:
    """Reversed, but frames at one position keep the order of their numbers."""
    return sorted(along, key=lambda frame: -round(frame.along(normal), 3))


def _display_set(
    uid: DisplaySetUID, series_uid: SeriesUID, frames: list[_Frame], extra: tuple[Finding, ...]
) -> DisplaySet:
    ordered = _sorted(frames)
    first = ordered[0].instance
    planes = [frame.info.plane for frame in ordered if frame.info.plane is not None]
    geometry = judge(planes) if len(planes) == len(ordered) else StackGeometry()
    findings = [*extra, *geometry.findings]
    if not planes and first.modality in _NEEDS_POSITION:
        findings.append(Finding("no_position"))
    for frame in ordered:
        known = {finding.key for finding in findings}
        findings += [found for found in frame.instance.findings if found.key not in known]
    spacing, source = _spacing(ordered[0], geometry.step)
    return DisplaySet(
        uid=uid,
        series_uid=series_uid,
        kind=_kind(ordered, geometry),
        rows=first.layout.rows,
        columns=first.layout.columns,
        frames=tuple(_reference(frame) for frame in ordered),
        modality=first.modality,
        spacing=spacing,
        pixel_aspect=first.aspect,
        spacing_source=source,
        frame_of_reference_uid=first.frame_of_reference,
        body_part=first.body_part,
        laterality=first.laterality,
        colour=first.layout.colour,
        frame_time_ms=first.frame_time_ms,
        details=_told(findings),
        unit=first.unit,
        source=first.source,
        ultrasound=first.ultrasound,
    )


def _told(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """As many of each kind as anyone reads."""
    kept: list[Finding] = []
    times: Counter[str] = Counter()
    for finding in dict.fromkeys(findings):
        times[finding.key] += 1
        if times[finding.key] <= MAX_TOLD:
            kept.append(finding)
    return tuple(kept)


def _spacing(
    frame: _Frame, step: float | None
) -> tuple[tuple[float, float, float] | None, SpacingSource]:
    plane = frame.info.plane
    if plane is not None:
        return (plane.row_spacing, plane.column_spacing, step or 0.0), "patient"
    flat = frame.instance.spacing
    return ((*flat, 0.0) if flat else None), frame.instance.spacing_source


def _kind(frames: list[_Frame], geometry: StackGeometry) -> DisplayKind:
    first = frames[0].instance
    if len(frames) == 1:
        return "single"
    if geometry.uniform and len(frames) >= MIN_VOLUME and not first.layout.colour:
        return "volume"
    in_time = first.frame_time_ms is not None or first.modality not in _TOMOGRAPHIC
    if len(first.frames) > 1 and frames[0].info.plane is None and in_time:
        return "cine"
    return "stack"


def _reference(frame: _Frame) -> FrameRef:
    return FrameRef(
        instance_uid=frame.instance.uid,
        frame=frame.number,
        instance_number=frame.instance.number,
        plane=frame.info.plane,
        orientation=frame.info.orientation,
        windows=frame.info.windows,
    )
