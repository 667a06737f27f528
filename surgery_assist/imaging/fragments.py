"""Where each frame's bytes are in encapsulated pixel data (DICOM PS3.5 annex A.4)."""

import struct
from itertools import pairwise
from typing import BinaryIO, Final

from surgery_assist.imaging.records import PixelLayout

_ITEM: Final = 0xFFFEE000
_DELIMITER: Final = 0xFFFEE0DD
_RLE: Final = "1.2.840.10008.1.2.5"
MAX_FRAGMENTS: Final = 1_000_000

Span = tuple[int, int]
"""Offset in the file and length in bytes."""
FrameSpans = tuple[Span, ...]
"""Fragments of one frame, in order."""


class FragmentError(ValueError):
    """The fragments contradict the file or each other."""


def frame_spans(file: BinaryIO, layout: PixelLayout, size: int) -> tuple[FrameSpans, ...]:
    """Fragments of every frame, found by walking the item headers; no pixel data are read.

    Raises
    ------
    FragmentError
        No item, or nothing that could be divided among the frames.
    """
    table, fragments = _walk(file, layout, size)
    if not fragments:
        raise FragmentError("no fragment")
    if layout.frames == 1:
        return (tuple(fragments),)
    if len(fragments) == layout.frames:
        return tuple((fragment,) for fragment in fragments)
    if len(table) == layout.frames:
        found = _by_table(table, fragments)
        if found is not None:
            return found
    return _by_markers(file, fragments, layout)


def _walk(file: BinaryIO, layout: PixelLayout, size: int) -> tuple[list[int], list[Span]]:
    file.seek(layout.offset)
    order = ">" if layout.big_endian else "<"
    table: list[int] = []
    fragments: list[Span] = []
    at = layout.offset
    first = True
    while at + 8 <= size and len(fragments) < MAX_FRAGMENTS:
        file.seek(at)
        group, element, length = struct.unpack(f"{order}HHI", file.read(8))
        at += 8
        tag = group << 16 | element
        if tag == _DELIMITER:
            break
        if tag != _ITEM:
            if fragments:
                break
            raise FragmentError("no item where one must be")
        length = min(length, size - at)
        if first:
            raw = file.read(min(length, 4 * MAX_FRAGMENTS))
            table = list(struct.unpack(f"{order}{len(raw) // 4}I", raw[: len(raw) // 4 * 4]))
            first = False
        elif length:
            fragments.append((at, length))
        at += length
    return table, fragments


def _by_table(table: list[int], fragments: list[Span]) -> tuple[FrameSpans, ...] | None:
    """Divide by the basic offset table, whose offsets count from the first fragment's item."""
    base = fragments[0][0] - 8
    starts = {at - 8 - base: position for position, (at, _) in enumerate(fragments)}
    if table != sorted(table) or any(offset not in starts for offset in table):
        return None
    cuts = [starts[offset] for offset in table] + [len(fragments)]
    frames = tuple(tuple(fragments[a:b]) for a, b in pairwise(cuts))
    return frames if all(frames) else None


def _by_markers(
    file: BinaryIO, fragments: list[Span], layout: PixelLayout
) -> tuple[FrameSpans, ...]:
    """A frame starts where a fragment starts with the codec's first marker."""
    starts: list[list[Span]] = []
    for at, length in fragments:
        file.seek(at)
        begins = _starts_image(file.read(4), layout)
        if begins or not starts:
            starts.append([])
        starts[-1].append((at, length))
    if len(starts) != layout.frames:
        raise FragmentError(f"{len(fragments)} fragments for {layout.frames} frames")
    return tuple(map(tuple, starts))


def _starts_image(start: bytes, layout: PixelLayout) -> bool:
    if layout.transfer_syntax == _RLE:
        return True
    return start[:3] == b"\xff\xd8\xff" or start[:4] in (b"\xff\x4f\xff\x51", b"\0\0\0\x0c")
