"""What a header says of an image that a surgeon must know before trusting it."""

from typing import Final

from surgery_assist.imaging.elements import Elements
from surgery_assist.imaging.records import PixelLayout
from surgery_assist.model.study import Finding

_JPEG: Final = "1.2.840.10008.1.2.4."
_LOSSY_SYNTAXES: Final = frozenset(
    _JPEG + process for process in ("50", "51", "53", "55", "81", "91", "112", "203")
)
"""Compressions that may lose something; .91, .112 and .203 need not, but no file says so."""
_MAYBE_LOSSLESS: Final = frozenset(_JPEG + process for process in ("91", "112", "203"))
_PROJECTION: Final = frozenset({"CR", "DX", "MG", "XA", "RF", "PX", "IO", "RG"})
_SCALED: Final = _PROJECTION | {"US"}
"""Modalities whose pictures people measure and that need not have a scale."""
PAIRED_PARTS: Final = frozenset({
    "ANKLE", "ARM", "AXILLA", "BREAST", "CALCANEUS", "CLAVICLE", "EAR", "ELBOW", "EYE", "FEMUR",
    "FINGER", "FOOT", "FOREARM", "HAND", "HIP", "HUMERUS", "IAC", "KIDNEY", "KNEE", "LEG",
    "ORBIT", "PATELLA", "RADIUS", "RADIUSULNA", "SCAPULA", "SHOULDER", "THIGH", "THUMB", "TIBIA",
    "TIBIAFIBULA", "TMJ", "TOE", "ULNA", "WRIST", "ZYGOMA", "UPPERARM", "LOWERLEG", "UPPERLEG",
})  # fmt: skip
"""Body Part Examined (PS3.16 annex L) of which everyone has two: the side must be known."""


def header_findings(header: Elements, spacing: tuple[float, float] | None) -> tuple[Finding, ...]:
    """Findings that follow from one file alone."""
    found = []
    modality = header.code(0x00080060, 16)
    if header.code(0x00280301, 3) == "YES":
        found.append(Finding("burned_in"))
    if spacing is None and modality in _SCALED:
        found.append(Finding("uncalibrated"))
    part = header.code(0x00180015, 16).replace(" ", "")
    if (modality == "MG" or part in PAIRED_PARTS) and not _side(header):
        found.append(Finding("no_laterality", (("part", part or "BREAST"),)))
    return tuple(found)


def lossy_finding(header: Elements, layout: PixelLayout, size: int) -> Finding | None:
    """Whether details were lost by compression, now or before, and how strong it was.

    Parameters
    ----------
    header
        Of the file.
    layout
        Of its pixels.
    size
        Bytes that the pixels take in the file.
    """
    declared, syntax = header.code(0x00282110, 2), layout.transfer_syntax
    if declared != "01" and (syntax not in _LOSSY_SYNTAXES or _denied(declared, syntax)):
        return None
    ratio = header.number(0x00282112) or 0.0
    if ratio <= 1.0 and layout.encapsulated:
        ratio = layout.frame_bits // 8 * layout.frames / size
    if ratio <= 1.0:
        return Finding("lossy", (("ratio", "?"),))
    return Finding("lossy", (("ratio", f"{ratio:.1f}" if ratio < 10.0 else f"{ratio:.0f}"),))


def _denied(declared: str, syntax: str) -> bool:
    """Syntaxes that may be either are lossless when the header says so, or says nothing."""
    return syntax in _MAYBE_LOSSLESS and declared in ("00", "")


def _side(header: Elements) -> str:
    for tag in (0x00200062, 0x00200060):
        side = header.code(tag, 1).upper()
        if side in ("L", "R", "B", "U"):
            return side
    return ""
