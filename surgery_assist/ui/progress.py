"""What reading files tells: how far it is, and which files are not shown and why."""

from pathlib import PurePath
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.messages import Language, translate
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Session
from surgery_assist.model.study import Catalogue, Refusal
from surgery_assist.ui.icons import icon
from surgery_assist.ui.parts import Bar, TextLine, line_height
from surgery_assist.ui.theme import Theme
from surgery_assist.ui.translate import counted

SHOWN_REFUSALS: Final = 200
"""More rows than this help nobody; the number above them is complete."""
REASON_LINES: Final = 7
"""Lines of reasons that are seen without scrolling."""

LISTED: Final = frozenset({"report", "segmentation", "structures", "key_images", "presentation"})
"""Kinds of object that the list shows with their study."""


class LoadingBar(QWidget):
    """How many files have been read, with a button to stop; hidden when nothing is read."""

    def __init__(self, dispatcher: Dispatcher, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.line = TextLine(theme, "secondary")
        self.bar = Bar(theme)
        self.cancel_button = QPushButton()
        self.cancel_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.cancel_button.clicked.connect(
            lambda: dispatcher.dispatch(Invocation("work.cancel", {}, "mouse"))
        )
        words = QVBoxLayout()
        words.addWidget(self.line)
        words.addWidget(self.bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addLayout(words, 1)
        row.addWidget(self.cancel_button)
        self.setVisible(False)
        self.set_theme(theme)

    def show_catalogue(self, catalogue: Catalogue, language: Language) -> None:
        """Show how far reading is."""
        self.setVisible(catalogue.loading)
        if not catalogue.loading:
            return
        colours, total = self._theme.colours, catalogue.files_total
        files = counted("count.files", total, language)
        text = (
            translate("loading.progress", language, seen=catalogue.files_seen, files=files)
            if total
            else translate("loading.started", language)
        )
        self.line.show_text(text, colours.muted)
        self.bar.show_value(catalogue.files_seen / total if total else 0.0, colours.accent)
        self.cancel_button.setText(translate("loading.cancel", language))

    def set_theme(self, theme: Theme) -> None:
        """Take on new sizes."""
        self._theme = theme
        self.line.set_theme(theme)
        self.line.setFixedHeight(line_height(theme, "secondary"))
        self.bar.set_theme(theme)


class RefusedList(QFrame):
    """The files that are not shown: a line with their number that opens to the reasons."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._refused: tuple[Refusal, ...] = ()
        self._language: Language | None = None
        self.toggle = QPushButton()
        self.toggle.setCheckable(True)
        self.toggle.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.toggle.toggled.connect(self._unfold)
        self.objects_label = QLabel()
        self.objects_label.setWordWrap(True)
        self.objects_label.setProperty("tone", "muted")
        self.reasons_label = QLabel()
        self.reasons_label.setWordWrap(True)
        self.reasons_label.setProperty("tone", "muted")
        self.reasons_label.setTextFormat(Qt.TextFormat.PlainText)
        self.reasons_label.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._scroll = QScrollArea()
        self._scroll.setWidget(self.reasons_label)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._scroll.setVisible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.objects_label)
        column.addWidget(self.toggle)
        column.addWidget(self._scroll)
        self.setVisible(False)
        self.set_theme(theme)

    @property
    def unfolded(self) -> bool:
        """The reasons are shown."""
        return self.toggle.isChecked()

    def show_session(self, session: Session) -> None:
        """Show what of the catalogue can't be shown."""
        catalogue, language = session.catalogue, session.control.language
        listed = sum(entry.kind in LISTED for study in catalogue.studies for entry in study.objects)
        others = catalogue.objects - listed
        self.setVisible(bool(catalogue.refused) or others > 0)
        self.objects_label.setText(counted("count.objects", others, language))
        self.objects_label.setVisible(others > 0)
        self.toggle.setVisible(bool(catalogue.refused))
        self.toggle.setText(" " + counted("count.refused", len(catalogue.refused), language))
        if (catalogue.refused, language) != (self._refused, self._language):
            self._refused, self._language = catalogue.refused, language
            if self.unfolded:
                self._write_reasons()

    def set_theme(self, theme: Theme) -> None:
        """Take on new sizes."""
        self._theme = theme
        size = theme.type.size("secondary")
        self.toggle.setIconSize(QSize(size, size))
        self._draw_toggle()
        if self.unfolded:
            self._write_reasons()

    def _unfold(self) -> None:
        self._scroll.setVisible(self.unfolded)
        self._draw_toggle()
        if self.unfolded:
            self._write_reasons()

    def _draw_toggle(self) -> None:
        name = "chevron-down" if self.unfolded else "chevron-right"
        size = self._theme.type.size("secondary")
        self.toggle.setIcon(icon(name, self._theme.colours.warning, size))

    def _write_reasons(self) -> None:
        language = self._language or "ro"
        lines = [
            f"{PurePath(refusal.path).name}: {translate(refusal.reason, language)}"
            for refusal in self._refused[:SHOWN_REFUSALS]
        ]
        self.reasons_label.setText("\n".join(lines))
        height = self.reasons_label.heightForWidth(max(1, self.width()))
        self._scroll.setFixedHeight(
            min(height, line_height(self._theme, "secondary") * REASON_LINES)
        )
