"""Overlay planes: bitmaps that are burnt into no pixel (PS3.3 C.9.2, groups 6000 to 601E)."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.elements import Elements
from surgery_assist.imaging.objects.files import open_elements
from surgery_assist.imaging.pixels import FrameReader
from surgery_assist.imaging.records import Instance
from surgery_assist.imaging.tags import OVERLAY_GROUPS

OverlayKind = Literal["G", "R"]
"""Graphics, or a region of interest."""
MAX_BITS: Final = 1 << 30


@dataclass(frozen=True, slots=True, eq=False)
class OverlayBitmap:
    """One overlay plane of one frame, clipped to the image: ``mask`` is ``(rows, columns)``."""

    mask: NDArray[np.bool_]
    kind: OverlayKind
    label: str = ""


def overlay_bitmaps(
    instance: Instance, frame: int, reader: FrameReader
) -> tuple[OverlayBitmap, ...]:
    """Overlay planes of one frame.

    Parameters
    ----------
    instance
        The image.
    frame
        Counted from 0.
    reader
        For overlays that lie in unused bits of the pixels (retired, PS3.5 section 8.1.2).

    Returns
    -------
    tuple of OverlayBitmap
        Those that can be read and have something inside the image.
    """
    header = open_elements(instance.path)
    found = []
    for group in OVERLAY_GROUPS:
        base = group << 16
        if base | 0x0010 not in header:
            continue
        mask = _mask(header, base, instance, frame, reader)
        if mask is not None and mask.any():
            kind: OverlayKind = "R" if header.code(base | 0x0040, 1) == "R" else "G"
            label = header.text(base | 0x1500, 64) or header.text(base | 0x0022, 64)
            found.append(OverlayBitmap(mask, kind, label))
    return tuple(found)


def _mask(
    header: Elements, base: int, instance: Instance, frame: int, reader: FrameReader
) -> NDArray[np.bool_] | None:
    rows, columns = header.short(base | 0x0010), header.short(base | 0x0011)
    frames = header.integer(base | 0x0015) or 1
    first = header.short(base | 0x0051, 1) or 1
    origin = header.shorts(base | 0x0050, signed=True)
    top, left = (origin[0] - 1, origin[1] - 1) if len(origin) == 2 else (0, 0)
    if not rows or not columns or rows * columns > MAX_BITS:
        return None
    place = 0 if frames == 1 else frame - (first - 1)
    if not 0 <= place < frames:
        return None
    allocated = header.short(base | 0x0100, 1)
    plane = (
        _own_bits(header, base, rows * columns, place)
        if base | 0x3000 in header and allocated == 1
        else _embedded_bits(header, base, instance, frame, reader)
    )
    if plane is None or plane.size < rows * columns:
        return None
    return _clipped(plane.reshape(-1)[: rows * columns].reshape(rows, columns), top, left, instance)


def _own_bits(header: Elements, base: int, count: int, place: int) -> NDArray[np.bool_] | None:
    found = header.raw(base | 0x3000)
    if found is None:
        return None
    data, little = found
    order = data if little else np.frombuffer(data[: len(data) // 2 * 2], ">u2").astype("<u2")
    flat = np.frombuffer(bytes(order), np.uint8)
    start = place * count
    part = flat[start // 8 : (start + count + 7) // 8]
    bits = np.unpackbits(part, bitorder="little")[start % 8 : start % 8 + count]
    return bits.astype(bool) if bits.size == count else None


def _embedded_bits(
    header: Elements, base: int, instance: Instance, frame: int, reader: FrameReader
) -> NDArray[np.bool_] | None:
    position = header.short(base | 0x0102)
    layout = instance.layout
    if position is None or layout.encapsulated or layout.colour or layout.kind != "integer":
        return None
    if not position < layout.bits_allocated <= 16 or layout.bits_allocated not in (8, 16):
        return None
    if layout.high_bit - layout.bits_stored < position <= layout.high_bit:
        return None
    samples = reader.raw_samples(instance, frame)
    return np.asarray(samples >> position & 1, dtype=bool)


def _clipped(
    plane: NDArray[np.bool_], top: int, left: int, instance: Instance
) -> NDArray[np.bool_] | None:
    rows, columns = instance.layout.rows, instance.layout.columns
    mask = np.zeros((rows, columns), dtype=bool)
    first_row, first_column = max(0, top), max(0, left)
    last_row = min(rows, top + plane.shape[0])
    last_column = min(columns, left + plane.shape[1])
    if first_row >= last_row or first_column >= last_column:
        return None
    mask[first_row:last_row, first_column:last_column] = plane[
        first_row - top : last_row - top, first_column - left : last_column - left
    ]
    return mask
