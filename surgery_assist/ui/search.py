"""The field that a list is searched with."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget
from typing_extensions import override

from surgery_assist.ui.icons import icon
from surgery_assist.ui.theme import Theme


class SearchField(QLineEdit):
    """Takes the keyboard only when it is clicked, and gives it back with Escape or Return."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setClearButtonEnabled(True)
        self._sign = QAction(self)
        self.addAction(self._sign, QLineEdit.ActionPosition.LeadingPosition)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take on new sizes."""
        size = theme.type.size("secondary")
        self._sign.setIcon(icon("search", theme.colours.muted, size))
        self.setMinimumHeight(round(size * 2.2))

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
