"""Keys, pedals and gestures as data that name commands.

A binding is text such as ``layout.set rows=2 columns=2``, the same that ``--do`` takes.
"""

import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from surgery_assist.commands.registry import Registry
from surgery_assist.commands.slots import read_slots
from surgery_assist.errors import SettingsError, SlotError, SurgeryAssistError
from surgery_assist.model.invocation import Invocation, Source


def parse_invocation(text: str, registry: Registry, source: Source = "text") -> Invocation:
    """An Invocation from ``ID slot=value ...``.

    Raises
    ------
    UnknownCommandError
        There is no such command.
    SlotError
        A slot is missing, unknown or out of its range.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise SlotError("error.slot_syntax", text=text) from error
    if not words:
        raise SlotError("error.slot_syntax", text=text)
    command = registry[words[0]]
    arguments: dict[str, object] = {}
    for word in words[1:]:
        name, equals, value = word.partition("=")
        if not equals:
            raise SlotError("error.slot_syntax", text=word)
        arguments[name] = value
    return Invocation(command.id, read_slots(command.slots, arguments), source)


@dataclass(frozen=True, slots=True)
class Bindings:
    """What each key, pedal and gesture does."""

    keys: Mapping[str, Invocation]
    """By the key's name as Qt writes it, such as ``Ctrl+Z`` or ``F1``."""
    touch: Mapping[str, Invocation]
    """By the gesture's name, such as ``swipe-left-three``."""

    def keys_of(self, command_id: str) -> tuple[str, ...]:
        """The keys that call a command without arguments."""
        return tuple(
            key
            for key, invocation in self.keys.items()
            if invocation.command_id == command_id and not invocation.arguments
        )


def load_bindings(path: Path, registry: Registry) -> Bindings:
    """The keys that commands declare, and those of a TOML file over them.

    A foot pedal acts as a keyboard; its keys stand in ``[pedal]`` and count as keys with the
    source ``pedal``.

    Raises
    ------
    SettingsError
        The file can't be read or names something that does not exist.
    """
    keys: dict[str, Invocation] = {}
    for entry in registry:
        for key in entry.keys:
            if key in keys:
                raise SettingsError(
                    "error.binding_twice", name=key, one=keys[key].command_id, other=entry.id
                )
            keys[key] = Invocation(entry.id, {}, "keyboard")
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
        sources: dict[str, Source] = {"keys": "keyboard", "pedal": "pedal", "touch": "touch"}
        read = {
            table: {
                name: parse_invocation(text, registry, source)
                for name, text in tables.get(table, {}).items()
            }
            for table, source in sources.items()
        }
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError("error.bindings", path=str(path), detail=str(error)) from error
    except SurgeryAssistError as error:
        raise SettingsError("error.bindings", path=str(path), detail=str(error)) from error
    return Bindings({**keys, **read["keys"], **read["pedal"]}, read["touch"])
