"""Enhanced multi-frame objects: what the functional groups say of every frame (PS3.3 C.7.6.16)."""

from surgery_assist.imaging.elements import Elements
from surgery_assist.imaging.planes import orientation_of, position_of, windows_of
from surgery_assist.imaging.records import FrameInfo
from surgery_assist.model.geometry import ImagePlane

_SHARED = 0x52009229
_PER_FRAME = 0x52009230
_PIXEL_MEASURES = 0x00289110
_PLANE_ORIENTATION = 0x00209116
_PLANE_POSITION = 0x00209113
_FRAME_CONTENT = 0x00209111
_FRAME_VOI = 0x00289132
_TRANSFORMATION = 0x00289145
_DIFFUSION = 0x00189117
_ECHO = 0x00189114
_MR_MODIFIER = 0x00189115
_MR_FRAME_TYPE = 0x00189226
_CT_FRAME_TYPE = 0x00189329
_CT_XRAY = 0x00189325
_CARDIAC = 0x00189118


class _Groups:
    """A functional group looked up in the frame's item first, then in the shared one."""

    def __init__(self, frame: Elements | None, shared: Elements | None) -> None:
        self._items = [item for item in (frame, shared) if item is not None]

    def find(self, tag: int) -> Elements | None:
        for item in self._items:
            found = item.item(tag)
            if found is not None:
                return found
        return None


def enhanced_frames(header: Elements, count: int, plain: FrameInfo) -> tuple[FrameInfo, ...]:
    """One FrameInfo for each of ``count`` frames; empty when there are no functional groups."""
    if _PER_FRAME not in header and _SHARED not in header:
        return ()
    shared = header.item(_SHARED)
    items = list(header.items(_PER_FRAME))[:count]
    if not items and shared is None:
        return ()
    padded: list[Elements | None] = [*items, *([None] * (count - len(items)))]
    return tuple(_frame(_Groups(item, shared), plain) for item in padded)


def _frame(groups: _Groups, plain: FrameInfo) -> FrameInfo:
    orientation_item = groups.find(_PLANE_ORIENTATION)
    orientation = orientation_of(orientation_item) if orientation_item else None
    position_item = groups.find(_PLANE_POSITION)
    position = position_of(position_item) if position_item else None
    measures = groups.find(_PIXEL_MEASURES)
    spacing = measures.numbers(0x00280030) if measures else ()
    plane = plain.plane
    if orientation and position and len(spacing) == 2 and min(spacing) > 0:
        plane = ImagePlane(position, orientation[0], orientation[1], spacing[0], spacing[1])
    voi = groups.find(_FRAME_VOI)
    transformation = groups.find(_TRANSFORMATION)
    slope = transformation.number(0x00281053) if transformation else None
    intercept = transformation.number(0x00281052) if transformation else None
    return FrameInfo(
        plane=plane,
        orientation=orientation or plain.orientation,
        windows=(windows_of(voi) if voi else ()) or plain.windows,
        slope=slope or plain.slope,
        intercept=plain.intercept if intercept is None else intercept,
        phase=_phase(groups),
    )


def _phase(groups: _Groups) -> tuple[str, ...]:
    """What parts frames that lie at the same position, in the order of ``phases.DIMENSIONS``."""
    content = groups.find(_FRAME_CONTENT)
    kind = groups.find(_MR_FRAME_TYPE) or groups.find(_CT_FRAME_TYPE)
    index = content.doubles(0x00209128) if content is not None else ()
    when = content.code(0x00189074, 32) if content is not None else ""
    return (
        "\\".join(kind.texts(0x00089007)[2:]) if kind is not None else "",
        _value(groups, _DIFFUSION, 0x00189087),
        _value(groups, _ECHO, 0x00189082),
        _value(groups, _MR_MODIFIER, 0x00189079),
        _value(groups, _CT_XRAY, 0x00180060),
        _value(groups, _CARDIAC, 0x00209241),
        _value(groups, _CARDIAC, 0x00209153),
        f"{index[0]:g}" if index else "",
        "",
        when,
    )


def _value(groups: _Groups, sequence: int, tag: int) -> str:
    item = groups.find(sequence)
    values = item.doubles(tag) if item is not None else ()
    return f"{values[0]:g}" if values else ""
