"""One compressed frame to its samples, by the fastest decoder at hand.

imagecodecs lets other threads run while it decodes. GDCM, which could stand in for it, aborts the
whole program over some broken JPEG streams, so it must not be called in this process.
"""

import struct
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.records import PixelLayout

Samples = NDArray[Any]
_JPEG: Final = "1.2.840.10008.1.2.4."
RLE: Final = "1.2.840.10008.1.2.5"
_LOSSY_JPEG: Final = frozenset(_JPEG + process for process in ("50", "51", "53", "55"))
"""Sequential, and the retired progressive processes, of 8 and 12 bits."""
_LOSSLESS_JPEG: Final = frozenset({_JPEG + "57", _JPEG + "70"})
_JPEG_LS: Final = frozenset({_JPEG + "80", _JPEG + "81"})
_JPEG_2000: Final = frozenset({_JPEG + "90", _JPEG + "91"})
_HTJ2K: Final = frozenset({_JPEG + "201", _JPEG + "202", _JPEG + "203"})
_JPEG_XL: Final = frozenset({_JPEG + "110", _JPEG + "111", _JPEG + "112"})
SUPPORTED: Final = _LOSSY_JPEG | _LOSSLESS_JPEG | _JPEG_LS | _JPEG_2000 | _HTJ2K | _JPEG_XL | {RLE}
_SOF_MARKERS: Final = frozenset(
    (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0), 0xF7)
)


class CodecError(ValueError):
    """The stream can't be decoded, or is not the picture that the header describes."""


def decode(data: bytes, layout: PixelLayout) -> tuple[Samples, bool]:
    """Decode one frame.

    Returns
    -------
    samples : ndarray
        ``(rows, columns)`` or ``(rows, columns, samples)``, integers as in the stream.
    converted : bool
        Whether the decoder has turned YBR into RGB already.

    Raises
    ------
    CodecError
        No decoder can read it, or its size differs from the header's.
    """
    data = _from_start_marker(data)
    stream = stream_format(data)
    if stream is not None and (stream.rows, stream.columns) != (layout.rows, layout.columns):
        raise CodecError(f"stream of {stream.rows} x {stream.columns} pixels")
    failures = []
    for decoder in _decoders(layout):
        try:
            samples, converted = decoder(data, layout)
        except CodecError as error:
            failures.append(str(error))
        except Exception as error:  # noqa: BLE001  (codecs have their own exception classes)
            failures.append(f"{type(error).__name__}")
        else:
            return _shaped(samples, layout), converted
    raise CodecError("; ".join(failures))


def _decoders(
    layout: PixelLayout,
) -> list[Callable[[bytes, PixelLayout], tuple[Samples, bool]]]:
    syntax = layout.transfer_syntax
    if syntax == RLE:
        return [_rle]
    if syntax in _LOSSY_JPEG:
        return [_lossy_jpeg]
    if syntax in _LOSSLESS_JPEG:
        return [_lossless_jpeg, _sof3_jpeg]
    return [_by_content]


def _by_content(data: bytes, layout: PixelLayout) -> tuple[Samples, bool]:
    import imagecodecs

    if layout.transfer_syntax in _JPEG_XL:
        return imagecodecs.jpegxl_decode(data), True
    if data[:4] == b"\xff\x4f\xff\x51" or data[4:8] == b"jP  ":
        # OpenJPEG for HTJ2K too: OpenJPH's binding returns whatever lay in memory after an error.
        return imagecodecs.jpeg2k_decode(data), True
    if data[:3] == b"\xff\xd8\xff":
        # CharLS takes many seconds over a stream that was cut off before its end marker.
        if not data.rstrip(b"\0").endswith(b"\xff\xd9"):
            raise CodecError("stream is cut short")
        return imagecodecs.jpegls_decode(data), False
    raise CodecError("unknown stream")


def _rle(data: bytes, layout: PixelLayout) -> tuple[Samples, bool]:
    import imagecodecs

    dtype = np.dtype(f"<u{layout.bits_allocated // 8}")
    flat = np.frombuffer(imagecodecs.dicomrle_decode(data, dtype), dtype)
    count = layout.rows * layout.columns * layout.samples
    if flat.size < count:
        raise CodecError(f"{flat.size} samples of {count}")
    flat = flat[:count]
    if layout.samples == 1:
        return flat.reshape(layout.rows, layout.columns), False
    return np.moveaxis(flat.reshape(layout.samples, layout.rows, layout.columns), 0, -1), False


def _lossy_jpeg(data: bytes, layout: PixelLayout) -> tuple[Samples, bool]:
    import imagecodecs

    if layout.samples == 1:
        stream = stream_format(data)
        bits = stream.bits if stream is not None else None
        return imagecodecs.jpeg_decode(data, bitspersample=bits), False
    ybr = _is_ybr_jpeg(data, layout)
    return imagecodecs.jpeg_decode(
        data, colorspace="YCBCR" if ybr else "RGB", outcolorspace="RGB"
    ), True


def _is_ybr_jpeg(data: bytes, layout: PixelLayout) -> bool:
    """Whether the stream holds YBR: the Adobe marker knows, else JFIF, else the header."""
    adobe = data.find(b"\xff\xee\x00\x0eAdobe", 0, 4096)
    if adobe >= 0 and len(data) > adobe + 15:
        return data[adobe + 15] == 1
    if data.find(b"\xff\xe0", 0, 64) >= 0 and data.find(b"JFIF\0", 0, 64) >= 0:
        return True
    return layout.photometric != "RGB"


def _lossless_jpeg(data: bytes, layout: PixelLayout) -> tuple[Samples, bool]:
    import imagecodecs

    if layout.samples != 1:
        raise CodecError("colour")
    return imagecodecs.ljpeg_decode(data), False


def _sof3_jpeg(data: bytes, _: PixelLayout) -> tuple[Samples, bool]:
    import imagecodecs

    return imagecodecs.jpegsof3_decode(data), False


def _shaped(samples: Samples, layout: PixelLayout) -> Samples:
    shape = (layout.rows, layout.columns)
    if samples.ndim == 3 and samples.shape[2] == 1:
        samples = samples[:, :, 0]
    if samples.shape[:2] != shape or (samples.ndim == 3) != (layout.samples > 1):
        raise CodecError(f"decoded to {samples.shape}")
    return samples


def _from_start_marker(data: bytes) -> bytes:
    """Skip up to a few stray bytes that some writers put before the stream."""
    if data[:2] == b"\0\0" and data[2:4] == b"\xff\xd8":
        return data[2:]
    return data


class StreamFormat(NamedTuple):
    """What a compressed stream announces of itself."""

    rows: int
    columns: int
    bits: int | None


def stream_format(data: bytes) -> StreamFormat | None:
    """Size that a JPEG, JPEG-LS or JPEG 2000 stream announces; ``None`` when it is none of them.

    Checked before decoding, because decoders allocate what the stream says.
    """
    if data[:4] == b"\xff\x4f\xff\x51" and len(data) >= 24:
        x1, y1, x0, y0 = struct.unpack(">IIII", data[8:24])
        return StreamFormat(y1 - y0, x1 - x0, None)
    if data[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _SOF_MARKERS:
            bits, rows, columns = struct.unpack(">BHH", data[at + 4 : at + 9])
            return StreamFormat(rows, columns, bits) if rows else None
        if marker == 0xDA:
            return None
        at += 2 + int(struct.unpack(">H", data[at + 2 : at + 4])[0])
    return None
