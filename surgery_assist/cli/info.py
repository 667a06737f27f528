"""``surgery-assist info``: what is in these files."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from surgery_assist.cli.output import emit_json
from surgery_assist.cli.parsing import Subparsers, add_subcommand, session_language, settings_of
from surgery_assist.errors import NothingToOpenError
from surgery_assist.messages import Language, translate


def add_parser(subparsers: Subparsers) -> None:
    """Add the subcommand."""
    parser = add_subcommand(
        subparsers, "info", run, "Say what is in files and folders, and what can't be shown."
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.add_argument("--json", action="store_true", help="for other programs")


def run(options: argparse.Namespace) -> int:
    """Print the report; every file found is in a display set, an object list or refused."""
    from surgery_assist.imaging.info import describe

    language = session_language(options, settings_of(options))
    report = describe(options.paths)
    if options.json:
        emit_json(report, None)
    else:
        for line in lines(report, language):
            print(line)
    if not report["studies"] and not report["objects"]:
        raise NothingToOpenError("error.nothing_to_open", refused=len(report["refused"]))
    return 0


def lines(report: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The report for people."""
    for study in report["studies"]:
        patient = study["patient"]
        text = f"{patient['name']} [{patient['id']}]  {study['date']}  {study['description']}"
        yield text.rstrip()
        for series in study["series"]:
            number = "-" if series["number"] is None else series["number"]
            yield f"  {number} {series['modality']} {series['description']}".rstrip()
            yield from (f"    {_line(entry)}" for entry in series["display_sets"])
    for entry in report["objects"]:
        yield f"{entry['kind']}: {entry['path']}"
    for refusal in report["refused"]:
        reason = translate(f"refusal.{refusal['reason']}", language)
        yield f"! {refusal['path']}: {reason} {refusal['detail']}".rstrip()


def _line(entry: Mapping[str, Any]) -> str:
    spacing = ""
    if entry["spacing"]:
        spacing = " " + " x ".join(f"{mm:g}" for mm in entry["spacing"]) + " mm"
    findings = f" ({', '.join(entry['findings'])})" if entry["findings"] else ""
    size = f"{entry['count']} x {entry['columns']} x {entry['rows']}"
    return f"{entry['kind']}: {size}{spacing}{findings}"
