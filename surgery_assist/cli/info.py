"""``surgery-assist info``: what is in these files."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from surgery_assist.cli.output import emit_json
from surgery_assist.cli.parsing import Subparsers, add_subcommand, session_language, settings_of
from surgery_assist.errors import NothingToOpenError
from surgery_assist.messages import Language, translate
from surgery_assist.model.study import DisplaySet, Refusal, Series, Study

if TYPE_CHECKING:
    from surgery_assist.imaging.library import OtherObject

REASON_PREFIX = "refusal."


def add_parser(subparsers: Subparsers) -> None:
    """Add the subcommand."""
    parser = add_subcommand(
        subparsers, "info", run, "Say what is in files and folders, and what can't be shown."
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.add_argument("--json", action="store_true", help="for other programs")


def run(options: argparse.Namespace) -> int:
    """Print the report; every file found is in a display set, an object list or refused."""
    from surgery_assist.imaging.library import Library

    language = session_language(options, settings_of(options))
    library = Library()
    for _ in library.scan(options.paths):
        pass
    catalogue = library.catalogue
    if options.json:
        emit_json(
            report(catalogue.studies, catalogue.refused, library.objects, catalogue.files_seen),
            None,
        )
    else:
        for line in lines(catalogue.studies, catalogue.refused, library.objects, language):
            print(line)
    if not catalogue.studies and not library.objects:
        raise NothingToOpenError("error.nothing_to_open", refused=len(catalogue.refused))
    return 0


def report(
    studies: Iterable[Study],
    refused: Iterable[Refusal],
    objects: Iterable["OtherObject"],
    files: int,
) -> dict[str, object]:
    """The JSON of DESIGN section 8."""
    return {
        "studies": [_study(study) for study in studies],
        "objects": [{"path": str(entry.path), "kind": entry.kind} for entry in objects],
        "refused": [
            {
                "path": entry.path,
                "reason": entry.reason.removeprefix(REASON_PREFIX),
                "detail": entry.detail,
            }
            for entry in refused
        ],
        "files": files,
    }


def _study(study: Study) -> dict[str, object]:
    return {
        "study_uid": study.uid,
        "patient": {"id": study.patient.patient_id, "name": study.patient.name},
        "date": study.date,
        "description": study.description,
        "series": [_series(series) for series in study.series],
    }


def _series(series: Series) -> dict[str, object]:
    return {
        "series_uid": series.uid,
        "modality": series.modality,
        "number": series.number,
        "description": series.description,
        "display_sets": [_display_set(entry) for entry in series.display_sets],
    }


def _display_set(entry: DisplaySet) -> dict[str, object]:
    return {
        "kind": entry.kind,
        "count": entry.count,
        "rows": entry.rows,
        "columns": entry.columns,
        "spacing": None if entry.spacing is None else list(entry.spacing),
        "spacing_source": entry.spacing_source,
        "findings": list(entry.findings),
    }


def lines(
    studies: Iterable[Study],
    refused: Iterable[Refusal],
    objects: Iterable["OtherObject"],
    language: Language,
) -> Iterable[str]:
    """The report for people."""
    for study in studies:
        patient = study.patient
        yield f"{patient.name} [{patient.patient_id}]  {study.date}  {study.description}".rstrip()
        for series in study.series:
            number = "-" if series.number is None else series.number
            yield f"  {number} {series.modality} {series.description}".rstrip()
            for entry in series.display_sets:
                yield "    " + _line(entry)
    for thing in objects:
        yield f"{thing.kind}: {thing.path}"
    for refusal in refused:
        reason = translate(refusal.reason, language)
        yield f"! {refusal.path}: {reason} {refusal.detail}".rstrip()


def _line(entry: DisplaySet) -> str:
    spacing = (
        "" if entry.spacing is None else " " + " x ".join(f"{mm:g}" for mm in entry.spacing) + " mm"
    )
    findings = f" ({', '.join(entry.findings)})" if entry.findings else ""
    return f"{entry.kind}: {entry.count} x {entry.columns} x {entry.rows}{spacing}{findings}"
