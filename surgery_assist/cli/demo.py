"""``surgery-assist demo``: the program on a study that it makes itself.

With ``--headless`` recorded sentences in both languages drive it off screen.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from surgery_assist.cli.parsing import Subparsers, add_subcommand, settings_of, size
from surgery_assist.cli.script import DEFAULT_SIZE, go_off_screen
from surgery_assist.cli.window import show
from surgery_assist.commands.dispatcher import Outcome
from surgery_assist.errors import NotUnderstoodError, OutputError, SurgeryAssistError
from surgery_assist.messages import explain, translate
from surgery_assist.model.invocation import Invocation
from surgery_assist.settings import data_dir, resources_dir

if TYPE_CHECKING:
    from surgery_assist.cli.steps import Runner
    from surgery_assist.voice.events import UnderstoodEvent
    from surgery_assist.voice.manifest import Recording

PHANTOM = "demo-study-1"
"""The number changes when the phantom does, so that an old one is not shown."""
_LANGUAGE_COMMANDS = {"ro": "language.romanian", "en": "language.english"}


def add_parser(subparsers: Subparsers) -> None:
    """Add the subcommand."""
    parser = add_subcommand(subparsers, "demo", run, "Show the program on a study of its own.")
    parser.add_argument(
        "--headless", action="store_true", help="off screen, driven by recorded sentences"
    )
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="pictures")
    parser.add_argument("--size", type=size, default=DEFAULT_SIZE, metavar="WxH")
    parser.add_argument("--windowed", action="store_true", help="in a window")


def run(options: argparse.Namespace) -> int:
    """Open the demo study on the screen, or play the demo."""
    study = demo_study()
    if not options.headless:
        return show(options, study, windowed=options.windowed)
    return play(options, study)


def demo_study() -> list[Path]:
    """The phantom's folders, the CT first; it is written the first time, whole or not at all.

    Raises
    ------
    OutputError
        There is no place for it.
    """
    from surgery_assist.imaging.phantom import write_phantom

    target = data_dir() / PHANTOM
    write_phantom(target)
    return [target / "CT", target]


def play(options: argparse.Namespace, study: Sequence[Path]) -> int:
    """Let the application hear each recording; prints what came of it and keeps a picture."""
    go_off_screen()
    from surgery_assist.bootstrap import build_application
    from surgery_assist.cli.steps import Runner
    from surgery_assist.voice.manifest import read_manifest

    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError("error.not_written", path=str(options.out), detail=str(error)) from error
    recordings = read_manifest(resources_dir() / "demo" / "manifest.csv", options.lang)
    settings = settings_of(options)
    with build_application(settings, recordings[0].language) as application:
        application.window.resize(*options.size)
        application.window.present(windowed=True)
        application.window.resize(*options.size)
        runner = Runner(application)
        runner.open(study)
        if runner.exit_code:
            return runner.exit_code
        runner.do("screenshot", options.out / "00-opened.png")
        started = time.monotonic()
        failures = sum(
            not _play_one(runner, recording, options.out / f"{number:02}-", started)
            for number, recording in enumerate(recordings, start=1)
        )
        runner.do("state", options.out / "state.json")
        language = application.session.control.language
    right = len(recordings) - failures
    print(
        translate("demo.result", language, right=right, count=len(recordings), folder=options.out)
    )
    return NotUnderstoodError.exit_code if failures else 0


def _play_one(runner: "Runner", recording: "Recording", prefix: Path, started: float) -> bool:
    from surgery_assist.voice.evaluate import Result
    from surgery_assist.voice.events import RejectedEvent, UnderstoodEvent

    application = runner.application
    if application.session.control.language != recording.language:
        application.dispatcher.dispatch(Invocation(_LANGUAGE_COMMANDS[recording.language]))
    decisions: list[UnderstoodEvent | RejectedEvent] = []
    name, refused = "nothing", 0
    try:
        for event in runner.heard_in(recording.path):
            clock = f"{time.monotonic() - started:6.2f} s  {recording.language} "
            if isinstance(event, UnderstoodEvent):
                decisions.append(event)
                name = event.invocation.command_id
                outcome = _outcome_of(event, runner.outcomes)
                refused += outcome.status == "refused"
                print(clock, _what_it_did(event, outcome), flush=True)
            elif isinstance(event, RejectedEvent):
                decisions.append(event)
                print(clock, f"{event.heard!r:<32} -- {event.reason}", flush=True)
    except SurgeryAssistError as error:
        print(f"{recording.name}: {explain(error, recording.language)}")
        return False
    runner.do("screenshot", prefix.with_name(f"{prefix.name}{name}.png"))
    right = Result(recording, decisions, 0.0, 0.0).verdict == "right"
    return right and refused == 0 and runner.exit_code == 0


def _outcome_of(event: "UnderstoodEvent", outcomes: Sequence[Outcome]) -> Outcome:
    """What became of a sentence; the history of what was heard is written after it."""
    return next(o for o in reversed(outcomes) if o.invocation is event.invocation)


def _what_it_did(event: "UnderstoodEvent", outcome: Outcome) -> str:
    invocation = event.invocation
    slots = " ".join(f"{name}={value}" for name, value in invocation.arguments.items())
    result = outcome.status if outcome.error is None else outcome.error.key
    did = f"{invocation.heard!r:<32} -> {invocation.command_id} {slots}".ljust(68)
    return f"{did} {result:<8} {event.confidence:4.0%}  {event.latency_ms:4.0f} ms"
