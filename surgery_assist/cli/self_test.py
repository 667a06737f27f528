"""``surgery-assist self-test``: whether this machine has all that the program needs."""

import argparse

from surgery_assist.cli.output import emit_json
from surgery_assist.cli.parsing import Subparsers, add_subcommand, session_language, settings_of
from surgery_assist.cli.script import go_off_screen
from surgery_assist.errors import SurgeryAssistError
from surgery_assist.messages import explain


def add_parser(subparsers: Subparsers) -> None:
    """Add the subcommand."""
    parser = add_subcommand(
        subparsers, "self-test", run, "Check this installation; exit code 1 if a part fails."
    )
    parser.add_argument("--json", action="store_true", help="for other programs")


def run(options: argparse.Namespace) -> int:
    """Print one line for each check."""
    go_off_screen()
    from surgery_assist.cli.checks import CHECKS, CheckError

    settings = settings_of(options)
    language = session_language(options, settings)
    results: list[dict[str, object]] = []
    for check in CHECKS:
        state = "ok"
        try:
            detail = check.look(settings)
        except CheckError as error:
            state, detail = "failed", str(error)
        except SurgeryAssistError as error:
            state, detail = "failed", explain(error, language)
        except Exception as error:  # noqa: BLE001  (a missing library must not hide the other checks)
            state, detail = "failed", " ".join(f"{type(error).__name__}: {error}".split())
        if state == "failed" and not check.needed:
            state = "warning"
        results.append({"name": check.name, "state": state, "detail": detail})
        if not options.json:
            print(f"{state:<8} {check.name:<18} {detail}", flush=True)
    passed = all(entry["state"] != "failed" for entry in results)
    if options.json:
        emit_json({"ok": passed, "checks": results}, None)
    return 0 if passed else 1
