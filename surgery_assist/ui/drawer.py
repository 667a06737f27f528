"""A list beside the images: its surface, its title and what closes it; and one of written pages."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget
from typing_extensions import override

from surgery_assist.commands.dispatcher import Dispatcher, Outcome
from surgery_assist.messages import translate
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Panel, Session
from surgery_assist.ui.icons import draw_icon, icon
from surgery_assist.ui.parts import Part, lay_out, line_height
from surgery_assist.ui.theme import Role, Theme, colour

_FLAGS: Final = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
_UNBOUNDED: Final = 100_000
_LONG: Final = re.compile(r"\S{25,}")
_PARTS: Final = re.compile(r"\S{1,12}")


class Drawer(Part):
    """Surface, title and a button that closes it; what is in it goes into ``column``."""

    def __init__(self, dispatcher: Dispatcher, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._dispatcher = dispatcher
        self._session = dispatcher.session
        self.title = QLabel()
        self.title.setProperty("role", "essential")
        self.title.setProperty("strong", "true")
        self.title.setWordWrap(True)
        self._buttons: dict[QPushButton, str] = {}
        self.head = QHBoxLayout()
        self.head.addWidget(self.title, 1)
        self.column = QVBoxLayout(self)
        self.column.addLayout(self.head)
        self.close_button = self.add_button("cross")
        self.close_button.clicked.connect(
            lambda: dispatcher.dispatch(Invocation("panel.close", {}, "mouse"))
        )

    def add_button(self, name: str, place: int = -1) -> QPushButton:
        """A button with an icon beside the title; ``place`` counts from the left."""
        button = QPushButton()
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._buttons[button] = name
        self.head.insertWidget(place, button)
        return button

    @override
    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        space, size = theme.space, theme.type.size("essential")
        self.column.setContentsMargins(space.medium, space.medium, space.medium, space.medium)
        self.column.setSpacing(space.small)
        for button, name in self._buttons.items():
            button.setIcon(icon(name, theme.colours.text, size))
            button.setIconSize(QSize(size, size))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour(self._theme.colours.surface))
        painter.end()


@dataclass(frozen=True, slots=True)
class Entry:
    """A paragraph of a page; ``tone`` is a colour token, ``level`` how far it is set in."""

    text: str
    role: Role = "secondary"
    strong: bool = False
    tone: str = "text"
    level: int = 0
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry and where it stands on its page, logical pixels."""

    entry: Entry
    place: QRect


class PagesDrawer(Drawer):
    """A drawer of written pages that can be read from three metres.

    The command that opens it, said again, a tap or a click turns the page.

    Parameters
    ----------
    panel
        The Session's name of this drawer.
    command_id
        The command that opens it.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        theme: Theme,
        panel: Panel,
        command_id: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(dispatcher, theme, parent)
        self.pages: tuple[tuple[Placed, ...], ...] = ()
        self.page = 0
        self._panel = panel
        self._command = command_id
        self._sheet = _Sheet(theme)
        self._just_opened = False
        self.column.addWidget(self._sheet, 1)
        dispatcher.report(self._take_outcome)
        self.set_theme(theme)

    def entries(self) -> Sequence[Entry]:
        """What is written, in the Session's language."""
        raise NotImplementedError

    def heading(self) -> str:
        """The title, in the Session's language."""
        raise NotImplementedError

    def concerns(self, before: Session, after: Session) -> bool:
        """Whether a change of the Session changes what is written."""
        raise NotImplementedError

    def show_session(self, before: Session, after: Session) -> None:
        """Follow the Session."""
        self._session = after
        if after.view.panel == self._panel != before.view.panel:
            self._just_opened = True
            self.page = 0
        changed = before is after or before.control.language != after.control.language
        if changed or self._just_opened or self.concerns(before, after):
            self.write()

    def write(self) -> None:
        """Lay out what is to be read."""
        self.title.setText(self.heading())
        lay_out(self)
        room = self._sheet.size()
        self.pages = paginate(self.entries(), self._theme, room.width(), self._sheet.text_height)
        self.page = min(self.page, max(0, len(self.pages) - 1))
        self._show_page()

    def turn_page(self) -> None:
        """Show the next page; after the last comes the first."""
        if self.pages:
            self.page = (self.page + 1) % len(self.pages)
            self._show_page()

    @override
    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._sheet.set_theme(theme)
        self.write()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.write()

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.turn_page()

    def _show_page(self) -> None:
        count, language = len(self.pages), self._session.control.language
        note = ""
        if count > 1:
            note = translate("help.page", language, page=self.page + 1, pages=count)
        self._sheet.show_page(self.pages[self.page] if self.pages else (), note)

    def _take_outcome(self, outcome: Outcome) -> None:
        if outcome.invocation.command_id != self._command or outcome.status != "done":
            return
        if not self._just_opened and self.isVisible():
            self.turn_page()
        self._just_opened = False


class _Sheet(Part):
    """One page of entries, with its number below."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme)
        self._page: tuple[Placed, ...] = ()
        self._note = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    @property
    def text_height(self) -> int:
        """What is left for text above the number of the page."""
        return self.height() - line_height(self._theme, "small") - self._theme.space.tiny

    def show_page(self, page: tuple[Placed, ...], note: str) -> None:
        """Show entries and a note on which page it is."""
        self._page, self._note = page, note
        self.setAccessibleName("\n".join(placed.entry.text for placed in page))
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for placed in self._page:
            _draw(painter, self._theme, placed)
        painter.setFont(self._theme.font("small"))
        painter.setPen(colour(self._theme.colours.muted))
        bottom = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
        painter.drawText(self.rect(), bottom, self._note)
        painter.end()


def _draw(painter: QPainter, theme: Theme, placed: Placed) -> None:
    entry, place = placed.entry, placed.place
    tone = getattr(theme.colours, entry.tone)
    size = theme.type.size(entry.role)
    if entry.icon:
        sign = QRect(place.left() - size - theme.space.small, place.top() + size // 6, size, size)
        draw_icon(painter, entry.icon, tone, sign.toRectF())
    painter.setFont(theme.font(entry.role, strong=entry.strong))
    painter.setPen(colour(tone))
    painter.drawText(place, int(_FLAGS), entry.text)


def paginate(
    entries: Sequence[Entry], theme: Theme, width: int, height: int
) -> tuple[tuple[Placed, ...], ...]:
    """Entries on pages of a size; a paragraph that is longer than a page is divided."""
    pages: list[tuple[Placed, ...]] = []
    page: list[Placed] = []
    top, gap = 0, theme.space.small
    waiting = [replace(entry, text=breakable(entry.text)) for entry in entries]
    while waiting:
        entry = waiting.pop(0)
        size = theme.type.size(entry.role)
        left = entry.level * theme.space.large + (size + gap if entry.icon else 0)
        room = max(size * 4, width - left)
        needed = _height(entry, theme, room)
        if entry.strong and page:
            top += theme.space.medium  # a heading stands apart from what is above it
        if top + needed > height and page:
            pages.append(tuple(page))
            page, top = [], 0
        if needed > height:
            head, rest = _divided(entry, theme, room, height)
            if rest:
                waiting.insert(0, replace(entry, text=rest, icon=""))
                entry = replace(entry, text=head)
                needed = _height(entry, theme, room)
        page.append(Placed(entry, QRect(left, top, room, needed)))
        top += needed + gap
    if page:
        pages.append(tuple(page))
    return tuple(pages)


def breakable(text: str) -> str:
    """The text with places to break in words that are wider than a line, such as UIDs."""
    return _LONG.sub(lambda word: "\u200b".join(_PARTS.findall(word[0])), text)


def _height(entry: Entry, theme: Theme, width: int) -> int:
    metrics = QFontMetrics(theme.font(entry.role, strong=entry.strong))
    return metrics.boundingRect(QRect(0, 0, width, _UNBOUNDED), int(_FLAGS), entry.text).height()


def _divided(entry: Entry, theme: Theme, width: int, height: int) -> tuple[str, str]:
    """As many of the first words as fit a page, and the others; at least one word."""
    words = entry.text.split(" ")
    low, high = 1, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        part = replace(entry, text=" ".join(words[:middle]))
        low, high = (middle, high) if _height(part, theme, width) <= height else (low, middle - 1)
    return " ".join(words[:low]), " ".join(words[low:])
