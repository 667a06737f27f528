"""The area of the viewports: places the panes and takes mouse and touch for all of them."""

from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QTouchEvent, QWheelEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from surgery_assist.commands.bindings import Bindings
from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.model.session import Session
from surgery_assist.model.viewport import Rect
from surgery_assist.ui.images import Images
from surgery_assist.ui.input.mouse import MouseInput
from surgery_assist.ui.input.touch import TouchInput
from surgery_assist.ui.painting import TextPainter
from surgery_assist.ui.pane import Pane
from surgery_assist.ui.theme import Theme, colour


class ViewportArea(QWidget):
    """All panes of the layout."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        images: Images,
        bindings: Bindings,
        theme: Theme,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._images = images
        self._theme = theme
        self._texts = TextPainter()
        self._panes: dict[int, Pane] = {}
        self._mouse = MouseInput(dispatcher, images)
        self._touch = TouchInput(dispatcher, bindings, self)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    @property
    def panes(self) -> dict[int, Pane]:
        """The visible panes by the index of their viewport."""
        return {index: pane for index, pane in self._panes.items() if not pane.isHidden()}

    @property
    def dirty(self) -> bool:
        """A visible pane waits to be painted."""
        return self.isVisible() and any(pane.dirty for pane in self.panes.values())

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
                pane = Pane(self._images, self._texts, self._theme, self)
                self._panes[index] = pane
            pane.setGeometry(_whole(rect))
            pane.show_session(session, index, rect)
            pane.show()
        for index, pane in self._panes.items():
            if index not in places:
                pane.hide()

    def frame_arrived(self, uid: str, index: int) -> None:
        """A frame has been loaded."""
        for pane in self.panes.values():
            pane.frame_arrived(uid, index)

    def forget(self) -> None:
        """Drop all pictures that are kept for drawing."""
        for pane in self._panes.values():
            pane.forget()

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
