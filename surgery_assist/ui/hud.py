"""The strip at the bottom: how the program listens, what it heard and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from surgery_assist.commands.dispatcher import Dispatcher, Outcome
from surgery_assist.errors import SurgeryAssistError, VoiceError
from surgery_assist.messages import Language, explain, translate
from surgery_assist.model.session import Session
from surgery_assist.ui.icons import draw_icon
from surgery_assist.ui.parts import Badge, Bar, Countdown, TextLine, lay_out, line_height
from surgery_assist.ui.theme import Theme, colour
from surgery_assist.ui.translate import command_title, describe
from surgery_assist.ui.voice_bridge import Microphone, VoiceBridge
from surgery_assist.voice.events import LevelEvent, RejectedEvent

Kind = Literal["note", "done", "asked", "refused", "not_understood", "error"]
BRIGHT_MS: Final = 7000
"""How long a result stays bright; dimmed, it stays until the next one."""
QUIETEST_DBFS: Final = -60.0
CLIPPED_SHOWN: Final = 3
"""Samples at the limit in a tenth of a second that the eye should know of."""
GOOD_SNR_DB: Final = 15.0

_ICON: Final[Mapping[Kind, str]] = {
    "note": "",
    "done": "check",
    "asked": "question",
    "refused": "cross",
    "not_understood": "not-understood",
    "error": "warning",
}
_TONE: Final[Mapping[Kind, str]] = {
    "note": "muted",
    "done": "success",
    "asked": "question",
    "refused": "warning",
    "not_understood": "warning",
    "error": "danger",
}
_MICROPHONE: Final[Mapping[Microphone, tuple[str, str]]] = {
    "off": ("microphone-off", "faint"),
    "starting": ("microphone", "muted"),
    "asleep": ("asleep", "muted"),
    "awake": ("microphone", "accent"),
    "pedal": ("microphone", "muted"),
    "lost": ("microphone-lost", "danger"),
}
"""Icon and colour token of each state."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What came of the last sentence, key press or click."""

    kind: Kind
    text: str
    heard: str = ""
    confidence: float | None = None


class MicrophoneSign(QWidget):
    """The microphone's state as an icon in a disc."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.state: Microphone = "off"
        self._theme = theme

    @property
    def tone(self) -> str:
        """The state's colour."""
        token: str = getattr(self._theme.colours, _MICROPHONE[self.state][1])
        return token

    def show_state(self, state: Microphone) -> None:
        """Show another state."""
        self.state = state
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Draw with another theme."""
        self._theme = theme
        edge = round(theme.type.size("essential") * 2.3)
        self.setFixedSize(edge, edge)
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        filled = self.state in ("awake", "lost")
        painter.setBrush(colour(self.tone if filled else self._theme.colours.raised))
        painter.drawEllipse(QRectF(self.rect()))
        inset = self.width() * 0.22
        place = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        ink = self._theme.colours.on_accent if filled else self.tone
        draw_icon(painter, _MICROPHONE[self.state][0], ink, place)
        painter.end()


class Hud(QWidget):
    """What the surgeon reads from three metres.

    Parameters
    ----------
    wake_words
        What wakes the program, by language.
    push_to_talk_key
        Named while the program waits for the pedal.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        wake_words: Mapping[Language, str] | None = None,
        push_to_talk_key: str = "F9",
    ) -> None:
        super().__init__(parent)
        self.feedback = Feedback("note", "")
        self._dispatcher = dispatcher
        self._theme = theme
        self._wake_words = wake_words or {}
        self._key = push_to_talk_key
        self._partial = ""
        self._heard: tuple[str, float] | None = None
        self._asked = ""
        self._bright = False
        self._of_voice = False
        self._level: LevelEvent | None = None
        self._loud = False
        self._build()
        self._fading = QTimer(self)
        self._fading.setSingleShot(True)
        self._fading.setInterval(BRIGHT_MS)
        self._fading.timeout.connect(self._fade)
        dispatcher.report(self.show_outcome)
        self.set_theme(theme)

    def _build(self) -> None:
        theme = self._theme
        self.sign = MicrophoneSign(theme)
        self.state_line = TextLine(theme, "essential", strong=True)
        self.level_bar = Bar(theme)
        self.level_line = TextLine(theme, "secondary")
        self.heard_line = TextLine(theme, "secondary")
        self.result_line = TextLine(theme, "essential", strong=True)
        self.confidence_line = TextLine(theme, "small")
        self.confidence_bar = Bar(theme)
        self.countdown = Countdown(theme)
        self.badge = Badge(theme)
        self._state_box = QWidget()
        state = QVBoxLayout(self._state_box)
        state.addWidget(self.state_line)
        state.addWidget(self.level_bar)
        state.addWidget(self.level_line)
        words = QVBoxLayout()
        words.addWidget(self.heard_line, 2)
        words.addWidget(self.result_line, 3)
        self._sure_box = QWidget()
        sure = QVBoxLayout(self._sure_box)
        sure.addStretch(1)
        sure.addWidget(self.confidence_line)
        sure.addWidget(self.confidence_bar)
        sure.addStretch(1)
        row = QHBoxLayout(self)
        row.addWidget(self.sign)
        row.addWidget(self._state_box)
        row.addLayout(words, 1)
        row.addWidget(self._sure_box)
        row.addWidget(self.countdown)
        row.addWidget(self.badge)
        self._rows = (row, state, words, sure)
        self.countdown.setVisible(False)
        self._parts = (
            self.sign,
            self.state_line,
            self.level_bar,
            self.level_line,
            self.heard_line,
            self.result_line,
            self.confidence_line,
            self.confidence_bar,
            self.countdown,
            self.badge,
        )

    def connect_bridge(self, bridge: VoiceBridge) -> None:
        """Show what a voice bridge tells."""
        bridge.level.connect(self.show_level)
        bridge.partial.connect(self.show_partial)
        bridge.window.connect(self.show_window)
        bridge.heard.connect(self.take_heard)
        bridge.rejected.connect(self.show_rejected)
        bridge.microphone_changed.connect(self.show_microphone)
        bridge.noise.connect(self.show_noise)
        bridge.failed.connect(self.show_error)
        self.show_microphone(bridge.microphone)

    # What is told

    def show_session(self, before: Session, after: Session) -> None:
        """Follow the language and the question."""
        question = after.control.question
        if question is not None:
            self._asked = describe(question.invocation, after.control.language)
        if before is after or before.control.language != after.control.language:
            self._draw()

    def show_outcome(self, outcome: Outcome) -> None:
        """Show what was done, or why not."""
        heard, confidence = self._take()
        command_id = outcome.invocation.command_id
        known = command_id in self._dispatcher.registry
        if outcome.error is None and known and self._dispatcher.registry[command_id].internal:
            return
        language = self._language
        heard = heard or outcome.invocation.heard
        if outcome.error is not None:
            text = explain(outcome.error, language)
            self._show(Feedback("refused", text, heard, confidence))
        elif outcome.status == "asked":
            text = translate("hud.asked", language)
            self._show(Feedback("asked", text, heard, confidence))
        else:
            text = describe(outcome.invocation, language)
            if command_id == "confirm" and self._asked:
                text = f"{command_title('confirm', language)}: {self._asked}"
            self._show(Feedback("done", text, heard, confidence))

    def show_rejected(self, event: RejectedEvent) -> None:
        """Show that a sentence was not understood."""
        text = translate(event.reason, self._language)
        self._show(Feedback("not_understood", text, event.heard, event.confidence))

    def show_error(self, error: SurgeryAssistError) -> None:
        """Show what is wrong and what to do."""
        self._of_voice = isinstance(error, VoiceError)
        self._show(Feedback("error", explain(error, self._language)))

    def show_note(self, key: str) -> None:
        """Show a message of the program's own, such as that a question's time is over."""
        self._show(Feedback("refused", translate(key, self._language)))

    def take_heard(self, text: str, confidence: float) -> None:
        """Remember the sentence that the next outcome belongs to."""
        self._heard = (text, confidence)

    def show_partial(self, text: str) -> None:
        """Show what is heard so far; an empty text ends it."""
        if text != self._partial:
            self._partial = text
            self._draw_words()

    def show_window(self, seconds: float) -> None:
        """Show how long the program still listens; 0 ends it."""
        self.countdown.show_seconds(seconds or None, self._theme.colours.accent)
        self.countdown.setVisible(seconds > 0.0)
        lay_out(self)

    def show_microphone(self, state: Microphone) -> None:
        """Show how the program listens."""
        self.sign.show_state(state)
        if state not in ("asleep", "awake", "pedal"):
            self._level = None
            self._loud = False
        elif self.feedback.kind == "error" and self._of_voice:
            self.feedback = Feedback("note", "")  # it hears again
        if state != "awake":
            self.show_window(0.0)
        self._draw()

    def show_level(self, event: LevelEvent) -> None:
        """Show how loud it is against the noise of the room."""
        self._level = event
        self._draw_level()

    def show_noise(self, loud: bool) -> None:  # noqa: FBT001  (a Qt slot)
        """Warn while the room is too loud to trust what is heard."""
        self._loud = loud
        if loud:
            self._show(Feedback("refused", self._too_loud()))
        elif self.feedback.text == self._too_loud():
            self.feedback = Feedback("note", "")
        self._draw()

    def set_theme(self, theme: Theme) -> None:
        """Take on new sizes."""
        self._theme = theme
        space = theme.space
        for part in self._parts:
            part.set_theme(theme)
        row, state, words, sure = self._rows
        row.setContentsMargins(space.medium, space.small, space.medium, space.small)
        row.setSpacing(space.medium)
        for column in (state, words, sure):
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(space.tiny)
        words.setSpacing(0)
        size = theme.type.size
        self._state_box.setFixedWidth(size("essential") * 9)
        self._sure_box.setFixedWidth(size("small") * 9)
        self.level_line.setFixedHeight(line_height(theme, "secondary"))
        self.confidence_line.setFixedHeight(line_height(theme, "small"))
        self._draw()

    @override
    def sizeHint(self) -> QSize:
        theme = self._theme
        lines = line_height(theme, "secondary") + line_height(theme, "essential")
        return QSize(0, lines + 4 * theme.space.small)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour(self._theme.colours.surface))
        hairline = self._theme.space.hairline
        painter.fillRect(0, 0, self.width(), hairline, colour(self._theme.colours.hairline))
        painter.end()

    # How it is drawn

    @property
    def _language(self) -> Language:
        return self._dispatcher.session.control.language

    def _too_loud(self) -> str:
        return translate("hud.too_loud", self._language, pedal=self._key)

    def _take(self) -> tuple[str, float | None]:
        heard, self._heard = self._heard, None
        return heard or ("", None)

    def _show(self, feedback: Feedback) -> None:
        self.feedback = feedback
        self._bright = True
        self._fading.start()
        self._draw_words()

    def _fade(self) -> None:
        """Dim a result that has been read; an error stays as it is."""
        if self.feedback.kind != "error":
            self._bright = False
            self._draw_words()

    def _draw(self) -> None:
        colours, language, state = self._theme.colours, self._language, self.sign.state
        self.badge.show_text(language.upper(), colours.text)
        text = translate(f"hud.microphone.{state}", language, pedal=self._key)
        self.state_line.show_text(text, self.sign.tone if state != "pedal" else colours.text)
        self._draw_level()
        self._draw_words()

    def _draw_level(self) -> None:
        colours, language, level = self._theme.colours, self._language, self._level
        self.level_bar.setVisible(level is not None)
        hint = ""
        if self.sign.state == "asleep":
            wake = self._wake_words.get(language) or translate("wake.word", language)
            hint = translate("hud.microphone.asleep_hint", language, wake=wake)
        if level is None:
            self.level_line.setVisible(bool(hint))
            self.level_line.show_text(hint, colours.text)
            lay_out(self)
            return
        loud = level.clipped >= CLIPPED_SHOWN
        tone = colours.danger if loud else colours.accent if level.speaking else colours.muted
        self.level_bar.show_value(_height(level.dbfs), tone, _height(level.floor_dbfs))
        self.level_line.setVisible(True)
        if hint:
            self.level_line.show_text(hint, colours.text)
        elif self._loud:
            self.level_line.show_text(self._too_loud(), colours.warning)
        elif loud:
            self.level_line.show_text(translate("hud.loud", language), colours.danger)
        else:
            quiet = (
                colours.warning if level.speaking and level.snr_db < GOOD_SNR_DB else colours.muted
            )
            text = translate("hud.snr", language, db=f"{max(0.0, level.snr_db):.0f}")
            self.level_line.show_text(text, quiet)
        lay_out(self)

    def _draw_words(self) -> None:
        colours, language = self._theme.colours, self._language
        feedback = self.feedback
        if not feedback.text:
            feedback = replace(feedback, text=translate("hud.nothing_yet", language))
        quoted = self._partial or feedback.heard
        if quoted:
            quoted = translate("hud.quoted", language, text=quoted)
        live = bool(self._partial)
        self.heard_line.setVisible(bool(quoted))
        self.heard_line.show_text(quoted, colours.text if live else colours.muted, "ear" * live)
        tone: str = getattr(colours, _TONE[feedback.kind])
        bright = self._bright or feedback.kind == "error"
        self.result_line.show_text(
            feedback.text, tone if bright else colours.muted, _ICON[feedback.kind]
        )
        self._draw_confidence(None if live else feedback.confidence)
        lay_out(self)

    def _draw_confidence(self, confidence: float | None) -> None:
        colours, language = self._theme.colours, self._language
        self._sure_box.setVisible(confidence is not None)
        if confidence is not None:
            text = f"{translate('hud.confidence', language)} {confidence * 100:.0f} %"
            self.confidence_line.show_text(text, colours.muted)
            tone = colours.success if confidence >= 0.5 else colours.warning
            self.confidence_bar.show_value(confidence, tone if self._bright else colours.muted)


def _height(dbfs: float) -> float:
    """A level as a share of the meter."""
    return 1.0 - max(0.0, min(1.0, dbfs / QUIETEST_DBFS))
