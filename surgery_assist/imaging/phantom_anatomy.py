"""The demo study's body: a torso of simple solids with CT numbers of real tissue.

Heights: 0 mm at the hip joints, 480 mm at the tops of the lungs. Values in HU after contrast in
the portal venous phase.
"""

from dataclasses import dataclass, field
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.phantom_shapes import Ball, Chains, Ellipsoid, Image, Point, Slice, tube

HEIGHT_MM = 480.0
LESION: Point = (-88.0, -22.0, 222.0)
_OUTLINE = (
    # height, half width, half depth
    (0.0, 172.0, 112.0),
    (60.0, 168.0, 108.0),
    (150.0, 148.0, 99.0),
    (230.0, 155.0, 106.0),
    (320.0, 164.0, 112.0),
    (400.0, 168.0, 106.0),
    (450.0, 160.0, 92.0),
    (480.0, 146.0, 80.0),
)
_FAT, _MUSCLE, _LUNG, _BLOOD, _SOFT = -100.0, 58.0, -860.0, 165.0, 45.0
_CORTEX, _MARROW, _ARTERY = 850.0, 230.0, 290.0
_LUNG_TOP, _LUNG_BASE = 470.0, 205.0


def outline(z: float) -> tuple[float, float]:
    """Half width and half depth of the body at a height, mm."""
    heights, widths, depths = zip(*_OUTLINE, strict=True)
    around = z + np.linspace(-30.0, 30.0, 7)  # rounds the corners of the table
    return (
        float(np.interp(around, heights, widths).mean()),
        float(np.interp(around, heights, depths).mean()),
    )


def _wall(z: float) -> tuple[float, float]:
    """Thickness of the fat under the skin and of the muscle below it, mm."""
    fat = float(np.interp(z, (0, 100, 200, 300, 480), (24, 20, 15, 11, 12)))
    muscle = float(np.interp(z, (0, 60, 150, 250, 400, 480), (22, 14, 11, 13, 17, 26)))
    return fat, muscle


@dataclass(slots=True)
class Torso:
    """All solids of the body."""

    seed: int = 1
    _bowel: Chains = field(init=False)
    _vessels: Chains = field(init=False)
    _bones: Chains = field(init=False)
    _lung_vessels: Chains = field(init=False)

    def __post_init__(self) -> None:
        random = np.random.default_rng(self.seed)
        self._lung_vessels = Chains.of(_lung_vessels(random))
        self._bones = Chains.of(_ribs() + _pelvis_rims())
        self._bowel = Chains.of(_bowel(random))
        self._vessels = Chains.of(_vessels())

    def paint(self, z: float, size: int, spacing: float, lesion_mm: float) -> Image:
        """HU of the axial slice at height ``z``; ``(size, size)`` float32, without table.

        ``lesion_mm`` is the radius of the lesion in the liver.
        """
        canvas = Slice(size, spacing, z)
        width, depth = outline(z)
        fat, muscle = _wall(z)
        self._paint_wall(canvas, width, depth, fat, muscle)
        inner = (width - fat - muscle, depth - fat * 0.75 - muscle)
        cavity = canvas.mask(0.0, -2.0, inner, 2.3)
        self._paint_lungs(canvas, cavity)
        _paint_abdomen(canvas, cavity, lesion_mm)
        _paint_mediastinum(canvas, cavity)
        canvas.balls(self._bowel.at(z))
        canvas.balls(self._vessels.at(z))
        _paint_spine(canvas, depth)
        canvas.balls(self._bones.at(z))
        _paint_flat_bones(canvas, depth)
        return canvas.hu

    @staticmethod
    def _paint_wall(canvas: Slice, width: float, depth: float, fat: float, muscle: float) -> None:
        canvas.ellipse(0, 0, (width, depth), 60.0, power=2.4)
        canvas.ellipse(0, 0, (width - 2.2, depth - 2.2), _FAT, power=2.4)
        canvas.ellipse(0, -1, (width - fat, depth - fat * 0.75), _MUSCLE, power=2.35)
        # Thin layers of fat between the muscles keep the wall from looking like a ring.
        between = 0.55 * muscle
        canvas.ellipse(
            0, -1, (width - fat - between, depth - fat * 0.75 - between), _FAT + 40, power=2.3
        )
        canvas.ellipse(
            0, -1, (width - fat - between - 1.6, depth - fat * 0.75 - between - 1.6), _MUSCLE,
            power=2.3,
        )  # fmt: skip
        canvas.ellipse(
            0, -2, (width - fat - muscle, depth - fat * 0.75 - muscle), _FAT - 5, power=2.3
        )

    def _paint_lungs(self, canvas: Slice, cavity: NDArray[np.bool_]) -> None:
        z = canvas.z
        if not _LUNG_BASE < z < _LUNG_TOP:
            return
        top = min(1.0, (_LUNG_TOP - z) / 150.0)
        grown = (1.0 - (1.0 - top) ** 2) ** 0.5
        for side in (-1.0, 1.0):
            canvas.ellipse(
                side * (74 - 10 * (1 - grown)), 4, (64 * grown, 92 * grown), _LUNG,
                power=2.2, inside=cavity,
            )  # fmt: skip
        lungs = cavity & (canvas.hu < -500)
        canvas.balls(self._lung_vessels.at(z), lungs)


_DIAPHRAGM = (
    Ellipsoid((-68, -4, 190), (92, 104, 108), _FAT, 3.0, _SOFT),
    Ellipsoid((68, 0, 186), (90, 102, 98), _FAT, 3.0, _SOFT),
)
_ORGANS = (
    Ellipsoid((-64, -6, 218), (88, 92, 74), 112.0),
    Ellipsoid((-84, 22, 180), (56, 58, 56), 112.0),
    Ellipsoid((6, -46, 240), (72, 40, 34), 112.0),
    Ellipsoid((98, 46, 236), (38, 44, 46), 128.0),
    Ellipsoid((64, -30, 232), (44, 46, 40), 38.0, 3.5, 75.0),
    Ellipsoid((62, -52, 240), (30, 20, 26), -980.0),
    Ellipsoid((-46, -58, 176), (17, 16, 27), 8.0, 1.6, 60.0),
)
_SOLIDS = (
    Ellipsoid((14, -16, 186), (56, 12, 13), 96.0),
    Ellipsoid((-32, -18, 176), (20, 17, 20), 96.0),
    Ellipsoid((-62, 42, 152), (29, 27, 56), 150.0, 8.0, 195.0),
    Ellipsoid((64, 42, 160), (28, 27, 57), 150.0, 8.0, 195.0),
    Ellipsoid((-48, 36, 152), (15, 12, 30), -60.0),
    Ellipsoid((50, 36, 160), (15, 12, 30), -60.0),
    Ellipsoid((-47, 35, 150), (7, 7, 16), 120.0),
    Ellipsoid((49, 35, 158), (7, 7, 16), 120.0),
    Ellipsoid((-66, 10, 246), (7, 5, 20), 140.0),
    Ellipsoid((-40, 38, 100), (22, 24, 96), 62.0),
    Ellipsoid((40, 38, 100), (22, 24, 96), 62.0),
    Ellipsoid((-112, -6, 8), (40, 48, 70), 60.0),
    Ellipsoid((112, -6, 8), (40, 48, 70), 60.0),
    Ellipsoid((-62, 78, 26), (52, 24, 68), 58.0),
    Ellipsoid((62, 78, 26), (52, 24, 68), 58.0),
    Ellipsoid((0, -26, 20), (40, 32, 30), 6.0, 3.0, 52.0),
    Ellipsoid((0, 24, 26), (30, 20, 24), 88.0),
)


def _paint_abdomen(canvas: Slice, cavity: NDArray[np.bool_], r: float) -> None:
    domes = _DIAPHRAGM if canvas.z > _LUNG_BASE else ()
    for solid in (*domes, *_ORGANS):
        canvas.ellipsoid(solid, cavity)
    canvas.ellipsoid(Ellipsoid(LESION, (r, r * 0.92, r), 58.0, 2.2, 142.0), cavity)
    canvas.ellipsoid(Ellipsoid(LESION, (r * 0.4, r * 0.35, r * 0.4), 24.0), cavity)
    for solid in _SOLIDS:
        canvas.ellipsoid(solid)


def _paint_mediastinum(canvas: Slice, cavity: NDArray[np.bool_]) -> None:
    z = canvas.z
    if z > 276:
        narrow = float(np.interp(z, (276, 330, 380, 430, 480), (34, 30, 26, 30, 42)))
        canvas.ellipse(2, 14, (narrow, 66), _FAT + 15, power=2.2, inside=cavity)
    for solid in _HEART:
        canvas.ellipsoid(solid, cavity)
    if z > 385:
        canvas.ellipse(-2, 16, (11, 12), _SOFT)
        canvas.ellipse(-2, 16, (8.5, 9.5), -990.0)
    if z > 262:
        canvas.ellipse(8, 40, (8, 6), 48.0)
        canvas.ellipse(8, 40, (2.5, 2), -300.0)


_HEART = (
    Ellipsoid((22, -24, 306), (60, 54, 50), _FAT),
    Ellipsoid((22, -24, 306), (55, 50, 46), 105.0),
    Ellipsoid((44, -18, 302), (26, 26, 32), 205.0),
    Ellipsoid((4, -44, 302), (30, 20, 32), 180.0),
    Ellipsoid((-18, -16, 312), (21, 25, 28), 178.0),
    Ellipsoid((14, 12, 326), (32, 17, 20), 205.0),
)


def _paint_spine(canvas: Slice, depth: float) -> None:
    z = canvas.z
    for side in (-1, 1):
        canvas.ellipse(side * 33, depth - 31, (27, 17), 62.0)
    phase = (z + 6.0) % 33.0
    disc = phase < 8.0
    y = depth - 63.0
    wide = float(np.interp(z, (0, 120, 300, 480), (27, 25, 19, 16)))
    deep = wide * 0.72
    waist = 1.0 if disc else 1.0 - 0.10 * sin((phase - 8.0) / 25.0 * pi)
    canvas.ellipse(0, y + deep + 11, (15, 12), 60.0)
    if disc:
        canvas.ellipse(0, y, (wide, deep), 95.0, power=2.4)
        canvas.ellipse(0, y, (wide * 0.6, deep * 0.6), 75.0)
    else:
        shell = 4.5 if min(phase - 8.0, 33.0 - phase) < 2.2 else 1.8
        half = (wide * waist, deep * waist)
        canvas.ellipse(0, y, half, 620.0, power=2.4)
        canvas.ellipse(0, y, (half[0] - shell, half[1] - shell), _MARROW, power=2.4)
    # The arch: pedicles, laminae, facets, and a spinous process in the lower half of each level.
    back = y + deep + 9
    if not disc:
        canvas.ellipse(0, back, (15, 13), 560.0)
        for side in (-1, 1):
            canvas.ellipse(side * 19, back + 3, (10, 7), 420.0)
            if phase < 22:
                canvas.ellipse(side * 31, back + 2, (13, 4), 520.0)
                canvas.ellipse(side * 31, back + 2, (11, 2), 260.0)
    if phase > 18 or disc:
        canvas.ellipse(0, back + 18, (3.6, 11), 560.0)
        canvas.ellipse(0, back + 18, (1.8, 9), 280.0)
    canvas.ellipse(0, back, (9.5, 8.5), 20.0)
    canvas.ellipse(0, back, (5, 4), 42.0)


def _ribs() -> list[Ball]:
    """Twelve pairs that start at the spine and fall towards the front."""
    balls = []
    for pair in range(12):
        start = 458.0 - pair * 22.0
        reach = (0.74, 0.84, 0.9, 0.94, 0.95, 0.95, 0.92, 0.86, 0.8, 0.72, 0.55, 0.42)[pair]
        for side in (-1.0, 1.0):
            steps = int(150 * reach)
            for step in range(steps):
                share = step / 150
                angle = pi / 2 - share * pi * 0.985
                z = start - 88.0 * share**1.25
                if pair > 5 and share > 0.7:
                    z += (share - 0.7) * 160.0
                width, depth = outline(z)
                fat, _ = _wall(z)
                x = side * (width - fat - 9) * abs(cos(angle)) ** 0.87
                y = (depth - fat * 0.75 - 9) * abs(sin(angle)) ** 0.87 * (1 if angle > 0 else -1)
                if share < 0.06:
                    y -= (0.06 - share) * 380.0
                if share > 0.8:
                    balls.append(Ball((x, y, z), 5.0, 130.0))
                else:
                    balls.append(Ball((x, y, z), 5.2, 760.0, 3.0, 240.0))
    return balls


def _pelvis_rims() -> list[Ball]:
    balls = []
    for side in (-1.0, 1.0):
        # Wing of the ilium: a curved plate from the sacrum outwards and forwards.
        for row in range(28):
            z = 24.0 + row * 3.2
            spread = 0.55 + 0.45 * row / 27
            for step in range(34):
                share = step / 33
                x = side * (30 + (92 * spread) * sin(share * pi * 0.56))
                y = 74 - 118 * spread * share**1.15
                balls.append(Ball((x, y, z), 5.4, 620.0, 3.2, 230.0))
        balls += tube([(side * 92, -2, 26), (side * 60, -52, 2), (side * 12, -66, -10)],
                      (11, 8), 600.0, core=6.0, core_hu=230.0)  # fmt: skip
        balls.append(Ball((side * 96, 4, 2), 30.0, 640.0, 26.5, 260.0))
        balls.append(Ball((side * 97, 4, 0), 23.5, 700.0, 21.0, 330.0))
    return balls


def _paint_flat_bones(canvas: Slice, depth: float) -> None:
    z = canvas.z
    fat, _ = _wall(z)
    if 300 < z < 452:
        wide = 24 if z > 415 else 17
        y = -(depth - fat * 0.75 - 8)
        canvas.ellipse(0, y, (wide, 6.5), 480.0, power=2.6)
        canvas.ellipse(0, y, (wide - 2, 4.5), 170.0, power=2.6)
    if z < 100:
        half = 0.45 * z + 14
        canvas.ellipse(0, 84, (half, 17), 520.0, power=2.4)
        canvas.ellipse(0, 84, (half - 3, 14), 220.0, power=2.4)
        for side in (-1, 1):
            canvas.ellipse(side * half * 0.45, 84, (4, 4), 10.0)
    if z > 330:
        reach = min(1.0, (z - 330) / 70)
        for side in (-1, 1):
            for step in range(int(16 * reach) + 2):
                x = side * (78 + step * 3.2)
                y = depth - fat * 0.75 - 7 - 0.020 * (step * 3.2) ** 2 - 3
                canvas.ellipse(x, y, (3.4, 3.0), 560.0)
                canvas.ellipse(x, y, (1.8, 1.5), 300.0)
    if z > 452:
        for side in (-1, 1):
            canvas.ellipse(side * (52 + (z - 452) * 1.2), -depth + fat + 9, (34, 6), 640.0)
            canvas.ellipse(side * (52 + (z - 452) * 1.2), -depth + fat + 9, (32, 3.6), 240.0)


def _vessels() -> list[Ball]:
    """Great vessels: aorta with arch and branches, veins, pulmonary trunk, bronchi."""
    aorta: list[Point] = [
        (4, -18, 330), (-12, -24, 356), (-14, -14, 388), (-4, 2, 410), (10, 26, 412), (20, 42, 394),
        (20, 44, 340), (14, 38, 280), (8, 32, 220), (6, 26, 150), (4, 24, 92),
    ]  # fmt: skip
    cava: list[Point] = [(-20, 22, 92), (-24, 22, 160), (-26, 14, 230), (-22, -2, 296)]
    chains = tube(cava, (11, 12), 150.0)
    chains += tube([(-26, -18, 330), (-24, -14, 440)], (9, 8), 175.0)
    chains += tube([(10, -40, 338), (14, -16, 362), (16, 4, 366)], (13, 12), 185.0)
    for side in (-1, 1):
        chains += tube([(14, 2, 364), (side * 46, 14, 352)], (10, 6), 185.0)
        bronchus: list[Point] = [(-2, 16, 386), (side * 22, 20, 366), (side * 48, 24, 346)]
        chains += tube(bronchus, (8.5, 6), _SOFT, core=5.5, core_hu=-985.0)
        chains += tube([(0, 12, 205), (side * 46, 34, 158 + 4 * side)], (6.5, 5), 155.0)
        chains += tube([(-22, 20, 94), (side * 34, 16, 48), (side * 58, -26, 0)], (9, 7), 140.0)
        chains += tube([(-2, 2, 412), (side * 26, -4, 446), (side * 42, 2, 482)], (5, 4), _ARTERY)
    chains += tube(aorta, (15, 9.5), _ARTERY)
    for side in (-1, 1):
        chains += tube([(4, 24, 94), (side * 30, 10, 50), (side * 56, -34, 0)], (7, 5), _ARTERY)
        chains += tube([(5, 26, 166), (side * 46, 34, 160)], (3.4, 2.4), _ARTERY)
    chains += tube([(8, 22, 212), (6, -4, 212), (-40, -14, 220)], (4, 2.5), _ARTERY)
    chains += tube([(6, -4, 212), (50, 16, 222), (84, 34, 232)], (3.2, 2.4), _ARTERY)
    chains += tube([(6, 20, 196), (4, -16, 176), (6, -26, 110)], (3.8, 2.2), _ARTERY)
    portal: list[Point] = [(10, -24, 150), (-8, -14, 194), (-46, -6, 222), (-78, 4, 232)]
    chains += tube(portal, (6, 3.5), _BLOOD + 25)
    chains += tube([(-46, -6, 222), (-40, -40, 236), (0, -50, 240)], (4, 2.4), _BLOOD + 25)
    for x, y in ((-92, 10), (-58, -36), (-20, -52), (-104, -18)):
        chains += tube(
            [(-24, 4, 272), ((x - 24) / 2, y / 2, 256), (x, y, 240)], (4, 2), _BLOOD + 20
        )
    return chains


def _bowel(random: np.random.Generator) -> list[Ball]:
    balls: list[Ball] = []
    colon: list[Point] = [
        (-104, -8, 50), (-110, -2, 110), (-100, -26, 158), (-50, -66, 150), (10, -72, 140),
        (70, -60, 160), (104, 4, 196), (112, 22, 150), (110, 22, 80), (70, 0, 46), (20, 30, 50),
    ]  # fmt: skip
    for place, ball in enumerate(tube(colon, (18, 15), 52.0)):
        if place % 2:
            continue
        bulge = 1.0 + 0.14 * sin(place * 0.45)
        gas = -880.0 if sin(place * 0.11) > -0.35 else 25.0
        balls.append(Ball(ball.centre, ball.radius * bulge, 55.0, ball.radius * bulge - 3, gas))
    for _ in range(64):
        x, y, z = random.uniform(-72, 76), random.uniform(-58, -16), random.uniform(42, 140)
        end = (
            x + random.uniform(-34, 34),
            y + random.uniform(-14, 14),
            z + random.uniform(-16, 16),
        )
        inner = -700.0 if random.random() < 0.12 else 30.0
        loop: list[Point] = [(x, y, z), end]
        balls += tube(loop, (13, 12), 105.0, core=10.0, core_hu=inner)
    return balls


def _lung_vessels(random: np.random.Generator) -> list[Ball]:
    """Branching trees from both hila."""
    balls: list[Ball] = []
    for side in (-1.0, 1.0):
        hilum: Point = (side * 42.0, 16.0, 350.0)
        for _ in range(18):
            direction = random.normal(size=3)
            direction[0] = side * abs(direction[0]) + side * 0.4
            direction[2] *= 1.3
            _branch(
                random, balls, hilum, direction / np.linalg.norm(direction), radius=3.4, depth=5
            )
    return balls


def _branch(
    random: np.random.Generator,
    balls: list[Ball],
    start: Point,
    direction: NDArray[np.float64],
    *,
    radius: float,
    depth: int,
) -> None:
    length = random.uniform(14, 30)
    end = np.asarray(start) + direction * length
    tip: Point = (float(end[0]), float(end[1]), float(end[2]))
    balls += tube([start, tip], (radius, radius * 0.8), 60.0)
    if depth == 0:
        return
    for _ in range(2):
        turned = direction + random.normal(scale=0.5, size=3)
        _branch(
            random,
            balls,
            tip,
            turned / np.linalg.norm(turned),
            radius=radius * 0.76,
            depth=depth - 1,
        )
