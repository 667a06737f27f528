"""Touch: one finger scrolls, two move, size and turn; taps and swipes do what is bound to them."""

from math import atan2, degrees, hypot
from typing import Final

from PySide6.QtCore import QElapsedTimer, QEvent, QObject, QPointF, QTimer
from PySide6.QtGui import QEventPoint, QTouchEvent

from surgery_assist.commands.bindings import Bindings
from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.model.invocation import Invocation
from surgery_assist.ui.input.gesture import Gesture, Grab, Panes, in_active_pane

SLOP: Final = 12.0
"""Pixels that a resting finger may wander."""
LONG_PRESS_MS: Final = 650
DOUBLE_TAP_MS: Final = 400
DOUBLE_TAP_PIXELS: Final = 48.0
SWIPE_PIXELS: Final = 80.0
TURN_DEGREES: Final = 8.0
"""Two fingers turn the image only after this much, so that a pinch does not tilt it."""
_NUMBER_WORDS = {1: "one", 2: "two", 3: "three", 4: "four"}


class TouchInput(QObject):
    """Turns touch events of the viewports' area into Invocations."""

    def __init__(
        self, dispatcher: Dispatcher, bindings: Bindings, panes: Panes, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._dispatcher = dispatcher
        self._panes = panes
        self._bindings = bindings.touch
        self._gesture: Gesture | None = None
        self._grab: Grab | None = None
        self._fingers = 0
        self._moved = False
        self._scrolled = 0.0
        self._turned = 0.0
        self._travel = QPointF()
        self._long_press = QTimer(self)
        self._long_press.setSingleShot(True)
        self._long_press.setInterval(LONG_PRESS_MS)
        self._long_press.timeout.connect(self._held)
        self._since_tap = QElapsedTimer()
        self._tap_position = QPointF()

    def handle(self, event: QTouchEvent) -> None:
        """Take one touch event."""
        if event.type() is QEvent.Type.TouchCancel:
            self._reset()
            return
        points = event.points()
        if event.type() is QEvent.Type.TouchBegin or self._gesture is None:
            self._begin(points[0].position())
        down = [p for p in points if p.state() is not QEventPoint.State.Released]
        if len(down) > self._fingers:
            self._fingers = len(down)
            self._travel = QPointF()
            if self._fingers > 1:
                self._long_press.stop()
        if len(down) == self._fingers:
            self._follow(down)
        if event.type() is QEvent.Type.TouchEnd:
            self._end(points[0].position())

    def _begin(self, position: QPointF) -> None:
        self._reset()
        self._gesture = Gesture(self._dispatcher, "touch", "touch")
        if self._gesture.select(position):
            self._grab = self._panes.grab_at(self._dispatcher.session, position, "touch")
        self._long_press.start()

    def _reset(self) -> None:
        self._long_press.stop()
        self._drop()
        self._gesture = None
        self._fingers = 0
        self._moved = False
        self._scrolled = self._turned = 0.0
        self._travel = QPointF()

    def _drop(self) -> None:
        if self._grab is not None:
            self._grab.release()
            self._grab = None

    def _follow(self, points: list[QEventPoint]) -> None:
        count = len(points)
        step = sum((p.position() - p.lastPosition() for p in points), QPointF()) / max(1, count)
        self._travel += step
        far = hypot(self._travel.x(), self._travel.y()) > SLOP
        if count == 1 and (far or self._moved):
            self._moved = True
            self._long_press.stop()
            self._drag(points[0].position(), step.y())
        elif count == 2:
            self._drop()
            self._moved = True
            self._pinch(points[0], points[1], step)

    def _drag(self, position: QPointF, dy: float) -> None:
        if self._grab is None or self._gesture is None:
            self._scroll(dy)
        else:
            self._grab.move(self._gesture, *in_active_pane(self._dispatcher.session, position))

    def _scroll(self, dy: float) -> None:
        """A pane's height goes through the series, but no image needs less than six pixels."""
        session = self._dispatcher.session
        shown = session.display_set
        if shown is None or self._gesture is None:
            return
        height = session.pane(session.view.active).height
        per_image = max(6.0, min(40.0, height / max(1, shown.count)))
        self._scrolled += dy / per_image
        steps = int(self._scrolled)
        if steps:
            self._scrolled -= steps
            self._gesture.send("image.step", steps=steps)

    def _pinch(self, first: QEventPoint, second: QEventPoint, step: QPointF) -> None:
        gesture = self._gesture
        if gesture is None:
            return
        before = second.lastPosition() - first.lastPosition()
        after = second.position() - first.position()
        length_before, length_after = _length(before), _length(after)
        if length_before < 1.0 or length_after < 1.0:
            return
        if step.x() or step.y():
            gesture.send("pan.by", dx=step.x(), dy=step.y())
        if length_after != length_before:
            middle = (first.position() + second.position()) / 2.0
            x, y = in_active_pane(self._dispatcher.session, middle)
            gesture.send("zoom.at", factor=length_after / length_before, x=x, y=y)
        turn = degrees(atan2(after.y(), after.x()) - atan2(before.y(), before.x()))
        turn = (turn + 180.0) % 360.0 - 180.0
        was_turning = abs(self._turned) > TURN_DEGREES
        self._turned += turn
        if turn and (was_turning or abs(self._turned) > TURN_DEGREES):
            gesture.send("rotate.by", degrees=turn)

    def _end(self, position: QPointF) -> None:
        fingers, travel, moved = self._fingers, self._travel, self._moved
        held = not self._long_press.isActive() and fingers == 1 and not moved
        self._reset()
        if fingers > 2:
            self._swipe(fingers, travel)
        elif fingers == 1 and not moved and not held:
            self._tap(position)

    def _swipe(self, fingers: int, travel: QPointF) -> None:
        across, down = travel.x(), travel.y()
        if max(abs(across), abs(down)) < SWIPE_PIXELS:
            return
        if abs(across) > abs(down):
            side = "right" if across > 0 else "left"
        else:
            side = "down" if down > 0 else "up"
        self._bound(f"swipe-{side}-{_NUMBER_WORDS.get(fingers, 'many')}")

    def _tap(self, position: QPointF) -> None:
        near = _length(position - self._tap_position) < DOUBLE_TAP_PIXELS
        soon = self._since_tap.isValid() and self._since_tap.elapsed() < DOUBLE_TAP_MS
        if near and soon:
            self._since_tap.invalidate()
            self._bound("double-tap")
            return
        session = self._dispatcher.session
        command = self._panes.command_at(session, position)
        if command:
            self._dispatcher.dispatch(Invocation(command, {}, "touch"))
        self._tap_position = position
        self._since_tap.restart()

    def _held(self) -> None:
        if self._fingers == 1 and not self._moved:
            self._bound("long-press")

    def _bound(self, name: str) -> None:
        invocation = self._bindings.get(name)
        if invocation is not None:
            self._dispatcher.dispatch(invocation)


def _length(vector: QPointF) -> float:
    return hypot(vector.x(), vector.y())
