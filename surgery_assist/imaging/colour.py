"""Colour frames to 8-bit RGB (DICOM PS3.3 C.7.6.3.1.2)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.codecs import CodecError
from surgery_assist.imaging.quiet import quiet_pydicom
from surgery_assist.imaging.records import PixelLayout
from surgery_assist.imaging.tables import Tables


def to_rgb(
    samples: NDArray[Any], layout: PixelLayout, tables: Tables, *, converted: bool
) -> NDArray[np.uint8]:
    """RGB picture, ``(rows, columns, 3)`` uint8, C-contiguous.

    Parameters
    ----------
    samples
        ``(rows, columns)`` indices into a palette, or ``(rows, columns, 3)``.
    layout
        Of the file.
    tables
        With the palette.
    converted
        Whether the decoder has turned YBR into RGB already.

    Raises
    ------
    CodecError
        The palette is missing.
    """
    if layout.photometric == "PALETTE COLOR":
        if tables.palette is None:
            raise CodecError("no palette")
        quiet_pydicom()
        from pydicom.pixels.processing import apply_color_lut  # noqa: PLC0415  (start-up time)

        mask = (1 << layout.bits_stored) - 1
        return _eight_bits(apply_color_lut(samples & mask, tables.palette), 0)
    samples = samples[:, :, :3]
    if layout.photometric in ("YBR_FULL", "YBR_FULL_422") and not converted:
        return ybr_to_rgb(_eight_bits(samples, layout.bits_stored))
    return _eight_bits(samples, layout.bits_stored)


def _eight_bits(samples: NDArray[Any], stored: int) -> NDArray[np.uint8]:
    """The eight most significant stored bits; ``stored`` 0 means all bits of the type."""
    bits = min(stored or samples.dtype.itemsize * 8, samples.dtype.itemsize * 8)
    if bits > 8:
        samples = samples >> (bits - 8)
    return np.ascontiguousarray(samples.astype(np.uint8, copy=False))


def ybr_to_rgb(ybr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Full-range ITU-R BT.601 colour to RGB."""
    y = ybr[:, :, 0].astype(np.float32)
    blue = ybr[:, :, 1].astype(np.float32) - 128.0
    red = ybr[:, :, 2].astype(np.float32) - 128.0
    rgb = np.stack((y + 1.402 * red, y - 0.344136 * blue - 0.714136 * red, y + 1.772 * blue), -1)
    result: NDArray[np.uint8] = np.clip(np.rint(rgb), 0, 255).astype(np.uint8)
    return result
