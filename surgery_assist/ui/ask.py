"""The question bar: reads back what would be done, and waits for "confirm" until time is over."""

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.messages import translate
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Question, Session
from surgery_assist.ui.icons import draw_icon, icon
from surgery_assist.ui.parts import Countdown, TextLine, line_height
from surgery_assist.ui.theme import Theme, colour
from surgery_assist.ui.translate import question_words

TICK_MS: Final = 100


class QuestionBar(QWidget):
    """Asks about a command of class C; answered by voice, key, pedal, mouse or touch.

    Parameters
    ----------
    clock
        Monotonic seconds; the dispatcher's own clock.

    Signals
    -------
    expired
        Nobody answered in time.
    """

    expired = Signal()

    def __init__(
        self,
        dispatcher: Dispatcher,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._dispatcher = dispatcher
        self._theme = theme
        self._clock = clock
        self._question: Question | None = None
        self.question_line = TextLine(theme, "essential", strong=True)
        self.how_line = TextLine(theme, "secondary")
        self.countdown = Countdown(theme, "essential")
        self.confirm_button = _button("question", lambda: self._answer("confirm"))
        self.reject_button = _button("", lambda: self._answer("reject"))
        self._words = QVBoxLayout()
        self._words.addWidget(self.question_line, 3)
        self._words.addWidget(self.how_line, 2)
        self._row = QHBoxLayout(self)
        self._row.addLayout(self._words, 1)
        self._row.addWidget(self.countdown)
        self._row.addWidget(self.confirm_button)
        self._row.addWidget(self.reject_button)
        self._ticking = QTimer(self)
        self._ticking.setInterval(TICK_MS)
        self._ticking.timeout.connect(self._tick)
        self.set_theme(theme)

    def show_session(self, before: Session, after: Session) -> None:
        """Show the question of the Session, or none."""
        question = after.control.question
        if question is None:
            self._question = None
            self._ticking.stop()
            return
        language = after.control.language
        if question is not self._question or before.control.language != language:
            self._question = question
            # Words are those of the moment of asking: numbers must not move under the question.
            self.question_line.show_text(
                question_words(question.invocation, after), self._theme.colours.text
            )
            self.how_line.show_text(translate("ask.how", language), self._theme.colours.question)
            # Qt leaves no room between icon and text.
            self.confirm_button.setText(" " + translate("ask.confirm", language))
            self.reject_button.setText(" " + translate("ask.reject", language))
            self.countdown.show_seconds(None, self._theme.colours.question)
            self._ticking.start()
            self._tick()

    def set_theme(self, theme: Theme) -> None:
        """Take on new sizes."""
        self._theme = theme
        for part in (self.question_line, self.how_line, self.countdown):
            part.set_theme(theme)
        space, size = theme.space, theme.type.size("essential")
        left = space.medium + round(size * 2.3) + space.medium
        self._row.setContentsMargins(left, space.small, space.medium, space.small)
        self._row.setSpacing(space.medium)
        self._words.setSpacing(0)
        looks = (
            (self.confirm_button, "check", theme.colours.background),
            (self.reject_button, "cross", theme.colours.text),
        )
        for button, name, ink in looks:
            button.setIcon(icon(name, ink, size))
            button.setIconSize(QSize(size, size))
            button.setMinimumHeight(round(size * 2.2))
        self.updateGeometry()

    @override
    def sizeHint(self) -> QSize:
        theme = self._theme
        lines = 2 * line_height(theme, "essential") + line_height(theme, "secondary")
        return QSize(0, lines + 2 * theme.space.small)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours, space = self._theme.colours, self._theme.space
        painter.fillRect(self.rect(), colour(colours.raised))
        painter.fillRect(0, 0, space.tiny, self.height(), colour(colours.question))
        edge = round(self._theme.type.size("essential") * 1.5)
        place = self.rect().adjusted(space.medium, (self.height() - edge) // 2, 0, 0)
        place.setSize(QSize(edge, edge))
        draw_icon(painter, "question", colours.question, place.toRectF())
        painter.end()

    def _tick(self) -> None:
        question = self._question
        if question is None:
            return
        left = question.deadline - self._clock()
        self.countdown.show_seconds(max(0.0, left), self._theme.colours.question)
        if left <= 0.0:
            self._ticking.stop()
            self._dispatcher.expire_question()
            self.expired.emit()

    def _answer(self, command_id: str) -> None:
        self._dispatcher.dispatch(Invocation(command_id, {}, "mouse"))


def _button(kind: str, act: Callable[[], None]) -> QPushButton:
    button = QPushButton()
    button.setProperty("kind", kind)
    button.setProperty("role", "essential")
    button.setProperty("strong", "true")
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    button.clicked.connect(act)
    return button
