"""The reports of a study as text, newest first."""

import re
from collections.abc import Sequence
from typing import Final

from PySide6.QtWidgets import QWidget
from typing_extensions import override

from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.errors import SurgeryAssistError
from surgery_assist.messages import Language, explain, translate
from surgery_assist.model.annotations import Report
from surgery_assist.model.session import Session
from surgery_assist.model.study import StudyObject, study_reports
from surgery_assist.ui.drawer import Entry, PagesDrawer
from surgery_assist.ui.objects import Objects
from surgery_assist.ui.theme import Theme
from surgery_assist.ui.translate import study_date

_UID: Final = re.compile(r"\d+(\.\d+){4,}")


class ReportPanel(PagesDrawer):
    """Structured reports of the study in front; each begins with its title and date."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        theme: Theme,
        objects: Objects,
        parent: QWidget | None = None,
    ) -> None:
        self._objects = objects
        super().__init__(dispatcher, theme, "report", "report.show", parent)
        objects.changed.connect(self._arrived)

    def settled(self) -> bool:
        """Every report has been read, or can't be."""
        return all(self._objects.report(entry.uid) is not None for entry in self._reports())

    @override
    def heading(self) -> str:
        return translate("report.title", self._session.control.language)

    @override
    def concerns(self, before: Session, after: Session) -> bool:
        return before.study is not after.study

    @override
    def entries(self) -> Sequence[Entry]:
        language = self._session.control.language
        if self._session.view.panel != "report":
            return ()  # nothing is read before somebody asks for it
        return [line for entry in self._reports() for line in self._lines(entry, language)]

    def _reports(self) -> tuple[StudyObject, ...]:
        study = self._session.study
        return study_reports(study) if study is not None else ()

    def _lines(self, entry: StudyObject, language: Language) -> list[Entry]:
        found = self._objects.report(entry.uid)
        when = study_date(entry.date, language)
        if found is None:
            return [Entry(translate("report.loading", language), tone="muted")]
        if isinstance(found, SurgeryAssistError):
            title = " · ".join(part for part in (entry.title, when) if part)
            return [Entry(title, strong=True), Entry(explain(found, language), tone="warning")]
        return report_lines(found, when)

    def _arrived(self, uid: str) -> None:
        if any(entry.uid == uid for entry in self._reports()):
            self.write()


def report_lines(report: Report, when: str) -> list[Entry]:
    """A report as paragraphs: headings where an item has no value of its own; no UIDs."""
    title = " · ".join(part for part in (report.title, when) if part)
    lines = [Entry(title, "essential", strong=True)]
    for item in report.items:
        if _UID.fullmatch(item.value):
            continue  # for machines
        heading = not item.value
        text = item.name if heading else f"{item.name}: {item.value}" if item.name else item.value
        tone = "accent" if heading else "text"
        lines.append(Entry(text, strong=heading, tone=tone, level=max(0, item.level - 1)))
    return lines
