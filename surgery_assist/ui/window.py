"""The program's window: viewports, and places for everything that lies around and over them."""

import time
from collections.abc import Sequence
from math import hypot
from typing import Final, Literal, Protocol, cast, runtime_checkable

from PySide6.QtCore import QEventLoop, QMargins, QRect, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QScreen,
    QShowEvent,
)
from PySide6.QtWidgets import QApplication, QWidget
from typing_extensions import override

from surgery_assist.commands.bindings import Bindings
from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Session
from surgery_assist.settings import Settings
from surgery_assist.ui.app import TITLE
from surgery_assist.ui.cine import CinePlayer
from surgery_assist.ui.frame_source import FrameSource
from surgery_assist.ui.images import Images
from surgery_assist.ui.input.keyboard import KeyboardInput
from surgery_assist.ui.objects import Objects
from surgery_assist.ui.pane_source import PaneSource
from surgery_assist.ui.tasks import TaskRunner
from surgery_assist.ui.theme import Theme, colour, theme_for
from surgery_assist.ui.viewports import ViewportArea

PanelName = Literal["studies", "help", "heard", "report", "findings"]
_PANEL_SHARE: Final[dict[PanelName, float]] = {
    "studies": 0.34,
    "help": 0.6,
    "heard": 0.34,
    "report": 0.42,
    "findings": 0.38,
}
_ON_THE_LEFT: Final[frozenset[PanelName]] = frozenset({"studies"})
_PLAUSIBLE_MM: Final = (0.04, 1.2)
"""Screens that report another size of a pixel do not know it."""


class Attached(Protocol):
    """What a widget that is attached to the window can do."""

    def show_session(self, before: Session, after: Session) -> None:
        """Show what has changed."""

    def set_theme(self, theme: Theme) -> None:
        """Draw with other sizes."""


@runtime_checkable
class Settling(Protocol):
    """A widget that loads something of its own."""

    def settled(self) -> bool:
        """Whether everything that it wants is there."""


class MainWindow(QWidget):
    """Shows the Session and sends Invocations; decides nothing.

    Parameters
    ----------
    dispatcher
        Its effect runner is ``tasks.run``.
    objects
        What lies over frames and beside them; closed with the window.
    """

    push_to_talk = Signal(bool)
    """The push-to-talk key went down or up."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        images: Images,
        tasks: TaskRunner,
        bindings: Bindings,
        settings: Settings,
        *,
        objects: Objects | None = None,
    ) -> None:
        super().__init__()
        self._dispatcher = dispatcher
        self._images = images
        self._tasks = tasks
        self._objects = objects
        self._settings = settings
        self._attached: list[QWidget] = []
        self._hud: QWidget | None = None
        self._question: QWidget | None = None
        self._empty: QWidget | None = None
        self._panels: dict[PanelName, QWidget] = {}
        self._windowed = True
        self._closed = False
        self._follows_screen = False
        self._taken: tuple[str, bool] = ("", False)
        """The list and the question that take room from the images now."""
        self._rearrange = QTimer(self, singleShot=True, interval=0)
        self._rearrange.timeout.connect(self._arrange)
        self.theme = theme_for(1280, 720, None, settings.display.distance_m)
        """Colours and sizes for the window as it is now."""
        self.setObjectName("window")
        self.setWindowTitle(TITLE)  # never patient data: it shows in task lists and screen shares
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        frames = FrameSource(images, objects, self)
        self._area = ViewportArea(dispatcher, frames, bindings, self.theme, self)
        self._progress = _ProgressLine(self.theme, self)
        self._cine = CinePlayer(dispatcher, self._area)
        key = settings.voice.push_to_talk_key
        self._keyboard = KeyboardInput(self, dispatcher, bindings, key)
        self._keyboard.push_to_talk.connect(self.push_to_talk)
        tasks.serve(dispatcher)
        tasks.monitor_wanted.connect(self._move_to_monitor)
        dispatcher.observe(self._changed)
        self.resize(1280, 720)
        self._arrange()

    # --- widgets of others ---------------------------------------------------------------------

    def attach_source(self, source: PaneSource) -> None:
        """Let a source draw the viewports that it claims."""
        self._area.add_source(source)
        self._area.show_session(self._dispatcher.session)

    @property
    def sources(self) -> Sequence[PaneSource]:
        """What draws panes, in the order in which they are asked."""
        return self._area.sources

    def attach_hud(self, widget: QWidget) -> None:
        """Put the strip that shows what is heard and done below the images."""
        self._hud = widget
        self._attach(widget)

    def attach_panel(self, name: PanelName, widget: QWidget) -> None:
        """Put a list beside the images that shows while the Session's panel has this name."""
        self._panels[name] = widget
        self._attach(widget)

    def attach_question(self, widget: QWidget) -> None:
        """Put the bar with a read-back question above the strip at the bottom."""
        self._question = widget
        self._attach(widget)

    def attach_empty(self, widget: QWidget) -> None:
        """Put what is shown while nothing is open in the place of the images."""
        self._empty = widget
        self._attach(widget)

    def _attach(self, widget: QWidget) -> None:
        widget.setParent(self)
        self._attached.append(widget)
        _told(widget).set_theme(self.theme)
        session = self._dispatcher.session
        _told(widget).show_session(session, session)
        self._arrange()
        self._show_parts(session)

    # --- showing -------------------------------------------------------------------------------

    def present(self, *, windowed: bool = False) -> None:
        """Show the window, over the whole screen unless ``windowed``."""
        self._windowed = windowed
        if windowed:
            self.show()
        else:
            self._move_to_monitor(self._dispatcher.session.control.monitor)
        self.setFocus()

    def press(self, key: str) -> bool:
        """Press a key by its name (``Ctrl+Z``) as a real event; whether it means something."""
        return self._keyboard.press(key)

    def settled(self) -> bool:
        """No task runs, what is visible is loaded or has failed, nothing waits to be painted."""
        return (
            not self._tasks.busy
            and self._images.settled(self._dispatcher.session)
            and self._area.settled()
            and not self._area.dirty
            and not self._rearrange.isActive()
            and all(
                w.settled() for w in self._attached if isinstance(w, Settling) and w.isVisible()
            )
        )

    def wait_settled(self, timeout_s: float = 30.0) -> bool:
        """Let the program run until it has settled; whether it did in time."""
        deadline = time.monotonic() + timeout_s
        flags = QEventLoop.ProcessEventsFlag
        # The timer ends the wait for events, which may never come.
        pulse = QTimer()
        pulse.start(10)
        while not self.settled():
            if time.monotonic() > deadline:
                return False
            QApplication.processEvents(flags.AllEvents | flags.WaitForMoreEvents)
        return True

    def screenshot(self) -> QImage:
        """What the window shows."""
        return self.grab().toImage()

    def _changed(self, before: Session, after: Session) -> None:
        if self._closed:
            return
        if after.catalogue is not before.catalogue:
            self._progress.show_catalogue(after)
            emptied = not after.catalogue.studies
            if self._objects is not None:
                self._objects.clear() if emptied else self._objects.refresh()
            if emptied:
                self._area.forget()
            self._images.refresh(after)
        else:
            self._images.focus(after)
        self._area.show_session(after)
        self._cine.show_session(after)
        for widget in self._attached:
            _told(widget).show_session(before, after)
        self._show_parts(after)

    def _show_parts(self, session: Session) -> None:
        """Lists and bars come and go with the Session."""
        view = session.view
        for name, panel in self._panels.items():
            panel.setVisible(view.panel == name and not view.blank)
        asked = session.control.question is not None
        if self._question is not None:
            self._question.setVisible(asked)
        # Who the patient is and which side is which must never lie under a list: the images make
        # room, a moment later since the Session may not be changed while it is being shown.
        taken = ("" if view.blank else view.panel, asked)
        if taken != self._taken:
            self._taken = taken
            self._rearrange.start()
        if self._empty is not None:
            self._place_empty(self._empty)
            self._empty.setVisible(not session.catalogue.studies and not view.blank)

    # --- arranging -----------------------------------------------------------------------------

    def _arrange(self) -> None:
        """Sizes for this window on this screen; tell the Session how large the viewports are."""
        mm = mm_per_pixel(self.screen(), self._settings.display.diagonal_inch)
        theme = theme_for(self.width(), self.height(), mm, self._settings.display.distance_m)
        if theme != self.theme or not self.styleSheet():
            self.theme = theme
            self.setStyleSheet(theme.style_sheet())
            self._area.set_theme(theme)
            self._progress.theme = theme
            for widget in self._attached:
                _told(widget).set_theme(theme)
        area = self.rect()
        if self._hud is not None:
            height = min(self.height() // 3, self._hud.sizeHint().height())
            area.setBottom(area.bottom() - height)
            self._hud.setGeometry(0, area.bottom() + 1, self.width(), height)
        self._place_over(area)
        area = self._free(area)
        self._area.setGeometry(area)
        if self._empty is not None:
            self._place_empty(self._empty)
        self._dispatcher.dispatch(
            Invocation(
                "screen.resize",
                {"width": area.width(), "height": area.height(), "mm_per_pixel": mm},
            )
        )
        self._area.show_session(self._dispatcher.session)

    def _place_over(self, area: QRect) -> None:
        self._progress.setGeometry(area.x(), area.y(), area.width(), self.theme.space.hairline * 3)
        self._progress.raise_()
        for name, panel in self._panels.items():
            width = round(area.width() * _PANEL_SHARE[name])
            x = area.left() if name in _ON_THE_LEFT else area.right() + 1 - width
            panel.setGeometry(x, area.top(), width, area.height())
            panel.raise_()
        if self._question is not None:
            height = min(area.height(), self._question.sizeHint().height())
            top = area.bottom() + 1 - height
            self._question.setGeometry(area.x(), top, area.width(), height)
            self._question.raise_()

    def _free(self, area: QRect) -> QRect:
        """What a list and a question leave of the area."""
        free = QRect(area)
        name, asked = self._taken
        panel = self._panels.get(cast("PanelName", name))
        if panel is not None:
            if name in _ON_THE_LEFT:
                free.setLeft(panel.geometry().right() + 1)
            else:
                free.setRight(panel.x() - 1)
        if asked and self._question is not None:
            free.setBottom(self._question.y() - 1)
        return free

    def _place_empty(self, empty: QWidget) -> None:
        empty.setGeometry(self._area.geometry())
        empty.stackUnder(self._progress)

    def _move_to_monitor(self, monitor: int) -> None:
        screens = QGuiApplication.screens()
        screen = screens[monitor % len(screens)]
        self.setScreen(screen)
        if self._windowed:
            margin = screen.availableGeometry().height() // 12
            place = screen.availableGeometry().marginsRemoved(
                QMargins(margin, margin, margin, margin)
            )
            self.setGeometry(place)
            self.show()
            return
        self.setWindowState(Qt.WindowState.WindowNoState)
        self.setGeometry(screen.geometry())
        self.showFullScreen()

    # --- Qt events -----------------------------------------------------------------------------

    @override
    def showEvent(self, event: QShowEvent) -> None:
        handle = self.windowHandle()
        if not self._follows_screen:
            self._follows_screen = True
            handle.screenChanged.connect(self._arrange)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        urls = event.mimeData().urls()
        paths = tuple(url.toLocalFile() for url in urls if url.isLocalFile())
        if paths:
            self._dispatcher.dispatch(Invocation("paths.open", {"paths": paths}, "mouse"))

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._closed:
            self._closed = True
            self._cine.stop()
            self._tasks.close()
            self._images.close()
            if self._objects is not None:
                self._objects.close()
        event.accept()


class _ProgressLine(QWidget):
    """A thin line at the top that grows while files are being read."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self._share = 0.0
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_catalogue(self, session: Session) -> None:
        """Follow the reading of files."""
        catalogue = session.catalogue
        self._share = catalogue.files_seen / max(1, catalogue.files_total)
        self.setVisible(catalogue.loading and bool(catalogue.studies))
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour(self.theme.colours.surface))
        done = QRect(0, 0, round(self.width() * self._share), self.height())
        painter.fillRect(done, colour(self.theme.colours.accent))
        painter.end()


def mm_per_pixel(screen: QScreen | None, diagonal_inch: float = 0.0) -> float | None:
    """Size of a logical pixel, from the configured diagonal or as the screen reports it.

    ``None`` when the screen does not know its size (projectors, some adapters).
    """
    if screen is None:
        return None
    size = screen.geometry()
    if diagonal_inch > 0:
        return diagonal_inch * 25.4 / hypot(size.width(), size.height())
    if size.width() <= 0:
        return None
    mm = screen.physicalSize().width() / size.width()
    low, high = _PLAUSIBLE_MM
    return mm if low <= mm <= high else None


def _told(widget: QWidget) -> Attached:
    # Python has no type for "a QWidget that is also Attached".
    return cast(Attached, widget)
