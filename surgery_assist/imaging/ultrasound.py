"""Regions of ultrasound pictures, each with its own scale (PS3.3 C.8.5.5)."""

from typing import Final

from surgery_assist.imaging.elements import Elements
from surgery_assist.model.study import UltrasoundRegion

_KINDS: Final = {1: "tissue", 2: "colour flow", 3: "spectral", 4: "spectral"}
_SPATIAL_FORMATS: Final = {1: "", 2: "m mode", 3: "spectral", 4: "waveform", 5: "graphics"}
_CENTIMETRES: Final = 3
MAX_REGIONS: Final = 64


def ultrasound_regions(header: Elements) -> tuple[UltrasoundRegion, ...]:
    """Regions in the order of the file; those that are empty or upside down are left out."""
    found: list[UltrasoundRegion] = []
    for region in header.items(0x00186011):
        corners = [_long(region, tag) for tag in (0x00186018, 0x0018601A, 0x0018601C, 0x0018601E)]
        left, top, right, bottom = corners
        if left is None or top is None or right is None or bottom is None:
            continue
        if not 0 <= left <= right < 1 << 16 or not 0 <= top <= bottom < 1 << 16:
            continue
        kind = _SPATIAL_FORMATS.get(region.short(0x00186012, 0) or 0, "")
        kind = kind or _KINDS.get(region.short(0x00186014, 0) or 0, "")
        found.append(UltrasoundRegion(left, top, right + 1, bottom + 1, kind, _spacing(region)))
        if len(found) >= MAX_REGIONS:
            break
    return tuple(found)


def _long(region: Elements, tag: int) -> int | None:
    values = region.doubles(tag)
    return int(values[0]) if values else None


def _spacing(region: Elements) -> tuple[float, float] | None:
    """Row and column spacing, mm, when both axes are lengths."""
    units = region.short(0x00186024), region.short(0x00186026)
    across, down = region.doubles(0x0018602C), region.doubles(0x0018602E)
    if units != (_CENTIMETRES, _CENTIMETRES) or not across or not down:
        return None
    spacing = abs(down[0]) * 10.0, abs(across[0]) * 10.0
    return spacing if all(1e-6 < mm < 1e4 for mm in spacing) else None


def common_spacing(regions: tuple[UltrasoundRegion, ...]) -> tuple[float, float] | None:
    """Spacing of the whole picture: that of its tissue regions, when they agree."""
    spacings = [region.spacing for region in regions if region.spacing is not None]
    if not spacings:
        return None
    first = spacings[0]
    same = all(
        abs(mm - other) <= 1e-3 * other
        for spacing in spacings
        for mm, other in zip(spacing, first, strict=True)
    )
    return first if same else None
