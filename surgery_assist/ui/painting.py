"""Drawing primitives: images through a transform, and text that is read on any background."""

from collections import OrderedDict
from typing import Final

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QTransform,
)

from surgery_assist.model.viewport import ViewTransform
from surgery_assist.ui.theme import colour, sized_font

OUTLINE: Final = 0.16
"""Width of the dark edge round letters, as a share of the font size."""
KEPT_TEXTS: Final = 512
_TINY_TURN: Final = 1.7e-5
"""Radians; a thousandth of a degree."""


def draw_image(painter: QPainter, image: QImage, transform: ViewTransform, place: QRectF) -> None:
    """Draw an image that fills ``place`` (columns, rows of its source) where the transform says.

    The image may have fewer pixels than its place is large.
    """
    if abs(transform.b) > abs(transform.a):
        image = image.transformed(QTransform().rotate(90))
        transform = _for_turned(transform)
        place = QRectF(-place.bottom(), place.left(), place.height(), place.width())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setTransform(qtransform(_off_axis(transform)), combine=True)
    painter.drawImage(place, image)
    painter.restore()


def _for_turned(t: ViewTransform) -> ViewTransform:
    """The transform for source coordinates turned clockwise by a quarter about their origin.

    Qt fetches pixels along the lines of the screen: with columns of the image lying along them a
    4K frame takes ten times as long (72 ms against 7), turning it first a fraction of one.
    """
    return ViewTransform(-t.c, -t.d, t.a, t.b, t.e, t.f)


def _off_axis(t: ViewTransform) -> ViewTransform:
    """The transform turned by a thousandth of a degree where it only scales.

    Qt has a path of its own for plain scaling, which takes two to three times as long as the
    general one (18 ms against 7 at 4K). The corners move by less than a twentieth of a pixel.
    """
    if t.b or t.c or abs(t.a) == abs(t.d) == 1.0:
        return t
    return ViewTransform(t.a, t.a * _TINY_TURN, -t.d * _TINY_TURN, t.d, t.e, t.f)


def qtransform(transform: ViewTransform) -> QTransform:
    """The same affine map for Qt, which multiplies row vectors."""
    t = transform
    return QTransform(t.a, t.b, t.c, t.d, t.e, t.f)


class TextPainter:
    """Draws lines of text with a dark outline, each rendered once and kept.

    Outlined letters are paths, which are slow to fill; the same dozen strings are drawn again in
    every frame while somebody scrolls.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int, bool, str, float], QPixmap] = OrderedDict()
        self._metrics: dict[tuple[int, bool], QFontMetricsF] = {}

    def metrics(self, size: int, *, strong: bool = False) -> QFontMetricsF:
        """Measures of a font size."""
        key = (size, strong)
        if key not in self._metrics:
            self._metrics[key] = QFontMetricsF(sized_font(size, strong=strong))
        return self._metrics[key]

    def width(self, text: str, size: int, *, strong: bool = False) -> float:
        """Width of a line in logical pixels."""
        return self.metrics(size, strong=strong).horizontalAdvance(text)

    def elided(self, text: str, size: int, width: float, *, strong: bool = False) -> str:
        """The text, cut with an ellipsis when it is too wide."""
        metrics = self.metrics(size, strong=strong)
        return metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)

    def draw(
        self,
        painter: QPainter,
        position: QPointF,
        text: str,
        size: int,
        tone: str,
        *,
        strong: bool = False,
    ) -> None:
        """Draw a line; ``position`` is the left end of its baseline, ``tone`` a colour token."""
        ratio = painter.device().devicePixelRatioF()
        key = (text, size, strong, tone, ratio)
        pixmap = self._kept.get(key)
        if pixmap is None:
            pixmap = self._rendered(text, size, tone, ratio, strong=strong)
            self._kept[key] = pixmap
            if len(self._kept) > KEPT_TEXTS:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        margin = _margin(size)
        ascent = self.metrics(size, strong=strong).ascent()
        # Whole pixels: a pixmap between pixels would be smeared.
        x, y = round(position.x() - margin), round(position.y() - ascent - margin)
        painter.drawPixmap(QPointF(x, y), pixmap)

    def _rendered(self, text: str, size: int, tone: str, ratio: float, *, strong: bool) -> QPixmap:
        metrics = self.metrics(size, strong=strong)
        margin = _margin(size)
        width = metrics.horizontalAdvance(text) + 2 * margin
        height = metrics.height() + 2 * margin
        pixmap = QPixmap(max(1, round(width * ratio)), max(1, round(height * ratio)))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        path = QPainterPath()
        path.addText(margin, margin + metrics.ascent(), sized_font(size, strong=strong), text)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(0, 0, 0, 215), max(2.0, size * OUTLINE))
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.strokePath(path, pen)
        painter.fillPath(path, colour(tone))
        painter.end()
        return pixmap


def _margin(size: int) -> int:
    return 2 + round(size * OUTLINE)


def draw_line(
    painter: QPainter, line: QLineF, tone: str, width: float, opacity: float = 1.0
) -> None:
    """Draw a line with a dark edge, so that it shows on bone and on air."""
    for pen_colour, pen_width in (
        (QColor(0, 0, 0, round(150 * opacity)), width + 2),
        (colour(tone, opacity), width),
    ):
        painter.setPen(QPen(pen_colour, pen_width))
        painter.drawLine(line)
