"""Raw samples: unpacking native pixel data, and what bits stored, high bit and sign make of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.records import HALF_CHROMA, PixelLayout


def native_samples(data: bytes, layout: PixelLayout, frame: int) -> NDArray[Any]:
    """Samples of one uncompressed frame.

    Parameters
    ----------
    data
        The frame's bytes; of 1-bit frames that do not start at a byte, from the byte on in which
        they start.
    layout
        Of the file.
    frame
        Counted from 0.

    Returns
    -------
    ndarray
        ``(rows, columns)`` or ``(rows, columns, 3)``.
    """
    rows, columns, samples = layout.rows, layout.columns, layout.samples
    count = rows * columns * samples
    if layout.photometric in HALF_CHROMA:
        return _chroma_doubled(data, rows, columns)
    if layout.bits_allocated == 1:
        start = rows * columns * frame % 8
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
        return bits[start : start + count].reshape(rows, columns)
    if layout.bits_allocated == 12:
        return _unpacked_12(data, count).reshape(rows, columns)
    order = ">" if layout.big_endian else "<"
    kind = "f" if layout.kind != "integer" else "u"
    flat = np.frombuffer(data, np.dtype(f"{order}{kind}{layout.bits_allocated // 8}"), count)
    flat = flat.astype(flat.dtype.newbyteorder("="), copy=False)
    if samples == 1:
        return flat.reshape(rows, columns)
    if layout.planar:
        return np.moveaxis(flat.reshape(samples, rows, columns), 0, -1)
    return flat.reshape(rows, columns, samples)


def _chroma_doubled(data: bytes, rows: int, columns: int) -> NDArray[np.uint8]:
    """Uncompressed YBR of 4:2:2: Y1 Y2 Cb Cr for two pixels (PS3.3 C.7.6.3.1.2)."""
    pairs = np.frombuffer(data, np.uint8, rows * columns * 2).reshape(-1, 4)
    full = np.empty((len(pairs), 2, 3), np.uint8)
    full[:, :, 0] = pairs[:, :2]
    full[:, :, 1] = pairs[:, 2:3]
    full[:, :, 2] = pairs[:, 3:4]
    return full.reshape(rows, columns, 3)


def _unpacked_12(data: bytes, count: int) -> NDArray[np.uint16]:
    """Two 12-bit values in three bytes, as ACR-NEMA packed them."""
    triples = np.frombuffer(data, np.uint8)
    triples = triples[: len(triples) // 3 * 3].reshape(-1, 3).astype(np.uint16)
    values = np.empty((len(triples), 2), np.uint16)
    values[:, 0] = triples[:, 0] | (triples[:, 1] & 0x0F) << 8
    values[:, 1] = triples[:, 1] >> 4 | triples[:, 2] << 4
    flat = values.reshape(-1)
    if flat.size < count:
        raise EOFError(f"{flat.size} values of {count}")
    return flat[:count]


def _wide_values(samples: NDArray[Any], layout: PixelLayout) -> NDArray[Any]:
    """Values of 32 or 64 bits without the bits above the highest stored one."""
    spare = samples.dtype.itemsize * 8 - layout.bits_stored
    if spare > 0:
        samples = samples << samples.dtype.type(spare)
    if layout.signed:
        samples = samples.view(samples.dtype.str.replace("u", "i"))
    return samples >> samples.dtype.type(spare) if spare > 0 else samples


def stored_values(samples: NDArray[Any], layout: PixelLayout) -> NDArray[Any]:
    """Grey samples as uint8, uint16, int16 or float32.

    Bits outside BitsStored (old overlays, dirt) are cut off and the sign is extended from the
    highest stored bit (PS3.5 section 8.1.1). A signed codestream is believed before the header.
    """
    if samples.dtype.kind == "f" or samples.dtype.itemsize > 2:
        if samples.dtype.kind == "u":
            samples = _wide_values(samples, layout)
        return samples.astype(np.float32)
    if samples.dtype.kind == "i":
        return samples.astype(np.int16, copy=False)
    width = samples.dtype.itemsize * 8
    stored = min(layout.bits_stored, width)
    shift = layout.high_bit + 1 - layout.bits_stored
    if shift > 0 and not layout.encapsulated and not (samples & ((1 << shift) - 1)).any():
        samples = samples >> shift
    if not layout.signed:
        if stored < width:
            samples = samples & samples.dtype.type((1 << stored) - 1)
        return samples
    wide = samples.astype(np.uint16, copy=False)
    if stored == 16:
        return wide.view(np.int16)
    moved = (wide << (16 - stored)).view(np.int16)
    return moved >> (16 - stored)
