"""Drawing of simple solids into one axial slice of a phantom.

Coordinates are millimetres in the phantom: x to the patient's left, y to the back, z to the head.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Ellipsoid:
    """``hu`` inside, with an optional rind of ``rind_mm`` thickness and another value."""

    centre: Point
    axes: Point
    hu: float
    rind_mm: float = 0.0
    rind_hu: float = 0.0


@dataclass(frozen=True, slots=True)
class Ball:
    """One of a chain of balls that make a vessel, a rib or a loop of bowel."""

    centre: Point
    radius: float
    hu: float
    core: float = 0.0
    """Radius of a core of another value."""
    core_hu: float = 0.0


class Slice:
    """One axial slice under construction.

    Parameters
    ----------
    size
        Pixels a side.
    spacing
        Size of a pixel, mm; the middle of the image is x = y = 0.
    z
        Height of the slice, mm.
    """

    def __init__(self, size: int, spacing: float, z: float) -> None:
        self.z = z
        self.spacing = spacing
        self.axis: Image = ((np.arange(size) - (size - 1) / 2) * spacing).astype(np.float32)
        self.hu: Image = np.full((size, size), -1000.0, np.float32)

    def ellipse(
        self,
        x: float,
        y: float,
        half: tuple[float, float],
        hu: float,
        *,
        power: float = 2.0,
        inside: NDArray[np.bool_] | None = None,
    ) -> None:
        """Fill an ellipse (a rounder rectangle for ``power`` > 2) with softened edges.

        Parameters
        ----------
        x, y
            Centre, mm.
        half
            Semi-axes along x and y, mm.
        hu
            Value inside.
        power
            Exponent of the outline.
        inside
            Mask of the whole slice that limits it.
        """
        a, b = half
        if min(a, b) <= 0.0:
            return
        columns, rows = self._range(x, a), self._range(y, b)
        if columns.start >= columns.stop or rows.start >= rows.stop:
            return
        across = np.abs((self.axis[columns] - x) / a) ** power
        down = np.abs((self.axis[rows] - y) / b) ** power
        distance = (1.0 - (down[:, None] + across[None, :]) ** (1.0 / power)) * min(a, b)
        cover = np.clip(distance / self.spacing + 0.5, 0.0, 1.0)
        if inside is not None:
            cover = cover * inside[rows, columns]
        part = self.hu[rows, columns]
        part += cover * (np.float32(hu) - part)

    def _range(self, middle: float, half: float) -> slice:
        first, step = float(self.axis[0]), self.spacing
        start = int((middle - half - first) / step) - 1
        stop = int((middle + half - first) / step) + 3
        return slice(max(0, start), max(0, min(len(self.axis), stop)))

    def ellipsoid(self, solid: Ellipsoid, inside: NDArray[np.bool_] | None = None) -> None:
        """Fill the cross-section of an ellipsoid."""
        x, y, z = solid.centre
        a, b, c = solid.axes
        height = 1.0 - ((self.z - z) / c) ** 2
        if height <= 0.0:
            return
        share = sqrt(height)
        if solid.rind_mm:
            self.ellipse(x, y, (a * share, b * share), solid.rind_hu, inside=inside)
            core = Ellipsoid(
                solid.centre,
                (a - solid.rind_mm, b - solid.rind_mm, c - solid.rind_mm),
                solid.hu,
            )
            self.ellipsoid(core, inside)
            return
        self.ellipse(x, y, (a * share, b * share), solid.hu, inside=inside)

    def balls(self, balls: Iterable[Ball], inside: NDArray[np.bool_] | None = None) -> None:
        """Fill the cross-sections of balls; cores last, so that they join to one hollow."""
        here = [ball for ball in balls if abs(ball.centre[2] - self.z) < ball.radius]
        for ball in here:
            self._disc(ball, ball.radius, ball.hu, inside)
        for ball in here:
            self._disc(ball, ball.core, ball.core_hu, inside)

    def _disc(self, ball: Ball, radius: float, hu: float, inside: NDArray[np.bool_] | None) -> None:
        x, y, z = ball.centre
        height = radius**2 - (self.z - z) ** 2
        if height > 0.0:
            self.ellipse(x, y, (sqrt(height), sqrt(height)), hu, inside=inside)

    def mask(
        self, x: float, y: float, half: tuple[float, float], power: float = 2.0
    ) -> NDArray[np.bool_]:
        """Pixels inside an ellipse."""
        across = np.abs((self.axis - x) / half[0]) ** power
        down = np.abs((self.axis - y) / half[1]) ** power
        result: NDArray[np.bool_] = (down[:, None] + across[None, :]) < 1.0
        return result


def tube(points: list[Point], radii: tuple[float, float], hu: float, **core: float) -> list[Ball]:
    """Balls along a polyline, whose radius goes from the first to the second value (mm)."""
    lengths = [
        sqrt(sum((b - a) ** 2 for a, b in zip(start, end, strict=True)))
        for start, end in pairwise(points)
    ]
    whole, done, balls = sum(lengths) or 1.0, 0.0, []
    for start, end, size in zip(points[:-1], points[1:], lengths, strict=True):
        steps = max(2, int(size / max(1.2, 0.7 * min(radii))))
        for step in range(steps):
            share = step / steps
            radius = radii[0] + (radii[1] - radii[0]) * (done + share * size) / whole
            x, y, z = (a + (b - a) * share for a, b in zip(start, end, strict=True))
            balls.append(Ball((x, y, z), radius, hu, **core))
        done += size
    return balls


@dataclass(slots=True)
class Chains:
    """Balls, found by height."""

    _by_height: dict[int, list[Ball]] = field(default_factory=dict)

    @classmethod
    def of(cls, balls: Iterable[Ball]) -> "Chains":
        """Sort balls by the centimetres that they reach."""
        chains = cls()
        for ball in balls:
            low, high = ball.centre[2] - ball.radius, ball.centre[2] + ball.radius
            for centimetre in range(int(low // 10), int(high // 10) + 1):
                chains._by_height.setdefault(centimetre, []).append(ball)
        return chains

    def at(self, z: float) -> list[Ball]:
        """Balls that may reach a height (mm), in their order."""
        return self._by_height.get(int(z // 10), [])
