"""Writing the demo study: CT Image and Computed Radiography objects (PS3.3 A.3 and A.2)."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray

from surgery_assist import __version__
from surgery_assist.imaging.quiet import quiet_pydicom

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_NAMESPACE: Final = UUID("6f1d8e0a-52c4-4c0e-9a51-6f3f5a1c7b20")
_PATIENT_NAME: Final = "Ionescu^\u0218tefania"
_PATIENT_ID: Final = "DEMO-0001"
_CT_IMAGE: Final = "1.2.840.10008.5.1.4.1.1.2"
_CR_IMAGE: Final = "1.2.840.10008.5.1.4.1.1.1"
_INTERCEPT: Final = -1024
_PRIOR_DAY, _DAY = ("20250908", "20260316")


@dataclass(frozen=True, slots=True)
class CtSeries:
    """One CT series: geometry, and which of the two studies it is in."""

    seed: int
    size: int
    field_mm: float
    step: float
    count: int
    prior: bool = False


@dataclass(frozen=True, slots=True)
class Radiograph:
    """One view of the chest: ``PA``, or ``LL`` (left side towards the detector)."""

    seed: int
    view: str
    spacing: float


def demo_uid(seed: int, name: str) -> str:
    """A UID under 2.25 that depends on nothing but seed and name (PS3.5 B.2)."""
    return f"2.25.{uuid5(_NAMESPACE, f'{seed} {name}').int}"


def write_ct(path: Path, series: CtSeries, number: int, z: float, hu: NDArray[np.int16]) -> None:
    """Write one axial slice; ``z`` is its height in the phantom, mm."""
    which = "prior" if series.prior else "current"
    day = _PRIOR_DAY if series.prior else _DAY
    dataset = _common(
        series.seed, which, day=day, modality="CT", series=f"ct {which}", number=number
    )
    spacing = series.field_mm / series.size
    corner = -(series.size - 1) / 2 * spacing
    dataset.SOPClassUID = _CT_IMAGE
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.StudyDescription = "CT torace, abdomen \u0219i pelvis"
    dataset.SeriesDescription = "Fantom, faz\u0103 portal\u0103"
    dataset.SeriesNumber = 2
    dataset.AcquisitionNumber = 1
    dataset.PatientPosition = "HFS"
    dataset.BodyPartExamined = "CHESTABDPELVIS"
    dataset.ContrastBolusAgent = "demo"
    dataset.KVP = "120"
    dataset.XRayTubeCurrent = "180"
    dataset.ConvolutionKernel = "STANDARD"
    dataset.GantryDetectorTilt = "0"
    dataset.SliceThickness = _decimal(series.step)
    dataset.ImagePositionPatient = [_decimal(corner), _decimal(corner), _decimal(z - 240.0)]
    dataset.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    dataset.FrameOfReferenceUID = demo_uid(series.seed, f"space {which}")
    dataset.PositionReferenceIndicator = None
    dataset.SliceLocation = _decimal(z - 240.0)
    dataset.PixelSpacing = [_decimal(spacing), _decimal(spacing)]
    dataset.WindowCenter = ["50", "-600"]
    dataset.WindowWidth = ["400", "1500"]
    dataset.WindowCenterWidthExplanation = ["SOFT TISSUE", "LUNG"]
    dataset.RescaleIntercept = str(_INTERCEPT)
    dataset.RescaleSlope = "1"
    dataset.RescaleType = "HU"
    _set_pixels(dataset, (hu.astype(np.int32) - _INTERCEPT).astype(np.uint16))
    _save(dataset, path)


def write_radiograph(path: Path, radiograph: Radiograph, pixels: NDArray[np.uint16]) -> None:
    """Write one view; the image's left is the patient's right (PA) or front (LL)."""
    frontal = radiograph.view == "PA"
    dataset = _common(
        radiograph.seed,
        "radiograph",
        day=_DAY,
        modality="CR",
        series=f"cr {radiograph.view}",
        number=1 if frontal else 2,
    )
    dataset.SOPClassUID = _CR_IMAGE
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.StudyDescription = "Radiografie toracic\u0103"
    dataset.SeriesDescription = "Torace PA" if frontal else "Torace profil st\u00e2ng"
    dataset.SeriesNumber = 1 if frontal else 2
    dataset.BodyPartExamined = "CHEST"
    dataset.ViewPosition = radiograph.view
    dataset.PatientOrientation = ["L", "F"] if frontal else ["P", "F"]
    spacing = _decimal(radiograph.spacing)
    dataset.ImagerPixelSpacing = [spacing, spacing]
    dataset.WindowCenter = "2048"
    dataset.WindowWidth = "4096"
    _set_pixels(dataset, pixels)
    _save(dataset, path)


def _decimal(value: float) -> str:
    """A DS of at most 16 characters (PS3.5 section 6.2)."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _common(
    seed: int, study: str, *, day: str, modality: str, series: str, number: int
) -> "Dataset":
    quiet_pydicom()
    from pydicom.dataset import Dataset  # noqa: PLC0415  (start-up time)

    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPInstanceUID = demo_uid(seed, f"{study} {series} image {number}")
    dataset.StudyInstanceUID = demo_uid(seed, f"{study} study")
    dataset.SeriesInstanceUID = demo_uid(seed, f"{study} {series}")
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = day
    dataset.StudyTime = dataset.SeriesTime = dataset.AcquisitionTime = "091500"
    dataset.ContentTime = "091500"
    dataset.StudyID = "1"
    dataset.AccessionNumber = f"DEMO{day}{'1' if modality == 'CT' else '2'}"
    dataset.ReferringPhysicianName = None
    dataset.Modality = modality
    dataset.Manufacturer = "Surgery Assist phantom"
    dataset.SoftwareVersions = __version__
    dataset.PatientName = _PATIENT_NAME
    dataset.PatientID = _PATIENT_ID
    dataset.PatientBirthDate = "19680214"
    dataset.PatientSex = "F"
    dataset.PatientAge = "058Y" if day == _DAY else "057Y"
    dataset.Laterality = None
    dataset.InstanceNumber = str(number)
    dataset.PatientOrientation = None
    if modality == "CT":
        del dataset.Laterality, dataset.PatientOrientation
    return dataset


def _set_pixels(dataset: "Dataset", stored: NDArray[np.uint16]) -> None:
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = stored.shape
    dataset.BitsAllocated = 16
    dataset.BitsStored = 12
    dataset.HighBit = 11
    dataset.PixelRepresentation = 0
    dataset.PixelData = np.ascontiguousarray(stored, "<u2").tobytes()
    dataset["PixelData"].VR = "OW"


def _save(dataset: "Dataset", path: Path) -> None:
    from pydicom.dataset import FileMetaDataset  # noqa: PLC0415  (start-up time)
    from pydicom.uid import ExplicitVRLittleEndian  # noqa: PLC0415  (start-up time)

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta = meta
    path.parent.mkdir(exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
