"""Small objects that say something of the slices of `tests.helpers.dicom.ct_slice`."""

from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from tests.helpers.dicom import ct_slice

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
STRUCTURES = "1.2.840.10008.5.1.4.1.1.481.3"
KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
PRESENTATION = "1.2.840.10008.5.1.4.1.1.11.1"


def item(**values: Any) -> Dataset:
    """A sequence item."""
    dataset = Dataset()
    for name, value in values.items():
        setattr(dataset, name, value)
    return dataset


def code(meaning: str, value: str = "1", scheme: str = "99TEST") -> Dataset:
    """A coded concept."""
    return item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def bare(sop_class: str, modality: str, uid: str, **changes: Any) -> Dataset:
    """An object of the slices' patient, study and frame of reference, without a picture."""
    source = ct_slice()
    dataset = Dataset()
    for name in (
        "PatientID",
        "PatientName",
        "PatientBirthDate",
        "PatientSex",
        "StudyInstanceUID",
        "StudyDate",
        "StudyTime",
        "FrameOfReferenceUID",
    ):
        setattr(dataset, name, source[name].value)
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, uid
    dataset.SeriesInstanceUID = f"{uid}.1"
    dataset.Modality = modality
    for name, value in changes.items():
        setattr(dataset, name, value)
    return dataset


def reference(image: Dataset, **changes: Any) -> Dataset:
    """A reference to an image."""
    return item(
        ReferencedSOPClassUID=image.SOPClassUID,
        ReferencedSOPInstanceUID=image.SOPInstanceUID,
        **changes,
    )


def segmentation(
    masks: list[tuple[int, float, np.ndarray]],
    *,
    sources: dict[float, Dataset] | None = None,
    kind: str = "BINARY",
    names: tuple[str, ...] = ("Liver", "Lesion"),
) -> Dataset:
    """Masks ``(segment, z, (rows, columns) values)``, with the source image of each z if given."""
    rows, columns = masks[0][2].shape
    dataset = bare(SEGMENTATION, "SEG", "1.2.3.800", SeriesDescription="Segments")
    dataset.Rows, dataset.Columns = rows, columns
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    bits = 1 if kind == "BINARY" else 8
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit, dataset.PixelRepresentation = bits - 1, 0
    dataset.SegmentationType = kind
    if kind == "FRACTIONAL":
        dataset.MaximumFractionalValue = 200
    dataset.NumberOfFrames = len(masks)
    dataset.SegmentSequence = [
        item(
            SegmentNumber=number,
            SegmentLabel=name,
            RecommendedDisplayCIELabValue=[34885, 53485, 50171],
        )
        for number, name in enumerate(names, 1)
    ]
    dataset.SharedFunctionalGroupsSequence = [
        item(
            PixelMeasuresSequence=[item(PixelSpacing=[0.5, 0.5], SliceThickness=5)],
            PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
        )
    ]
    frames = []
    for segment, z, _ in masks:
        frame = item(PlanePositionSequence=[item(ImagePositionPatient=[0, 0, z])])
        if kind != "LABELMAP":
            frame.SegmentIdentificationSequence = [item(ReferencedSegmentNumber=segment)]
        if sources:
            frame.DerivationImageSequence = [item(SourceImageSequence=[reference(sources[z])])]
        frames.append(frame)
    dataset.PerFrameFunctionalGroupsSequence = frames
    values = np.stack([mask for _, _, mask in masks]).astype(np.uint8)
    data = np.packbits(values.reshape(-1), bitorder="little") if bits == 1 else values
    dataset.PixelData = data.tobytes() + b"\0" * (data.nbytes % 2)
    return dataset


def structure_set(contours: list[list[float]], **roi: Any) -> Dataset:
    """One structure with contours (x, y, z repeated)."""
    dataset = bare(STRUCTURES, "RTSTRUCT", "1.2.3.900", StructureSetLabel="Plan A")
    dataset.StructureSetROISequence = [
        item(
            ROINumber=7,
            ROIName="Tumour",
            ReferencedFrameOfReferenceUID=dataset.FrameOfReferenceUID,
        )
    ]
    dataset.ROIContourSequence = [
        item(
            ReferencedROINumber=7,
            ROIDisplayColor=[255, 0, 128],
            ContourSequence=[
                item(ContourGeometricType="CLOSED_PLANAR", ContourData=values)
                for values in contours
            ],
            **roi,
        )
    ]
    return dataset


def key_objects(*images: Dataset) -> Dataset:
    """A key object selection."""
    dataset = bare(KEY_OBJECTS, "KO", "1.2.3.950")
    dataset.ValueType = "CONTAINER"
    dataset.ConceptNameCodeSequence = [code("For Surgery", "113003", "DCM")]
    dataset.ContentSequence = [
        item(
            ValueType="IMAGE", RelationshipType="CONTAINS", ReferencedSOPSequence=[reference(image)]
        )
        for image in images
    ]
    return dataset
