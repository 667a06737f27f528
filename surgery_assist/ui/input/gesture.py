"""What mouse and touch share: names for gestures, and where a point lies."""

from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from PySide6.QtCore import QPointF

from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.model.invocation import Invocation, Source
from surgery_assist.model.session import Session
from surgery_assist.model.study import Window

_numbers = count(1)


def next_gesture(kind: str) -> str:
    """A name that no other drag, pinch or run of the wheel has."""
    return f"{kind}-{next(_numbers)}"


def viewport_at(session: Session, position: QPointF) -> int | None:
    """Index of the viewport under a point of the viewports' area."""
    for index, pane in session.panes().items():
        if pane.contains(position.x(), position.y()):
            return index
    return None


def in_active_pane(session: Session, position: QPointF) -> tuple[float, float]:
    """A point of the area in pixels of the active pane."""
    pane = session.pane(session.view.active)
    return position.x() - pane.x, position.y() - pane.y


@dataclass(slots=True)
class Gesture:
    """One drag, pinch or run of the wheel: a single step of undo.

    After a refusal ("a colour image has no window") the rest of the gesture is not sent, so that
    the reason is shown once and not sixty times a second.
    """

    dispatcher: Dispatcher
    source: Source
    kind: str
    name: str = field(init=False)
    refused: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Give it its name."""
        self.name = next_gesture(self.kind)

    def send(self, command_id: str, **arguments: object) -> bool:
        """Dispatch a part of the gesture; whether it was done."""
        if self.refused:
            return False
        invocation = Invocation(command_id, arguments, self.source, self.name)
        outcome = self.dispatcher.dispatch(invocation)
        self.refused = outcome.status == "refused"
        return not self.refused

    def select(self, position: QPointF) -> bool:
        """Make the viewport under a point the active one; whether there is one."""
        session = self.dispatcher.session
        index = viewport_at(session, position)
        if index is None:
            return False
        return index == session.view.active or self.send("viewport.select", n=index + 1)


class Grab(Protocol):
    """A drag that a pane's source has taken for itself (a handle, the camera)."""

    def move(self, gesture: Gesture, x: float, y: float) -> None:
        """The pointer is at ``(x, y)`` of the pane, logical pixels; send commands with ``gesture``.

        All that one gesture sends is one step of undo.
        """

    def release(self) -> None:
        """The button or finger is up."""


class Panes(Protocol):
    """What mouse and touch ask of the viewports' area."""

    def grab_at(self, session: Session, position: QPointF, kind: str) -> Grab | None:
        """A drag that the active pane takes for itself."""

    def command_at(self, session: Session, position: QPointF) -> str:
        """The command of what was clicked or tapped in the active pane; empty for none."""

    def wheel_at(self, session: Session, gesture: Gesture, notches: int) -> bool:
        """Whether the active pane has taken notches of the wheel."""

    def shown_window(self, session: Session) -> Window | None:
        """The window in force in the active pane."""
