"""What is in files: the ``info`` command's report."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from surgery_assist.errors import DecodeError
from surgery_assist.imaging.library import Library
from surgery_assist.imaging.pixels import FrameReader
from surgery_assist.model.study import Catalogue, DisplaySet, Refusal, Series, Study

_PREFIX: Final = "refusal."


def describe(
    paths: Iterable[Path | str],
    *,
    check_pixels: bool = False,
    cancelled: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Describe everything under ``paths`` as JSON values.

    Every file found is in a display set, in ``objects`` or in ``refused``.

    Parameters
    ----------
    paths
        Files and folders.
    check_pixels
        Also decode the first frame of every image, and report under ``undecodable`` those that
        fail. They stay in their display sets, as the viewer shows the error in their place.
    cancelled
        Asked before every file.
    """
    library = Library()
    catalogue = Catalogue()
    for catalogue in library.scan(paths, cancelled):  # noqa: B007  (the last one is wanted)
        pass
    report: dict[str, Any] = {
        "studies": [_study(study) for study in catalogue.studies],
        "objects": [{"path": str(entry.path), "kind": entry.kind} for entry in library.objects],
        "refused": [_refusal(refusal) for refusal in catalogue.refused],
        "files": catalogue.files_seen,
    }
    if check_pixels:
        report["undecodable"] = [_refusal(entry) for entry in undecodable(library)]
    return report


def undecodable(library: Library) -> list[Refusal]:
    """Images of a library whose first frame can't be decoded, with the reason."""
    reader = FrameReader()
    failed = []
    for instance in library.instances():
        try:
            reader.read(instance)
        except DecodeError as error:
            detail = str(error.arguments.get("detail", ""))
            failed.append(Refusal(str(instance.path), error.key, detail))
    return failed


def _refusal(refusal: Refusal) -> dict[str, str]:
    return {
        "path": refusal.path,
        "reason": refusal.reason.removeprefix(_PREFIX).removeprefix("error."),
        "detail": refusal.detail,
    }


def _study(study: Study) -> dict[str, Any]:
    patient = study.patient
    return {
        "study_uid": study.uid,
        "patient": {
            "id": patient.patient_id,
            "name": patient.name,
            "birth_date": patient.birth_date,
            "sex": patient.sex,
        },
        "date": study.date,
        "time": study.time,
        "description": study.description,
        "series": [_series(series) for series in study.series],
    }


def _series(series: Series) -> dict[str, Any]:
    return {
        "series_uid": series.uid,
        "number": series.number,
        "modality": series.modality,
        "description": series.description,
        "display_sets": [_display_set(entry) for entry in series.display_sets],
    }


def _display_set(entry: DisplaySet) -> dict[str, Any]:
    return {
        "uid": entry.uid,
        "kind": entry.kind,
        "count": entry.count,
        "instances": len({frame.instance_uid for frame in entry.frames}),
        "rows": entry.rows,
        "columns": entry.columns,
        "spacing": list(entry.spacing) if entry.spacing else None,
        "spacing_source": entry.spacing_source,
        "findings": list(entry.findings),
        "details": [{"key": found.key, **dict(found.arguments)} for found in entry.details],
        "label": entry.label,
        "unit": entry.unit,
        "source": entry.source,
    }
