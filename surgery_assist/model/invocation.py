"""What every input makes: one small value that names a command and its arguments."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Source = Literal["voice", "text", "keyboard", "mouse", "touch", "pedal", "remote", "program"]


@dataclass(frozen=True, slots=True)
class Invocation:
    """A wish: do this command with these arguments.

    ``gesture`` names one drag or one run of the wheel: invocations with the same gesture are one
    step of undo. ``heard`` is the sentence that made it, if speech did.
    """

    command_id: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    source: Source = "program"
    gesture: str = ""
    heard: str = ""
