"""Plain headers read in one pass, several times faster than by a full parser.

Only the common case: preamble, little endian, ascending tags, pixel data at the end. For anything
else the answer is ``None`` and a worker process does it with pydicom.
"""

import struct
from typing import Final, NamedTuple

from surgery_assist.imaging.records import DEFLATED_LE, EXPLICIT_BE, IMPLICIT_LE
from surgery_assist.imaging.tags import HEADER_TAGS

CHUNK: Final = 1 << 16
"""Bytes at the start of a file in which the whole header must lie."""
MAX_DEPTH: Final = 8
_META: Final = 132
_TRANSFER_SYNTAX: Final = 0x00020010
_SOP_CLASS: Final = 0x00080016
_META_GROUP: Final = b"\x02\x00"
_PIXELS: Final = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
_WANTED: Final = frozenset((*HEADER_TAGS, _TRANSFER_SYNTAX))
_SEQUENCES: Final = frozenset(
    {0x00081032, 0x00082112, 0x00186011, 0x00283000, 0x00283010, 0x00540016, 0x52009229, 0x52009230}
)
"""Those of the wanted elements that are sequences, which implicit VR does not tell."""
_UNDEFINED: Final = 0xFFFFFFFF
_ITEM: Final = 0xFFFEE000
_ITEM_END: Final = 0xFFFEE00D
_SEQUENCE_END: Final = 0xFFFEE0DD
_LONG_VRS: Final = frozenset(
    vr.encode()
    for vr in ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
)
_SHORT_VRS: Final = frozenset(
    vr.encode()
    for vr in (
        "AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "PN", "SH", "SL",
        "SS", "ST", "TM", "UI", "UL", "US",
    )
)  # fmt: skip

_SHORT_HEAD: Final = struct.Struct("<HH2xH").unpack_from
_NAMES: Final = {vr: vr.decode() for vr in _SHORT_VRS | _LONG_VRS}


class RawElement(NamedTuple):
    """An element as it stands in the file; shaped like pydicom's. Implicit VR is ``UN``."""

    value: bytes | None
    VR: str
    is_little_endian: bool = True


class RawElements(dict[int, RawElement]):
    """Elements by tag; those of sequences have no value but items."""

    def __init__(self) -> None:
        super().__init__()
        self.sequences: dict[int, list[RawElements]] = {}

    def get_item(self, tag: int) -> RawElement:
        """An element, as pydicom's data sets give it."""
        return self[tag]


class FastHeader(NamedTuple):
    """Wanted elements, the transfer syntax, and where the pixel data element begins."""

    elements: RawElements
    syntax: str
    pixels_at: int
    implicit: bool


class _NotPlainError(Exception):
    """Something that only a full parser should judge."""


class _Element(NamedTuple):
    """Where an element's value lies; ``length`` may be undefined."""

    tag: int
    vr: bytes
    start: int
    length: int


def fast_header(data: bytes) -> FastHeader | None:
    """Read the header at the start of a file; ``None`` when it is not a plain one."""
    if data[_META - 4 : _META] != b"DICM":
        return None
    try:
        return _header(data)
    except (_NotPlainError, struct.error):
        return None


def _header(data: bytes) -> FastHeader:
    elements = RawElements()
    at, last, in_meta, implicit = _META, 0, True, False
    while True:
        if in_meta and data[at : at + 2] != _META_GROUP:
            in_meta, implicit = False, _syntax(elements) == IMPLICIT_LE
        if not implicit and data[at + 4 : at + 6] in _SHORT_VRS:  # most elements: no calls
            group, number, length = _SHORT_HEAD(data, at)
            tag, start, at = group << 16 | number, at + 8, at + 8 + length
            if tag <= last or at > len(data):
                raise _NotPlainError
            if tag in _WANTED:
                elements[tag] = RawElement(
                    data[start:at] or None, _NAMES[data[start - 4 : start - 2]]
                )
            last = tag
            continue
        element = _element(data, at, implicit=implicit)
        if element.tag in _PIXELS:
            return _finished(elements, at, implicit=implicit)
        if element.tag <= last:
            raise _NotPlainError
        last = element.tag
        at = _entered(elements, data, element, implicit=implicit, wanted=element.tag in _WANTED)


def _element(data: bytes, at: int, *, implicit: bool) -> _Element:
    group, number = struct.unpack_from("<HH", data, at)
    tag = group << 16 | number
    if implicit or group == 0xFFFE:
        (length,) = struct.unpack_from("<I", data, at + 4)
        return _Element(tag, b"UN", at + 8, length)
    vr = data[at + 4 : at + 6]
    if vr in _SHORT_VRS:
        return _Element(tag, vr, at + 8, data[at + 6] | data[at + 7] << 8)
    if vr in _LONG_VRS:
        (length,) = struct.unpack_from("<I", data, at + 8)
        return _Element(tag, vr, at + 12, length)
    raise _NotPlainError


def _entered(
    elements: RawElements,
    data: bytes,
    element: _Element,
    *,
    implicit: bool,
    wanted: bool,
    depth: int = 0,
) -> int:
    """Enter an element if it is wanted; where the next one begins."""
    tag, vr, start, length = element
    undefined = length == _UNDEFINED
    if undefined and vr not in (b"SQ", b"UN"):
        raise _NotPlainError
    if undefined and vr == b"UN" and not implicit:
        raise _NotPlainError  # its items are of implicit VR (PS3.5 section 6.2.2)
    end = start + length
    if not undefined and end > len(data):
        raise _NotPlainError
    is_sequence = undefined or vr == b"SQ" or (implicit and tag in _SEQUENCES)
    if not is_sequence:
        if wanted:
            elements[tag] = RawElement(data[start:end] or None, _NAMES[vr])
        return end
    if not undefined and not wanted:
        return end
    items, after = _items(
        data, start, None if undefined else end, implicit=implicit, depth=depth + 1
    )
    if wanted:
        elements[tag] = RawElement(None, "SQ")
        elements.sequences[tag] = items
    return after


def _items(
    data: bytes,
    at: int,
    end: int | None,
    *,
    implicit: bool,
    depth: int,
) -> tuple[list[RawElements], int]:
    """Items of a sequence, up to ``end`` or to its delimiter, and where it ends."""
    if depth > MAX_DEPTH:
        raise _NotPlainError
    items: list[RawElements] = []
    while end is None or at < end:
        tag, _, start, length = _element(data, at, implicit=True)
        if tag == _SEQUENCE_END and end is None:
            return items, start
        if tag != _ITEM:
            raise _NotPlainError
        item_end = None if length == _UNDEFINED else start + length
        if item_end is not None and item_end > len(data):
            raise _NotPlainError
        item, at = _item(data, start, item_end, implicit=implicit, depth=depth)
        items.append(item)
    return items, at


def _item(
    data: bytes,
    at: int,
    end: int | None,
    *,
    implicit: bool,
    depth: int,
) -> tuple[RawElements, int]:
    item = RawElements()
    while end is None or at < end:
        element = _element(data, at, implicit=implicit)
        if element.tag == _ITEM_END and end is None:
            return item, element.start
        at = _entered(item, data, element, implicit=implicit, wanted=True, depth=depth)
    if at != end:
        raise _NotPlainError
    return item, at


def _syntax(elements: RawElements) -> str:
    named = elements.get(_TRANSFER_SYNTAX)
    value = named.value if named is not None else None
    return value.rstrip(b"\0 ").decode("latin-1") if value is not None else ""


def _finished(elements: RawElements, at: int, *, implicit: bool) -> FastHeader:
    syntax = _syntax(elements)
    elements.pop(_TRANSFER_SYNTAX, None)
    if _SOP_CLASS not in elements or syntax in (EXPLICIT_BE, DEFLATED_LE):
        raise _NotPlainError
    if not syntax.replace(".", "").isdigit():
        raise _NotPlainError
    return FastHeader(elements, syntax, at, implicit)
