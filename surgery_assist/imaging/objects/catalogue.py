"""Files without pixel data: what kind they are, what they are about, and which can be drawn."""

from pathlib import Path
from typing import Final

from surgery_assist.errors import ReadError
from surgery_assist.imaging.elements import Elements
from surgery_assist.imaging.headers import described, iso_date, iso_time, study_identity
from surgery_assist.imaging.objects.documents import DocumentError, PageFormat
from surgery_assist.imaging.objects.drawn import (
    ELECTROCARDIOGRAMS,
    ENCAPSULATED_PDF,
    document_format,
    waveform_format,
)
from surgery_assist.imaging.objects.files import open_elements
from surgery_assist.imaging.objects.key_objects import key_instances
from surgery_assist.imaging.objects.presentations import presentation_file, saved_looks
from surgery_assist.imaging.objects.structures import structure_references
from surgery_assist.imaging.objects.waveforms import WaveformError
from surgery_assist.imaging.records import (
    DRAWN,
    HeaderError,
    Instance,
    OtherObject,
    PixelLayout,
)
from surgery_assist.model.study import ObjectKind, PictureSource, StudyObject

_STORAGE: Final = "1.2.840.10008.5.1.4.1.1."
_KINDS: Final[dict[str, ObjectKind]] = {
    _STORAGE + "66.4": "segmentation",
    _STORAGE + "66.7": "segmentation",
    _STORAGE + "481.3": "structures",
    _STORAGE + "481.5": "plan",
    _STORAGE + "481.8": "plan",
    _STORAGE + "11.1": "presentation",
    _STORAGE + "11.2": "presentation",
    _STORAGE + "88.59": "key_images",
}
_REPORTS: Final = _STORAGE + "88."
_BY_MODALITY: Final[dict[str, ObjectKind]] = {
    "SEG": "segmentation",
    "RTSTRUCT": "structures",
    "RTPLAN": "plan",
    "PR": "presentation",
    "KO": "key_images",
    "SR": "report",
}


def kind_of(sop_class: str, modality: str) -> ObjectKind:
    """What kind of object it is, by its SOP class or, without a known one, its modality."""
    if sop_class in _KINDS:
        return _KINDS[sop_class]
    if sop_class.startswith(_REPORTS):
        return "report"
    if sop_class:
        return "other"
    return _BY_MODALITY.get(modality, "other")


def drawn_or_object(path: Path, sop_class: str, name: str) -> Instance | OtherObject:
    """Record of a file without pixel data.

    Parameters
    ----------
    path
        The file.
    sop_class
        SOP Class UID.
    name
        What the object is called when nothing better is known: its modality.

    Raises
    ------
    HeaderError
        It is a document that can't be opened.
    """
    try:
        header = open_elements(path)
    except ReadError:
        return OtherObject(path, name)
    if sop_class == ENCAPSULATED_PDF:
        try:
            return _drawn(header, path, sop_class, document_format(header), "document")
        except DocumentError as error:
            raise HeaderError("document_unreadable", str(error)) from error
    if sop_class in ELECTROCARDIOGRAMS:
        try:
            return _drawn(header, path, sop_class, waveform_format(header), "waveform")
        except (WaveformError, DocumentError):
            return _object(header, path, sop_class, name)
    return _object(header, path, sop_class, name)


def _drawn(
    header: Elements, path: Path, sop_class: str, wanted: PageFormat, source: PictureSource
) -> Instance:
    layout = PixelLayout(
        transfer_syntax=DRAWN,
        offset=0,
        length=None,
        rows=wanted.rows,
        columns=wanted.columns,
        frames=wanted.pages,
        samples=3,
        bits_allocated=8,
        bits_stored=8,
        high_bit=7,
        signed=False,
        planar=False,
        photometric="RGB",
    )
    return described(header, path, sop_class, layout, source=source)


def _object(header: Elements, path: Path, sop_class: str, name: str) -> OtherObject:
    modality = header.code(0x00080060, 16)
    kind = kind_of(sop_class, modality)
    about = StudyObject(
        uid=header.code(0x00080018) or f"file.{path.name}",
        kind=kind,
        modality=modality,
        title=_title(header, kind),
        date=iso_date(header.code(0x00080023) or header.code(0x00080021)),
        time=iso_time(header.code(0x00080033) or header.code(0x00080031)),
        references=_references(header, kind),
        frame_of_reference_uid=header.code(0x00200052),
        looks=saved_looks(presentation_file(header)) if kind == "presentation" else (),
    )
    return OtherObject(path, name, header.code(0x0020000D), about, study_identity(header))


def _title(header: Elements, kind: ObjectKind) -> str:
    if kind in ("report", "key_images"):
        concept = header.item(0x0040A043)
        meaning = concept.text(0x00080104, 64) if concept is not None else ""
        if meaning:
            return meaning
    tags = {"structures": (0x30060002,), "plan": (0x300A0002,)}.get(kind, ())
    for tag in (*tags, 0x00700080, 0x00700081, 0x0008103E):
        text = header.text(tag, 64)
        if text:
            return text
    return ""


def _references(header: Elements, kind: ObjectKind) -> tuple[str, ...]:
    if kind == "key_images":
        return key_instances(header)
    if kind == "structures":
        return structure_references(header)
    if kind == "presentation":
        return tuple(uid for uid, _ in presentation_file(header).references)
    found = [
        instance.code(0x00081155)
        for series in header.items(0x00081115)
        for instance in series.items(0x0008114A)
    ]
    for study in header.items(0x0040A375):
        for series in study.items(0x00081115):
            found += [entry.code(0x00081155) for entry in series.items(0x00081199)]
    return tuple(dict.fromkeys(uid for uid in found if uid))
