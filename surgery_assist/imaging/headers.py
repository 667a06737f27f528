"""From the elements of a header to an Instance: identity, geometry and pixel layout."""

from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from surgery_assist.imaging.elements import Elements
from surgery_assist.imaging.findings import header_findings, lossy_finding
from surgery_assist.imaging.functional_groups import enhanced_frames
from surgery_assist.imaging.phases import phase_values
from surgery_assist.imaging.planes import (
    dose_frames,
    letters_orientation,
    orientation_of,
    plane_of,
    spacing_of,
    windows_of,
)
from surgery_assist.imaging.records import (
    EXPLICIT_BE,
    NATIVE_SYNTAXES,
    FrameInfo,
    HeaderError,
    Instance,
    PixelKind,
    PixelLayout,
    StudyIdentity,
    VoiFunction,
)
from surgery_assist.imaging.shutters import shutters_of
from surgery_assist.imaging.tags import OVERLAY_GROUPS
from surgery_assist.imaging.ultrasound import ultrasound_regions
from surgery_assist.imaging.uptake import uptake_of
from surgery_assist.model.study import Finding, PictureSource, Window

MAX_FRAMES: Final = 100_000
MAX_FRAME_BYTES: Final = 2 << 30
MAX_RATIO: Final = 3000
"""No codec of DICOM makes real pictures this much smaller."""
_RESCALE_UNITS: Final = frozenset({"HU", "OD", "MGML", "PCT", "Z_EFF", "ED", "EDW"})
"""Rescale types (PS3.3 C.11.1.1.2) that name a unit."""
_SUSPICIOUS_BYTES: Final = 64 << 20
_ELEMENT_KINDS: Final[dict[int, PixelKind]] = {
    0x0008: "float",
    0x0009: "double",
    0x0010: "integer",
}


class PixelElement(NamedTuple):
    """Pixel Data (or its float twins) as found in the file."""

    element: int
    length: int | None
    """Of the value, bytes; ``None`` when undefined."""
    offset: int
    """Of the value in the file."""
    words: bool
    """Whether its value representation is OW."""


def instance_from(
    header: Elements,
    path: Path,
    *,
    sop_class: str,
    syntax: str,
    pixels: PixelElement,
    size: int,
) -> Instance:
    """Build the record of one image file.

    Parameters
    ----------
    header
        The header's elements.
    path
        The file.
    sop_class
        SOP Class UID, or empty.
    syntax
        Transfer Syntax UID.
    pixels
        Where the pixel data are.
    size
        Bytes in the (inflated) file.

    Raises
    ------
    HeaderError
        The pixels can't be what the header says.
    """
    layout, findings = _layout(header, syntax, pixels, size)
    lossy = lossy_finding(header, layout, max(1, size - layout.offset))
    findings += (lossy,) if lossy is not None else ()
    return described(header, path, sop_class, layout, findings=findings)


def described(
    header: Elements,
    path: Path,
    sop_class: str,
    layout: PixelLayout,
    *,
    findings: tuple[Finding, ...] = (),
    source: PictureSource = "pixels",
) -> Instance:
    """Build the record of frames whose layout is known."""
    plain = _plain_frame(header)
    frames = enhanced_frames(header, layout.frames, plain)
    if not frames:
        frames = dose_frames(header, layout.frames, plain) or (plain,) * layout.frames
    unit, factor, unknown = _unit(header, layout)
    if factor != 1.0:
        frames = tuple(_in_unit(frame, factor) for frame in frames)
    spacing, spacing_source = spacing_of(header) if source == "pixels" else (None, "none")
    if spacing is None and frames[0].plane is not None:
        spacing = (frames[0].plane.row_spacing, frames[0].plane.column_spacing)
        spacing_source = "patient"
    return Instance(
        path=path,
        uid=header.code(0x00080018) or f"file.{_path_hash(path)}",
        sop_class=sop_class,
        study_uid=header.code(0x0020000D) or f"file.{_path_hash(path)}",
        series_uid=header.code(0x0020000E) or f"file.{_path_hash(path)}",
        patient_id=header.text(0x00100020, 64),
        patient_name=header.text(0x00100010, 256),
        birth_date=iso_date(header.code(0x00100030)),
        sex=_sex(header.code(0x00100040)),
        study_date=iso_date(header.code(0x00080020)),
        study_time=iso_time(header.code(0x00080030)),
        study_description=header.text(0x00081030, 64),
        accession_number=header.text(0x00080050, 16),
        series_number=header.integer(0x00200011),
        series_description=header.text(0x0008103E, 64),
        modality=header.code(0x00080060, 16),
        number=header.integer(0x00200013),
        body_part=header.code(0x00180015, 16),
        laterality=header.code(0x00200062, 1) or header.code(0x00200060, 1),
        frame_of_reference=header.code(0x00200052),
        spacing=spacing,
        spacing_source=spacing_source,
        aspect=_aspect(header, spacing),
        frame_time_ms=_frame_time(header),
        layout=layout,
        frames=frames,
        voi_function=_voi_function(header) if factor == 1.0 else "LINEAR_EXACT",
        padding=_padding(header, layout),
        has_tables=any(tag in header for tag in (0x00282000, 0x00283000, 0x00283010))
        or layout.photometric == "PALETTE COLOR",
        findings=(*findings, *unknown, *header_findings(header, spacing)),
        unit=unit,
        source=source,
        shutters=shutters_of(header),
        has_overlays=any((group << 16) | 0x0010 in header for group in OVERLAY_GROUPS),
        ultrasound=ultrasound_regions(header),
    )


def study_identity(header: Elements) -> StudyIdentity:
    """The study and the patient that a file names."""
    return StudyIdentity(
        study_uid=header.code(0x0020000D),
        patient_id=header.text(0x00100020, 64),
        patient_name=header.text(0x00100010, 256),
        birth_date=iso_date(header.code(0x00100030)),
        sex=_sex(header.code(0x00100040)),
        study_date=iso_date(header.code(0x00080020)),
        study_time=iso_time(header.code(0x00080030)),
        study_description=header.text(0x00081030, 64),
        accession_number=header.text(0x00080050, 16),
    )


def _unit(header: Elements, layout: PixelLayout) -> tuple[str, float, tuple[Finding, ...]]:
    """Unit of the modality values, a factor that leads to it, and what is missing for SUV."""
    modality, kind = header.code(0x00080060, 16), header.code(0x00281054, 16)
    if layout.colour:
        return "", 1.0, ()
    if modality == "PT":
        uptake = uptake_of(header)
        missing = (Finding("no_suv", (("missing", uptake.missing),)),) if uptake.missing else ()
        return uptake.unit, uptake.factor, missing
    if modality == "RTDOSE":
        return ("Gy" if header.code(0x30040002, 16) == "GY" else ""), 1.0, ()
    if modality == "CT":
        return ("HU" if kind in ("", "HU") and 0x00281053 in header else ""), 1.0, ()
    return (kind if kind in _RESCALE_UNITS else ""), 1.0, ()


def _in_unit(frame: FrameInfo, factor: float) -> FrameInfo:
    return replace(
        frame,
        slope=frame.slope * factor,
        intercept=frame.intercept * factor,
        windows=tuple(
            # What LINEAR_EXACT makes of these is what LINEAR makes of the file's own.
            Window((window.center - 0.5) * factor, (window.width - 1.0) * factor)
            for window in frame.windows
        ),
    )


def _path_hash(path: Path) -> str:
    return sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def iso_date(text: str) -> str:
    """``20260131`` (or the old ``2026.01.31``) as an ISO date; empty when it is no date."""
    digits = text.replace(".", "").replace("-", "").strip()
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).isoformat()
    except ValueError:
        return ""


def iso_time(text: str) -> str:
    """``101530.25`` as ``10:15:30``; empty when it is no time."""
    digits = text.replace(":", "").split(".")[0]
    if not digits.isdigit() or len(digits) not in (2, 4, 6):
        return ""
    parts = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    limits = (23, 59, 60)
    if any(int(part) > limit for part, limit in zip(parts, limits, strict=False)):
        return ""
    return ":".join((*parts, "00", "00")[:3])


def _sex(code: str) -> str:
    return code[:1].upper() if code[:1].upper() in ("M", "F", "O") else ""


def _aspect(header: Elements, spacing: tuple[float, float] | None) -> float:
    if spacing is not None:
        return spacing[0] / spacing[1]
    ratio = header.numbers(0x00280034)
    if len(ratio) == 2 and min(ratio) > 0:
        return ratio[0] / ratio[1]
    return 1.0


def _frame_time(header: Elements) -> float | None:
    time = header.number(0x00181063)
    if time is not None and 0 < time < 60_000:
        return time
    times = [value for value in header.numbers(0x00181065) if value > 0]
    if times:
        return sum(times) / len(times)
    for tag in (0x00082144, 0x00180040):
        rate = header.number(tag)
        if rate is not None and rate > 0:
            return 1000.0 / rate
    return None


def _voi_function(header: Elements) -> VoiFunction:
    function = header.code(0x00281056)
    if function == "SIGMOID":
        return "SIGMOID"
    return "LINEAR_EXACT" if function == "LINEAR_EXACT" else "LINEAR"


def _plain_frame(header: Elements) -> FrameInfo:
    slope, intercept = header.number(0x00281053), header.number(0x00281052)
    orientation = orientation_of(header)
    return FrameInfo(
        plane=plane_of(header, orientation),
        orientation=orientation or letters_orientation(header),
        windows=windows_of(header),
        slope=1.0 if slope is None or slope == 0.0 else slope,
        intercept=intercept or 0.0,
        phase=phase_values(header),
    )


def _padding(header: Elements, layout: PixelLayout) -> tuple[int, int] | None:
    """Padding as stored values: their sign follows the pixels, whatever VR the file wrote."""
    values = header.shorts(0x00280120, signed=layout.signed)
    if not values or layout.kind != "integer":
        return None
    limit = header.shorts(0x00280121, signed=layout.signed)
    other = limit[0] if limit else values[0]
    return min(values[0], other), max(values[0], other)


def _layout(
    header: Elements, syntax: str, pixels: PixelElement, size: int
) -> tuple[PixelLayout, tuple[Finding, ...]]:
    rows, columns = header.short(0x00280010), header.short(0x00280011)
    if not rows or not columns:
        raise HeaderError("bad_pixel_format", "rows or columns missing")
    kind = _ELEMENT_KINDS[pixels.element]
    allocated = header.short(0x00280100, {"float": 32, "double": 64}.get(kind))
    if allocated is None:
        raise HeaderError("bad_pixel_format", "bits allocated missing")
    samples = header.short(0x00280002, 1) or 1
    stored = header.short(0x00280101, allocated) or allocated
    high = header.short(0x00280102, stored - 1)
    if allocated not in (1, 8, 12, 16, 32, 64) or samples not in (1, 3, 4):
        raise HeaderError("bad_pixel_format", f"{samples} samples of {allocated} bits")
    if stored > allocated or high is None or high >= allocated or high < stored - 1:
        raise HeaderError("bad_pixel_format", f"{stored} bits stored, high bit {high}")
    claimed = header.integer(0x00280008)
    if claimed is None and header.code(0x00280008):
        raise HeaderError("bad_header", "number of frames is no number")
    frames = max(1, claimed or 1)
    if frames > MAX_FRAMES:
        raise HeaderError("size_lie", f"{frames} frames")
    layout = PixelLayout(
        transfer_syntax=syntax,
        offset=pixels.offset,
        length=pixels.length,
        rows=rows,
        columns=columns,
        frames=frames,
        samples=samples,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high,
        signed=header.short(0x00280103, 0) == 1,
        planar=samples > 1 and header.short(0x00280006, 0) == 1,
        photometric=header.code(0x00280004, 16) or "MONOCHROME2",
        kind=kind,
        big_endian=syntax == EXPLICIT_BE,
        swapped=syntax == EXPLICIT_BE and pixels.words and allocated == 8,
    )
    if layout.frame_bits // 8 > MAX_FRAME_BYTES:
        raise HeaderError("size_lie", f"{rows} x {columns} pixels")
    if syntax not in NATIVE_SYNTAXES or pixels.length is None:
        return _checked_encapsulated(layout, size)
    return _checked_native(layout, size)


def _checked_native(layout: PixelLayout, size: int) -> tuple[PixelLayout, tuple[Finding, ...]]:
    there = max(0, size - layout.offset)
    claimed = layout.length if layout.length is not None else there
    present = min(there, claimed)
    needed = (layout.frame_bits + 7) // 8
    if present >= (layout.frame_bits * layout.frames + 7) // 8:
        return layout, ()
    frames = present // needed
    if frames == 0:
        reason = "truncated" if claimed > there else "size_lie"
        raise HeaderError(reason, f"{needed} bytes needed, {present} present")
    finding = Finding("truncated", (("present", frames), ("claimed", layout.frames)))
    return replace(layout, frames=frames), (finding,)


def _checked_encapsulated(
    layout: PixelLayout, size: int
) -> tuple[PixelLayout, tuple[Finding, ...]]:
    there = size - layout.offset
    if there < 16:
        raise HeaderError("truncated", "no fragment")
    claimed = layout.frame_bits // 8 * layout.frames
    if claimed > _SUSPICIOUS_BYTES and claimed > there * MAX_RATIO:
        raise HeaderError("size_lie", f"{claimed} bytes claimed, {there} present")
    return layout, ()
