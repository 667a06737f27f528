"""Lookup tables of the file: modality LUT, VOI LUT (PS3.3 C.11.1, C.11.2), palette (C.7.9)."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.archives import open_file
from surgery_assist.imaging.quiet import quiet_pydicom

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_TAGS: Final = [
    0x00280002, 0x00280004, 0x00280100, 0x00280101, 0x00280103, 0x00281101, 0x00281102,
    0x00281103, 0x00281104, 0x00281199, 0x00281201, 0x00281202, 0x00281203, 0x00281221,
    0x00281222, 0x00281223, 0x00282000, 0x00283000, 0x00283010,
]  # fmt: skip
_MIN_PROFILE: Final = 132
"""Bytes of an ICC header and its tag count."""
MAX_ENTRIES: Final = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class LookupTable:
    """Values for inputs from ``first`` on; inputs outside take the nearest entry."""

    first: int
    entries: NDArray[np.uint16]
    bits: int

    def applied(self, values: NDArray[Any]) -> NDArray[np.uint16]:
        """Entries for all values."""
        index = np.clip(values.astype(np.int64) - self.first, 0, len(self.entries) - 1)
        result: NDArray[np.uint16] = self.entries[index]
        return result


@dataclass(frozen=True, slots=True)
class Tables:
    """What one file has of them."""

    modality: LookupTable | None = None
    voi: LookupTable | None = None
    palette: "Dataset | None" = None
    """The data set, for pydicom's palette code (segmented palettes too)."""
    icc: bytes | None = None
    """ICC profile of the colours (PS3.3 C.11.15), unless it says sRGB."""


def read_tables(path: Path) -> Tables:
    """Tables of a file; a broken table is as good as none."""
    quiet_pydicom()
    from pydicom.filereader import dcmread  # noqa: PLC0415  (start-up time)

    with open_file(path) as file:
        dataset = dcmread(file, stop_before_pixels=True, force=True, specific_tags=list(_TAGS))
    signed = dataset.get("PixelRepresentation", 0) == 1
    return Tables(
        modality=_table(dataset, "ModalityLUTSequence", signed=signed),
        voi=_table(dataset, "VOILUTSequence", signed=signed),
        palette=dataset if "RedPaletteColorLookupTableDescriptor" in dataset else None,
        icc=_profile(dataset),
    )


def _profile(dataset: "Dataset") -> bytes | None:
    profile = dataset.get("ICCProfile")
    if not isinstance(profile, bytes) or len(profile) < _MIN_PROFILE or _is_srgb(profile):
        return None
    return profile


def _is_srgb(profile: bytes) -> bool:
    """By the name that the profile gives itself, in ASCII or UTF-16."""
    return b"sRGB" in profile or "sRGB".encode("utf-16-be") in profile


def _table(dataset: "Dataset", name: str, *, signed: bool) -> LookupTable | None:
    items = dataset.get(name)
    if not items:
        return None
    try:
        length, first, bits = (int(value) for value in items[0].LUTDescriptor)
        data = items[0].LUTData
    except (AttributeError, TypeError, ValueError):
        return None
    length = length or MAX_ENTRIES
    if signed and first > 32767:
        first -= 65_536
    if isinstance(data, bytes):
        wide = len(data) >= 2 * length
        entries = np.frombuffer(data, np.dtype("<u2") if wide else np.uint8)
    else:
        entries = np.atleast_1d(np.asarray(data, np.int64)) & 0xFFFF
    if not 0 < length <= len(entries) or not 8 <= bits <= 16:
        return None
    return LookupTable(first, entries[:length].astype(np.uint16), bits)
