"""Small drawn parts that strips and lists are made of: a line of text, a bar, a badge."""

from math import ceil
from typing import Final

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from surgery_assist.ui.icons import draw_icon
from surgery_assist.ui.theme import Role, Theme, colour

_ROLES: Final[tuple[Role, ...]] = ("display", "essential", "secondary", "small")
_WRAPPED: Final = (
    Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
)
LINE_HEIGHT: Final = 1.3
"""Of the font size."""


def line_height(theme: Theme, role: Role) -> int:
    """Height of one line of text of a role, logical pixels."""
    return ceil(theme.type.size(role) * LINE_HEIGHT)


def lay_out(widget: QWidget) -> None:
    """Place the parts of a widget now, since some have come or gone: a picture may be taken next.

    Qt would do it with the next turn of its loop.
    """
    for part in widget.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
        if part.layout() is not None:
            lay_out(part)
    layout = widget.layout()
    if layout is not None:
        layout.activate()


def fitting_font(theme: Theme, role: Role, text: str, room: QSize, *, strong: bool) -> QFont:
    """The largest font, from ``role`` down, in which a wrapped text fits its room."""
    font = theme.font(role, strong=strong)
    for smaller in _ROLES[_ROLES.index(role) :]:
        font = theme.font(smaller, strong=strong)
        needed = QFontMetrics(font).boundingRect(
            QRect(0, 0, room.width(), 10_000), int(_WRAPPED), text
        )
        if needed.width() <= room.width() and needed.height() <= room.height():
            break
    return font


def shortened(text: str, font: QFont, room: QSize) -> str:
    """As much of the beginning of a wrapped text as fits its room, with a sign that it goes on."""
    metrics = QFontMetrics(font)

    def fits(candidate: str) -> bool:
        area = QRect(0, 0, max(1, room.width()), 10_000)
        needed = metrics.boundingRect(area, int(_WRAPPED), candidate)
        return needed.height() <= room.height() and needed.width() <= room.width()

    if fits(text):
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(f"{text[:middle]}…") else (low, middle - 1)
    return f"{text[:low].rstrip()}…"


class Part(QWidget):
    """A widget that draws itself with a theme."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme

    def set_theme(self, theme: Theme) -> None:
        """Draw with another theme."""
        self._theme = theme
        self.updateGeometry()
        self.update()


class TextLine(Part):
    """A text with an icon before it, in one colour; too long a text is wrapped and made smaller."""

    def __init__(self, theme: Theme, role: Role, *, strong: bool = False) -> None:
        super().__init__(theme)
        self.text = ""
        self.tone = theme.colours.text
        self.icon = ""
        self._role = role
        self._strong = strong
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)

    def show_text(self, text: str, tone: str, icon: str = "") -> None:
        """Show a text in a colour token, with an icon or without."""
        if (text, tone, icon) != (self.text, self.tone, self.icon):
            self.text, self.tone, self.icon = text, tone, icon
            self.setAccessibleName(text)
            self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(0, line_height(self._theme, self._role))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(0, line_height(self._theme, "small"))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        room = self.rect()
        if self.icon:
            edge = self._theme.type.size(self._role)
            place = QRectF(0, (room.height() - edge) / 2, edge, edge)
            draw_icon(painter, self.icon, self.tone, place)
            room.setLeft(edge + self._theme.space.small)
        font = fitting_font(self._theme, self._role, self.text, room.size(), strong=self._strong)
        painter.setFont(font)
        painter.setPen(colour(self.tone))
        painter.drawText(room, int(_WRAPPED), shortened(self.text, font, room.size()))
        painter.end()


class Bar(Part):
    """A horizontal bar filled from the left, with a mark."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self.value = 0.0
        self.mark: float | None = None
        self.tone = theme.colours.accent
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_value(self, value: float, tone: str, mark: float | None = None) -> None:
        """Show a value from 0 to 1, and a mark at another."""
        value = max(0.0, min(1.0, value))
        if (value, tone, mark) != (self.value, self.tone, self.mark):
            self.value, self.tone, self.mark = value, tone, mark
            self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(self._theme.space.large * 4, self._theme.space.small)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        room = QRectF(self.rect())
        radius = room.height() / 2
        painter.setBrush(colour(self._theme.colours.pressed))
        painter.drawRoundedRect(room, radius, radius)
        if self.value > 0.0:
            filled = QRectF(room)
            filled.setWidth(max(room.height(), room.width() * self.value))
            painter.setBrush(colour(self.tone))
            painter.drawRoundedRect(filled, radius, radius)
        if self.mark is not None:
            width = max(2.0, room.height() / 4)
            left = max(0.0, min(room.width() - width, room.width() * self.mark - width / 2))
            painter.setBrush(colour(self._theme.colours.text))
            painter.drawRect(QRectF(left, 0.0, width, room.height()))
        painter.end()


class Badge(Part):
    """A few letters in a frame, such as the language."""

    def __init__(self, theme: Theme, role: Role = "secondary") -> None:
        super().__init__(theme)
        self.text = ""
        self.tone = theme.colours.text
        self._role = role
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_text(self, text: str, tone: str) -> None:
        """Show letters in a colour token."""
        if (text, tone) != (self.text, self.tone):
            self.text, self.tone = text, tone
            self.setAccessibleName(text)
            self.updateGeometry()
            self.update()

    @override
    def sizeHint(self) -> QSize:
        space = self._theme.space
        metrics = QFontMetrics(self._theme.font(self._role, strong=True))
        width = metrics.horizontalAdvance(self.text) + 2 * space.small
        return QSize(width, line_height(self._theme, self._role) + space.tiny)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        space = self._theme.space
        edge = float(space.hairline * 2)
        painter.setPen(QPen(colour(self.tone), edge))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        frame = QRectF(self.rect()).adjusted(edge / 2, edge / 2, -edge / 2, -edge / 2)
        painter.drawRoundedRect(frame, space.tiny, space.tiny)
        painter.setFont(self._theme.font(self._role, strong=True))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text)
        painter.end()


class Countdown(Part):
    """A ring that empties, with the seconds left inside."""

    def __init__(self, theme: Theme, role: Role = "secondary") -> None:
        super().__init__(theme)
        self.seconds: float | None = None
        self._whole = 1.0
        self._tone = theme.colours.accent
        self._role = role
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_seconds(self, seconds: float | None, tone: str) -> None:
        """Show the seconds left; ``None`` shows nothing. The first value fills the ring."""
        if self.seconds is None and seconds is not None:
            self._whole = max(seconds, 0.1)
        self.seconds, self._tone = seconds, tone
        if seconds is not None:
            self._whole = max(self._whole, seconds)
        self.update()

    @override
    def sizeHint(self) -> QSize:
        edge = round(self._theme.type.size(self._role) * 2.2)
        return QSize(edge, edge)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self.seconds is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = max(2.0, self.width() / 12)
        ring = QRectF(self.rect()).adjusted(width, width, -width, -width)
        pen = QPen(colour(self._theme.colours.pressed), width)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.drawEllipse(ring)
        pen.setColor(colour(self._tone))
        painter.setPen(pen)
        share = max(0.0, min(1.0, self.seconds / self._whole))
        painter.drawArc(ring, 90 * 16, round(share * 360 * 16))
        painter.setFont(self._theme.font(self._role, strong=True))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, str(ceil(self.seconds)))
        painter.end()
