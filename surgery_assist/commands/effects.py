"""What is not view state: work for somebody else, as values.

A command returns effects beside the new Session. The dispatcher does those about history itself;
all others go to the effect runner, and what they bring comes back as another Invocation.
"""

from dataclasses import dataclass
from typing import Literal

from surgery_assist.model.invocation import Invocation

PickUse = Literal["look", "crop", "distance", "arrow"]
"""What points in depth are picked for."""


@dataclass(frozen=True, slots=True)
class Undo:
    """Bring back the view before the last step."""


@dataclass(frozen=True, slots=True)
class Redo:
    """Take back the last undo."""


@dataclass(frozen=True, slots=True)
class Perform:
    """Do another command; ``confirmed`` when the question about it was answered."""

    invocation: Invocation
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class OpenPaths:
    """Read files and folders; grows the catalogue."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CancelWork:
    """Stop whatever long work is under way."""


@dataclass(frozen=True, slots=True)
class CloseCase:
    """Forget everything that was opened: pixels, caches, lists."""


@dataclass(frozen=True, slots=True)
class AutoWindow:
    """Find a window from the pixels shown in a viewport; answers with ``window.put``.

    The found window is widened by ``width_factor`` and moved by ``shift`` of its width.
    """

    viewport: int
    width_factor: float = 1.0
    shift: float = 0.0


@dataclass(frozen=True, slots=True)
class MoveToMonitor:
    """Show the program on another screen of the PC."""

    monitor: int


@dataclass(frozen=True, slots=True)
class PickVolume:
    """Find how deep the volume's surface lies at places of a pane (fractions of its size).

    Answers with ``volume.picked``.
    """

    viewport: int
    use: PickUse
    places: tuple[tuple[float, float], ...]
    size_mm: float = 0.0


Effect = (
    Undo
    | Redo
    | Perform
    | OpenPaths
    | CancelWork
    | CloseCase
    | AutoWindow
    | MoveToMonitor
    | PickVolume
)
