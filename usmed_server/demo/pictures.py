"""DICOM files of patients who do not exist: ellipses in noise, right in size and place."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

import numpy as np

from usmed_server.demo.people import DemoPatient, DemoStudy
from usmed_server.gateway.identity.cnp import CNP_ISSUER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CLASSES: Final = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "CR": "1.2.840.10008.5.1.4.1.1.1",
    "US": "1.2.840.10008.5.1.4.1.1.6.1",
}
_SIDE: Final = {"CT": 256, "MR": 192, "CR": 512, "US": 240}


def uid_of(*parts: object) -> str:
    """The same UID for the same parts (PS3.5 B.2: ``2.25.`` and 128 bits)."""
    digest = sha256("|".join(str(part) for part in parts).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def write_study(
    patient: DemoPatient, study: DemoStudy, issuer: str, folder: Path
) -> Iterator[Path]:
    """Write the files of a study."""
    from pydicom import Dataset, FileMetaDataset, Sequence  # noqa: PLC0415  (slow to import)
    from pydicom.uid import ExplicitVRLittleEndian  # noqa: PLC0415

    key = (patient.numbers, study.day, study.description)
    study_uid = uid_of(*key)
    side = _SIDE[study.modality]
    for number in range(1, study.images + 1):
        dataset = Dataset()
        dataset.SpecificCharacterSet = "ISO_IR 192"
        dataset.PatientName = patient.spelling(study.hospital)
        dataset.PatientID = patient.number(study.hospital)
        dataset.IssuerOfPatientID = issuer
        if patient.cnp:
            other = Dataset()
            other.PatientID, other.IssuerOfPatientID = patient.cnp, CNP_ISSUER
            other.TypeOfPatientID = "TEXT"
            dataset.OtherPatientIDsSequence = Sequence([other])
        dataset.PatientBirthDate = f"{patient.birth_date:%Y%m%d}"
        dataset.PatientSex = patient.sex
        dataset.StudyInstanceUID = study_uid
        dataset.SeriesInstanceUID = uid_of(*key, "series")
        dataset.FrameOfReferenceUID = uid_of(*key, "frame")
        dataset.SOPClassUID = _CLASSES[study.modality]
        dataset.SOPInstanceUID = uid_of(*key, number)
        dataset.StudyDate = dataset.SeriesDate = f"{study.day:%Y%m%d}"
        dataset.StudyTime = "081500"
        dataset.StudyDescription = dataset.SeriesDescription = study.description
        dataset.StudyID, dataset.AccessionNumber = "1", f"A{study.day:%y%m%d}"
        dataset.Modality = study.modality
        dataset.SeriesNumber, dataset.InstanceNumber = 1, number
        dataset.Rows = dataset.Columns = side
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
        dataset.PixelRepresentation = 0
        if study.modality in ("CT", "MR"):
            dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
            dataset.ImagePositionPatient = [-side / 2, -side / 2, 3.0 * number]
            dataset.PixelSpacing, dataset.SliceThickness = [1.0, 1.0], 3.0
        if study.modality == "CT":
            dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
            dataset.WindowCenter, dataset.WindowWidth = 40, 400
        dataset.PixelData = _pixels(side, number, study.images).tobytes()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        path = folder / f"{dataset.SOPInstanceUID}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        yield path


def _pixels(side: int, number: int, images: int) -> np.ndarray:
    """An ellipse that grows and shrinks through the study, an organ in it, and noise."""
    rows, columns = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    depth = 1 - (2 * (number - 0.5) / images - 1) ** 2 * 0.6
    picture = np.full((side, side), 24.0)
    picture[(columns / 0.85) ** 2 + (rows / 0.65) ** 2 < depth] = 1064
    picture[((columns + 0.3) / 0.3) ** 2 + ((rows + 0.1) / 0.35) ** 2 < depth * 0.8] = 1124
    picture[(columns / 0.12) ** 2 + ((rows - 0.42) / 0.12) ** 2 < 1] = 1700
    noise = np.random.default_rng(number).normal(0, 12, picture.shape)
    return np.clip(picture + noise, 0, 4095).astype("<u2")
