"""The field that a list is searched with."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QWidget
from typing_extensions import override

from surgery_assist.ui.icons import draw_icon
from surgery_assist.ui.theme import Theme


class SearchField(QLineEdit):
    """Takes the keyboard only when it is clicked, and gives it back with Escape or Return."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take on new sizes."""
        self._theme = theme
        size = theme.type.size("secondary")
        self.setMinimumHeight(round(size * 2.2))
        self.setTextMargins(round(size * 1.3), 0, 0, 0)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        size = self._theme.type.size("secondary")
        place = QRectF(self._theme.space.small, (self.height() - size) / 2, size, size)
        draw_icon(painter, "search", self._theme.colours.muted, place)
        painter.end()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.window().setFocus()
            event.accept()
            return
        super().keyPressEvent(event)
        event.accept()  # no letter of a name may reach the window as a command
