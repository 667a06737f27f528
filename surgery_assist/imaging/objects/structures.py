"""RT structure sets: contours of organs and targets (PS3.3 A.19, C.8.8.5, C.8.8.6)."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.elements import Elements
from surgery_assist.imaging.objects.solids import Solid, colour_of, projected
from surgery_assist.model.annotations import Colour, Region
from surgery_assist.model.geometry import ImagePlane

MAX_POINTS: Final = 5_000_000
_FLAT_MM: Final = 0.5
"""How far a contour's points may lie from its plane."""


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """One region of interest; contours are ``(points, 3)``, LPS mm, with the image of each."""

    object_uid: str
    number: int
    name: str
    colour: Colour
    frame_of_reference: str
    contours: tuple[tuple[NDArray[np.float64], str], ...]

    def solid(self) -> Solid:
        """The structure in space."""
        contours = tuple(points for points, _ in self.contours)
        return Solid(self.object_uid, self.number, self.name, self.colour, contours)

    def region_on(self, plane: ImagePlane, reach: float) -> Region | None:
        """Its outlines on a plane; contours up to ``reach`` mm away count as lying on it."""
        outlines = []
        normal, position = np.array(plane.normal), np.array(plane.position)
        for points, _ in self.contours:
            away = (points - position) @ normal
            is_flat = float(np.ptp(away)) <= _FLAT_MM
            if is_flat and abs(float(away.mean())) <= reach:
                outlines.append(projected(points, plane))
        if not outlines:
            return None
        return Region(self.object_uid, self.number, self.name, self.colour, tuple(outlines))


def structures_from(header: Elements) -> tuple[Structure, ...]:
    """All structures that have contours, in the order of the file."""
    uid = header.code(0x00080018)
    described = {
        roi.integer(0x30060022): (roi.text(0x30060026, 64), roi.code(0x30060024))
        for roi in header.items(0x30060020)
    }
    found, budget = [], MAX_POINTS
    for entry in header.items(0x30060039):
        number = entry.integer(0x30060084)
        name, frame_of_reference = described.get(number, ("", ""))
        contours = []
        for contour in entry.items(0x30060040):
            points = _points(contour)
            if points is None or len(points) > budget:
                continue
            budget -= len(points)
            image = contour.item(0x30060016)
            contours.append((points, image.code(0x00081155) if image is not None else ""))
        if contours:
            found.append(
                Structure(
                    uid,
                    number or 0,
                    name or str(number or "?"),
                    _colour(entry, number or 0),
                    frame_of_reference or _only_frame_of_reference(header),
                    tuple(contours),
                )
            )
    return tuple(found)


def _points(contour: Elements) -> NDArray[np.float64] | None:
    if contour.code(0x30060042, 32) not in ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "INTERPOLATED"):
        return None  # points and open lines surround nothing
    values = contour.numbers(0x30060050)
    if len(values) < 9 or len(values) % 3:
        return None
    return np.array(values, np.float64).reshape(-1, 3)


def _colour(entry: Elements, number: int) -> Colour:
    parts = tuple(min(max(int(part), 0), 255) for part in entry.numbers(0x3006002A))
    return (parts[0], parts[1], parts[2]) if len(parts) == 3 else colour_of(number)


def _only_frame_of_reference(header: Elements) -> str:
    names = [item.code(0x00200052) for item in header.items(0x30060010)]
    return names[0] if len(names) == 1 else header.code(0x00200052)


def structure_references(header: Elements) -> tuple[str, ...]:
    """Instance UIDs of the images that the contours were drawn on."""
    found = [
        image.code(0x00081155)
        for frame in header.items(0x30060010)
        for study in frame.items(0x30060012)
        for series in study.items(0x30060014)
        for image in series.items(0x30060016)
    ]
    return tuple(dict.fromkeys(uid for uid in found if uid))
