"""The list of what can be said, in columns and pages that are read from three metres."""

from typing import Final

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import (
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from surgery_assist.commands.dispatcher import Dispatcher, Outcome
from surgery_assist.messages import Language, translate
from surgery_assist.model.session import Session
from surgery_assist.ui.help_pages import HelpLine, Keys, Page, Phrases, help_groups, paginate
from surgery_assist.ui.parts import fitting_font, line_height
from surgery_assist.ui.theme import Theme, colour

COLUMN_EMS: Final = 17.0
"""Narrowest column, in font sizes."""


class HelpPanel(QWidget):
    """Shows what can be said; what is not possible now is grey.

    "Show commands" said again, a tap or a click turns the page.

    Parameters
    ----------
    phrases
        Example sentences of a command.
    keys
        Keys of a command.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        phrases: Phrases,
        keys: Keys,
    ) -> None:
        super().__init__(parent)
        self.pages: tuple[Page, ...] = ()
        self.page = 0
        self._dispatcher = dispatcher
        self._theme = theme
        self._phrases = phrases
        self._keys = keys
        self._language: Language = dispatcher.session.control.language
        self._possible: frozenset[str] = frozenset()
        self._just_opened = False
        dispatcher.report(self._take_outcome)

    def show_session(self, before: Session, after: Session) -> None:
        """Follow the language and what is possible."""
        opened = after.view.panel == "help" and before.view.panel != "help"
        if opened:
            self._just_opened = True
            self.page = 0
        language_changed = after.control.language != self._language
        self._language = after.control.language
        if not self.isVisible():
            return
        if language_changed:
            self._lay_out()
        self._look_what_is_possible()

    def set_theme(self, theme: Theme) -> None:
        """Take on new sizes."""
        self._theme = theme
        self._lay_out()

    def turn_page(self) -> None:
        """Show the next page; after the last comes the first."""
        if self.pages:
            self.page = (self.page + 1) % len(self.pages)
            self.update()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._lay_out()
        self._look_what_is_possible()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.turn_page()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        theme, language = self._theme, self._language
        colours, space = theme.colours, theme.space
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour(colours.surface))
        room = self._room()
        head = QRect(room.left(), space.medium, room.width(), line_height(theme, "essential"))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font("essential", strong=True))
        painter.setPen(colour(colours.text))
        painter.drawText(
            head, middle | Qt.AlignmentFlag.AlignLeft, translate("help.title", language)
        )
        painter.setFont(theme.font("secondary"))
        painter.setPen(colour(colours.muted))
        dimmed = translate("help.dimmed", language)
        painter.drawText(head, middle | Qt.AlignmentFlag.AlignRight, dimmed)
        if self.pages:
            self._draw_page(painter, room, self.pages[min(self.page, len(self.pages) - 1)])
        self._draw_foot(painter, room)
        painter.end()

    def _draw_page(self, painter: QPainter, room: QRect, page: Page) -> None:
        height = line_height(self._theme, "secondary")
        gap = self._theme.space.large
        width = (room.width() - gap * (self._columns() - 1)) // self._columns()
        for at, column in enumerate(page):
            left = room.left() + at * (width + gap)
            for row, line in enumerate(column):
                place = QRect(left, room.top() + row * height, width, height)
                self._draw_line(painter, place, line)

    def _draw_line(self, painter: QPainter, place: QRect, line: HelpLine) -> None:
        theme = self._theme
        colours = theme.colours
        middle = Qt.AlignmentFlag.AlignVCenter
        if line.heading:
            painter.setFont(theme.font("secondary", strong=True))
            painter.setPen(colour(colours.accent))
            painter.drawText(place, middle | Qt.AlignmentFlag.AlignLeft, line.text)
            return
        possible = line.command_id in self._possible
        key_width = 0
        if line.key:
            font = theme.font("small")
            painter.setFont(font)
            painter.setPen(colour(colours.muted if possible else colours.faint))
            painter.drawText(place, middle | Qt.AlignmentFlag.AlignRight, line.key)
            key_width = QFontMetrics(font).horizontalAdvance(line.key) + theme.space.small
        room = place.adjusted(0, 0, -key_width, 0)
        painter.setPen(colour(colours.text if possible else colours.faint))
        font = fitting_font(theme, "secondary", line.text, room.size(), strong=False)
        painter.setFont(font)
        text = QFontMetrics(font).elidedText(line.text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignLeft, text)
        if line.more:
            room.setLeft(
                room.left() + QFontMetrics(font).horizontalAdvance(text) + theme.space.small
            )
            self._draw_more(painter, room, line.more, colours.muted if possible else colours.faint)

    def _draw_more(self, painter: QPainter, room: QRect, text: str, tone: str) -> None:
        font = self._theme.font("small")
        short = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.setFont(font)
        painter.setPen(colour(tone))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, short)

    def _draw_foot(self, painter: QPainter, room: QRect) -> None:
        if len(self.pages) < 2:
            return
        theme, language = self._theme, self._language
        foot = QRect(
            room.left(),
            self.height() - theme.space.medium - line_height(theme, "secondary"),
            room.width(),
            line_height(theme, "secondary"),
        )
        middle = Qt.AlignmentFlag.AlignVCenter
        page = translate("help.page", language, page=self.page + 1, pages=len(self.pages))
        painter.setFont(theme.font("secondary", strong=True))
        painter.setPen(colour(theme.colours.text))
        painter.drawText(foot, middle | Qt.AlignmentFlag.AlignLeft, page)
        painter.setFont(theme.font("secondary"))
        painter.setPen(colour(theme.colours.accent))
        painter.drawText(
            foot, middle | Qt.AlignmentFlag.AlignRight, translate("help.next", language)
        )

    def _room(self) -> QRect:
        """Where the columns stand."""
        theme = self._theme
        edge = theme.space.large
        top = theme.space.medium + line_height(theme, "essential") + theme.space.small
        bottom = theme.space.medium + line_height(theme, "secondary") + theme.space.small
        return self.rect().adjusted(edge, top, -edge, -bottom)

    def _columns(self) -> int:
        narrowest = self._theme.type.size("secondary") * COLUMN_EMS
        return max(1, int(self._room().width() / narrowest))

    def _lay_out(self) -> None:
        if not self.isVisible():
            return
        commands = self._dispatcher.registry.public
        groups = help_groups(commands, self._language, self._phrases, self._keys)
        rows = max(2, self._room().height() // line_height(self._theme, "secondary"))
        self.pages = paginate(groups, rows, self._columns())
        self.page = min(self.page, max(0, len(self.pages) - 1))
        self.update()

    def _look_what_is_possible(self) -> None:
        public = self._dispatcher.registry.public
        possible = frozenset(c.id for c in public if self._dispatcher.possible(c.id) is None)
        if possible != self._possible:
            self._possible = possible
            self.update()

    def _take_outcome(self, outcome: Outcome) -> None:
        """The command that opened the panel leaves it at page one; the same again turns it."""
        if outcome.invocation.command_id != "help.show" or outcome.status != "done":
            return
        if self._just_opened:
            self._just_opened = False
        else:
            self.turn_page()
