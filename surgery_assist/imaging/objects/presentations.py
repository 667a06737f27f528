"""Presentation states: how someone wanted an image to be seen (PS3.3 A.33.1, C.10, C.11).

Grayscale and colour softcopy presentation states; the blending kinds show two images at once and
are not applied.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import cos, hypot, pi, sin
from typing import Final

from surgery_assist.imaging.elements import Elements
from surgery_assist.imaging.objects.solids import lab_values_colour
from surgery_assist.imaging.planes import windows_of
from surgery_assist.imaging.shutters import shutters_of
from surgery_assist.model.annotations import (
    Colour,
    Graphic,
    GraphicText,
    Point,
    Presentation,
    Space,
    VoiFunction,
)
from surgery_assist.model.study import SavedLook

CIRCLE_POINTS: Final = 72
MAX_POINTS: Final = 200_000
MAX_REFERENCES: Final = 5_000
"""Frames whose looks are kept."""


@dataclass(frozen=True, slots=True)
class PresentationFile:
    """One presentation state file; what it says of a frame is made when asked for."""

    header: Elements
    uid: str
    label: str
    references: tuple[tuple[str, frozenset[int]], ...]
    """Instances and their frames (from 1; empty means all)."""

    def of(self, instance_uid: str, number: int, rows: int, columns: int) -> Presentation | None:
        """How a frame is shown; ``None`` when the state is not about it.

        Parameters
        ----------
        instance_uid, number
            The image and its frame (from 0).
        rows, columns
            Size of the image.
        """
        if not any(_names(self.references, instance_uid, number)):
            return None
        header = self.header
        voi = _first_for(header, 0x00283110, instance_uid, number)
        windows = windows_of(voi) if voi is not None else ()
        area = _first_for(header, 0x0070005A, instance_uid, number)
        graphics, texts = _graphics(header, instance_uid, number)
        shape = header.code(0x20500020, 16)
        return Presentation(
            uid=self.uid,
            label=self.label,
            description=header.text(0x00700081, 64),
            window=windows[0] if windows else None,
            voi_function=_function(voi),
            inverted=shape == "INVERSE",
            rotation_deg=_rotation(header),
            flipped=header.code(0x00700041, 1) == "Y",
            area=_area(area, rows, columns),
            shutters=shutters_of(header),
            graphics=graphics,
            texts=texts,
        )


def saved_looks(file: PresentationFile) -> tuple[SavedLook, ...]:
    """How the images of a state are to be shown: frames that look the same are together."""
    looks: dict[SavedLook, list[tuple[str, int]]] = {}
    named = [(uid, number) for uid, frames in file.references for number in sorted(frames) or (0,)]
    for uid, number in named[:MAX_REFERENCES]:
        every = number == 0
        look = _look(file.header, uid, 0 if every else number - 1)
        looks.setdefault(look, []).append((uid, -1 if every else number - 1))
    return tuple(replace(look, references=tuple(named)) for look, named in looks.items())


def _look(header: Elements, instance_uid: str, number: int) -> SavedLook:
    voi = _first_for(header, 0x00283110, instance_uid, number)
    windows = windows_of(voi) if voi is not None else ()
    return SavedLook(
        references=(),
        window=windows[0] if windows else None,
        inverted=header.code(0x20500020, 16) == "INVERSE",
        rotation_deg=_rotation(header),
        flipped=header.code(0x00700041, 1) == "Y",
        area=_area(_first_for(header, 0x0070005A, instance_uid, number), 0, 0),
    )


def _rotation(header: Elements) -> int:
    return (header.short(0x00700042, 0) or 0) % 360 // 90 * 90


def presentation_file(header: Elements) -> PresentationFile:
    """What a presentation state file is about."""
    references = [
        _reference(image)
        for series in header.items(0x00081115)
        for image in series.items(0x00081140)
    ]
    return PresentationFile(
        header, header.code(0x00080018), header.text(0x00700080, 16), tuple(references)
    )


def _reference(image: Elements) -> tuple[str, frozenset[int]]:
    return image.code(0x00081155), frozenset(map(int, image.numbers(0x00081160)))


def _names(
    references: Sequence[tuple[str, frozenset[int]]], instance_uid: str, number: int
) -> list[bool]:
    return [
        True
        for uid, frames in references
        if uid == instance_uid and (not frames or number + 1 in frames)
    ]


def _applies(item: Elements, instance_uid: str, number: int) -> bool:
    references = [_reference(image) for image in item.items(0x00081140)]
    return not references or bool(_names(references, instance_uid, number))


def _first_for(header: Elements, tag: int, instance_uid: str, number: int) -> Elements | None:
    return next((item for item in header.items(tag) if _applies(item, instance_uid, number)), None)


def _function(voi: Elements | None) -> VoiFunction:
    name = voi.code(0x00281056, 16) if voi is not None else ""
    if name == "SIGMOID":
        return "SIGMOID"
    return "LINEAR_EXACT" if name == "LINEAR_EXACT" else "LINEAR"


def _area(
    item: Elements | None, rows: int, columns: int
) -> tuple[float, float, float, float] | None:
    """Displayed area; corners are pixels, counted from 1 (PS3.3 C.10.4)."""
    if item is None:
        return None
    first = item.doubles(0x00700052)
    last = item.doubles(0x00700053)
    if len(first) != 2 or len(last) != 2:
        return None
    left, right = sorted((first[0], last[0]))
    top, bottom = sorted((first[1], last[1]))
    area = (left - 1.0, top - 1.0, right, bottom)
    return None if area == (0.0, 0.0, float(columns), float(rows)) else area


def _graphics(
    header: Elements, instance_uid: str, number: int
) -> tuple[tuple[Graphic, ...], tuple[GraphicText, ...]]:
    colours = {
        layer.code(0x00700002, 16): _layer_colour(layer) for layer in header.items(0x00700060)
    }
    graphics: list[Graphic] = []
    texts: list[GraphicText] = []
    budget = MAX_POINTS
    for annotation in header.items(0x00700001):
        if not _applies(annotation, instance_uid, number):
            continue
        layer = annotation.code(0x00700002, 16)
        for item in annotation.items(0x00700009):
            graphic = _graphic(item, layer, colours.get(layer))
            if graphic is not None and len(graphic.points) <= budget:
                budget -= len(graphic.points)
                graphics.append(graphic)
        texts += [text for text in map(_text, annotation.items(0x00700008)) if text is not None]
    return tuple(graphics), tuple(texts)


def _layer_colour(layer: Elements) -> Colour | None:
    lab = layer.shorts(0x00700401)
    if len(lab) == 3:
        return lab_values_colour(lab)
    grey = layer.short(0x00700066)
    if grey is None:
        return None
    level = round(grey / 65535 * 255)
    return level, level, level


def _space(units: str) -> Space:
    return "pane" if units == "DISPLAY" else "image"


def _points(item: Elements, tag: int) -> tuple[Point, ...]:
    values = item.doubles(tag)[: 2 * MAX_POINTS]
    return tuple(zip(values[::2], values[1::2], strict=False))


def _graphic(item: Elements, layer: str, colour: Colour | None) -> Graphic | None:
    points = _points(item, 0x00700022)
    kind = item.code(0x00700023, 16)
    filled = item.code(0x00700024, 1) == "Y"
    space = _space(item.code(0x00700005, 16))
    if not points:
        return None
    if kind == "CIRCLE" and len(points) == 2:
        (x, y), (edge_x, edge_y) = points
        radius = hypot(edge_x - x, edge_y - y)
        points = _ellipse((x, y), (radius, 0.0), (0.0, radius))
    elif kind == "ELLIPSE" and len(points) == 4:
        major, minor = points[:2], points[2:]
        middle = ((major[0][0] + major[1][0]) / 2, (major[0][1] + major[1][1]) / 2)
        long = ((major[1][0] - major[0][0]) / 2, (major[1][1] - major[0][1]) / 2)
        short = ((minor[1][0] - minor[0][0]) / 2, (minor[1][1] - minor[0][1]) / 2)
        points = _ellipse(middle, long, short)
    elif kind == "INTERPOLATED" and len(points) > 2:
        points = _spline(points)
    elif kind not in ("POINT", "POLYLINE", "INTERPOLATED"):
        return None
    closed = len(points) > 2 and points[0] == points[-1]
    if closed:
        points = points[:-1]
    return Graphic(points, closed, filled and closed, space, layer, colour)


def _ellipse(middle: Point, long: Point, short: Point) -> tuple[Point, ...]:
    """A closed ellipse by its centre and half axes."""
    turns = [2 * pi * step / CIRCLE_POINTS for step in range(CIRCLE_POINTS)]
    points = [
        (
            middle[0] + long[0] * cos(turn) + short[0] * sin(turn),
            middle[1] + long[1] * cos(turn) + short[1] * sin(turn),
        )
        for turn in turns
    ]
    return (*points, points[0])


def _spline(points: Sequence[Point]) -> tuple[Point, ...]:
    """A smooth line through points (Catmull-Rom), ten pieces between two of them."""
    closed = points[0] == points[-1]
    around = [points[-2] if closed else points[0], *points, points[1] if closed else points[-1]]
    smooth: list[Point] = []
    for a, b, c, d in zip(around, around[1:], around[2:], around[3:], strict=False):
        for step in range(10):
            t = step / 10
            smooth.append(
                (_between(a[0], b[0], c[0], d[0], t), _between(a[1], b[1], c[1], d[1], t))
            )
    return (*smooth, points[-1])


def _between(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )


def _text(item: Elements) -> GraphicText | None:
    text = item.lines(0x00700006, 4096)
    top_left, bottom_right = _points(item, 0x00700010), _points(item, 0x00700011)
    anchor = _points(item, 0x00700014)
    box = (top_left[0], bottom_right[0]) if top_left and bottom_right else None
    if not text or not (box or anchor):
        return None
    units = item.code(0x00700003 if box else 0x00700004, 16)
    return GraphicText(text, box, anchor[0] if anchor else None, _space(units))
