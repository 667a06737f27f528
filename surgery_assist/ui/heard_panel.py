"""The drawer with what was heard lately and what came of it, newest first."""

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.messages import translate
from surgery_assist.model.session import Heard, Session
from surgery_assist.ui.icons import draw_icon
from surgery_assist.ui.parts import line_height
from surgery_assist.ui.theme import Theme, colour


class HeardPanel(QWidget):
    """As many of the last sentences as there is room for; the newest is the brightest."""

    def __init__(self, dispatcher: Dispatcher, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._session = dispatcher.session

    def show_session(self, before: Session, after: Session) -> None:
        """Follow the history and the language."""
        self._session = after
        if before is after or before.control is not after.control:
            self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take on new sizes."""
        self._theme = theme
        self.update()

    def entries(self) -> list[tuple[str, str]]:
        """What is written: each sentence and its result, newest first."""
        language = self._session.control.language
        return [
            (self._sentence(entry), translate(entry.result, language))
            for entry in reversed(self._session.control.heard)
        ]

    def _sentence(self, entry: Heard) -> str:
        language = self._session.control.language
        if not entry.text:
            return translate("heard.unclear", language)
        return translate("hud.quoted", language, text=entry.text)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme, language = self._theme, self._session.control.language
        colours, space = theme.colours, theme.space
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), colour(colours.surface))
        room = self.rect().adjusted(space.medium, space.medium, -space.medium, -space.medium)
        painter.setFont(theme.font("essential", strong=True))
        painter.setPen(colour(colours.text))
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft, translate("heard.title", language))
        top = room.top() + line_height(theme, "essential") + space.medium
        heard = tuple(reversed(self._session.control.heard))
        if not heard:
            painter.setFont(theme.font("secondary"))
            painter.setPen(colour(colours.muted))
            place = QRect(room.left(), top, room.width(), line_height(theme, "secondary"))
            painter.drawText(
                place, Qt.AlignmentFlag.AlignLeft, translate("heard.nothing", language)
            )
        height = 2 * line_height(theme, "secondary") + space.small
        for at, (entry, texts) in enumerate(zip(heard, self.entries(), strict=True)):
            if top + height > room.bottom():
                break
            place = QRect(room.left(), top, room.width(), height)
            self._draw_entry(painter, place, entry, texts, newest=at == 0)
            top += height + space.small
        painter.end()

    def _draw_entry(
        self, painter: QPainter, place: QRect, entry: Heard, texts: tuple[str, str], *, newest: bool
    ) -> None:
        theme = self._theme
        colours, size = theme.colours, theme.type.size("secondary")
        tone = colours.success if entry.ok else colours.warning
        sign = QRectF(place.left(), place.top() + size * 0.15, size, size)
        draw_icon(painter, "check" if entry.ok else "cross", tone, sign)
        height = line_height(theme, "secondary")
        left = place.left() + size + theme.space.small
        inks = (colours.text if newest else colours.muted, tone if newest else colours.muted)
        font = theme.font("secondary")
        painter.setFont(font)
        for row, (text, ink) in enumerate(zip(texts, inks, strict=True)):
            line = QRect(left, place.top() + row * height, place.right() - left, height)
            painter.setPen(colour(ink))
            short = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, line.width())
            painter.drawText(
                line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, short
            )
