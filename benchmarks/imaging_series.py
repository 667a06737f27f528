"""CT series for measurements: made once, in every transfer syntax, of any length."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import imagecodecs  # noqa: TID253
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders import RLELosslessEncoder
from pydicom.uid import UID, generate_uid

SIZE: Final = 512
SYNTAXES: Final = {
    "uncompressed": "1.2.840.10008.1.2.1",
    "JPEG Lossless": "1.2.840.10008.1.2.4.70",
    "JPEG 2000": "1.2.840.10008.1.2.4.90",
    "RLE": "1.2.840.10008.1.2.5",
    "HTJ2K": "1.2.840.10008.1.2.4.201",
}


def series(root: Path, syntax: str, count: int, size: int = SIZE) -> Path:
    """Folder with ``count`` slices; made when it is not there yet."""
    folder = root / f"{syntax.replace(' ', '_')}-{count}-{size}"
    done = folder / ".done"
    if done.exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    noise = rng.normal(0.0, 12.0, (size, size)).astype(np.int16)
    uids = tuple(generate_uid(prefix="1.2.3.")[:40] for _ in range(3))
    for index in range(count):
        values = slice_values(index, count, size, noise)
        write_slice(folder / f"{index:04d}.dcm", values, index, syntax, uids)
    done.touch()
    return folder


def slice_values(index: int, count: int, size: int, noise: NDArray[np.int16]) -> NDArray[np.int16]:
    """A body with spine, ribs and noise that differs from slice to slice, HU."""
    y, x = np.mgrid[-1 : 1 : 1j * size, -1 : 1 : 1j * size]
    body = (x / 0.85) ** 2 + (y / 0.62) ** 2
    values = np.where(body < 1, 40, -1000).astype(np.int16)
    values[(body > 0.86) & (body < 0.92) & (np.sin(index / 6 + 9 * x) > 0)] = 700
    values[(x**2 + (y - 0.4) ** 2) < 0.015] = 900
    values[((x - 0.3) ** 2 + (y + 0.1) ** 2) < 0.05 + 0.03 * np.sin(index / count * 6)] = 110
    return values + np.roll(noise, (index * 7, index * 13), (0, 1))


def write_slice(
    path: Path, values: NDArray[np.int16], index: int, syntax: str, uids: tuple[str, str, str]
) -> None:
    """One file with a header as scanners write it."""
    study, of_series, frame = uids
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(SYNTAXES[syntax])
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"{of_series}.{index}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, of_series
    dataset.FrameOfReferenceUID = frame
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.PatientName, dataset.PatientID = "BENCH^MARK", "BENCH"
    dataset.StudyDate, dataset.StudyTime, dataset.Modality = "20260101", "101010", "CT"
    dataset.SeriesNumber, dataset.InstanceNumber = 2, index + 1
    dataset.ImagePositionPatient = [-200.0, -200.0, -300.0 + 1.0 * index]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing, dataset.SliceThickness = [0.78, 0.78], 1.25
    dataset.Rows, dataset.Columns = values.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = 0
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
    dataset.WindowCenter, dataset.WindowWidth = 40, 400
    request = Dataset()
    request.RequestedProcedureID = "1"
    dataset.RequestAttributesSequence = [request]
    dataset["RequestAttributesSequence"].is_undefined_length = True
    stored = np.maximum(values + 1024, 0).astype(np.uint16)
    if syntax == "uncompressed":
        dataset.PixelData = stored.tobytes()
    else:
        dataset.PixelData = encapsulate([encoded(stored, syntax)])
        dataset["PixelData"].VR = "OB"
    dataset["PixelData"].VR = "OW" if syntax == "uncompressed" else "OB"
    dataset.save_as(path, enforce_file_format=True)


def encoded(stored: NDArray[np.uint16], syntax: str) -> bytes:
    """One frame's code stream."""
    if syntax == "JPEG Lossless":
        return bytes(imagecodecs.ljpeg_encode(stored, bitspersample=16))
    if syntax == "JPEG 2000":
        return bytes(imagecodecs.jpeg2k_encode(stored, level=0, codecformat="j2k"))
    if syntax == "HTJ2K":
        return bytes(imagecodecs.htj2k_encode(stored))
    rows, columns = stored.shape
    return bytes(
        RLELosslessEncoder.encode(
            stored.tobytes(), rows=rows, columns=columns, samples_per_pixel=1, bits_allocated=16,
            bits_stored=16, pixel_representation=0, number_of_frames=1,
            photometric_interpretation="MONOCHROME2", encoding_plugin="pydicom",
        )
    )  # fmt: skip


def files_of(folder: Path) -> Iterator[Path]:
    """The slices in order."""
    return iter(sorted(folder.glob("*.dcm")))
