"""The rows of the study list: patients, their studies, the series of those, as plain values."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from surgery_assist.commands.presentations import is_presented
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet, Patient, Series, Study, study_display_sets
from surgery_assist.model.text import matches

ROW_ROLE: Final = int(Qt.ItemDataRole.UserRole) + 1


@dataclass(frozen=True, slots=True)
class PatientRow:
    """A patient; ``number`` is what "open patient" takes."""

    number: int
    patient: Patient
    front: bool

    @property
    def key(self) -> str:
        """Identity across changes of the list."""
        return f"patient:{self.patient.key}"

    def invocation(self) -> Invocation | None:
        """What choosing the row does."""
        return None if self.front else Invocation("patient.open", {"n": self.number}, "mouse")


@dataclass(frozen=True, slots=True)
class StudyRow:
    """A study; its number can be said while its patient is in front."""

    number: int
    study: Study
    front: bool
    sayable: bool
    prior: bool = False
    """Older than the study in front, of the same patient."""

    @property
    def key(self) -> str:
        """Identity across changes of the list."""
        return f"study:{self.study.uid}"

    def invocation(self) -> Invocation | None:
        """What choosing the row does."""
        return None if self.front else Invocation("study.show", {"uid": self.study.uid}, "mouse")


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """A display set; its number can be said while its study is in the active viewport."""

    number: int
    display_set: DisplaySet
    series: Series
    study: Study
    active: bool
    sayable: bool
    reachable: bool
    """Of the patient in front: shown at once. Otherwise its study is asked for."""
    keys: int = 0
    """Images that somebody has marked."""

    @property
    def key(self) -> str:
        """Identity across changes of the list."""
        return f"series:{self.display_set.uid}"

    def invocation(self) -> Invocation | None:
        """What choosing the row does."""
        if self.active:
            return None
        if self.reachable:
            return Invocation("series.show", {"uid": self.display_set.uid}, "mouse")
        return Invocation("study.show", {"uid": self.study.uid}, "mouse")


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """Reports, outlines or saved looks of a study: they have no picture of their own."""

    kind: Literal["report", "segmentation", "presentation"]
    count: int
    study: Study
    front: bool
    shown: bool
    """The report is open, or the outlines are drawn."""

    @property
    def key(self) -> str:
        """Identity across changes of the list."""
        return f"{self.kind}:{self.study.uid}"

    def invocation(self) -> Invocation | None:
        """What choosing the row does."""
        if not self.front:
            return Invocation("study.show", {"uid": self.study.uid}, "mouse")
        if self.kind != "report" and self.shown:
            return Invocation(f"{self.kind}.hide", {}, "mouse")
        return Invocation(f"{self.kind}.show", {}, "mouse")


Row = PatientRow | StudyRow | SeriesRow | ObjectRow
Marks = Callable[[Study], frozenset[str]]
"""Instances of a study that somebody has marked."""


def rows_of(
    session: Session, query: str = "", marks: Marks = lambda _study: frozenset()
) -> tuple[Row, ...]:
    """All rows, in the order in which patients, studies and series are numbered.

    With a query only the patients and studies that it names are listed, under the same numbers.
    """
    rows: list[Row] = []
    front = session.patient
    key = front.key if front else None
    front_study = session.study
    shown = session.shown(session.view.active)
    shown_study = shown[3].uid if shown else None
    for number, patient in enumerate(session.catalogue.patients, start=1):
        mine = patient.key == key
        who = (patient.name, patient.patient_id)
        studies = [
            (place, study)
            for place, study in enumerate(session.catalogue.studies_of(patient.key), start=1)
            if matches(query, *who, study.description, study.accession_number, study.date)
        ]
        if not studies:
            continue
        rows.append(PatientRow(number, patient, mine))
        for place, study in studies:
            is_front = study.uid == session.view.study_uid
            prior = mine and front_study is not None and _when(study) < _when(front_study)
            rows.append(StudyRow(place, study, is_front, mine, prior))
            sets = {entry.uid: series for series in study.series for entry in series.display_sets}
            marked = marks(study)
            rows.extend(
                SeriesRow(
                    number=at,
                    display_set=display_set,
                    series=sets[display_set.uid],
                    study=study,
                    active=display_set.uid == session.viewport.display_set,
                    sayable=study.uid == shown_study,
                    reachable=mine or key is None,
                    keys=_marked(display_set, marked),
                )
                for at, display_set in enumerate(study_display_sets(study), start=1)
            )
            rows += _objects(session, study)
    return tuple(rows)


def _when(study: Study) -> tuple[str, str]:
    return study.date, study.time


def _marked(display_set: DisplaySet, marked: frozenset[str]) -> int:
    if not marked:
        return 0
    return sum(frame.instance_uid in marked for frame in display_set.frames)


def _objects(session: Session, study: Study) -> list[ObjectRow]:
    view = session.view
    front = study.uid == view.study_uid
    kinds = [entry.kind for entry in study.objects]
    outlines = kinds.count("segmentation") + kinds.count("structures")
    rows = []
    if kinds.count("report"):
        shown = view.panel == "report"
        rows.append(ObjectRow("report", kinds.count("report"), study, front, shown))
    if outlines:
        rows.append(ObjectRow("segmentation", outlines, study, front, view.segmentation))
    if kinds.count("presentation"):
        count, shown = kinds.count("presentation"), front and is_presented(session)
        rows.append(ObjectRow("presentation", count, study, front, shown))
    return rows


class RowsModel(QAbstractListModel):
    """The rows for a list view; it keeps its rows while only what they hold changes."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[Row, ...] = ()

    def show_rows(self, rows: tuple[Row, ...]) -> None:
        """Take new rows; the view keeps its place unless rows came or went."""
        if [row.key for row in rows] == [row.key for row in self.rows]:
            self.rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def place_of(self, key: str) -> int:
        """The place of the row with this key, or -1."""
        return next((place for place, row in enumerate(self.rows) if row.key == key), -1)

    @override
    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    @override
    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = int(Qt.ItemDataRole.DisplayRole),
    ) -> object:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role == int(Qt.ItemDataRole.AccessibleTextRole):
            return row.key
        return None
