"""The area of the viewports: places the panes and takes mouse and touch for all of them."""

from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import QEvent, QPointF, QRect, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QTouchEvent, QWheelEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from surgery_assist.commands.bindings import Bindings
from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.model.session import Session
from surgery_assist.model.study import Window
from surgery_assist.model.viewport import Rect
from surgery_assist.ui.facts import CineRate
from surgery_assist.ui.frame_source import FrameSource
from surgery_assist.ui.input.gesture import Gesture, Grab, in_active_pane
from surgery_assist.ui.input.mouse import MouseInput
from surgery_assist.ui.input.touch import TouchInput
from surgery_assist.ui.painting import TextPainter
from surgery_assist.ui.pane import Pane
from surgery_assist.ui.pane_source import (
    Grabbing,
    PaneSource,
    PaneView,
    pane_view,
    source_of,
)
from surgery_assist.ui.reformat_grab import crosshair_grab
from surgery_assist.ui.theme import Theme, colour


class ViewportArea(QWidget):
    """All panes of the layout."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        frames: FrameSource,
        bindings: Bindings,
        theme: Theme,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._texts = TextPainter()
        self._panes: dict[int, Pane] = {}
        frames.changed.connect(self.picture_changed)
        self._sources: list[PaneSource] = [frames]
        self._mouse = MouseInput(dispatcher, self)
        self._touch = TouchInput(dispatcher, bindings, self, self)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)

    @property
    def panes(self) -> dict[int, Pane]:
        """The visible panes by the index of their viewport."""
        return {index: pane for index, pane in self._panes.items() if not pane.isHidden()}

    @property
    def dirty(self) -> bool:
        """A visible pane waits to be painted."""
        return self.isVisible() and any(pane.dirty for pane in self.panes.values())

    @property
    def sources(self) -> Sequence[PaneSource]:
        """What draws panes, in the order in which they are asked."""
        return self._sources

    def add_source(self, source: PaneSource) -> None:
        """Let another source draw the viewports that it claims, before that of acquired frames."""
        source.changed.connect(self.picture_changed)
        self._sources.insert(len(self._sources) - 1, source)

    def settled(self) -> bool:
        """Every visible pane shows the final picture, or why there is none."""
        return not self.isVisible() or all(pane.settled() for pane in self.panes.values())

    def set_theme(self, theme: Theme) -> None:
        """Draw with other sizes."""
        self._theme = theme
        for pane in self._panes.values():
            pane.set_theme(theme)

    def show_session(self, session: Session) -> None:
        """Place the panes and let each show its viewport."""
        places = session.panes()
        for index, rect in places.items():
            pane = self._panes.get(index)
            if pane is None:
                pane = Pane(self._sources, self._texts, self._theme, self)
                self._panes[index] = pane
            pane.setGeometry(_whole(rect))
            pane.show_session(session, index, rect)
            pane.show()
        for index, pane in self._panes.items():
            if index not in places:
                pane.hide()

    def picture_changed(self, uid: str) -> None:
        """A better picture of a display set can be had."""
        for pane in self.panes.values():
            pane.picture_changed(uid)

    def forget(self) -> None:
        """Drop all pictures that are kept for drawing."""
        for source in self._sources:
            source.forget()
        for pane in self._panes.values():
            pane.redraw()

    def drawn(self, index: int) -> int:
        """How many pictures the pane of a viewport has drawn so far."""
        pane = self._panes.get(index)
        return pane.drawn if pane is not None else 0

    def tell_rate(self, index: int, rate: CineRate | None) -> None:
        """Show with a viewport how it plays; ``None`` when it plays no more."""
        pane = self._panes.get(index)
        if pane is not None and pane.rate != rate:
            pane.rate = rate
            pane.redraw()

    # --- what mouse and touch ask ----------------------------------------------------------------

    def grab_at(self, session: Session, position: QPointF, kind: str) -> Grab | None:
        """A drag that the crosshair or the source of the active pane takes for itself."""
        view, source = self._active(session)
        if view is None:
            return None
        place = in_active_pane(session, position)
        crosshair = crosshair_grab(view, *place, kind)
        if crosshair is not None or source is None:
            return crosshair
        return source.grab(view, *place, kind)

    def command_at(self, session: Session, position: QPointF) -> str:
        """The command of what was clicked or tapped in the active pane; empty for none."""
        pane = self._panes.get(session.view.active)
        return "" if pane is None else pane.command_at(*in_active_pane(session, position))

    def wheel_at(self, session: Session, gesture: Gesture, notches: int) -> bool:
        """Whether the source of the active pane has taken notches of the wheel."""
        view, source = self._active(session)
        return view is not None and source is not None and source.wheel(view, gesture, notches)

    def shown_window(self, session: Session) -> Window | None:
        """The window in force in the active pane; of colours the whole range of their levels."""
        view = self._active(session)[0]
        if view is None:
            return None
        if view.display_set.colour:
            return Window(128.0, 256.0)
        return source_of(self._sources, view.viewport).picture(view).facts.window

    def _point(self, position: QPointF | None) -> None:
        """Show the value under the pointer, while no button is down."""
        for pane in self.panes.values():
            place = pane.geometry()
            if position is not None and place.contains(position.toPoint()):
                pane.point((position.x() - place.x(), position.y() - place.y()))
            else:
                pane.point(None)

    def _active(self, session: Session) -> tuple[PaneView | None, Grabbing | None]:
        index = session.view.active
        view = pane_view(session, index, session.pane(index), self.devicePixelRatioF())
        source = source_of(self._sources, session.viewport)
        return view, cast("Grabbing", source) if hasattr(source, "grab") else None

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), colour(self._theme.colours.background))
        painter.end()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._mouse.press(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse.move(event)
        self._point(None if event.buttons() else event.position())

    @override
    def leaveEvent(self, event: QEvent) -> None:
        self._point(None)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._mouse.release(event)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._mouse.double_click(event)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        self._mouse.wheel(event)
        event.accept()

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent):
            self._touch.handle(event)
            event.accept()
            return True
        return super().event(event)


def _whole(rect: Rect) -> QRect:
    """Edges on whole pixels, so that neighbours neither overlap nor leave gaps."""
    left, top = round(rect.x), round(rect.y)
    right, bottom = round(rect.x + rect.width), round(rect.y + rect.height)
    return QRect(left, top, right - left, bottom - top)
