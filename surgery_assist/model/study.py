"""Patients, studies, series and what a viewport can show of them. Values only, no pixels."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from surgery_assist.model.geometry import ImagePlane
from surgery_assist.model.units import DisplaySetUID, SeriesUID, StudyUID, Vector

SpacingSource = Literal["patient", "detector", "calibrated", "none"]
"""Where millimetres come from: patient space, the detector's plane, a calibration, or nowhere."""
DisplayKind = Literal["volume", "stack", "cine", "single"]
"""Evenly stacked slices, any other images, frames in time, or one image."""
PictureSource = Literal["pixels", "document", "waveform"]
"""What the frames are: pixel data, pages of a document, or sheets of a recorded curve."""
ObjectKind = Literal[
    "segmentation", "structures", "presentation", "key_images", "report", "plan", "other"
]


@dataclass(frozen=True, slots=True)
class Window:
    """VOI window (DICOM PS3.3 C.11.2.1.2), in the units of the modality (HU for CT)."""

    center: float
    width: float


@dataclass(frozen=True, slots=True)
class Finding:
    """Something odd about a display set, with where it is.

    ``finding.<key>`` is its badge, ``finding.<key>.detail`` the sentence that takes ``arguments``.
    """

    key: str
    arguments: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True, slots=True)
class UltrasoundRegion:
    """A part of an ultrasound picture with a scale of its own (DICOM PS3.3 C.8.5.5).

    Edges are in pixels, from the outer corner of the first one.
    """

    left: int
    top: int
    right: int
    bottom: int
    kind: str
    """``tissue``, ``colour flow``, ``spectral``, ``m mode``... or empty."""
    spacing: tuple[float, float] | None = None
    """Row and column spacing, mm; ``None`` when an axis is no length (time, velocity)."""


@dataclass(frozen=True, slots=True)
class SavedLook:
    """How a saved presentation state wants images to be shown (PS3.3 A.33, C.10, C.11.6).

    ``rotation_deg`` is clockwise; ``flipped`` exchanges left and right after that. ``area`` is the
    part shown: left, top, right, bottom, image pixels from the outer corner of the first.
    """

    references: tuple[tuple[str, int], ...]
    """Instance UID and frame, from 0; -1 stands for all frames."""
    window: Window | None = None
    inverted: bool = False
    """Black and white are exchanged, compared with how the file alone is shown."""
    rotation_deg: int = 0
    flipped: bool = False
    area: tuple[float, float, float, float] | None = None

    def concerns(self, frame: "FrameRef") -> bool:
        """Whether it says something of a frame."""
        uid = frame.instance_uid.rstrip("~")
        return any(named == uid and at in (-1, frame.frame) for named, at in self.references)


@dataclass(frozen=True, slots=True)
class StudyObject:
    """A DICOM object without a picture of its own that says something of others."""

    uid: str
    kind: ObjectKind
    modality: str
    title: str
    date: str = ""
    time: str = ""
    references: tuple[str, ...] = ()
    """Instance UIDs of the images that it is about."""
    frame_of_reference_uid: str = ""
    looks: tuple[SavedLook, ...] = ()
    """Of a presentation state."""


@dataclass(frozen=True, slots=True)
class Patient:
    """Who the images are of. ``key`` groups studies; it is never shown."""

    key: str
    patient_id: str
    name: str
    birth_date: str = ""
    """ISO date, or empty."""
    sex: str = ""
    """M, F, O, or empty."""


@dataclass(frozen=True, slots=True)
class FrameRef:
    """One frame of one instance: enough to find its pixels again."""

    instance_uid: str
    frame: int = 0
    instance_number: int | None = None
    plane: ImagePlane | None = None
    orientation: tuple[Vector, Vector] | None = None
    """Directions of rows and columns (LPS); also known for radiographs that lie in no space."""
    windows: tuple[Window, ...] = ()
    """All windows that the file proposes."""

    @property
    def window(self) -> Window | None:
        """The first window that the file proposes."""
        return self.windows[0] if self.windows else None


@dataclass(frozen=True, slots=True)
class DisplaySet:
    """What one viewport can show: the frames of a series, or of a part of it, in order.

    Frames of a volume or stack with positions run along ``normal`` of the first frame's plane
    in the direction that the series was numbered in. ``spacing`` is ``(row, column, slice)`` in
    mm, ``None`` where unknown.
    Display sets with the same ``group`` are phases of one acquisition, in the order of the series.
    """

    uid: DisplaySetUID
    series_uid: SeriesUID
    kind: DisplayKind
    rows: int
    columns: int
    frames: tuple[FrameRef, ...]
    modality: str = ""
    spacing: tuple[float, float, float] | None = None
    pixel_aspect: float = 1.0
    """Height of a pixel over its width, when there are no millimetres or they differ."""
    spacing_source: SpacingSource = "none"
    frame_of_reference_uid: str = ""
    body_part: str = ""
    laterality: str = ""
    colour: bool = False
    frame_time_ms: float | None = None
    details: tuple[Finding, ...] = ()
    """All that was found, with where it is; a key may come several times."""
    group: str = ""
    """Joins the phases of one acquisition: time points, echoes, b-values; empty when alone."""
    label: str = ""
    """What this phase is: ``b 1000``, ``TE 30 ms``, ``3/10``."""
    unit: str = ""
    """Of the modality values: ``HU``, ``SUVbw``, ``Gy``, ``BQML``... or empty."""
    source: PictureSource = "pixels"
    ultrasound: tuple[UltrasoundRegion, ...] = ()

    @property
    def count(self) -> int:
        """How many frames there are."""
        return len(self.frames)

    @property
    def space(self) -> str:
        """What its millimetres are counted in: the same for display sets that lie in one space."""
        return self.frame_of_reference_uid or self.uid

    @property
    def findings(self) -> tuple[str, ...]:
        """Badge keys such as ``"gap"`` or ``"tilt"``, each once."""
        return tuple(dict.fromkeys(finding.key for finding in self.details))


@dataclass(frozen=True, slots=True)
class Series:
    """One series (DICOM PS3.3 C.7.3.1)."""

    uid: SeriesUID
    number: int | None
    modality: str
    description: str
    display_sets: tuple[DisplaySet, ...]


@dataclass(frozen=True, slots=True)
class Study:
    """One study (DICOM PS3.3 C.7.2.1); ``date`` and ``time`` are ISO, or empty."""

    uid: StudyUID
    patient: Patient
    date: str
    time: str
    description: str
    accession_number: str
    series: tuple[Series, ...]
    objects: tuple[StudyObject, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that is not shown, and why: message key and plain detail for technicians."""

    path: str
    reason: str
    detail: str = ""


@dataclass(frozen=True)
class Catalogue:
    """All that is open: studies in the order of opening, newest study of a patient first."""

    studies: tuple[Study, ...] = ()
    refused: tuple[Refusal, ...] = ()
    objects: int = 0
    """Readable DICOM objects that have no picture (reports, structure sets...)."""
    loading: bool = False
    files_seen: int = 0
    files_total: int = 0

    @cached_property
    def patients(self) -> tuple[Patient, ...]:
        """Patients in the order of their first study."""
        seen: dict[str, Patient] = {}
        for study in self.studies:
            seen.setdefault(study.patient.key, study.patient)
        return tuple(seen.values())

    @cached_property
    def _display_sets(self) -> dict[DisplaySetUID, tuple[DisplaySet, Series, Study]]:
        return {
            display_set.uid: (display_set, series, study)
            for study in self.studies
            for series in study.series
            for display_set in series.display_sets
        }

    def find(self, uid: DisplaySetUID | None) -> tuple[DisplaySet, Series, Study] | None:
        """A display set with its series and study."""
        return None if uid is None else self._display_sets.get(uid)

    def display_set(self, uid: DisplaySetUID | None) -> DisplaySet | None:
        """A display set alone."""
        found = self.find(uid)
        return found[0] if found else None

    def study(self, uid: StudyUID | None) -> Study | None:
        """A study by its UID."""
        return next((study for study in self.studies if study.uid == uid), None)

    def studies_of(self, patient_key: str) -> tuple[Study, ...]:
        """Studies of one patient, newest first."""
        mine = [study for study in self.studies if study.patient.key == patient_key]
        return tuple(sorted(mine, key=lambda study: (study.date, study.time), reverse=True))


def study_reports(study: Study) -> tuple[StudyObject, ...]:
    """Structured reports of a study, newest first."""
    reports = [entry for entry in study.objects if entry.kind == "report"]
    return tuple(sorted(reports, key=lambda entry: (entry.date, entry.time), reverse=True))


def study_display_sets(study: Study) -> tuple[DisplaySet, ...]:
    """All display sets of a study in the order in which they are stepped through."""
    return tuple(display_set for series in study.series for display_set in series.display_sets)
