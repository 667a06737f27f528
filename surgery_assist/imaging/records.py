"""What the headers say, as values: the imaging layer's own view of files and frames."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from surgery_assist.model.annotations import Shutter
from surgery_assist.model.geometry import ImagePlane
from surgery_assist.model.study import (
    Finding,
    PictureSource,
    SpacingSource,
    StudyObject,
    UltrasoundRegion,
    Window,
)
from surgery_assist.model.units import Vector

DRAWN = "drawn"
"""In place of a transfer syntax: frames that are drawn from a document or a waveform."""
PixelKind = Literal["integer", "float", "double"]
VoiFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]


class HeaderError(Exception):
    """A file that can't be shown; ``reason`` is the last part of ``refusal.<reason>``."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}" if detail else reason)


@dataclass(frozen=True, slots=True)
class StudyIdentity:
    """Whose study a file belongs to, as it stands in the file."""

    study_uid: str
    patient_id: str = ""
    patient_name: str = ""
    birth_date: str = ""
    sex: str = ""
    study_date: str = ""
    study_time: str = ""
    study_description: str = ""
    accession_number: str = ""


@dataclass(frozen=True, slots=True)
class OtherObject:
    """A readable DICOM object without a picture: report, structure set, segmentation..."""

    path: Path
    kind: str
    """Modality such as ``SR``, or the name of its SOP class."""
    study_uid: str = ""
    about: StudyObject | None = None
    """What it says of images; ``None`` for directories and the like."""
    identity: StudyIdentity | None = None


@dataclass(frozen=True, slots=True)
class PixelLayout:
    """How the pixels lie in the file (DICOM PS3.3 C.7.6.3, PS3.5 section 8).

    ``offset`` is the file position of the value of Pixel Data (of its first item when it is
    encapsulated); ``length`` its length in bytes, ``None`` when undefined. For deflated files both
    count in the inflated data set. ``frames`` counts the frames whose bytes are present.
    """

    transfer_syntax: str
    offset: int
    length: int | None
    rows: int
    columns: int
    frames: int
    samples: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    planar: bool
    photometric: str
    kind: PixelKind = "integer"
    big_endian: bool = False
    swapped: bool = False
    """8-bit samples in big-endian words: every two bytes are exchanged (PS3.5 section 8.2)."""

    @property
    def encapsulated(self) -> bool:
        """Whether the frames are compressed."""
        return self.transfer_syntax not in NATIVE_SYNTAXES

    @property
    def colour(self) -> bool:
        """Whether a frame is drawn in colour."""
        return self.samples > 1 or self.photometric == "PALETTE COLOR"

    @property
    def frame_bits(self) -> int:
        """Bits of one uncompressed frame (4:2:2 stores two samples a pixel)."""
        samples = self.samples
        if self.photometric in HALF_CHROMA and not self.encapsulated:
            samples = 2
        return self.rows * self.columns * samples * self.bits_allocated


HALF_CHROMA = frozenset({"YBR_FULL_422", "YBR_PARTIAL_422"})
IMPLICIT_LE = "1.2.840.10008.1.2"
EXPLICIT_LE = "1.2.840.10008.1.2.1"
DEFLATED_LE = "1.2.840.10008.1.2.1.99"
EXPLICIT_BE = "1.2.840.10008.1.2.2"
NATIVE_SYNTAXES = frozenset({IMPLICIT_LE, EXPLICIT_LE, DEFLATED_LE, EXPLICIT_BE})


@dataclass(frozen=True, slots=True)
class FrameInfo:
    """What changes from frame to frame (functional groups, or the whole header)."""

    plane: ImagePlane | None = None
    orientation: tuple[Vector, Vector] | None = None
    windows: tuple[Window, ...] = ()
    slope: float = 1.0
    intercept: float = 0.0
    phase: tuple[str, ...] = ()
    """Values that may part frames at one position, in the order of ``phases.DIMENSIONS``."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One image file: identity, place in the study, geometry, and where its pixels are."""

    path: Path
    uid: str
    sop_class: str
    study_uid: str
    series_uid: str
    patient_id: str
    patient_name: str
    birth_date: str
    sex: str
    study_date: str
    study_time: str
    study_description: str
    accession_number: str
    series_number: int | None
    series_description: str
    modality: str
    number: int | None
    body_part: str
    laterality: str
    frame_of_reference: str
    spacing: tuple[float, float] | None
    """Row and column spacing, mm."""
    spacing_source: SpacingSource
    aspect: float
    frame_time_ms: float | None
    layout: PixelLayout
    frames: tuple[FrameInfo, ...]
    voi_function: VoiFunction = "LINEAR"
    padding: tuple[int, int] | None = None
    """Lowest and highest stored value that is no picture (PS3.3 C.7.5.1.1.2)."""
    has_tables: bool = False
    """Modality or VOI tables or a palette must be read with the pixels."""
    findings: tuple[Finding, ...] = ()
    unit: str = ""
    """Of the modality values: ``HU``, ``SUVbw``, ``Gy``... or empty."""
    source: PictureSource = "pixels"
    shutters: tuple[Shutter, ...] = ()
    has_overlays: bool = False
    """There are overlay planes (PS3.3 C.9.2)."""
    ultrasound: tuple[UltrasoundRegion, ...] = ()
