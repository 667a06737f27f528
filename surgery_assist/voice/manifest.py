"""Manifests of recordings: what was said in each file, for `surgery_assist.voice.evaluate`."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast, get_args

from surgery_assist.errors import UsageError
from surgery_assist.model.session import Language

COLUMNS: Final = ("path", "expected_id", "expected_slots", "lang", "group")
MORE_COLUMNS: Final = ("speaker", "noise", "voices")
"""May be missing or empty."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One row: a sound file and what it must do; an empty ``expected_id`` means nothing.

    ``name`` is the path as it stands in the manifest, ``path`` where the file lies; ``speaker``,
    ``noise`` (of the room) and ``voices`` ("people" or "synthetic") are empty where nobody says.
    """

    name: str
    path: Path
    expected_id: str
    expected_slots: Mapping[str, object]
    language: Language
    group: str
    speaker: str = ""
    noise: str = ""
    voices: str = ""


def read_manifest(path: Path, language: Language | None = None) -> list[Recording]:
    """Recordings of a manifest, those of one language if it is given.

    Raises
    ------
    UsageError
        It can't be read, lacks a column, or a row is wrong; says which.
    """
    try:
        # utf-8-sig: hospitals will write it with a spreadsheet.
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
            columns = reader.fieldnames or []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError("error.manifest_unreadable", path=path.name, detail=str(error)) from error
    missing = [name for name in COLUMNS if name not in columns]
    if missing:
        raise UsageError("error.manifest_row", path=path.name, line=1, detail=", ".join(missing))
    recordings = [_recording(path, number, row) for number, row in enumerate(rows, start=2)]
    return [entry for entry in recordings if language in (None, entry.language)]


def _recording(manifest: Path, line: int, row: Mapping[str, str | None]) -> Recording:
    values = {name: (row.get(name) or "").strip() for name in COLUMNS}
    try:
        slots = json.loads(values["expected_slots"] or "{}")
    except json.JSONDecodeError as error:
        raise UsageError(
            "error.manifest_row", path=manifest.name, line=line, detail=str(error)
        ) from error
    wrong = next(
        (
            name
            for name, fits in (
                ("expected_slots", isinstance(slots, dict)),
                ("lang", values["lang"] in get_args(Language)),
                ("path", bool(values["path"])),
            )
            if not fits
        ),
        None,
    )
    if wrong is not None:
        detail = f"{wrong}={values[wrong]!r}"
        raise UsageError("error.manifest_row", path=manifest.name, line=line, detail=detail)
    return Recording(
        values["path"],
        manifest.parent / values["path"],
        values["expected_id"],
        slots,
        cast("Language", values["lang"]),
        values["group"],
        *((row.get(name) or "").strip() for name in MORE_COLUMNS),
    )
