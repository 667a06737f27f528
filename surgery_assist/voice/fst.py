"""Weighted transducers in OpenFst's binary vector format, as Vosk reads ``HCLG.fst``.

Written by our own code: pynini has no Windows wheel, and OpenFst's Python packages hang or
crash in one process with Vosk.

References
----------
OpenFst: ``fst/fst.cc`` (``FstHeader::Write``), ``fst/vector-fst.h``.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

_MAGIC: Final = 2125659606
_VERSION: Final = 2
_EXPANDED_AND_MUTABLE: Final = 3
_HEADER: Final = struct.Struct("<iiQqqq")
_STATE: Final = struct.Struct("<fq")
_ARC: Final = struct.Struct("<iifi")

NOT_FINAL: Final = float("inf")


class FstArc(NamedTuple):
    """Input label (transition id), output label (word id or 0), weight, next state."""

    input: int
    output: int
    weight: float
    target: int


@dataclass(slots=True)
class FstState:
    """Arcs of a state; ``final`` is the weight of ending here."""

    arcs: list[FstArc] = field(default_factory=list)
    final: float = NOT_FINAL


def encode_fst(states: Sequence[FstState]) -> bytes:
    """The bytes of a vector transducer over the tropical semiring; state 0 is the start."""
    arc_count = sum(len(state.arcs) for state in states)
    parts = [
        struct.pack("<i", _MAGIC),
        _string("vector"),
        _string("standard"),
        _HEADER.pack(_VERSION, 0, _EXPANDED_AND_MUTABLE, 0, len(states), arc_count),
    ]
    for state in states:
        parts.append(_STATE.pack(state.final, len(state.arcs)))
        parts.extend(_ARC.pack(*arc) for arc in state.arcs)
    return b"".join(parts)


def _string(text: str) -> bytes:
    data = text.encode("ascii")
    return struct.pack("<i", len(data)) + data
