"""The registry of commands: one table for voice, keyboard, mouse, touch, pedal and remote.

A command is a pure function from one Session to the next::

    @command("invert", Risk.VIEW, keys=("I",), when=has_image)
    def invert(session: Session) -> Session:
        '''Show black as white and white as black.'''
        return change(session, invert=not session.viewport.invert)

Its slots come from the annotations, its help is the docstring.
"""

import difflib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import ModuleType
from typing import Any, get_type_hints

from surgery_assist.commands.effects import Effect
from surgery_assist.commands.slots import Slot, slot_from_annotation
from surgery_assist.errors import UnknownCommandError
from surgery_assist.model.session import Session

Result = Session | tuple[Session, *tuple[Effect, ...]]
Condition = Callable[[Session], str | None]
"""Why a command is not possible now (message key), or ``None``."""
CommandFunction = Callable[..., Result]
_MARK = "__command__"


class Risk(StrEnum):
    """What a mishearing would cost (COMMANDS.md)."""

    VIEW = "V"
    """Acts at once and can be undone."""
    STATE = "S"
    """Acts at once, on how the program listens or what it lists."""
    CONFIRM = "C"
    """Is read back and done only after "confirm"."""


def always(_session: Session) -> str | None:
    """Possible in every state."""
    return None


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that the program can do.

    ``internal`` commands carry drags, wheel steps and results of effects; they are not spoken.
    """

    id: str
    risk: Risk
    function: CommandFunction
    slots: tuple[Slot, ...]
    when: Condition
    keys: tuple[str, ...]
    internal: bool
    help: str

    @property
    def defaults(self) -> dict[str, object]:
        """Values of slots that nobody has to say: "rotate right" turns by 90 degrees."""
        parameters = inspect.signature(self.function).parameters
        return {
            slot.name: parameters[slot.name].default
            for slot in self.slots
            if parameters[slot.name].default not in (inspect.Parameter.empty, None)
        }


def command(
    command_id: str,
    risk: Risk,
    *,
    keys: tuple[str, ...] = (),
    when: Condition = always,
    internal: bool = False,
) -> Callable[[CommandFunction], CommandFunction]:
    """Mark a function as a command; `Registry.from_modules` collects it."""

    def mark(function: CommandFunction) -> CommandFunction:
        hints = get_type_hints(function, include_extras=True)
        slots = tuple(
            slot_from_annotation(
                name, hints[name], required=parameter.default is inspect.Parameter.empty
            )
            for name, parameter in list(inspect.signature(function).parameters.items())[1:]
        )
        text = inspect.getdoc(function) or ""
        marked: list[Command] = getattr(function, _MARK, [])
        entry = Command(command_id, risk, function, slots, when, keys, internal, text)
        setattr(function, _MARK, [*marked, entry])
        return function

    return mark


class Registry:
    """All commands by id."""

    def __init__(self, commands: Iterator[Command] | list[Command]) -> None:
        self._commands: dict[str, Command] = {}
        for entry in commands:
            if entry.id in self._commands:
                raise ValueError(f"command id {entry.id!r} is registered twice")
            self._commands[entry.id] = entry

    @classmethod
    def from_modules(cls, *modules: ModuleType) -> "Registry":
        """All marked functions of the modules, in the order of their definition."""
        found: list[Command] = []
        for module in modules:
            for value in vars(module).values():
                entries: Any = getattr(value, _MARK, None)
                if entries and value.__module__ == module.__name__:
                    found.extend(entries)
        return cls(found)

    def __getitem__(self, command_id: str) -> Command:
        """The command with this id.

        Raises
        ------
        UnknownCommandError
            There is none; names the nearest.
        """
        entry = self._commands.get(command_id)
        if entry is None:
            names = [name for name, known in self._commands.items() if not known.internal]
            near = difflib.get_close_matches(command_id, names, n=3, cutoff=0.5)
            raise UnknownCommandError(
                "error.unknown_command", command=command_id, near=", ".join(near) or "-"
            )
        return entry

    def __contains__(self, command_id: object) -> bool:
        """Whether there is such a command."""
        return command_id in self._commands

    def __iter__(self) -> Iterator[Command]:
        """All commands, internal ones too."""
        return iter(self._commands.values())

    def __len__(self) -> int:
        """How many there are, internal ones too."""
        return len(self._commands)

    @property
    def public(self) -> tuple[Command, ...]:
        """The commands that people can say."""
        return tuple(entry for entry in self if not entry.internal)

    def ranges(self) -> dict[str, dict[str, tuple[int, int]]]:
        """Limits of whole-number slots by command and slot, for the grammar."""
        return {
            entry.id: {
                slot.name: (int(slot.minimum), int(slot.maximum))
                for slot in entry.slots
                if slot.kind in ("int", "float")
                and slot.minimum is not None
                and slot.maximum is not None
            }
            for entry in self.public
        }
