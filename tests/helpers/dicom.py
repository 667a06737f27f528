"""Small DICOM files made for a test."""

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from surgery_assist.imaging.library import Library
from surgery_assist.model.study import Catalogue, DisplaySet, study_display_sets

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"


def ct_slice(number: int = 1, z: float = 0.0, **changes: Any) -> Dataset:
    """An axial slice of 8 rows and 6 columns; ``changes`` by keyword, ``None`` deletes."""
    dataset = Dataset()
    dataset.SOPClassUID = CT_IMAGE
    dataset.SOPInstanceUID = f"1.2.3.{number}.{round(1000 * z) + 10_000_000}"
    dataset.StudyInstanceUID = "1.2.3.100"
    dataset.SeriesInstanceUID = "1.2.3.200"
    dataset.FrameOfReferenceUID = "1.2.3.300"
    dataset.PatientID = "P1"
    dataset.PatientName = "Popescu^Ion"
    dataset.PatientBirthDate = "19500102"
    dataset.PatientSex = "M"
    dataset.StudyDate = "20260101"
    dataset.StudyTime = "101112"
    dataset.Modality = "CT"
    dataset.SeriesNumber = 3
    dataset.InstanceNumber = number
    dataset.ImagePositionPatient = [0, 0, z]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [0.5, 0.5]
    dataset.RescaleSlope = 1
    dataset.RescaleIntercept = -1024
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = 8, 6
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = 1
    pixels = np.arange(48, dtype=np.int16) + 100 * number
    dataset.PixelData = pixels.tobytes()
    for name, value in changes.items():
        if value is None:
            dataset.pop(name, None)
        else:
            setattr(dataset, name, value)
    return dataset


def save(dataset: Dataset, path: Path, syntax: str = ExplicitVRLittleEndian) -> Path:
    """Write with preamble and file meta."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", CT_IMAGE)
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "1.2.3")
    meta.TransferSyntaxUID = syntax
    dataset.file_meta = meta
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def save_bare(dataset: Dataset, path: Path, *, implicit: bool) -> Path:
    """Write the data set alone: no preamble, no file meta."""
    syntax = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    whole = save(dataset, path, syntax).read_bytes()
    meta_length = int.from_bytes(whole[140:144], "little")
    path.write_bytes(whole[144 + meta_length :])
    return path


def opened(*paths: Path) -> tuple[Library, Catalogue]:
    """A library that has read ``paths``, and its last catalogue."""
    library = Library()
    catalogue = list(library.scan(paths))[-1]
    return library, catalogue


def sets_of(catalogue: Catalogue) -> list[DisplaySet]:
    """All display sets."""
    return [entry for study in catalogue.studies for entry in study_display_sets(study)]


def reasons(catalogue: Catalogue) -> dict[str, str]:
    """Refused file names with the last part of their reason."""
    return {Path(r.path).name: r.reason.removeprefix("refusal.") for r in catalogue.refused}
