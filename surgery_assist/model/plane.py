"""A plane through a volume that was not acquired so: values and pure arithmetic (LPS, mm)."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from surgery_assist.model.geometry import added, cross, dot, rotated, scaled, unit
from surgery_assist.model.units import Vector

PlaneKind = Literal["acquired", "axial", "coronal", "sagittal", "oblique", "curved"]
Projection = Literal["none", "max", "min", "mean"]
"""What is shown of a slab: one thin plane, or the largest, smallest or mean value through it."""
NamedPlane = Literal["axial", "coronal", "sagittal"]
_UPRIGHT: Final = 0.9
"""Cosine from which a plane is called by its name (26 degrees off are still axial)."""
_SHORT: Final = 1e-6
"""Square of a length, mm, that gives no direction."""


@dataclass(frozen=True, slots=True)
class SpacePoint:
    """A point of a space; millimetres of another space mean other places.

    ``space`` is a FrameOfReferenceUID, or a display set's UID where it has none.
    """

    point: Vector
    space: str


@dataclass(frozen=True, slots=True)
class Plane:
    """Which way a stack of reformatted images faces, and what each of them shows.

    Attributes
    ----------
    kind
        What was asked for; ``acquired`` faces as the images do, ``curved`` follows ``path``.
    right, down
        Unit vectors at right angles, to the right and down in the image.
    through
        A point that one image of the stack goes through.
    projection, slab_mm
        What is made of how thick a slab about the image's middle; ``none`` is infinitely thin.
    path
        Of a curved plane: points that it goes through, from its upper edge down.
    """

    kind: PlaneKind
    right: Vector
    down: Vector
    through: Vector
    projection: Projection = "none"
    slab_mm: float = 0.0
    path: tuple[Vector, ...] = ()

    @property
    def normal(self) -> Vector:
        """Unit normal, ``right x down``; away from the eye."""
        return cross(self.right, self.down)

    @property
    def thickness(self) -> float:
        """What the slab takes in, mm; 0 without a projection."""
        return 0.0 if self.projection == "none" else self.slab_mm


DIRECTIONS: Final[dict[NamedPlane, tuple[Vector, Vector]]] = {
    "axial": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "coronal": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    "sagittal": ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
}
"""Right and down of the customary views: the patient's right is at the left, the head on top."""


def named(kind: NamedPlane, through: Vector) -> Plane:
    """A customary plane through a point."""
    return Plane(kind, *DIRECTIONS[kind], through)


def tilted(plane: Plane, axis: Vector, degrees: float, about: Vector) -> Plane:
    """The plane turned about a line through a point, right-handed about the unit ``axis``."""
    right = unit(rotated(plane.right, axis, degrees))
    down = rotated(plane.down, axis, degrees)
    # At right angles again: rounding must not add up over a long drag.
    down = unit(added(down, scaled(right, -dot(down, right))))
    return replace(plane, kind="oblique", right=right, down=down, through=about, path=())


def name_of(normal: Vector) -> PlaneKind:
    """``axial``, ``coronal`` or ``sagittal`` as far as a plane is called so, else ``oblique``."""
    sizes = [abs(part) for part in normal]
    largest = max(sizes)
    names: tuple[NamedPlane, ...] = ("sagittal", "coronal", "axial")
    return names[sizes.index(largest)] if largest >= _UPRIGHT else "oblique"


def along(first: Vector, last: Vector, normal: Vector, through: Vector) -> Plane | None:
    """The plane that holds two points and the direction ``normal``.

    The way from the one to the other runs down the image, from the head where it runs along the
    body. ``None`` when the points lie in the direction of ``normal`` of one another.
    """
    way = headfirst(first, last)
    right = cross(normal, way)
    if dot(right, right) < _SHORT:
        return None
    down = unit(way)
    depth = unit(cross(right, down))
    right = unit(cross(down, depth))
    # The patient's left or back to the right, as in coronal and sagittal images.
    if right[0] + right[1] < 0:
        right = scaled(right, -1.0)
    return Plane("oblique", right, down, through)


def headfirst(first: Vector, last: Vector) -> Vector:
    """The way between two points, turned round where it would run along the body to the head."""
    way = added(last, scaled(first, -1.0))
    upwards = way[2] > max(abs(way[0]), abs(way[1]))
    return scaled(way, -1.0) if upwards else way


def across(first: Vector, last: Vector, through: Vector) -> Plane | None:
    """The plane at right angles to the way between two points, as upright as can be.

    ``None`` when the points are one.
    """
    way = added(last, scaled(first, -1.0))
    if dot(way, way) < _SHORT:
        return None
    normal = unit(way)
    strongest = max(range(3), key=lambda axis: abs(normal[axis]))
    usual_right, usual_down = DIRECTIONS[("sagittal", "coronal", "axial")[strongest]]
    if dot(normal, cross(usual_right, usual_down)) < 0:
        normal = scaled(normal, -1.0)
    right = unit(added(usual_right, scaled(normal, -dot(usual_right, normal))))
    return Plane("oblique", right, cross(normal, right), through)
