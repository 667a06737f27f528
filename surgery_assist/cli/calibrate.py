"""``surgery-assist voice calibrate``: thresholds for a pack, from recordings."""

import argparse
from pathlib import Path

from surgery_assist.cli.output import as_json, emit_json, require_writable
from surgery_assist.cli.parsing import Subparsers, add_subcommand, settings_of


def add_parser(actions: Subparsers) -> None:
    """Add ``calibrate`` to the actions of ``voice``."""
    parser = add_subcommand(
        actions, "calibrate", calibrate, "Choose how sure to be, from recordings."
    )
    parser.add_argument("manifest", type=Path, metavar="MANIFEST.csv")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="report with thresholds")


def calibrate(options: argparse.Namespace) -> int:
    """Print the thresholds and what they do, or write them."""
    from surgery_assist.cli.voice import ears_maker
    from surgery_assist.voice.calibration import calibrate as run

    if options.out is not None:
        require_writable(options.out)
    report = run(options.manifest, ears_maker(settings_of(options)))
    if options.out is not None:
        emit_json(report, options.out)
    print(as_json({key: value for key, value in report.items() if key != "thresholds"}))
    return 0
