"""What is drawn over a frame: shutters, outlines of segments and structures, saved graphics.

Points are ``(column, row)`` with the origin at the outer corner of the first pixel, as in
``model.viewport.view_transform``: the centre of a pixel lies half a pixel further.
"""

from dataclasses import dataclass
from typing import Literal

from surgery_assist.model.study import Window

Point = tuple[float, float]
Colour = tuple[int, int, int]
"""sRGB, 0 to 255."""
ShutterKind = Literal["rectangle", "circle", "polygon"]
Space = Literal["image", "pane"]
"""Pixels of the image, or fractions of what the pane shows of it."""
VoiFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]


@dataclass(frozen=True, slots=True)
class Shutter:
    """A part of the image outside of which nothing is shown (DICOM PS3.3 C.7.6.11).

    ``points`` are two opposite corners of a rectangle, the centre of a circle, or the vertices of
    a polygon. A pixel is shown when it lies inside every shutter.
    """

    kind: ShutterKind
    points: tuple[Point, ...]
    radius: float = 0.0
    """Of a circle, in columns; a shutter that is round in the patient is round on the screen."""
    grey: int = 0
    """What is shown instead, 0 to 255."""


@dataclass(frozen=True, slots=True)
class Region:
    """A segment or structure where it cuts one frame; every outline is closed."""

    object_uid: str
    number: int
    name: str
    colour: Colour
    outlines: tuple[tuple[Point, ...], ...]


@dataclass(frozen=True, slots=True)
class Graphic:
    """A line of a presentation state (PS3.3 C.10.5); circles and ellipses are made of points.

    A single point is drawn as a cross.
    """

    points: tuple[Point, ...]
    closed: bool = False
    filled: bool = False
    space: Space = "image"
    layer: str = ""
    colour: Colour | None = None


@dataclass(frozen=True, slots=True)
class GraphicText:
    """A text of a presentation state: in a box, at an anchor, or both."""

    text: str
    box: tuple[Point, Point] | None = None
    anchor: Point | None = None
    space: Space = "image"


@dataclass(frozen=True, slots=True)
class FrameAnnotations:
    """All that is drawn over one frame."""

    shutters: tuple[Shutter, ...] = ()
    regions: tuple[Region, ...] = ()
    graphics: tuple[Graphic, ...] = ()
    texts: tuple[GraphicText, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.shutters or self.regions or self.graphics or self.texts)


@dataclass(frozen=True, slots=True)
class Presentation:
    """How a saved presentation state (PS3.3 A.33) shows one frame.

    ``rotation_deg`` is clockwise; ``flipped`` exchanges left and right after that (C.10.6).
    ``area`` is the part shown: left, top, right, bottom.
    """

    uid: str = ""
    label: str = ""
    description: str = ""
    window: Window | None = None
    voi_function: VoiFunction = "LINEAR"
    inverted: bool = False
    rotation_deg: int = 0
    flipped: bool = False
    area: tuple[float, float, float, float] | None = None
    shutters: tuple[Shutter, ...] = ()
    graphics: tuple[Graphic, ...] = ()
    texts: tuple[GraphicText, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportItem:
    """One line of a structured report; ``level`` is its depth in the tree, 0 at the top."""

    level: int
    name: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A structured report as text (PS3.3 C.17.3)."""

    title: str
    items: tuple[ReportItem, ...]
