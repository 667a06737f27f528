"""``surgery-assist commands``: every command that can be spoken."""

import argparse
from collections.abc import Mapping

from surgery_assist.cli.output import emit_json
from surgery_assist.cli.parsing import Subparsers, add_subcommand
from surgery_assist.commands.registry import Command
from surgery_assist.messages import LANGUAGES, Language, translate

MOST_EXAMPLES = 1000


def add_parser(subparsers: Subparsers) -> None:
    """Add the subcommand."""
    parser = add_subcommand(
        subparsers, "commands", run, "List every command: id, class, slots, keys, phrases."
    )
    parser.add_argument("--json", action="store_true", help="for other programs")


def run(options: argparse.Namespace) -> int:
    """Print the commands."""
    languages: tuple[Language, ...] = (options.lang,) if options.lang else LANGUAGES
    entries = command_list(languages)
    if options.json:
        emit_json(entries, None)
        return 0
    for entry in entries:
        print(_line(entry, languages))
    return 0


def command_list(languages: tuple[Language, ...]) -> list[dict[str, object]]:
    """All public commands as JSON values.

    ``phrases`` are sentences that can be said as they stand, the plainest of each template;
    ``templates`` are the lines of the phrase files.
    """
    from surgery_assist.commands.bindings import load_bindings
    from surgery_assist.commands.catalogue import build_registry
    from surgery_assist.settings import resources_dir
    from surgery_assist.voice.phrases import load_phrases

    registry = build_registry()
    bindings = load_bindings(resources_dir() / "bindings" / "default.toml", registry)
    books = {
        language: load_phrases(resources_dir() / "phrases" / f"{language}.yaml", registry.ranges())
        for language in languages
    }
    entries = []
    for command in registry.public:
        keys = bindings.keys_of(command.id)
        phrases = {
            language: book.examples(command.id, MOST_EXAMPLES) for language, book in books.items()
        }
        templates = {language: list(book.templates(command.id)) for language, book in books.items()}
        entries.append(_entry(command, keys, phrases, templates))
    return entries


def _entry(
    command: Command,
    keys: tuple[str, ...],
    phrases: Mapping[Language, list[str]],
    templates: Mapping[Language, list[str]],
) -> dict[str, object]:
    return {
        "id": command.id,
        "class": str(command.risk),
        "help": command.help.splitlines()[0],
        "titles": {language: translate(f"command.{command.id}", language) for language in phrases},
        "slots": [slot.description() for slot in command.slots],
        "shortcut": keys[0] if keys else "",
        "shortcuts": list(keys),
        "phrases": dict(phrases),
        "templates": dict(templates),
    }


def _line(entry: Mapping[str, object], languages: tuple[Language, ...]) -> str:
    slots, phrases = entry["slots"], entry["phrases"]
    assert isinstance(slots, list)  # noqa: S101  (made above)
    assert isinstance(phrases, dict)  # noqa: S101
    named = [slot["name"] if slot["required"] else f"[{slot['name']}]" for slot in slots]
    said = [f"{language}: {', '.join(phrases[language][:3])}" for language in languages]
    name = " ".join([str(entry["id"]), *named])
    return f"{entry['class']}  {name:<36} {entry['shortcut']:<14} {' | '.join(said)}"
