"""How a volume is looked at: preset, camera, cuts and marks. Values and pure arithmetic.

The projection is parallel, so that millimetres are the same everywhere in the picture. The eye
looks along ``toward``; ``up`` is the top of the screen, ``toward x up`` its right (LPS, mm).
"""

from dataclasses import dataclass, replace
from math import cos, radians, sin
from typing import Final, Literal

from surgery_assist.model.geometry import added, cross, dot, length, scaled
from surgery_assist.model.grid import Grid
from surgery_assist.model.units import Side, Vector

VolumePreset = Literal[
    "bone", "vessels", "skin", "lung", "muscle", "soft_tissue", "airways", "implant", "mr_vessels"
]
VolumeMode = Literal["shaded", "mip"]
ViewFrom = Literal["front", "back", "left", "right", "above", "below"]
CutSide = Literal["left", "right", "up", "down", "front", "back"]
MarkKind = Literal["distance", "arrow"]

MAX_CUTS: Final = 8


@dataclass(frozen=True, slots=True)
class VolumeCamera:
    """From where the volume is seen.

    ``focus`` is the point that the volume turns about, the volume's middle where it is ``None``;
    ``pan`` is where that point lies on the screen, mm to the right and down from the pane's
    middle. ``toward`` and ``up`` are unit vectors at right angles.
    """

    toward: Vector = (0.0, 1.0, 0.0)
    up: Vector = (0.0, 0.0, 1.0)
    focus: Vector | None = None
    pan: tuple[float, float] = (0.0, 0.0)

    @property
    def right(self) -> Vector:
        """Unit vector to the right of the screen."""
        return cross(self.toward, self.up)


VIEWS: Final[dict[ViewFrom, VolumeCamera]] = {
    "front": VolumeCamera((0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "back": VolumeCamera((0.0, -1.0, 0.0), (0.0, 0.0, 1.0)),
    "left": VolumeCamera((-1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    "right": VolumeCamera((1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    "above": VolumeCamera((0.0, 0.0, -1.0), (0.0, -1.0, 0.0)),
    "below": VolumeCamera((0.0, 0.0, 1.0), (0.0, -1.0, 0.0)),
}
"""The six sides of the patient; "left" is the patient's own left."""


@dataclass(frozen=True, slots=True)
class CutPlane:
    """A plane that takes one side of the volume away: ``normal`` points to what stays (LPS)."""

    point: Vector
    normal: Vector


@dataclass(frozen=True, slots=True)
class Mark:
    """A measured distance (two points) or an arrow (one), at picked depth; LPS, mm."""

    kind: MarkKind
    points: tuple[Vector, ...]

    @property
    def mm(self) -> float:
        """Length of the way along the points."""
        ways = zip(self.points, self.points[1:], strict=False)
        return sum(length(added(b, scaled(a, -1.0))) for a, b in ways)


@dataclass(frozen=True, slots=True)
class VolumeView:
    """How one viewport shows its display set as a volume.

    Attributes
    ----------
    opacity
        Factor on the preset's opacity; 1 is the preset's own.
    brightness
        Shift of the preset towards lower values, as a share of its range of values.
    contrast
        Factor on the steepness of the preset.
    """

    preset: VolumePreset = "bone"
    mode: VolumeMode = "shaded"
    camera: VolumeCamera = VolumeCamera()
    cuts: tuple[CutPlane, ...] = ()
    opacity: float = 1.0
    brightness: float = 0.0
    contrast: float = 1.0
    spinning: bool = False
    table_removed: bool = False
    bone_removed: bool = False
    marks: tuple[Mark, ...] = ()


def turned(camera: VolumeCamera, side: Side, degrees: float) -> VolumeCamera:
    """The camera after the near side of the volume has moved to ``side`` of the screen."""
    angle = radians(degrees if side in ("left", "up") else -degrees)
    sideways = scaled(camera.right, -1.0) if side in ("left", "right") else camera.up
    toward = added(scaled(camera.toward, cos(angle)), scaled(sideways, sin(angle)))
    up = camera.up
    if side in ("up", "down"):
        up = added(scaled(camera.up, cos(angle)), scaled(camera.toward, -sin(angle)))
    return _squared(camera, toward, up)


def rolled(camera: VolumeCamera, degrees: float) -> VolumeCamera:
    """The camera after the picture has turned clockwise on the screen."""
    angle = radians(degrees)
    up = added(scaled(camera.up, cos(angle)), scaled(camera.right, -sin(angle)))
    return _squared(camera, camera.toward, up)


def _squared(camera: VolumeCamera, toward: Vector, up: Vector) -> VolumeCamera:
    """Unit vectors at right angles again: rounding must not add up over a long turn."""
    toward = _unit(toward)
    up = _unit(added(up, scaled(toward, -dot(up, toward))))
    return replace(camera, toward=toward, up=up)


def _unit(vector: Vector) -> Vector:
    return scaled(vector, 1.0 / length(vector))


def screen_direction(camera: VolumeCamera, side: CutSide) -> Vector:
    """The direction in space of a side of the screen; "front" is towards the eye."""
    directions: dict[CutSide, Vector] = {
        "left": scaled(camera.right, -1.0),
        "right": camera.right,
        "up": camera.up,
        "down": scaled(camera.up, -1.0),
        "front": scaled(camera.toward, -1.0),
        "back": camera.toward,
    }
    return directions[side]


def extent_left(grid: Grid, cuts: tuple[CutPlane, ...], direction: Vector) -> tuple[float, float]:
    """How far what is not cut away reaches along a direction, from the least to the most, mm.

    Only cuts at right angles to the direction shorten it.
    """
    reach = [dot(corner, direction) for corner in grid.corners]
    low, high = min(reach), max(reach)
    for cut in cuts:
        share = dot(cut.normal, direction)
        place = dot(cut.point, direction)
        if share > 1 - 1e-6:
            low = max(low, place)
        elif share < -1 + 1e-6:
            high = min(high, place)
    return low, high


def with_cut(cuts: tuple[CutPlane, ...], cut: CutPlane) -> tuple[CutPlane, ...]:
    """The cuts with one more; it takes the place of one with the same normal."""
    others = tuple(other for other in cuts if dot(other.normal, cut.normal) < 1 - 1e-6)
    return (*others, cut)
