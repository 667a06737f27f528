"""``surgery-assist script``: the real application off screen, driven by steps in order."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import override

from surgery_assist.cli.output import require_writable
from surgery_assist.cli.parsing import (
    Subparsers,
    add_subcommand,
    seconds,
    session_language,
    settings_of,
    size,
)
from surgery_assist.errors import UsageError

if TYPE_CHECKING:
    from surgery_assist.cli.steps import Step

DEFAULT_SIZE = (1920, 1080)
_DESCRIPTION = """The real application off screen. The steps --do, --say, --audio, --key, --wait, --listen,
--screenshot and --state are done in the order given, each after the last has settled. Exit code 0
only if each was understood and done; 3 a step was not (later steps are skipped, but --screenshot
and --state are still written); 4 nothing could be opened; 2 bad usage."""


class StepAction(argparse.Action):
    """Keeps steps of different options in one list, in the order in which they were written."""

    @override
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        steps = [*(getattr(namespace, "steps", None) or []), (self.kind, values)]
        namespace.steps = steps

    @property
    def kind(self) -> str:
        """The option's name without its dashes."""
        return self.option_strings[0].removeprefix("--")


def add_parser(subparsers: Subparsers) -> None:
    """Add the subcommand."""
    parser = add_subcommand(subparsers, "script", run, "Drive the application off screen.")
    parser.description = _DESCRIPTION
    add_opening(parser)
    parser.add_argument("--size", type=size, default=DEFAULT_SIZE, metavar="WxH")
    parser.set_defaults(steps=[])

    def step(name: str, metavar: str, text: str, kind: type | None = None) -> None:
        parser.add_argument(
            f"--{name}",
            action=StepAction,
            dest="steps",
            metavar=metavar,
            help=text,
            default=argparse.SUPPRESS,
            type=kind or str,
        )

    step("do", "'ID SLOT=VALUE ...'", "a command")
    step("say", "TEXT", "a sentence in the session's language")
    step("audio", "FILE", "recorded speech, through the recogniser", Path)
    step("key", "SEQUENCE", "a key, such as Ctrl+Z")
    parser.add_argument(
        "--wait",
        action=StepAction,
        dest="steps",
        type=seconds,
        metavar="S",
        default=argparse.SUPPRESS,
        help="let time pass",
    )
    parser.add_argument(
        "--listen",
        action=StepAction,
        dest="steps",
        type=seconds,
        metavar="S",
        default=argparse.SUPPRESS,
        help="hear the microphone; says 'listening' on stdout when it does",
    )
    step("screenshot", "OUT.png", "the window as it is", Path)
    step("state", "OUT.json", "what the session shows", Path)


def add_opening(parser: argparse.ArgumentParser) -> None:
    """``--open`` and ``--patient-id``."""
    parser.add_argument("--open", nargs="+", type=Path, default=[], metavar="PATH")
    parser.add_argument("--patient-id", metavar="ID", help="fetch from the federation")


def refuse_patient_id(options: argparse.Namespace) -> None:
    """Say that there is no federation to fetch from.

    Raises
    ------
    UsageError
        ``--patient-id`` was given.
    """
    if options.patient_id is not None:
        raise UsageError("error.no_federation")


def go_off_screen() -> None:
    """Draw into memory, unless the user has chosen a Qt platform; before Qt is imported."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def run(options: argparse.Namespace) -> int:
    """Do the steps."""
    refuse_patient_id(options)
    settings = settings_of(options)
    steps: Sequence[Step] = options.steps
    for kind, value in steps:
        if kind in ("screenshot", "state") and isinstance(value, Path):
            require_writable(value)
    go_off_screen()
    from surgery_assist.bootstrap import build_application
    from surgery_assist.cli.steps import Runner

    with build_application(settings, session_language(options, settings)) as application:
        width, height = options.size
        application.window.resize(width, height)
        application.window.present(windowed=True)
        application.window.resize(width, height)
        runner = Runner(application)
        if options.open:
            runner.open(options.open)
        for kind, value in steps:
            runner.do(kind, value)
        return runner.exit_code
