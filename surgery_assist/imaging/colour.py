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
        The palette is missing, or the colours are of a kind that is not known.
    """
    if layout.photometric == "PALETTE COLOR":
        if tables.palette is None:
            raise CodecError("no palette")
        quiet_pydicom()
        from pydicom.pixels.processing import apply_color_lut  # noqa: PLC0415  (start-up time)

        mask = (1 << layout.bits_stored) - 1
        rgb = _eight_bits(apply_color_lut(samples & mask, tables.palette), 0)
    else:
        rgb = _direct(_eight_bits(samples, layout.bits_stored), layout, converted=converted)
    return rgb if tables.icc is None else in_srgb(rgb, tables.icc)


def _direct(
    samples: NDArray[np.uint8], layout: PixelLayout, *, converted: bool
) -> NDArray[np.uint8]:
    """Samples that are colours themselves."""
    kind = layout.photometric
    if layout.samples == 4 and not layout.encapsulated:
        if kind == "ARGB":  # retired; what the first plane's palette would show is not drawn
            return np.ascontiguousarray(samples[:, :, 1:])
        if kind != "CMYK":
            raise CodecError(f"four samples of {kind}")
        light = 255 - samples.astype(np.uint16)
        return (light[:, :, :3] * light[:, :, 3:] // 255).astype(np.uint8)
    samples = samples[:, :, :3]
    if converted:
        return np.ascontiguousarray(samples)
    if kind in ("YBR_FULL", "YBR_FULL_422"):
        return ybr_to_rgb(samples)
    if kind == "YBR_PARTIAL_422":
        return ybr_to_rgb(_full_range(samples))
    if kind == "HSV":
        raise CodecError("HSV")
    return np.ascontiguousarray(samples)


def _full_range(ybr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Studio levels (16 to 235 and 240) to all 256 (PS3.3 C.7.6.3.1.2, retired)."""
    full = ybr.astype(np.float32)
    full[:, :, 0] = (full[:, :, 0] - 16.0) * (255.0 / 219.0)
    full[:, :, 1:] = (full[:, :, 1:] - 128.0) * (255.0 / 224.0) + 128.0
    result: NDArray[np.uint8] = np.clip(np.rint(full), 0, 255).astype(np.uint8)
    return result


def in_srgb(rgb: NDArray[np.uint8], profile: bytes) -> NDArray[np.uint8]:
    """Colours of a device in sRGB, by its ICC profile; unchanged when the profile is broken."""
    import imagecodecs

    try:
        changed = imagecodecs.cms_transform(
            rgb, profile, imagecodecs.cms_profile("srgb"), colorspace="rgb", outcolorspace="rgb"
        )
    except (imagecodecs.CmsError, ValueError, TypeError):
        return rgb
    result: NDArray[np.uint8] = np.ascontiguousarray(changed, np.uint8)
    return result if result.shape == rgb.shape else rgb


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
