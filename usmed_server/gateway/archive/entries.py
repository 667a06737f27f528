"""What the archive's tables need to know of a DICOM file, read without its pixels."""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from usmed_client.errors import ProtocolError
from usmed_server.gateway.identity.datasets import identity_of
from usmed_server.gateway.identity.names import fold

_BLOCK: Final = 1 << 20
_TAGS: Final = (
    "SOPInstanceUID", "SOPClassUID", "StudyInstanceUID", "SeriesInstanceUID", "InstanceNumber",
    "Modality", "SeriesNumber", "SeriesDescription", "PatientID", "IssuerOfPatientID",
    "OtherPatientIDsSequence", "PatientName", "PatientBirthName", "PatientBirthDate", "PatientSex",
    "StudyDate", "StudyTime", "StudyDescription", "AccessionNumber", "SpecificCharacterSet",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One file on disk, ready to be archived: rows for the three tables."""

    path: Path
    study: dict[str, Any]
    series: dict[str, Any]
    instance: dict[str, Any]


def read_entry(path: Path, known_sha256: str = "") -> Entry:
    """Read a file's header and hash.

    Raises
    ------
    ProtocolError
        It is no DICOM file, or lacks the UIDs that name it.
    """
    from pydicom import dcmread  # noqa: PLC0415  (slow to import)
    from pydicom.errors import InvalidDicomError  # noqa: PLC0415

    try:
        dataset = dcmread(path, stop_before_pixels=True, specific_tags=list(_TAGS))
        study_uid, series_uid, sop_uid, sop_class = (
            str(dataset[name].value)
            for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
        )
        syntax = str(dataset.file_meta.TransferSyntaxUID)
    except (InvalidDicomError, KeyError, AttributeError, ValueError, OSError, EOFError) as error:
        raise ProtocolError("not_dicom", type(error).__name__) from error
    if not (study_uid and series_uid and sop_uid):
        raise ProtocolError("not_dicom", "empty UID")
    identity = identity_of(dataset)
    main = identity.identifiers[0] if dataset.get("PatientID") else None
    others = [[i.value, i.issuer] for i in identity.identifiers[1 if main else 0 :]]

    def text(name: str) -> str:
        return str(dataset.get(name, "") or "")

    study = {
        "study_uid": study_uid,
        "patient_id": main.value if main else "",
        "issuer": main.issuer if main else "",
        "other_ids": json.dumps(others) if others else "",
        "patient_name": text("PatientName")[:324],
        "name_key": fold(text("PatientName"))[:324],
        "birth_date": identity.birth_date.isoformat() if identity.birth_date else "",
        "sex": identity.sex,
        "study_date": text("StudyDate")[:10],
        "study_time": text("StudyTime")[:16],
        "description": text("StudyDescription")[:200],
        "accession_number": text("AccessionNumber")[:64],
    }
    series = {
        "series_uid": series_uid,
        "study_uid": study_uid,
        "modality": text("Modality")[:16],
        "number": _number(dataset, "SeriesNumber"),
        "description": text("SeriesDescription")[:200],
    }
    instance = {
        "sop_uid": sop_uid,
        "sha256": known_sha256 or file_sha256(path),
        "size": path.stat().st_size,
        "sop_class_uid": sop_class,
        "transfer_syntax_uid": syntax,
        "number": _number(dataset, "InstanceNumber"),
        "series_uid": series_uid,
    }
    return Entry(path, study, series, instance)


def file_sha256(path: Path) -> str:
    """Hash of a file's bytes."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _number(dataset: Any, name: str) -> int | None:
    try:
        return int(dataset.get(name))
    except (TypeError, ValueError):
        return None
