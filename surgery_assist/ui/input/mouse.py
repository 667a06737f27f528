"""The mouse: click selects, wheel scrolls, drags change window, place, size and angle.

left drag           window: across is width, down is centre
middle drag         move the image; also Shift and left
right drag          size, about the point where the drag began
Alt and left        turn
wheel               scroll; with Ctrl, size about the pointer
double click        one viewport alone, or all again
"""

from dataclasses import dataclass
from math import atan2, degrees, exp
from typing import Final, Literal

from PySide6.QtCore import QElapsedTimer, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.model.study import Window
from surgery_assist.ui.input.gesture import Gesture, Grab, Panes, in_active_pane

DragKind = Literal["window", "pan", "zoom", "rotate"]
THRESHOLD: Final = 4.0
"""Pixels that the pointer may move while it clicks."""
WHEEL_PAUSE_MS: Final = 400
NOTCH: Final = 120
"""Angle delta of one notch of the wheel (Qt counts eighths of a degree)."""
ZOOM_PER_NOTCH: Final = 1.15
DOUBLING: Final = 250.0
"""Pixels of a zoom drag that multiply the size by e."""


@dataclass(slots=True)
class _Drag:
    kind: DragKind
    start: QPointF
    last: QPointF
    gesture: Gesture
    window: Window | None = None
    moving: bool = False
    grab: Grab | None = None
    """The pane's own handle, which takes the drag in place of the usual kind."""


class MouseInput:
    """Turns mouse events of the viewports' area into Invocations."""

    def __init__(self, dispatcher: Dispatcher, panes: Panes) -> None:
        self._dispatcher = dispatcher
        self._panes = panes
        self._drag: _Drag | None = None
        self._wheel: Gesture | None = None
        self._wheel_rest = 0
        self._wheel_clock = QElapsedTimer()

    def press(self, event: QMouseEvent) -> None:
        """Select the viewport under the pointer; a drag may follow."""
        kind = _kind(event.button(), event.modifiers())
        gesture = Gesture(self._dispatcher, "mouse", kind or "click")
        if not gesture.select(event.position()) or kind is None:
            return
        grab = self._panes.grab_at(self._dispatcher.session, event.position(), kind)
        self._drag = _Drag(kind, event.position(), event.position(), gesture, grab=grab)

    def move(self, event: QMouseEvent) -> None:
        """Go on with a drag."""
        drag = self._drag
        if drag is None:
            return
        position = event.position()
        if drag.grab is not None:
            drag.grab.move(drag.gesture, *in_active_pane(self._dispatcher.session, position))
            return
        travelled = position - drag.start
        if not drag.moving:
            if abs(travelled.x()) + abs(travelled.y()) < THRESHOLD:
                return
            drag.moving = True
            drag.window = self._panes.shown_window(self._dispatcher.session)
        step = position - drag.last
        match drag.kind:
            case "pan":
                drag.gesture.send("pan.by", dx=step.x(), dy=step.y())
            case "zoom":
                x, y = in_active_pane(self._dispatcher.session, drag.start)
                drag.gesture.send("zoom.at", factor=exp(-step.y() / DOUBLING), x=x, y=y)
            case "rotate":
                drag.gesture.send("rotate.by", degrees=self._turn(drag.last, position))
            case "window":
                self._drag_window(drag, travelled)
        drag.last = position

    def release(self, event: QMouseEvent) -> None:
        """The drag is over; a click that moved nothing does what it was made on."""
        drag, self._drag = self._drag, None
        if drag is None:
            return
        if drag.grab is not None:
            drag.grab.release()
        elif drag.kind == "window" and not drag.moving:
            command = self._panes.command_at(self._dispatcher.session, event.position())
            if command:
                drag.gesture.send(command)

    def double_click(self, event: QMouseEvent) -> None:
        """Show one viewport alone, or all again."""
        if event.button() is Qt.MouseButton.LeftButton:
            gesture = Gesture(self._dispatcher, "mouse", "double")
            if gesture.select(event.position()):
                gesture.send("viewport.toggle")

    def wheel(self, event: QWheelEvent) -> None:
        """Scroll, or zoom about the pointer; one run of the wheel is one step of undo."""
        gesture = self._run_of_wheel()
        if not gesture.select(event.position()):
            return
        delta = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            x, y = in_active_pane(self._dispatcher.session, event.position())
            gesture.send("zoom.at", factor=ZOOM_PER_NOTCH ** (delta / NOTCH), x=x, y=y)
            return
        # High-resolution wheels send parts of a notch.
        self._wheel_rest += delta
        notches = int(self._wheel_rest / NOTCH)
        self._wheel_rest -= notches * NOTCH
        if notches and not self._panes.wheel_at(self._dispatcher.session, gesture, notches):
            gesture.send("image.step", steps=-notches)

    def _run_of_wheel(self) -> Gesture:
        paused = not self._wheel_clock.isValid() or self._wheel_clock.elapsed() > WHEEL_PAUSE_MS
        if self._wheel is None or paused:
            self._wheel = Gesture(self._dispatcher, "mouse", "wheel")
            self._wheel_rest = 0
        self._wheel_clock.restart()
        return self._wheel

    def _turn(self, before: QPointF, after: QPointF) -> float:
        """Degrees clockwise round the middle of the active pane."""
        middle_x, middle_y = self._dispatcher.session.pane(
            self._dispatcher.session.view.active
        ).middle
        first = atan2(before.y() - middle_y, before.x() - middle_x)
        second = atan2(after.y() - middle_y, after.x() - middle_x)
        return (degrees(second - first) + 180.0) % 360.0 - 180.0

    def _drag_window(self, drag: _Drag, travelled: QPointF) -> None:
        if drag.window is None:
            return
        # Half a pane doubles the width, whatever the range of the values is.
        session = self._dispatcher.session
        step = 2.0 * drag.window.width / max(1.0, session.pane(session.view.active).width)
        drag.gesture.send(
            "window.drag",
            center=drag.window.center + travelled.y() * step,
            width=drag.window.width + travelled.x() * step,
        )


def _kind(button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> DragKind | None:
    if button is Qt.MouseButton.MiddleButton:
        return "pan"
    if button is Qt.MouseButton.RightButton:
        return "zoom"
    if button is not Qt.MouseButton.LeftButton:
        return None
    if modifiers & Qt.KeyboardModifier.ShiftModifier:
        return "pan"
    if modifiers & Qt.KeyboardModifier.AltModifier:
        return "rotate"
    return "window"
