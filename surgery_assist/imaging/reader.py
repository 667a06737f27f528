"""One file: whether it is DICOM, whether there is a picture, what its header says.

Headers only; pixels stay where they are. Every claim about size is checked against the bytes that
are present before anything of that size is allocated.
"""

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from surgery_assist.imaging.archives import open_file
from surgery_assist.imaging.codecs import SUPPORTED
from surgery_assist.imaging.elements import Elements
from surgery_assist.imaging.fast_header import CHUNK, fast_header
from surgery_assist.imaging.headers import PixelElement, instance_from
from surgery_assist.imaging.objects.catalogue import drawn_or_object
from surgery_assist.imaging.quiet import quiet_pydicom
from surgery_assist.imaging.records import (
    DEFLATED_LE,
    EXPLICIT_BE,
    EXPLICIT_LE,
    IMPLICIT_LE,
    NATIVE_SYNTAXES,
    HeaderError,
    Instance,
    OtherObject,
)
from surgery_assist.imaging.tags import HEADER_TAGS

PREAMBLE: Final = 128
MAX_INFLATED: Final = 1 << 30
VIDEO: Final = frozenset(
    f"1.2.840.10008.1.2.4.{process}"
    for process in (*range(100, 109), *(f"{number}.1" for number in range(100, 107)))
)
"""MPEG-2, MPEG-4 and HEVC: no decoder with a fitting licence comes as a wheel for Windows."""
_UNDEFINED: Final = 0xFFFFFFFF
_LONG_VRS: Final = (b"OB", b"OW", b"OF", b"OD", b"UN", b"OL", b"OV")
_VRS: Final = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OF OW PN SH SL SQ SS ST TM UI UL UN US UT".split()
)
_NO_PICTURE: Final = ("SEG", "SR", "KO", "PR", "RTSTRUCT", "RTPLAN", "DOC", "M3D", "ECG")


def warm_up() -> None:
    """Import what reading and decoding need, so that the first file does not wait for it."""
    import imagecodecs

    quiet_pydicom()
    import pydicom.filereader  # noqa: PLC0415  (start-up time)

    _ = imagecodecs.jpeg2k_decode, pydicom.filereader.dcmread


def read_file(path: Path) -> Instance | OtherObject:
    """Read the header of one file.

    Raises
    ------
    HeaderError
        With the reason why the file is refused.
    """
    found = _typed_errors(path, plain_only=False)
    if found is None:  # pragma: no cover  (only plain_only gives nothing)
        raise HeaderError("bad_header")
    return found


def read_plain_file(path: Path) -> Instance | OtherObject | None:
    """Read a header if it is a plain one, in which nothing can go wrong; else ``None``.

    Raises
    ------
    HeaderError
        The file is plainly no image.
    """
    return _typed_errors(path, plain_only=True)


def read_masks(path: Path) -> Instance:
    """Read the header of a segmentation as if it were an image: its frames are masks.

    Raises
    ------
    HeaderError
        With the reason why there are none.
    """
    found = _typed_errors(path, plain_only=False, masks=True)
    if not isinstance(found, Instance):
        raise HeaderError("no_pixels")
    return found


def _typed_errors(
    path: Path, *, plain_only: bool, masks: bool = False
) -> Instance | OtherObject | None:
    try:
        with open_file(path) as file:
            return _read(file, path, plain_only=plain_only, masks=masks)
    except OSError as error:
        raise HeaderError("not_readable", error.strerror or "") from error
    except HeaderError:
        raise
    except RecursionError as error:
        raise HeaderError("bad_header", "nested too deeply") from error
    except Exception as error:
        raise HeaderError("bad_header", type(error).__name__) from error


def sniff(start: bytes, size: int) -> bool:
    """Whether bytes at the start of a file look like DICOM (PS3.10 section 7.1, or bare data)."""
    if start[PREAMBLE : PREAMBLE + 4] == b"DICM":
        return True
    if len(start) < 8:
        return False
    for order in "<>":
        group, element = struct.unpack(f"{order}HH", start[:4])
        if group not in (0x0002, 0x0008) or element > 0x0060:
            continue
        if start[4:6] in _VRS:
            return True
        (length,) = struct.unpack(f"{order}I", start[4:8])
        if length <= min(size - 8, 1024):
            return True
    return False


def _read(
    file: BinaryIO, path: Path, *, plain_only: bool = False, masks: bool = False
) -> Instance | OtherObject | None:
    size = file.seek(0, 2)
    if size == 0:
        raise HeaderError("empty")
    file.seek(0)
    start = file.read(CHUNK)
    if not sniff(start, size):
        raise HeaderError("zip_unreadable" if start[:4] == b"PK\x03\x04" else "not_dicom")
    plain = fast_header(start)
    if plain is not None:
        file.seek(plain.pixels_at)
        header, syntax, implicit, little = (
            Elements(plain.elements),
            plain.syntax,
            plain.implicit,
            True,
        )
        sop_class = header.code(0x00080016)
    elif plain_only:
        return None
    else:
        file.seek(0)
        if DEFLATED_LE.encode() in start[PREAMBLE:]:
            file, size = inflated(file)
        header, syntax, sop_class, implicit, little = _parsed(file)
    pixels = _pixel_element(file, implicit=implicit, little=little)
    modality = header.code(0x00080060, 16)
    if pixels is None or (modality in _NO_PICTURE and not masks):
        return None if plain_only else _without_picture(header, path, sop_class, modality)
    if syntax not in NATIVE_SYNTAXES | SUPPORTED:
        if syntax in VIDEO:
            raise HeaderError("video", syntax)
        if pixels.length is None:
            raise HeaderError("unsupported_transfer_syntax", syntax)
        # A private name for uncompressed pixels: the size check tells whether that can be.
        syntax = (EXPLICIT_LE if not implicit else IMPLICIT_LE) if little else EXPLICIT_BE
    return instance_from(header, path, sop_class=sop_class, syntax=syntax, pixels=pixels, size=size)


def _parsed(file: BinaryIO) -> tuple[Elements, str, str, bool, bool]:
    """Header, transfer syntax, SOP class, implicit VR?, little endian?; by pydicom.

    The file is left at the pixel data.
    """
    quiet_pydicom()
    from pydicom.filereader import dcmread  # noqa: PLC0415  (start-up time)

    dataset = dcmread(file, stop_before_pixels=True, force=True, specific_tags=list(HEADER_TAGS))
    implicit, little = bool(dataset.is_implicit_VR), bool(dataset.is_little_endian)
    meta = getattr(dataset, "file_meta", None)
    declared = str(meta.get("TransferSyntaxUID", "") or "") if meta is not None else ""
    if isinstance(file, BytesIO):
        syntax = DEFLATED_LE
    elif _plausible_uid(declared):
        syntax = declared
    else:
        syntax = (IMPLICIT_LE if implicit else EXPLICIT_LE) if little else EXPLICIT_BE
    header = Elements(dataset)
    sop_class = header.code(0x00080016)
    if not sop_class and meta is not None:
        sop_class = str(meta.get("MediaStorageSOPClassUID", "") or "")
    return header, syntax, sop_class, implicit, little


def _plausible_uid(text: str) -> bool:
    return 0 < len(text) <= 64 and text.replace(".", "").isdigit()


def inflated(file: BinaryIO) -> tuple[BinaryIO, int]:
    """A deflated file as its uncompressed twin (PS3.5 annex A.5), in memory.

    Raises
    ------
    HeaderError
        The stream is corrupt or grows beyond all reason.
    """
    data = file.read()
    body, syntax = _meta_end(data)
    if syntax != DEFLATED_LE:
        file.seek(0)
        return file, len(data)
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = unpacker.decompress(data[body:], MAX_INFLATED)
    except zlib.error as error:
        raise HeaderError("bad_header", "corrupt deflate stream") from error
    if unpacker.unconsumed_tail:
        raise HeaderError("size_lie", "inflates beyond 1 GiB")
    # Declared as explicit little endian, padded to the same length, so that offsets stay simple.
    head = data[:body].replace(DEFLATED_LE.encode(), EXPLICIT_LE.encode() + b"\0\0\0", 1)
    return BytesIO(head + content), body + len(content)


def _meta_end(data: bytes) -> tuple[int, str]:
    """Where group 2 ends, by walking its elements, and the transfer syntax in it."""
    at, syntax = PREAMBLE + 4, ""
    while at + 8 <= len(data) and data[at : at + 2] == b"\x02\x00":
        element = data[at + 2 : at + 4]
        if data[at + 4 : at + 6] in _LONG_VRS:
            at, length = at + 12, int(struct.unpack_from("<I", data, at + 8)[0])
        else:
            at, length = at + 8, int(struct.unpack_from("<H", data, at + 6)[0])
        if element == b"\x10\x00":
            syntax = data[at : at + length].decode("latin-1").strip(" \0")
        at += length
    return at, syntax


def _pixel_element(file: BinaryIO, *, implicit: bool, little: bool) -> PixelElement | None:
    """The pixel data element that comes next, if one does."""
    start = file.read(12)
    order = "<" if little else ">"
    if len(start) < 8:
        return None
    group, element = struct.unpack(f"{order}HH", start[:4])
    if group != 0x7FE0 or element not in (0x0008, 0x0009, 0x0010):
        return None
    at = file.tell() - len(start)
    if implicit:
        (length,) = struct.unpack(f"{order}I", start[4:8])
        offset = at + 8
    elif start[4:6] in _LONG_VRS:
        if len(start) < 12:
            return None
        (length,) = struct.unpack(f"{order}I", start[8:12])
        offset = at + 12
    else:
        (length,) = struct.unpack(f"{order}H", start[6:8])
        offset = at + 8
    words = implicit or start[4:6] == b"OW"
    return PixelElement(element, None if length == _UNDEFINED else length, offset, words)


def _without_picture(
    header: Elements, path: Path, sop_class: str, modality: str
) -> Instance | OtherObject:
    quiet_pydicom()
    from pydicom.uid import UID  # noqa: PLC0415  (start-up time)

    if not _plausible_uid(sop_class):
        sop_class = ""
    name = UID(sop_class).name if sop_class else ""
    if name == "Media Storage Directory Storage":
        return OtherObject(path, "DICOMDIR")
    is_image = "Image Storage" in name or header.short(0x00280010) is not None
    if modality in _NO_PICTURE or (sop_class and not is_image):
        return drawn_or_object(path, sop_class, modality or name)
    if not sop_class and not header.code(0x0020000D) and not header.code(0x00080018):
        raise HeaderError("not_dicom", "no identity, no picture")
    raise HeaderError("no_pixels")
