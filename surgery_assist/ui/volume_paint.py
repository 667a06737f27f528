"""What lies over a volume: the cube that shows which side is which, marks, handles of cuts."""

from typing import Final

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPolygonF

from surgery_assist.messages import Language, translate
from surgery_assist.model.geometry import added, cross, dot, scaled
from surgery_assist.model.grid import Grid
from surgery_assist.model.units import Vector
from surgery_assist.model.viewport import Rect
from surgery_assist.model.volume_screen import on_screen, volume_transform
from surgery_assist.model.volume_view import Mark, VolumeCamera, VolumeView

FACES: Final[dict[str, Vector]] = {
    "L": (1.0, 0.0, 0.0),
    "R": (-1.0, 0.0, 0.0),
    "P": (0.0, 1.0, 0.0),
    "A": (0.0, -1.0, 0.0),
    "H": (0.0, 0.0, 1.0),
    "F": (0.0, 0.0, -1.0),
}
"""Outward directions of the patient's sides (LPS)."""
CUBE_SHARE: Final = 0.045
LEAST_CUBE: Final = 22.0
_SEEN: Final = 0.08
_FACE = QColor(34, 44, 56, 230)
_EDGE = QColor(150, 170, 190)
_LETTER = QColor(240, 246, 252)
_MARK = QColor(255, 200, 60)
_HANDLE = QColor(255, 255, 255, 70)


def seen_faces(camera: VolumeCamera) -> dict[str, float]:
    """Faces of the cube that turn towards the eye, and how squarely (0 to 1)."""
    towards = {letter: -dot(normal, camera.toward) for letter, normal in FACES.items()}
    return {letter: share for letter, share in towards.items() if share > _SEEN}


def cube_middle(pane: Rect) -> QPointF:
    """Where the cube stands in its pane."""
    size = cube_size(pane)
    return QPointF(pane.width - size * 2.6, pane.height * 0.5 - size * 3.2)


def cube_size(pane: Rect) -> float:
    """Half of the cube's edge, logical pixels."""
    return max(LEAST_CUBE, min(pane.width, pane.height) * CUBE_SHARE)


def draw_cube(painter: QPainter, camera: VolumeCamera, pane: Rect) -> QRectF:
    """Draw the cube as the volume is turned; returns where it stands."""
    middle, size = cube_middle(pane), cube_size(pane)

    def place(point: Vector) -> QPointF:
        across, up = dot(point, camera.right), dot(point, camera.up)
        return middle + QPointF(across * size, -up * size)

    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for letter, share in sorted(seen_faces(camera).items(), key=lambda face: face[1]):
        normal = FACES[letter]
        side, top = _edges(normal)
        corners = [
            added(normal, added(scaled(side, a), scaled(top, b)))
            for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        ]
        fill = QColor(_FACE)
        fill.setRedF(min(1.0, fill.redF() + 0.12 * share))
        fill.setGreenF(min(1.0, fill.greenF() + 0.16 * share))
        fill.setBlueF(min(1.0, fill.blueF() + 0.2 * share))
        painter.setBrush(fill)
        painter.setPen(QPen(_EDGE, max(1.0, size / 18)))
        painter.drawPolygon(QPolygonF([place(corner) for corner in corners]))
        if share > 0.35:
            font = QFont(painter.font())
            font.setPixelSize(max(8, round(size * 1.15 * share)))
            font.setBold(True)
            painter.setFont(font)
            painter.setPen(_LETTER)
            where = place(normal)
            box = QRectF(where.x() - size, where.y() - size, 2 * size, 2 * size)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, letter)
    painter.restore()
    reach = size * 1.8
    return QRectF(middle.x() - reach, middle.y() - reach, 2 * reach, 2 * reach)


def _edges(normal: Vector) -> tuple[Vector, Vector]:
    other: Vector = (0.0, 0.0, 1.0) if abs(normal[2]) < 0.5 else (0.0, 1.0, 0.0)
    side = cross(normal, other)
    return side, cross(side, normal)


def draw_marks(
    painter: QPainter,
    view: VolumeView,
    grid: Grid,
    pane: Rect,
    zoom: float,
    *,
    language: Language,
    text_size: float,
) -> None:
    """Draw distances with their length, and arrows, where their points are seen."""
    transform = volume_transform(view.camera, grid, pane, zoom)

    def place(point: Vector) -> QPointF:
        right, down, _ = on_screen(view.camera, grid, point)
        return QPointF(*transform.to_pane(right, down))

    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(_MARK, max(2.0, text_size / 8), Qt.PenStyle.SolidLine))
    for mark in view.marks:
        points = [place(point) for point in mark.points]
        if mark.kind == "arrow":
            _arrow(painter, points[0], text_size)
        else:
            _distance(painter, mark, points, text_size, language)
    painter.restore()


def _arrow(painter: QPainter, tip: QPointF, size: float) -> None:
    tail = tip + QPointF(size * 2.4, -size * 2.4)
    painter.drawLine(QLineF(tail, tip))
    head = QPolygonF(
        [tip, tip + QPointF(size * 0.95, -size * 0.3), tip + QPointF(size * 0.3, -size * 0.95)]
    )
    painter.setBrush(_MARK)
    painter.drawPolygon(head)


def _distance(
    painter: QPainter, mark: Mark, points: list[QPointF], size: float, language: Language
) -> None:
    painter.drawLine(QLineF(points[0], points[1]))
    for point in points:
        painter.drawEllipse(point, size / 4, size / 4)
    font = QFont(painter.font())
    font.setPixelSize(round(size))
    font.setBold(True)
    painter.setFont(font)
    middle = (points[0] + points[1]) / 2
    text = translate("volume.mark.mm", language, mm=f"{mark.mm:.1f}")
    painter.drawText(middle + QPointF(size / 2, -size / 2), text)


def draw_handle(painter: QPainter, side: str, pane: Rect, reach: float) -> None:
    """Show that a cut is being drawn in from a side."""
    areas = {
        "left": QRectF(0, 0, reach, pane.height),
        "right": QRectF(pane.width - reach, 0, reach, pane.height),
        "up": QRectF(0, 0, pane.width, reach),
        "down": QRectF(0, pane.height - reach, pane.width, reach),
    }
    painter.fillRect(areas[side], _HANDLE)


def nearest_side(x: float, y: float, pane: Rect, reach: float) -> str | None:
    """The side of the pane that a point is within ``reach`` of."""
    ways = {"left": x, "right": pane.width - x, "up": y, "down": pane.height - y}
    side = min(ways, key=lambda name: ways[name])
    return side if ways[side] <= reach else None
