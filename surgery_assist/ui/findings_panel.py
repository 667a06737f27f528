"""What was found on reading: sentences for every badge, and the files that are not shown."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import PurePath
from typing import Final

from PySide6.QtWidgets import QWidget
from typing_extensions import override

from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.messages import Language, catalogue, translate
from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet, Refusal
from surgery_assist.ui.drawer import Entry, PagesDrawer
from surgery_assist.ui.theme import Theme
from surgery_assist.ui.translate import counted

FILES_OF_ONE_REASON: Final = 40
"""More names than this help nobody; the number beside the reason is complete."""
DETAILS_OF_ONE_KIND: Final = 8


class FindingsPanel(PagesDrawer):
    """Explains the badges of the active viewport, then lists the files that are not shown."""

    def __init__(self, dispatcher: Dispatcher, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(dispatcher, theme, "findings", "findings.show", parent)

    @override
    def heading(self) -> str:
        return translate("findings.title", self._session.control.language)

    @override
    def concerns(self, before: Session, after: Session) -> bool:
        return (
            before.display_set is not after.display_set
            or before.catalogue.refused is not after.catalogue.refused
        )

    @override
    def entries(self) -> Sequence[Entry]:
        session = self._session
        language, display_set = session.control.language, session.display_set
        written: list[Entry] = []
        if display_set is not None:
            written += finding_entries(display_set, language)
        written += refusal_entries(session.catalogue.refused, language)
        return written


def finding_entries(display_set: DisplaySet, language: Language) -> list[Entry]:
    """What was found about one display set: its name, where it is, what it means."""
    written: list[Entry] = []
    for key in display_set.findings:
        title = translate(f"finding.{key}", language)
        written.append(Entry(title, strong=True, tone="warning", icon="warning"))
        places = [found for found in display_set.details if found.key == key]
        sentence = f"finding.{key}.detail"
        for found in places[:DETAILS_OF_ONE_KIND]:
            if sentence in catalogue(language):
                text = translate(sentence, language, **dict(found.arguments))
                written.append(Entry(text, level=1))
        hidden = len(places) - DETAILS_OF_ONE_KIND
        if hidden > 0:
            more = translate("findings.more", language, count=hidden)
            written.append(Entry(more, level=1, tone="muted"))
        about = f"finding.{key}.about"
        if about in catalogue(language):
            written.append(Entry(translate(about, language), level=1, tone="muted"))
    if not written:
        text = translate("findings.nothing", language)
        written.append(Entry(text, tone="success", icon="check"))
    source = translate(f"spacing.{display_set.spacing_source}.about", language)
    written.append(Entry(source, tone="muted"))
    return written


def refusal_entries(refused: Sequence[Refusal], language: Language) -> list[Entry]:
    """Files that are not shown, by reason, the commonest first."""
    if not refused:
        return []
    title = counted("count.refused", len(refused), language)
    written = [Entry(title, strong=True, tone="warning", icon="file")]
    by_reason = sorted(refused, key=lambda refusal: refusal.reason)
    groups = [list(group) for _, group in groupby(by_reason, key=lambda r: r.reason)]
    for group in sorted(groups, key=len, reverse=True):
        reason = translate(group[0].reason, language)
        written.append(Entry(f"{reason} ({len(group)})", level=1))
        names = [PurePath(refusal.path).name for refusal in group[:FILES_OF_ONE_REASON]]
        if len(group) > FILES_OF_ONE_REASON:
            more = len(group) - FILES_OF_ONE_REASON
            names.append(translate("findings.more", language, count=more))
        written.append(Entry(", ".join(names), "small", tone="muted", level=1))
    return written
