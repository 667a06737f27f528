"""Draws what lies over an image: corners, edge letters, scale, grid, target, lines, hints.

Nothing may overlap: the letters keep the middle of each edge, a corner gets what is left of its
quarter, and drops or shortens lines when that is too little.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Final, Literal

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from surgery_assist.model.session import GRID_COLUMNS, GRID_ROWS, Target
from surgery_assist.model.units import EdgeLetters
from surgery_assist.ui.overlay_texts import Line, Texts
from surgery_assist.ui.painting import TextPainter, draw_line
from surgery_assist.ui.theme import Colours, Role, Theme, TypeScale, colour, sized_font

Side = Literal["left", "right"]
_WIDEST_LETTERS: Final = "HPR"
_LEADING: Final = 1.28
"""Line height over font size."""
_BAR_SHARE: Final = 0.22
"""The most of a pane's width that the scale bar takes."""


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A length in the picture: mm, and logical pixels."""

    mm: float
    pixels: float

    @property
    def label(self) -> str:
        """The length as people say it."""
        return f"{self.mm / 10:g} cm" if self.mm >= 10 else f"{self.mm:g} mm"


def scale_bar(mm_per_pixel: float | None, width: float) -> ScaleBar | None:
    """The longest round length (1, 2, 5, 10... mm) that takes a fifth of the pane."""
    if not mm_per_pixel or mm_per_pixel <= 0 or width <= 0:
        return None
    longest = mm_per_pixel * width * _BAR_SHARE
    magnitude = 10.0 ** floor(log10(longest))
    mm = max(step for step in (1.0, 2.0, 5.0) if step * magnitude <= longest * 1.0001) * magnitude
    return ScaleBar(mm, mm / mm_per_pixel)


def clipped(line: QLineF, area: QRectF) -> QLineF | None:
    """The part of a line that lies in a rectangle (Liang-Barsky)."""
    first, last = 0.0, 1.0
    for delta, low, high in (
        (line.dx(), area.left() - line.x1(), area.right() - line.x1()),
        (line.dy(), area.top() - line.y1(), area.bottom() - line.y1()),
    ):
        if abs(delta) < 1e-9:
            if low > 0 or high < 0:
                return None
            continue
        enter, leave = sorted((low / delta, high / delta))
        first, last = max(first, enter), min(last, leave)
    return QLineF(line.pointAt(first), line.pointAt(last)) if first < last else None


class OverlayPainter:
    """Draws over one pane; keeps rendered texts between frames."""

    def __init__(self, theme: Theme, texts: TextPainter) -> None:
        self._theme = theme
        self._texts = texts
        self._colours: Colours = theme.colours
        self._taken: list[QRectF] = []
        self.badges: list[QRectF] = []
        """Where the last frame's warnings stand: a click on them asks what they mean."""

    def begin(self) -> None:
        """A new frame: nothing has been written yet."""
        self._taken = []
        self.badges = []

    def take(self, area: QRectF) -> None:
        """Something has been written here: names of cells keep away."""
        self._taken.append(area)

    def corners(
        self,
        painter: QPainter,
        pane: QRectF,
        texts: Texts,
        *,
        bar: ScaleBar | None = None,
        number: int | None = None,
        active: bool = False,
    ) -> None:
        """Draw the four corners; ``number`` is the panel's, where there are several."""
        scale = self._scale(pane)
        margin = self._margin(scale)
        essential = scale.size("essential")
        reserved = self._texts.width(_WIDEST_LETTERS, essential, strong=True) / 2 + margin
        width = pane.width() / 2 - reserved - margin
        height = pane.height() / 2 - essential - 2 * margin
        indent = self._panel_number(painter, pane, scale, number, active=active)
        left, right = pane.left() + margin, pane.right() - margin
        top, bottom = pane.top() + margin, pane.bottom() - margin
        block = _Block(self, painter, scale, width, height)
        block.draw(texts.top_left, "left", left, top, indent=indent)
        block.draw(texts.top_right, "right", right, top)
        block.draw(texts.bottom_left, "left", left, bottom, upwards=True)
        block.draw(texts.bottom_right, "right", right, bottom, upwards=True, bar=bar)

    def _panel_number(
        self,
        painter: QPainter,
        pane: QRectF,
        scale: TypeScale,
        number: int | None,
        *,
        active: bool,
    ) -> float:
        """Draw the panel's number in the corner; returns the room that it takes."""
        if number is None:
            return 0.0
        size, margin = scale.size("essential"), self._margin(scale)
        edge = size * 1.3
        chip = QRectF(pane.left() + margin, pane.top() + margin, edge, edge)
        fill = self._colours.accent if active else self._colours.raised
        self.take(chip)
        _rounded(painter, chip, colour(fill, 1.0 if active else 0.85), edge * 0.25)
        painter.setFont(sized_font(size, strong=True))
        painter.setPen(colour(self._colours.on_accent if active else self._colours.text))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, str(number))
        return edge + margin * 0.8

    def letters(self, painter: QPainter, pane: QRectF, letters: EdgeLetters) -> None:
        """Draw R, L, A, P, H, F in the middle of each edge."""
        scale = self._scale(pane)
        size, margin = scale.size("essential"), self._margin(scale)
        metrics = self._texts.metrics(size, strong=True)
        middle, centre = pane.center().x(), pane.center().y()
        left, right, top, bottom = letters
        half = metrics.capHeight() / 2
        places = (
            (left, pane.left() + margin, centre + half, 0.0),
            (right, pane.right() - margin, centre + half, 1.0),
            (top, middle, pane.top() + margin + metrics.capHeight() * 1.1, 0.5),
            (bottom, middle, pane.bottom() - margin, 0.5),
        )
        for text, x, y, share in places:
            if text:
                start = x - self._texts.width(text, size, strong=True) * share
                self.text(painter, QPointF(start, y), text, size, strong=True)
                advance = self._texts.width(text, size, strong=True)
                box = QRectF(start, y - metrics.capHeight(), advance, metrics.capHeight())
                air = size * 0.25
                self.take(box.adjusted(-air, -air, air, air))

    def grid_lines(self, painter: QPainter, pane: QRectF) -> None:
        """Draw the edges of the cells that points are named by."""
        across, down = pane.width() / GRID_COLUMNS, pane.height() / GRID_ROWS
        tone, hairline = self._colours.text, float(self._theme.space.hairline)
        for column in range(1, GRID_COLUMNS):
            x = pane.left() + column * across
            draw_line(painter, QLineF(x, pane.top(), x, pane.bottom()), tone, hairline, 0.45)
        for row in range(1, GRID_ROWS):
            y = pane.top() + row * down
            draw_line(painter, QLineF(pane.left(), y, pane.right(), y), tone, hairline, 0.45)

    def grid_names(self, painter: QPainter, pane: QRectF, target: Target | None) -> None:
        """Draw the cells' names, A to I across and 1 to 9 down, where there is room for them."""
        across, down = pane.width() / GRID_COLUMNS, pane.height() / GRID_ROWS
        secondary = self._scale(pane).size("secondary")
        size = max(9, min(secondary, round(down * 0.42), round(across * 0.3)))
        metrics = self._texts.metrics(size, strong=True)
        for row in range(GRID_ROWS):
            for column in range(GRID_COLUMNS):
                cell = QRectF(pane.left() + column * across, pane.top() + row * down, across, down)
                pointed = target is not None and cell.contains(
                    pane.left() + target.x * pane.width(), pane.top() + target.y * pane.height()
                )
                name = f"{chr(ord('A') + column)}{row + 1}"
                width = metrics.horizontalAdvance(name)
                label = QRectF(0, 0, width, metrics.capHeight())
                label.moveCenter(cell.center())
                if not pointed and not any(label.intersects(area) for area in self._taken):
                    self.text(painter, label.bottomLeft(), name, size, strong=True)

    def target(self, painter: QPainter, pane: QRectF, target: Target) -> None:
        """Draw the named point: a cross in its middle, and the cell that says how precise."""
        x = pane.left() + target.x * pane.width()
        y = pane.top() + target.y * pane.height()
        width, height = target.size[0] * pane.width(), target.size[1] * pane.height()
        cell = QRectF(x - width / 2, y - height / 2, width, height)
        tone, thick = self._colours.accent, self.line_width
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen_colour, extra in ((QColor(0, 0, 0, 160), 2.0), (colour(tone), 0.0)):
            painter.setPen(QPen(pen_colour, thick + extra))
            painter.drawRect(cell)
        arm = max(self._theme.space.large * 1.0, min(width, height) / 2)
        gap = arm * 0.3
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            ray = QLineF(x + dx * gap, y + dy * gap, x + dx * arm, y + dy * arm)
            draw_line(painter, ray, tone, thick)

    def reference_line(
        self, painter: QPainter, pane: QRectF, line: QLineF, label: str, *, active: bool
    ) -> None:
        """Draw where another panel's image cuts this one, with that panel's number."""
        seen = clipped(line, pane)
        if seen is None:
            return
        tone = self._colours.accent if active else self._colours.text
        draw_line(painter, seen, tone, self.line_width, 0.9)
        size = self._scale(pane).size("small")
        place = seen.pointAt(0.12) + QPointF(0.0, -0.5 * size)
        self.text(painter, place, label, size, tone=tone, strong=True)

    def frame(self, painter: QPainter, pane: QRectF, *, active: bool) -> None:
        """Draw the edge of a pane where there are several."""
        width = float(self._theme.space.hairline * (3 if active else 1))
        tone = self._colours.accent if active else self._colours.hairline
        painter.setPen(QPen(colour(tone), width, j=Qt.PenJoinStyle.MiterJoin))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        half = width / 2
        painter.drawRect(pane.adjusted(half, half, -half, -half))

    def hint(self, painter: QPainter, pane: QRectF, text: str) -> None:
        """Draw a small note above the bottom letter."""
        scale = self._scale(pane)
        size, margin = scale.size("small"), self._margin(scale)
        width = self._texts.width(text, size) + 2 * size
        height = size * 1.9
        y = pane.bottom() - 2 * margin - scale.size("essential") - height
        chip = QRectF(pane.center().x() - width / 2, y, width, height)
        _rounded(painter, chip, colour(self._colours.surface, 0.88), height / 2)
        painter.setFont(sized_font(size))
        painter.setPen(colour(self._colours.muted))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)

    def message(self, painter: QPainter, pane: QRectF, title: str, text: str) -> None:
        """Draw why there is no picture, in the middle of the pane."""
        scale = self._scale(pane)
        width = pane.width() * 0.66
        role: Role = "secondary"
        area = QRectF(pane.center().x() - width / 2, pane.top(), width, pane.height())
        painter.setFont(sized_font(scale.size(role)))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        box = painter.boundingRect(area, flags, text)
        painter.setPen(colour(self._colours.text))
        painter.drawText(area, flags, text)
        if title:
            size = scale.size("essential")
            above = QRectF(area.left(), box.top() - size * 2.2, width, size * 1.6)
            painter.setFont(sized_font(size, strong=True))
            painter.setPen(colour(self._colours.danger))
            painter.drawText(above, Qt.AlignmentFlag.AlignCenter, title)

    def moon(self, painter: QPainter, pane: QRectF, text: str) -> None:
        """Draw the sign of a hidden screen in a corner, too faint to dazzle."""
        scale = self._scale(pane)
        size, margin = scale.size("small"), self._margin(scale)
        x, y = pane.right() - margin - size, pane.top() + margin
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(self._colours.faint))
        painter.drawEllipse(QRectF(x, y, size, size))
        painter.setBrush(colour(self._colours.image))
        painter.drawEllipse(QRectF(x + size * 0.3, y - size * 0.12, size * 0.9, size * 0.9))
        painter.setFont(sized_font(size))
        painter.setPen(colour(self._colours.faint))
        width = self._texts.width(text, size)
        baseline = y + size * 0.86
        painter.drawText(QPointF(x - width - size * 0.6, baseline), text)

    def text(
        self,
        painter: QPainter,
        position: QPointF,
        text: str,
        size: int,
        *,
        tone: str = "",
        strong: bool = False,
    ) -> None:
        """Draw outlined text at the left end of its baseline."""
        colour_token = tone or self._colours.text
        self._texts.draw(painter, position, text, size, colour_token, strong=strong)

    def label(
        self,
        painter: QPainter,
        pane: QRectF,
        point: QPointF,
        text: str,
        tone: str,
        *,
        always: bool = False,
    ) -> bool:
        """Write a small text above a point of the image; whether it was written.

        Unless ``always``, it is left out where it would leave the pane or cover another text.
        """
        size = self._scale(pane).size("small")
        width = self._texts.width(text, size)
        height = self._texts.metrics(size).height()
        left = max(pane.left(), min(point.x(), pane.right() - width))
        box = QRectF(left, point.y() - height - size * 0.2, width, height)
        free = pane.contains(box) and not any(box.intersects(area) for area in self._taken)
        if not always and not free:
            return False
        self.take(box)
        baseline = box.top() + self._texts.metrics(size).ascent()
        self.text(painter, QPointF(left, baseline), text, size, tone=tone)
        return True

    def region_bar(
        self, painter: QPainter, pane: QRectF, region: QRectF, mm_per_pixel: float
    ) -> None:
        """Draw the scale of one part of a picture in that part's lower right corner."""
        seen = region.intersected(pane)
        bar = scale_bar(mm_per_pixel, region.width())
        scale = self._scale(pane)
        leading = scale.size("small") * _LEADING
        if bar is not None and seen.width() > 2 * bar.pixels and seen.height() > 3 * leading:
            end = seen.bottomRight() - QPointF(leading, leading)
            self.length(painter, scale, bar, end)

    def length(self, painter: QPainter, scale: TypeScale, bar: ScaleBar, end: QPointF) -> None:
        """Draw a scale bar, its length before it; ``end`` is its right end."""
        size = scale.size("small")
        tick = size * 0.3
        right, y = end.x(), end.y()
        left = right - bar.pixels
        thick = max(2.0, size / 10)
        tone = self._colours.text
        for line in (
            QLineF(left, y, right, y),
            QLineF(left, y - tick, left, y + tick),
            QLineF(right, y - tick, right, y + tick),
        ):
            draw_line(painter, line, tone, thick)
        width = self._texts.width(bar.label, size)
        half = self._texts.metrics(size).capHeight() / 2
        position = QPointF(left - width - size * 0.5, y + half)
        self.text(painter, position, bar.label, size)
        self.take(QRectF(position.x(), y - half, right - position.x(), 2.0 * half))

    def line_height(self, pane: QRectF) -> float:
        """Height of a line of small text."""
        return self._scale(pane).size("small") * _LEADING

    @property
    def line_width(self) -> float:
        """Width of lines that are drawn on images, logical pixels."""
        return float(max(2, self._theme.space.hairline * 2))

    def _scale(self, pane: QRectF) -> TypeScale:
        return self._theme.type.in_area(pane.width(), pane.height())

    @staticmethod
    def _margin(scale: TypeScale) -> float:
        return scale.size("small") * 0.75


class _Block:
    """One corner's lines, fitted into its room."""

    def __init__(
        self,
        overlay: OverlayPainter,
        painter: QPainter,
        scale: TypeScale,
        width: float,
        height: float,
    ) -> None:
        self._overlay = overlay
        self._texts = overlay._texts  # noqa: SLF001  (a part of the same drawing)
        self._colours = overlay._colours  # noqa: SLF001
        self._painter = painter
        self._scale = scale
        self._width = width
        self._height = height

    def draw(
        self,
        lines: Sequence[Line],
        side: Side,
        x: float,
        y: float,
        *,
        upwards: bool = False,
        indent: float = 0.0,
        bar: ScaleBar | None = None,
    ) -> None:
        """Draw from a corner; ``indent`` is kept free beside the first lines."""
        room = self._height - (self._leading("small") * 1.2 if bar else 0.0)
        kept = self._fitting(lines, room)
        if upwards:
            y -= sum(self._line_height(line) for line in kept)
        if bar is not None and kept and self._width > bar.pixels:
            self._overlay.length(
                self._painter, self._scale, bar, QPointF(x, y - self._leading("small") * 0.5)
            )
        if side == "left":
            x += indent
        for line in kept:
            self._line(line, side, x, y, self._width - indent)
            y += self._line_height(line)

    def _fitting(self, lines: Sequence[Line], room: float) -> list[Line]:
        """The lines that fit, the highest ranks left out first, those of rank 0 never."""
        kept = list(lines)
        while kept and sum(self._line_height(line) for line in kept) > room:
            least = max(kept, key=lambda line: line.rank)
            if least.rank == 0:
                break
            kept.remove(least)
        return kept

    def _leading(self, role: Role) -> float:
        return self._scale.size(role) * _LEADING

    def _line_height(self, line: Line) -> float:
        # A badge has air round its letters and above itself.
        return self._leading(line.role) * (1.35 if line.badge else 1.0)

    def _line(self, line: Line, side: Side, x: float, top: float, width: float) -> None:
        size = self._scale.size(line.role)
        inset = size * 0.5 if line.badge else 0.0
        text = self._texts.elided(line.text, size, width - 2 * inset, strong=line.strong)
        advance = self._texts.width(text, size, strong=line.strong)
        if side == "right":
            x -= advance + 2 * inset
        metrics = self._texts.metrics(size, strong=line.strong)
        leading = self._line_height(line)
        baseline = top + (leading + metrics.capHeight()) / 2
        self._overlay.take(QRectF(x, top, advance + 2 * inset, leading))
        tone = getattr(self._colours, line.tone)
        if line.badge:
            box = QRectF(x, top + leading * 0.05, advance + 2 * inset, leading * 0.9)
            self._overlay.badges.append(box)
            _rounded(self._painter, box, colour(tone), box.height() * 0.25)
            self._painter.setFont(sized_font(size, strong=line.strong))
            self._painter.setPen(colour(self._colours.image))
            self._painter.drawText(QPointF(x + inset, baseline), text)
            return
        self._overlay.text(
            self._painter, QPointF(x, baseline), text, size, tone=tone, strong=line.strong
        )


def _rounded(painter: QPainter, rect: QRectF, fill: QColor, radius: float) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawRoundedRect(rect, radius, radius)
