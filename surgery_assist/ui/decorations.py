"""Draws what belongs to a frame: shutters, overlays, outlines of segments, saved graphics."""

from collections.abc import Iterable
from math import hypot
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from surgery_assist.model.annotations import Graphic, GraphicText, Shutter
from surgery_assist.model.viewport import ViewTransform
from surgery_assist.ui.objects import FrameObjects
from surgery_assist.ui.overlay import OverlayPainter
from surgery_assist.ui.painting import draw_image, qtransform
from surgery_assist.ui.theme import Colours

NAMED: Final = 12
"""More names than this would hide the picture."""
_CROSS: Final = 8.0
"""Arm of the cross that marks a single point, logical pixels."""


class Decorations:
    """Draws over one pane; made for each picture.

    Parameters
    ----------
    transform
        From image pixels to the pane.
    pane
        Its area, logical pixels.
    thick
        Width of lines.
    """

    def __init__(
        self,
        painter: QPainter,
        overlay: OverlayPainter,
        transform: ViewTransform,
        pane: QRectF,
        thick: float,
    ) -> None:
        self._painter = painter
        self._overlay = overlay
        self._transform = transform
        self._map = qtransform(transform)
        self._pane = pane
        self._thick = thick

    def draw(self, objects: FrameObjects, *, outlines: bool, texts: bool, place: QRectF) -> None:
        """Draw what lies over a frame; shutters always.

        Parameters
        ----------
        outlines
            Segments and structures too.
        texts
            Overlays and saved graphics too.
        place
            The frame, image pixels.
        """
        saved = objects.presentations
        shutters = [*objects.annotations.shutters, *(s for p in saved for s in p.shutters)]
        self._shut(shutters, place)
        if outlines:
            self._outline(objects)
        if not texts:
            return
        for bitmap in objects.bitmaps:
            draw_image(self._painter, bitmap, self._transform, place)
        for graphic in (*objects.annotations.graphics, *(g for p in saved for g in p.graphics)):
            self._graphic(graphic)
        for text in (*objects.annotations.texts, *(t for p in saved for t in p.texts)):
            self._text(text)

    def _shut(self, shutters: Iterable[Shutter], place: QRectF) -> None:
        t = self._transform
        aspect = hypot(t.c, t.d) / t.scale
        for shutter in shutters:
            outside = QPainterPath()
            outside.addRect(place)
            hidden = outside.subtracted(_opening(shutter, aspect))
            grey = shutter.grey
            self._painter.fillPath(self._map.map(hidden), QColor(grey, grey, grey))

    def _outline(self, objects: FrameObjects) -> None:
        named = 0
        for region, polygons in objects.outlines:
            drawn = [self._map.map(polygon) for polygon in polygons]
            tone = QColor(*region.colour)
            self._stroke(drawn, tone, closed=True)
            if named < NAMED and self._name(region.name, tone, drawn):
                named += 1

    def _name(self, name: str, tone: QColor, polygons: list[QPolygonF]) -> bool:
        """Write a region's name above its outline where there is room; whether there was."""
        if not polygons or not name:
            return False
        top = min(
            (point for polygon in polygons for point in polygon.toList()), key=lambda p: p.y()
        )
        return self._overlay.label(self._painter, self._pane, top, name, tone.name())

    def _graphic(self, graphic: Graphic) -> None:
        tone = QColor(*graphic.colour) if graphic.colour else QColor(Colours().warning)
        points = [self._point(point, graphic.space) for point in graphic.points]
        if len(points) == 1:
            arms = (QPointF(_CROSS, 0.0), QPointF(0.0, _CROSS))
            lines = [QPolygonF([points[0] - arm, points[0] + arm]) for arm in arms]
            self._stroke(lines, tone, closed=False)
            return
        polygon = QPolygonF(points)
        if graphic.filled:
            path = QPainterPath()
            path.addPolygon(polygon)
            self._painter.fillPath(path, QColor(tone.red(), tone.green(), tone.blue(), 110))
        self._stroke([polygon], tone, closed=graphic.closed)

    def _text(self, text: GraphicText) -> None:
        tone = Colours().warning
        anchor = None if text.anchor is None else self._point(text.anchor, text.space)
        place = anchor
        if text.box is not None:
            corners = [self._point(point, text.space) for point in text.box]
            box = QRectF(corners[0], corners[1]).normalized()
            place = box.topLeft() + QPointF(0.0, self._overlay.line_height(self._pane))
            if anchor is not None:
                self._stroke([QPolygonF([box.center(), anchor])], QColor(tone), closed=False)
        if place is not None:
            for number, line in enumerate(text.text.splitlines()):
                below = QPointF(0.0, number * self._overlay.line_height(self._pane))
                self._overlay.label(
                    self._painter, self._pane, place + below, line, tone, always=True
                )

    def _point(self, point: tuple[float, float], space: str) -> QPointF:
        if space == "pane":
            x = self._pane.left() + point[0] * self._pane.width()
            return QPointF(x, self._pane.top() + point[1] * self._pane.height())
        return self._map.map(QPointF(*point))

    def _stroke(self, polygons: list[QPolygonF], tone: QColor, *, closed: bool) -> None:
        """Draw lines with a dark edge, so that they show on bone and on air."""
        painter = self._painter
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen_colour, width in ((QColor(0, 0, 0, 150), self._thick + 2.0), (tone, self._thick)):
            pen = QPen(pen_colour, width)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            for polygon in polygons:
                if closed:
                    painter.drawPolygon(polygon)
                else:
                    painter.drawPolyline(polygon)


def _opening(shutter: Shutter, aspect: float) -> QPainterPath:
    """What a shutter leaves visible, image pixels; ``aspect`` is a pixel's height over width."""
    path = QPainterPath()
    points = [QPointF(*point) for point in shutter.points]
    if shutter.kind == "rectangle":
        path.addRect(QRectF(points[0], points[1]).normalized())
    elif shutter.kind == "circle":
        path.addEllipse(points[0], shutter.radius, shutter.radius / aspect)
    else:
        path.addPolygon(QPolygonF(points))
        path.closeSubpath()
    return path
