"""How a row of the study list is drawn: number to say, thumbnail, two lines of text."""

from typing import Final, Protocol

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    SignalInstance,
)
from PySide6.QtGui import QFontMetrics, QImage, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from surgery_assist.messages import Language, translate
from surgery_assist.model.study import Patient, Study
from surgery_assist.model.units import DisplaySetUID
from surgery_assist.ui.icons import draw_icon
from surgery_assist.ui.parts import line_height
from surgery_assist.ui.study_rows import ROW_ROLE, ObjectRow, PatientRow, Row, SeriesRow, StudyRow
from surgery_assist.ui.theme import Role, Theme, colour
from surgery_assist.ui.translate import counted, study_date

_LINES: Final[dict[type[Row], tuple[Role, Role]]] = {
    PatientRow: ("essential", "secondary"),
    StudyRow: ("secondary", "small"),
    SeriesRow: ("secondary", "small"),
    ObjectRow: ("secondary", "small"),
}
_SIGNS: Final = {"report": "file", "segmentation": "outline", "presentation": "image"}


class Thumbnails(Protocol):
    """What is needed of `surgery_assist.ui.images.Images`."""

    thumbnail_ready: SignalInstance

    def thumbnail(self, uid: DisplaySetUID) -> QImage | None:
        """A small picture, or ``None`` while there is none."""


class RowPainter(QStyledItemDelegate):
    """Draws the rows; sizes follow the theme."""

    def __init__(self, theme: Theme, images: Thumbnails | None, parent: QObject) -> None:
        super().__init__(parent)
        self.theme = theme
        self.language: Language = "ro"
        self._images = images

    @override
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        row: Row = index.data(ROW_ROLE)
        space = self.theme.space
        first, second = _LINES[type(row)]
        height = line_height(self.theme, first) + line_height(self.theme, second)
        margin = space.medium if isinstance(row, PatientRow) else space.small
        return QSize(0, height + 2 * margin)

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row: Row = index.data(ROW_ROLE)
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._draw_ground(painter, rect, row, chosen=bool(state & QStyle.StateFlag.State_Selected))
        match row:
            case PatientRow():
                self._draw_patient(painter, rect, row)
            case StudyRow():
                self._draw_study(painter, rect, row)
            case SeriesRow():
                self._draw_series(painter, rect, row)
            case ObjectRow():
                self._draw_object(painter, rect, row)
        painter.restore()

    def _draw_ground(self, painter: QPainter, rect: QRect, row: Row, *, chosen: bool) -> None:
        colours, space = self.theme.colours, self.theme.space
        if isinstance(row, PatientRow):
            painter.fillRect(rect, colour(colours.raised))
        if isinstance(row, SeriesRow) and row.active:
            painter.fillRect(rect, colour(colours.accent_dim))
        front = row.active if isinstance(row, SeriesRow) else row.front
        if front and not isinstance(row, ObjectRow):
            bar = QRect(rect.left(), rect.top(), space.tiny, rect.height())
            painter.fillRect(bar, colour(colours.accent))
        if chosen:
            painter.setPen(colour(colours.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(1, 1, -2, -2), space.tiny, space.tiny)

    def _draw_patient(self, painter: QPainter, rect: QRect, row: PatientRow) -> None:
        colours = self.theme.colours
        room = self._draw_number(painter, rect, row.number, "essential", sayable=True)
        unknown = translate("patient.unknown", self.language)
        self._draw_lines(
            painter,
            room,
            row,
            (row.patient.name or unknown, self._about(row.patient)),
            (colours.text, colours.muted),
            strong=True,
        )

    def _draw_study(self, painter: QPainter, rect: QRect, row: StudyRow) -> None:
        colours = self.theme.colours
        room = self._draw_number(painter, rect, row.number, "secondary", sayable=row.sayable)
        if row.prior:
            room = self._draw_chip(painter, room, translate("study.prior", self.language))
        name = row.study.description or translate("study.unnamed", self.language)
        tone = colours.text if row.sayable else colours.muted
        self._draw_lines(
            painter,
            room,
            row,
            (name, self._about_study(row.study)),
            (tone, colours.muted),
            strong=row.front,
        )

    def _draw_series(self, painter: QPainter, rect: QRect, row: SeriesRow) -> None:
        colours, space = self.theme.colours, self.theme.space
        inset = rect.adjusted(space.large, 0, 0, 0)
        room = self._draw_number(painter, inset, row.number, "secondary", sayable=row.sayable)
        edge = rect.height() - 2 * space.tiny
        place = QRectF(room.left(), rect.top() + space.tiny, edge, edge)
        self._draw_thumbnail(painter, place, row)
        room.setLeft(round(place.right()) + space.small)
        signs = {"warning": bool(row.display_set.findings), "star": row.keys > 0}
        for sign in (name for name, shown in signs.items() if shown):
            size = self.theme.type.size("secondary")
            mark = QRectF(
                room.right() - size - space.small, room.center().y() - size / 2, size, size
            )
            draw_icon(painter, sign, colours.warning, mark)
            room.setRight(round(mark.left()) - space.small)
        label = row.display_set.label
        named = row.series.description or translate("series.unnamed", self.language)
        name = f"{named}  {label}" if label else named
        images = counted("count.images", row.display_set.count, self.language)
        keys = counted("count.key_images", row.keys, self.language) if row.keys else ""
        about = " · ".join(part for part in (row.display_set.modality, images, keys) if part)
        tone = colours.text if row.reachable else colours.muted
        self._draw_lines(painter, room, row, (name, about), (tone, colours.muted))

    def _draw_object(self, painter: QPainter, rect: QRect, row: ObjectRow) -> None:
        colours, space = self.theme.colours, self.theme.space
        edge = rect.height() - 2 * space.tiny
        inset = rect.left() + space.large + space.medium
        place = QRectF(inset, rect.top() + space.tiny, edge, edge).adjusted(
            edge * 0.2, edge * 0.2, -edge * 0.2, -edge * 0.2
        )
        tone = colours.accent if row.shown and row.front else colours.muted
        draw_icon(painter, _SIGNS[row.kind], tone, place)
        room = rect.adjusted(round(place.right()) - rect.left() + space.medium, 0, -space.small, 0)
        name = counted(f"count.{row.kind}s", row.count, self.language)
        state = "shown" if row.shown else "hidden"
        about = translate(f"studies.object.{state}", self.language) if row.front else ""
        ink = colours.text if row.front else colours.muted
        self._draw_lines(painter, room, row, (name, about), (ink, colours.muted))

    def _draw_chip(self, painter: QPainter, room: QRect, text: str) -> QRect:
        """A word in a frame at the right; returns the room that is left."""
        space = self.theme.space
        font = self.theme.font("small", strong=True)
        metrics = QFontMetrics(font)
        width = metrics.horizontalAdvance(text) + 2 * space.small
        height = metrics.height() + space.tiny
        place = QRect(room.right() - width, room.center().y() - height // 2, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(self.theme.colours.pressed))
        painter.drawRoundedRect(place, space.tiny, space.tiny)
        painter.setFont(font)
        painter.setPen(colour(self.theme.colours.muted))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        return room.adjusted(0, 0, -width - space.small, 0)

    def _draw_number(
        self, painter: QPainter, rect: QRect, number: int, role: Role, *, sayable: bool
    ) -> QRect:
        """The number to say; returns the room that is left at its right."""
        colours, space = self.theme.colours, self.theme.space
        edge = round(self.theme.type.size(role) * 1.6)
        left = rect.left() + space.medium
        place = QRect(left, rect.center().y() - edge // 2, edge, edge)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(colours.pressed if sayable else colours.surface))
        painter.drawRoundedRect(place, space.tiny, space.tiny)
        painter.setFont(self.theme.font(role, strong=True))
        painter.setPen(colour(colours.accent if sayable else colours.faint))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, str(number))
        return rect.adjusted(place.right() - rect.left() + space.small + 1, 0, -space.small, 0)

    def _draw_thumbnail(self, painter: QPainter, place: QRectF, row: SeriesRow) -> None:
        painter.fillRect(place, colour(self.theme.colours.image))
        image = self._images.thumbnail(row.display_set.uid) if self._images else None
        if image is None or image.isNull():
            inset = place.width() * 0.3
            inner = place.adjusted(inset, inset, -inset, -inset)
            draw_icon(painter, "image", self.theme.colours.faint, inner)
            return
        scale = min(place.width() / image.width(), place.height() / image.height())
        size = QRectF(0, 0, image.width() * scale, image.height() * scale)
        size.moveCenter(place.center())
        painter.drawImage(size, image)

    def _draw_lines(
        self,
        painter: QPainter,
        room: QRect,
        row: Row,
        texts: tuple[str, str],
        tones: tuple[str, str],
        *,
        strong: bool = False,
    ) -> None:
        roles = _LINES[type(row)]
        heights = [line_height(self.theme, role) for role in roles]
        top = room.center().y() - sum(heights) // 2
        for at, (text, tone) in enumerate(zip(texts, tones, strict=True)):
            font = self.theme.font(roles[at], strong=strong and at == 0)
            painter.setFont(font)
            painter.setPen(colour(tone))
            line = QRect(room.left(), top, room.width(), heights[at])
            short = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, line.width())
            painter.drawText(
                line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, short
            )
            top += heights[at]

    def _about(self, patient: Patient) -> str:
        language = self.language
        born = study_date(patient.birth_date, language)
        known_sex = patient.sex in ("M", "F", "O")
        parts = (
            patient.patient_id,
            translate("studies.born", language, date=born) if born else "",
            translate(f"studies.sex.{patient.sex}", language) if known_sex else "",
        )
        return " · ".join(part for part in parts if part)

    def _about_study(self, study: Study) -> str:
        modalities = "/".join(dict.fromkeys(s.modality for s in study.series if s.modality))
        date = study_date(study.date, self.language)
        return " · ".join(part for part in (date, modalities) if part)
