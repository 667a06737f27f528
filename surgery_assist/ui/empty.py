"""When nothing is open: how to open something, and why what was tried could not be shown."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.messages import translate
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Session
from surgery_assist.ui.icons import draw_icon, icon
from surgery_assist.ui.parts import lay_out
from surgery_assist.ui.progress import LoadingBar, RefusedList
from surgery_assist.ui.theme import Theme, colour


def open_dialog(dispatcher: Dispatcher, parent: QWidget, *, folder: bool) -> None:
    """Let a person choose files or a folder, and open them."""
    language = dispatcher.session.control.language
    if folder:
        title = translate("empty.dialog.folder", language)
        chosen = [QFileDialog.getExistingDirectory(parent, title)]
    else:
        title = translate("empty.dialog.files", language)
        chosen = QFileDialog.getOpenFileNames(parent, title)[0]
    paths = tuple(path for path in chosen if path)
    if paths:
        dispatcher.dispatch(Invocation("paths.open", {"paths": paths}, "mouse"))


class EmptyState(QWidget):
    """Says that nothing is open and how to open something; shows how far reading is."""

    def __init__(self, dispatcher: Dispatcher, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.title = QLabel()
        self.title.setProperty("role", "display")
        self.title.setProperty("strong", "true")
        self.how = QLabel()
        self.how.setProperty("tone", "muted")
        self.how.setProperty("role", "essential")
        for label in (self.title, self.how):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
        self.files_button = _opening_button(dispatcher, self, folder=False)
        self.folder_button = _opening_button(dispatcher, self, folder=True)
        self.loading = LoadingBar(dispatcher, theme)
        self.refused = RefusedList(theme)
        self._sign = QWidget()
        self._sign.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._buttons = QHBoxLayout()
        self._buttons.addStretch(1)
        self._buttons.addWidget(self.files_button)
        self._buttons.addWidget(self.folder_button)
        self._buttons.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.addStretch(3)
        self._column.addWidget(self._sign)
        self._column.addWidget(self.title)
        self._column.addWidget(self.how)
        self._column.addLayout(self._buttons)
        self._column.addWidget(self.loading, 0, Qt.AlignmentFlag.AlignHCenter)
        self._column.addWidget(self.refused, 0, Qt.AlignmentFlag.AlignHCenter)
        self._column.addStretch(4)
        self.show_session(dispatcher.session, dispatcher.session)
        self.set_theme(theme)

    def show_session(self, before: Session, after: Session) -> None:
        """Follow the language and the reading of files."""
        language, catalogue = after.control.language, after.catalogue
        translated = before is not after and before.control.language == language
        if translated and before.catalogue is catalogue:
            return
        if not translated:
            self.title.setText(translate("empty.title", language))
            self.how.setText(translate("empty.how", language))
            self.files_button.setText(" " + translate("empty.files", language))
            self.folder_button.setText(" " + translate("empty.folder", language))
        self.loading.show_catalogue(catalogue, language)
        self.refused.show_session(after)
        lay_out(self)

    def set_theme(self, theme: Theme) -> None:
        """Take on new sizes."""
        self._theme = theme
        self.loading.set_theme(theme)
        self.refused.set_theme(theme)
        size = theme.type.size("essential")
        self._sign.setFixedHeight(theme.type.size("display") * 3)
        self._column.setSpacing(theme.space.medium)
        self._buttons.setSpacing(theme.space.medium)
        for widget in (self.loading, self.refused):
            widget.setFixedWidth(min(size * 26, max(1, self.width() - theme.space.large)))
        looks = ((self.files_button, "file"), (self.folder_button, "folder"))
        for button, name in looks:
            button.setIcon(icon(name, theme.colours.text, size))
            button.setIconSize(QSize(size, size))
            button.setMinimumHeight(round(size * 2.2))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.set_theme(self._theme)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour(self._theme.colours.background))
        edge = float(self._theme.type.size("display") * 3)
        place = QRectF(0, 0, edge, edge)
        place.moveCenter(QRectF(self._sign.geometry()).center())
        draw_icon(painter, "series", self._theme.colours.faint, place)
        painter.end()


def _opening_button(dispatcher: Dispatcher, parent: QWidget, *, folder: bool) -> QPushButton:
    button = QPushButton()
    button.setProperty("role", "essential")
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.clicked.connect(lambda: open_dialog(dispatcher, parent, folder=folder))
    return button
