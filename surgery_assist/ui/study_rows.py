"""The rows of the study list: patients, their studies, the series of those, as plain values."""

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet, Patient, Series, Study, study_display_sets

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


Row = PatientRow | StudyRow | SeriesRow


def rows_of(session: Session) -> tuple[Row, ...]:
    """All rows, in the order in which patients, studies and series are numbered."""
    rows: list[Row] = []
    front = session.patient
    key = front.key if front else None
    shown = session.shown(session.view.active)
    shown_study = shown[3].uid if shown else None
    for number, patient in enumerate(session.catalogue.patients, start=1):
        mine = patient.key == key
        rows.append(PatientRow(number, patient, mine))
        for place, study in enumerate(session.catalogue.studies_of(patient.key), start=1):
            rows.append(StudyRow(place, study, study.uid == session.view.study_uid, mine))
            sets = {entry.uid: series for series in study.series for entry in series.display_sets}
            rows.extend(
                SeriesRow(
                    number=at,
                    display_set=display_set,
                    series=sets[display_set.uid],
                    study=study,
                    active=display_set.uid == session.viewport.display_set,
                    sayable=study.uid == shown_study,
                    reachable=mine or key is None,
                )
                for at, display_set in enumerate(study_display_sets(study), start=1)
            )
    return tuple(rows)


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
