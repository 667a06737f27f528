"""From a file's bytes to the pixels of one frame, in stored values with what they mean.

Values stay as stored (16 bits or fewer); slope and intercept are applied when drawing, so that a
volume of 500 MB is not copied. Sources: DICOM PS3.3 C.7.6.3 and C.11.1, PS3.5 section 8.
"""

import os
import sys
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.errors import DecodeError
from surgery_assist.imaging.archives import open_file
from surgery_assist.imaging.codecs import SUPPORTED, CodecError, decode
from surgery_assist.imaging.colour import to_rgb
from surgery_assist.imaging.fragments import FragmentError, FrameSpans, frame_spans
from surgery_assist.imaging.objects.drawn import drawn_frame
from surgery_assist.imaging.records import (
    DEFLATED_LE,
    DRAWN,
    EXPLICIT_LE,
    NATIVE_SYNTAXES,
    HeaderError,
    Instance,
    PixelLayout,
    VoiFunction,
)
from surgery_assist.imaging.samples import native_samples, stored_values
from surgery_assist.imaging.tables import LookupTable, Tables, read_tables
from surgery_assist.model.study import Window

_KEPT: Final = 64
"""Instances whose fragment index, tables or inflated bytes are remembered."""


@dataclass(frozen=True, slots=True)
class FramePixels:
    """One frame.

    ``values`` is ``(rows, columns)`` of uint8, uint16, int16 or float32, or ``(rows, columns, 3)``
    of uint8 (RGB). The modality value (HU for CT) is ``values * slope + intercept``.
    """

    values: NDArray[Any]
    slope: float = 1.0
    intercept: float = 0.0
    windows: tuple[Window, ...] = ()
    """What the file proposes, modality units."""
    voi_function: VoiFunction = "LINEAR"
    voi_table: LookupTable | None = None
    """Used when no window is given and the file proposes none."""
    inverted: bool = False
    """MONOCHROME1: the lowest value is white."""
    padding: tuple[int, int] | None = None
    """Stored values (lowest, highest) that are no picture."""
    unit: str = ""
    """Of the modality values: ``HU``, ``SUVbw``... or empty."""

    @property
    def colour(self) -> bool:
        """Whether it is an RGB picture."""
        return self.values.ndim == 3

    def modality_value(self, row: int, column: int) -> float | tuple[int, int, int]:
        """Value of one pixel: HU for CT, activity for PET, RGB for colour."""
        if self.colour:
            red, green, blue = (int(part) for part in self.values[row, column])
            return red, green, blue
        return float(self.values[row, column]) * self.slope + self.intercept


def is_plain(instance: Instance) -> bool:
    """Whether reading the pixels is no more than copying bytes whose number was proven before."""
    layout = instance.layout
    return (
        not layout.encapsulated
        and layout.length is not None
        and layout.transfer_syntax != DEFLATED_LE
        and not instance.has_tables
    )


class FrameReader:
    """Reads frames of instances in this process; safe to use from several threads.

    Broken streams may crash or hold up the decoders: `isolation.SafeReader` leaves all that is not
    plain to worker processes.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._spans: OrderedDict[Path, tuple[FrameSpans, ...]] = OrderedDict()
        self._tables: OrderedDict[Path, Tables] = OrderedDict()
        self._inflated: OrderedDict[Path, bytes] = OrderedDict()

    def read(
        self, instance: Instance, frame: int = 0, out: NDArray[Any] | None = None
    ) -> FramePixels:
        """Read and decode one frame.

        Parameters
        ----------
        instance
            The file.
        frame
            Counted from 0.
        out
            Where the values go if their type and shape fit (a slot of a volume).

        Raises
        ------
        DecodeError
            The pixels can't be had; says why.
        """
        layout = instance.layout
        if layout.transfer_syntax == DRAWN:
            return FramePixels(drawn_frame(instance, frame))
        if layout.transfer_syntax not in NATIVE_SYNTAXES | SUPPORTED:
            raise DecodeError("error.decode_unsupported", syntax=layout.transfer_syntax)
        try:
            if out is not None and is_plain(instance) and _is_direct(layout, out):
                self._read_into(instance, frame, out)
                return _described(out, instance, frame, Tables())
            samples, converted = self._samples(instance, frame)
            tables = self._tables_of(instance)
            return _assemble(instance, frame, samples, tables, out, converted=converted)
        except OSError as error:
            raise DecodeError("error.decode_missing", detail=error.strerror or "") from error
        except MemoryError as error:
            raise DecodeError("error.decode_too_large") from error
        except EOFError as error:
            raise DecodeError("error.decode_truncated", detail=str(error)) from error
        except (CodecError, FragmentError, HeaderError, ValueError, TypeError, IndexError) as error:
            raise DecodeError("error.decode_failed", detail=str(error)[:200]) from error

    @staticmethod
    def _read_into(instance: Instance, frame: int, out: NDArray[Any]) -> None:
        """Read a frame's bytes to where they shall stay, and extend the sign there."""
        layout = instance.layout
        with open_file(instance.path) as file:
            file.seek(layout.offset + frame * out.nbytes)
            if file.readinto(out.data.cast("B")) < out.nbytes:  # type: ignore[attr-defined]
                raise EOFError(f"fewer than {out.nbytes} bytes")
        spare = 16 - layout.bits_stored
        if spare and layout.signed:
            np.left_shift(out, spare, out=out)
            np.right_shift(out, spare, out=out)
        elif spare:
            np.bitwise_and(out, (1 << layout.bits_stored) - 1, out=out)

    def raw_samples(self, instance: Instance, frame: int = 0) -> NDArray[Any]:
        """Samples as they lie in the file, with all their bits; errors as codecs raise them."""
        return self._samples(instance, frame)[0]

    def _samples(self, instance: Instance, frame: int) -> tuple[NDArray[Any], bool]:
        layout = instance.layout
        if not layout.encapsulated and layout.length is not None:
            return native_samples(self._native_bytes(instance, frame), layout, frame), False
        with open_file(instance.path) as file:
            try:
                spans = self._spans_of(instance, file)[frame]
            except FragmentError:
                return self._despite_syntax(instance, frame), False
            data = b"".join(_exactly(file, at, length) for at, length in spans)
        return decode(data, layout)

    def _despite_syntax(self, instance: Instance, frame: int) -> NDArray[Any]:
        """Uncompressed pixels whose header claims a compressed transfer syntax."""
        layout = replace(instance.layout, transfer_syntax=EXPLICIT_LE)
        if (layout.length or 0) * 8 < layout.frame_bits * layout.frames:
            raise FragmentError("neither fragments nor enough bytes for plain pixels")
        return native_samples(
            self._native_bytes(replace(instance, layout=layout), frame), layout, frame
        )

    def _native_bytes(self, instance: Instance, frame: int) -> bytes:
        layout = instance.layout
        start = layout.frame_bits * frame // 8
        length = (layout.frame_bits * (frame + 1) + 7) // 8 - start
        if layout.swapped:
            skipped, start = start % 2, start - start % 2
            pairs = np.frombuffer(
                self._bytes_at(instance, start, (length + skipped + 1) // 2 * 2), ">u2"
            )
            return pairs.astype("<u2").tobytes()[skipped : skipped + length]
        return self._bytes_at(instance, start, length)

    def _bytes_at(self, instance: Instance, start: int, length: int) -> bytes:
        layout = instance.layout
        if layout.transfer_syntax != DEFLATED_LE:
            with open_file(instance.path) as file:
                return _exactly(file, layout.offset + start, length)
        content = self._inflated_bytes(instance.path)
        data = content[layout.offset + start : layout.offset + start + length]
        if len(data) < length:
            raise EOFError(f"{len(data)} bytes of {length}")
        return data

    def _inflated_bytes(self, path: Path) -> bytes:
        from surgery_assist.imaging.reader import inflated  # noqa: PLC0415  (only for these files)

        with self._lock:
            if path in self._inflated:
                return self._inflated[path]
        with open_file(path) as file:
            content = inflated(file)[0]
            content.seek(0)
            data = content.read()
        _remember(self._lock, self._inflated, path, data, 2)
        return data

    def _spans_of(self, instance: Instance, file: BinaryIO) -> tuple[FrameSpans, ...]:
        with self._lock:
            if instance.path in self._spans:
                return self._spans[instance.path]
        found = frame_spans(file, instance.layout, file.seek(0, os.SEEK_END))
        _remember(self._lock, self._spans, instance.path, found, _KEPT)
        return found

    def _tables_of(self, instance: Instance) -> Tables:
        if not instance.has_tables:
            return Tables()
        with self._lock:
            if instance.path in self._tables:
                return self._tables[instance.path]
        tables = read_tables(instance.path)
        _remember(self._lock, self._tables, instance.path, tables, _KEPT)
        return tables


def _remember(
    lock: Lock, memory: "OrderedDict[Path, Any]", path: Path, value: Any, keep: int
) -> None:
    with lock:
        memory[path] = value
        while len(memory) > keep:
            memory.popitem(last=False)


def _exactly(file: Any, offset: int, length: int) -> bytes:
    file.seek(offset)
    data: bytes = file.read(length)
    if len(data) < length:
        raise EOFError(f"{len(data)} bytes of {length}")
    return data


def _is_direct(layout: PixelLayout, out: NDArray[Any]) -> bool:
    """Whether the bytes of a frame are its values, but for unused high bits."""
    return (
        layout.samples == 1
        and not layout.colour
        and layout.kind == "integer"
        and layout.bits_allocated == 16
        and layout.high_bit == layout.bits_stored - 1
        and not layout.big_endian
        and sys.byteorder == "little"
        and out.dtype == values_dtype(layout)
        and out.shape == (layout.rows, layout.columns)
        and out.flags.c_contiguous
    )


def _assemble(
    instance: Instance,
    frame: int,
    samples: NDArray[Any],
    tables: Tables,
    out: NDArray[Any] | None,
    *,
    converted: bool,
) -> FramePixels:
    layout = instance.layout
    if layout.colour:
        return FramePixels(to_rgb(samples, layout, tables, converted=converted))
    values = stored_values(samples, layout)
    if tables.modality is not None:
        values = tables.modality.applied(values)
    return _described(fitted(values, out), instance, frame, tables)


def fitted(values: NDArray[Any], out: NDArray[Any] | None) -> NDArray[Any]:
    """``out`` with the values in it if they fit, else the values."""
    if out is None or out.shape != values.shape or out.dtype != values.dtype:
        return values
    np.copyto(out, values)
    return out


def _described(values: NDArray[Any], instance: Instance, frame: int, tables: Tables) -> FramePixels:
    """Values with what they mean."""
    info = instance.frames[min(frame, len(instance.frames) - 1)]
    slope, intercept, padding = info.slope, info.intercept, instance.padding
    if tables.modality is not None:
        slope, intercept, padding = 1.0, 0.0, None
    return FramePixels(
        values,
        slope=slope,
        intercept=intercept,
        windows=info.windows,
        voi_function=instance.voi_function,
        voi_table=tables.voi,
        inverted=instance.layout.photometric == "MONOCHROME1",
        padding=padding,
        unit=instance.unit if tables.modality is None else "",
    )


def values_dtype(layout: PixelLayout) -> np.dtype[Any]:
    """Type of the stored values of a grey frame."""
    if layout.kind != "integer" or layout.bits_allocated > 16:
        return np.dtype(np.float32)
    if layout.signed:
        return np.dtype(np.int16)
    return np.dtype(np.uint8 if layout.bits_allocated <= 8 else np.uint16)
