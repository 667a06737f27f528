"""The command line: options that all subcommands share, and errors in the user's language."""

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NoReturn, TypeAlias

from typing_extensions import override

from surgery_assist.errors import SettingsError, UsageError
from surgery_assist.messages import LANGUAGES, Language
from surgery_assist.settings import Settings, load_settings

# What argparse says, and our message keys: its own texts are English only.
_PROBLEMS: Final = (
    (r"unrecognized arguments: (?P<name>.+)", "error.option_unknown"),
    (r"ambiguous option: (?P<name>\S+) could match .*", "error.option_ambiguous"),
    (r"argument subcommand: invalid choice: '(?P<name>.*)' \(.*", "error.subcommand_unknown"),
    (
        r"argument (?P<name>[^:]+): invalid choice: '?(?P<value>[^']*)'? \(choose from (?P<known>.*)\)",
        "error.option_choice",
    ),
    (r"argument (?P<name>[^:]+): invalid .* value: '(?P<value>.*)'", "error.option_value"),
    (r"argument (?P<name>[^:]+): expected .*", "error.option_needs_value"),
    (r"the following arguments are required: (?P<name>.+)", "error.option_required"),
    (r"argument (?P<name>[^:]+): not allowed with argument (?P<other>.+)", "error.option_conflict"),
)


class Parser(argparse.ArgumentParser):
    """Raises `UsageError` instead of ending the program."""

    def __init__(self, *args: object, **options: object) -> None:
        # Abbreviated options would change their meaning when another option is added.
        options.setdefault("allow_abbrev", False)
        super().__init__(*args, **options)  # type: ignore[arg-type]

    @override
    def error(self, message: str) -> NoReturn:
        for pattern, key in _PROBLEMS:
            found = re.fullmatch(pattern, message, re.DOTALL)
            if found:
                raise UsageError(key, **found.groupdict())
        raise UsageError("error.usage", detail=message)


Subparsers: TypeAlias = "argparse._SubParsersAction[Parser]"  # noqa: SLF001  (it has no public name)


def build_parser() -> Parser:
    """The parser of the whole program; ``options.run(options)`` does what was asked for."""
    from surgery_assist.cli import (
        bench,
        commands,
        demo,
        info,
        models,
        script,
        self_test,
        voice,
        window,
    )

    parser = Parser(
        prog="surgery-assist",
        description="A DICOM viewer for the operating room that is driven by voice.",
    )
    add_common(parser, top=True)
    window.add_options(parser)
    subparsers: Subparsers = parser.add_subparsers(
        dest="subcommand", metavar="subcommand", parser_class=Parser
    )
    for module in (script, commands, voice, models, info, bench, self_test, demo):
        module.add_parser(subparsers)
    return parser


def add_common(parser: argparse.ArgumentParser, *, top: bool = False) -> None:
    """``--lang`` and ``--config``, which may stand before or after the subcommand."""
    default = None if top else argparse.SUPPRESS
    parser.add_argument("--lang", choices=LANGUAGES, default=default, help="language of the user")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", default=default, help="settings (TOML)"
    )


def add_subcommand(
    subparsers: Subparsers, name: str, run: Callable[[argparse.Namespace], int], text: str
) -> Parser:
    """A subcommand with the common options."""
    parser = subparsers.add_parser(name, help=text, description=text)
    add_common(parser)
    parser.set_defaults(run=run)
    return parser


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings that ``--config`` names, or the user's own.

    Raises
    ------
    SettingsError
        The file can't be read or is wrong.
    """
    return load_settings(options.config)


def session_language(options: argparse.Namespace, settings: Settings) -> Language:
    """``--lang``, or the language of the settings."""
    return options.lang or settings.language


def language_of(words: Sequence[str]) -> Language:
    """The language for messages about a command line that may be wrong itself."""
    for place, word in enumerate(words):
        said = word.partition("=")[2] if word.startswith("--lang=") else ""
        if word == "--lang" and place + 1 < len(words):
            said = words[place + 1]
        for language in LANGUAGES:
            if said == language:
                return language
    try:
        return load_settings(_config_of(words)).language
    except SettingsError:
        return Settings().language


def _config_of(words: Sequence[str]) -> Path | None:
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == "--config" and following:
            return Path(following)
        if word.startswith("--config="):
            return Path(word.partition("=")[2])
    return None


def size(text: str) -> tuple[int, int]:
    """``WxH`` in pixels."""
    match = re.fullmatch(r"(\d{2,5})[x\u00d7](\d{2,5})", text)
    if match is None or not all(160 <= int(part) <= 16384 for part in match.groups()):
        raise ValueError(text)
    return int(match[1]), int(match[2])


def seconds(text: str) -> float:
    """A duration from 0 to 3600 s."""
    value = float(text)
    if not 0.0 <= value <= 3600.0:
        raise ValueError(text)
    return value
