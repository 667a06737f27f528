"""Display shutters: what the modality hides at the edges (PS3.3 C.7.6.11, C.7.6.15)."""

from typing import Final

from surgery_assist.imaging.elements import Elements
from surgery_assist.model.annotations import Point, Shutter

MAX_VERTICES: Final = 10_000


def shutters_of(header: Elements) -> tuple[Shutter, ...]:
    """Shutters of an image or presentation state; malformed ones are left out.

    Rows and columns are counted from 1 there; the pixels on the edges themselves are shown.
    """
    shapes = {shape.upper() for shape in header.texts(0x00181600)}
    grey = round((header.short(0x00181622, 0) or 0) / 65535 * 255)
    found = []
    if "RECTANGULAR" in shapes:
        sides = [header.number(tag) for tag in (0x00181602, 0x00181604, 0x00181606, 0x00181608)]
        left, right, top, bottom = sides
        if left is not None and right is not None and top is not None and bottom is not None:
            found.append(Shutter("rectangle", ((left - 1, top - 1), (right, bottom)), grey=grey))
    if "CIRCULAR" in shapes:
        center, radius = header.numbers(0x00181610), header.number(0x00181612)
        if len(center) == 2 and radius is not None and radius > 0:
            middle = (center[1] - 0.5, center[0] - 0.5)
            found.append(Shutter("circle", (middle,), radius, grey))
    if "POLYGONAL" in shapes:
        values = header.numbers(0x00181620)[: 2 * MAX_VERTICES]
        vertices: tuple[Point, ...] = tuple(
            (column - 0.5, row - 0.5)
            for row, column in zip(values[::2], values[1::2], strict=False)
        )
        if len(vertices) >= 3:
            found.append(Shutter("polygon", vertices, grey=grey))
    return tuple(found)
