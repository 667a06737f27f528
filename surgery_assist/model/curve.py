"""A smooth line through picked points, walked in even steps (LPS, mm)."""

from dataclasses import dataclass
from itertools import pairwise

from surgery_assist.model.geometry import added, dot, length, scaled, unit
from surgery_assist.model.units import Vector

_FINE = 24
"""Parts of each stretch between two picked points from which its length is found."""
MAX_STEPS = 2048


@dataclass(frozen=True, slots=True)
class Step:
    """A place on the line: where, which way the line goes on, which way is to the right of it."""

    point: Vector
    onwards: Vector
    right: Vector


def walk(path: tuple[Vector, ...], right: Vector, step_mm: float) -> tuple[Step, ...]:
    """Even steps along a Catmull-Rom spline through the points.

    ``right`` is to the right of all of them, as nearly as the line's direction leaves it.
    """
    dense = _dense(path)
    ways = [added(b, scaled(a, -1.0)) for a, b in pairwise(dense)]
    sizes = [length(way) for way in ways]
    total = sum(sizes)
    step_mm = max(step_mm, total / (MAX_STEPS - 1))
    steps: list[Step] = []
    part, gone = 0, 0.0
    for number in range(int(total / step_mm) + 1):
        distance = number * step_mm
        while part < len(sizes) - 1 and gone + sizes[part] < distance:
            gone += sizes[part]
            part += 1
        onwards = unit(ways[part])
        point = added(dense[part], scaled(onwards, distance - gone))
        flat = added(right, scaled(onwards, -dot(right, onwards)))
        # Where the line runs to the right itself, the last side that was known goes on.
        side = unit(flat) if length(flat) > 0.1 or not steps else steps[-1].right
        steps.append(Step(point, onwards, side))
    return tuple(steps)


def _dense(path: tuple[Vector, ...]) -> list[Vector]:
    """Many points of the spline; stretches of no length are left out."""
    distinct = [path[0]]
    for point in path[1:]:
        if length(added(point, scaled(distinct[-1], -1.0))) > 1e-3:
            distinct.append(point)
    ends = [_beyond(distinct[1], distinct[0]), *distinct, _beyond(distinct[-2], distinct[-1])]
    dense = [distinct[0]]
    for number in range(len(distinct) - 1):
        a, b, c, d = ends[number : number + 4]
        dense += [_spline(a, b, c, d, (i + 1) / _FINE) for i in range(_FINE)]
    return dense


def _beyond(before: Vector, end: Vector) -> Vector:
    return added(end, added(end, scaled(before, -1.0)))


def _spline(a: Vector, b: Vector, c: Vector, d: Vector, t: float) -> Vector:
    """Between ``b`` and ``c`` (uniform Catmull-Rom)."""
    weights = (
        -0.5 * t + t**2 - 0.5 * t**3,
        1.0 - 2.5 * t**2 + 1.5 * t**3,
        0.5 * t + 2.0 * t**2 - 1.5 * t**3,
        -0.5 * t**2 + 0.5 * t**3,
    )
    point: Vector = (0.0, 0.0, 0.0)
    for weight, vector in zip(weights, (a, b, c, d), strict=True):
        point = added(point, scaled(vector, weight))
    return point
