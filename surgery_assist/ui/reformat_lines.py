"""The crosshair and the picked path over images, and the handles that turn planes."""

from dataclasses import dataclass
from itertools import pairwise
from math import hypot
from typing import Final

from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from surgery_assist.commands.plane_change import crosshair_in, pane_point
from surgery_assist.model.geometry import ImagePlane, added, cross, length, scaled, unit
from surgery_assist.model.session import Session
from surgery_assist.model.units import Vector
from surgery_assist.ui.overlay import OverlayPainter, clipped
from surgery_assist.ui.painting import draw_line
from surgery_assist.ui.pane_source import PaneView
from surgery_assist.ui.theme import Theme, colour

_PARALLEL: Final = 0.17
"""Sine of the angle (10 degrees) under which two planes have no useful line in common."""
_GAP: Final = 0.02
"""Share of the pane's shorter side that stays free about the point itself."""
_EDGE: Final = 0.085
"""Share that is left to the letters at the pane's edges."""
_HANDLE: Final = 0.3
"""How far from the point a line's handles lie, as a share of the pane's shorter side."""
_NEAR_MM: Final = 1.5
"""Points of a path this near to the image are drawn in full."""


@dataclass(frozen=True, slots=True)
class CrossLine:
    """A line through the crosshair in a pane: where viewport ``other`` cuts it.

    ``other`` is ``None`` for plain lines across the pane. The direction is of unit length.
    """

    centre: tuple[float, float]
    direction: tuple[float, float]
    other: int | None = None

    def at(self, way: float) -> QPointF:
        """A point so many pixels along the line."""
        (x, y), (dx, dy) = self.centre, self.direction
        return QPointF(x + dx * way, y + dy * way)


def cross_lines(session: Session, index: int) -> tuple[CrossLine, ...]:
    """The crosshair's lines in a pane; none where it does not show."""
    place = _place(session, index)
    shown = session.shown(index)
    point = None if shown is None else crosshair_in(session, shown[1])
    if place is None or point is None:
        return ()
    centre = pane_point(session, index, point)
    if centre is None:
        return ()
    lines = []
    for other in session.panes():
        theirs = _place(session, other) if other != index else None
        shown_there = session.shown(other)
        if theirs is None or shown_there is None or shown is None:
            continue
        common = cross(place.normal, theirs.normal)
        if shown_there[1].space != shown[1].space or length(common) < _PARALLEL:
            continue
        direction = _on_screen(session, index, point, unit(common), centre)
        if direction is not None:
            lines.append(CrossLine(centre, direction, other))
    if lines:
        return tuple(lines)
    return CrossLine(centre, (1.0, 0.0)), CrossLine(centre, (0.0, 1.0))


def _place(session: Session, index: int) -> ImagePlane | None:
    shown = session.shown(index)
    if shown is None or shown[0].volume is not None or not shown[1].count:
        return None
    return shown[1].frames[min(shown[0].index, shown[1].count - 1)].plane


def _on_screen(
    session: Session, index: int, point: Vector, way: Vector, centre: tuple[float, float]
) -> tuple[float, float] | None:
    end = pane_point(session, index, added(point, scaled(way, 100.0)))
    if end is None:
        return None
    dx, dy = end[0] - centre[0], end[1] - centre[1]
    size = hypot(dx, dy)
    return (dx / size, dy / size) if size > 0 else None


def handle_way(area: QRectF) -> float:
    """How far from the point the handles of its lines lie, pixels."""
    return min(area.width(), area.height()) * _HANDLE


def draw_crosshair(
    painter: QPainter, view: PaneView, overlay: OverlayPainter, theme: Theme
) -> None:
    """Draw the lines of the crosshair, with the number of the panel that each belongs to."""
    session, index = view.session, view.index
    area = QRectF(0.0, 0.0, view.rect.width, view.rect.height)
    shorter = min(area.width(), area.height())
    gap, reach, edge = shorter * _GAP, area.width() + area.height(), shorter * _EDGE
    inner = area.adjusted(edge, edge, -edge, -edge)
    for line in cross_lines(session, index):
        active = line.other == session.view.active
        for sign in (1.0, -1.0):
            half = clipped(QLineF(line.at(sign * gap), line.at(sign * reach)), inner)
            if half is None:
                continue
            label = str(line.other + 1) if line.other is not None and sign > 0 else ""
            overlay.reference_line(painter, area, _reversed(half), label, active=active)
            if line.other is not None:
                _draw_handle(painter, line.at(sign * handle_way(area)), theme, active=active)


def _reversed(line: QLineF) -> QLineF:
    """From the pane's edge inwards: the label then stands near the edge."""
    return QLineF(line.p2(), line.p1())


def _draw_handle(painter: QPainter, centre: QPointF, theme: Theme, *, active: bool) -> None:
    radius = theme.space.large * 0.45
    tone = theme.colours.accent if active else theme.colours.text
    painter.setPen(QPen(colour(theme.colours.image), 2.0))
    painter.setBrush(colour(tone))
    painter.drawEllipse(centre, radius, radius)


def draw_path(painter: QPainter, view: PaneView, theme: Theme) -> None:
    """Draw the points of the path: full where they lie in the image, faint elsewhere."""
    session, index = view.session, view.index
    area = QRectF(0.0, 0.0, view.rect.width, view.rect.height)
    place, shown = _place(session, index), session.shown(index)
    if place is None or shown is None:
        return
    points = [entry.point for entry in session.view.path if entry.space == shown[1].space]
    places = [(point, pane_point(session, index, point)) for point in points]
    drawn = [(abs(place.distance(p)), QPointF(*at)) for p, at in places if at is not None]
    for (_, start), (_, end) in pairwise(drawn):
        seen = clipped(QLineF(start, end), area)
        if seen is not None:
            draw_line(painter, seen, theme.colours.accent, 2.0, 0.5)
    radius = theme.space.large * 0.4
    for distance, at in drawn:
        painter.setPen(QPen(colour(theme.colours.image), 2.0))
        painter.setBrush(colour(theme.colours.accent, 1.0 if distance <= _NEAR_MM else 0.4))
        painter.drawEllipse(at, radius, radius)
