"""What can be said, by subject, and how it is laid out in columns and pages."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from surgery_assist.commands.registry import Command
from surgery_assist.messages import Language, translate
from surgery_assist.ui.translate import command_title, slot_words

Phrases = Callable[[str, Language], list[str]]
"""Example sentences of a command, the plainest first."""
Keys = Callable[[str], tuple[str, ...]]
"""Keys that call a command."""

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "talk": (
        *("listen", "stop", "cancel", "confirm", "reject", "undo", "redo", "repeat", "more"),
        *("help", "heard", "language", "choose"),
    ),
    "cases": ("patient", "study", "case", "series", "timeout", "report", "findings"),
    "images": ("image", "cine", "key", "phase"),
    "size": ("zoom", "pan", "center", "rotate", "flip", "view"),
    "window": ("window", "invert"),
    "layout": (
        *("layout", "viewport", "compare", "link", "reference", "bookmark"),
        *("monitor", "overlay", "segmentation", "presentation", "fusion", "screen"),
    ),
    "point": ("grid", "target"),
    "planes": ("plane", "slab", "projection", "crosshair", "path"),
    "volume": ("volume", "bone", "table"),
}
"""Subjects in the order of their importance, and the first parts of the command ids in them."""
OTHER: Final = "other"
TOGETHER: Final = 3
"""Sentences that stay with their heading."""


@dataclass(frozen=True, slots=True)
class HelpLine:
    """A heading, or a sentence with its key and whether it would act now."""

    text: str
    heading: bool = False
    more: str = ""
    """Other choices of its slot, or another way to say it."""
    key: str = ""
    command_id: str = ""


@dataclass(frozen=True, slots=True)
class HelpGroup:
    """A subject with its sentences."""

    heading: HelpLine
    lines: tuple[HelpLine, ...]


def help_groups(
    commands: Iterable[Command], language: Language, phrases: Phrases, keys: Keys
) -> tuple[HelpGroup, ...]:
    """Sentences by subject; one that has no sentence is listed by its title."""
    found: dict[str, list[HelpLine]] = {name: [] for name in (*GROUPS, OTHER)}
    for command in commands:
        examples = phrases(command.id, language)
        text = examples[0] if examples else command_title(command.id, language)
        more = _choices(command, language) or next(iter(examples[1:]), "")
        key = next(iter(keys(command.id)), "")
        line = HelpLine(text, more=more, key=key, command_id=command.id)
        found[_group(command.id)].append(line)
    return tuple(
        HelpGroup(HelpLine(translate(f"help.group.{name}", language), heading=True), tuple(lines))
        for name, lines in found.items()
        if lines
    )


def _choices(command: Command, language: Language) -> str:
    """The values of its first closed slot but the first, which the sentence itself shows."""
    slot = next((slot for slot in command.slots if slot.kind == "choice"), None)
    if slot is None:
        return ""
    return ", ".join(slot_words(command.id, slot.name, c, language) for c in slot.choices[1:])


def _group(command_id: str) -> str:
    prefix = command_id.partition(".")[0]
    return next((name for name, prefixes in GROUPS.items() if prefix in prefixes), OTHER)


Column = tuple[HelpLine, ...]
Page = tuple[Column, ...]


def paginate(groups: Sequence[HelpGroup], rows: int, columns: int) -> tuple[Page, ...]:
    """Groups in columns of at most ``rows`` lines, with a blank line between groups.

    A group begins at the bottom of a column only if a few of its sentences fit there; what goes on
    in the next column has its heading again.
    """
    filled: list[list[HelpLine]] = [[]]
    for group in groups:
        if filled[-1]:
            needed = 2 + min(len(group.lines), TOGETHER)
            if len(filled[-1]) + needed > rows:
                filled.append([])
            else:
                filled[-1].append(HelpLine(""))
        filled[-1].append(group.heading)
        for line in group.lines:
            if len(filled[-1]) >= rows:
                filled.append([group.heading])
            filled[-1].append(line)
    done = [tuple(column) for column in filled if column]
    return tuple(tuple(done[at : at + columns]) for at in range(0, len(done), columns))
