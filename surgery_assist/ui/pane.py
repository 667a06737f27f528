"""One viewport on the screen."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from surgery_assist.errors import DecodeError
from surgery_assist.messages import explain, translate
from surgery_assist.model.session import Session
from surgery_assist.model.viewport import Rect
from surgery_assist.ui.facts import CineRate
from surgery_assist.ui.lines import reference_line
from surgery_assist.ui.overlay import OverlayPainter, scale_bar
from surgery_assist.ui.overlay_texts import overlay_texts, rate_text
from surgery_assist.ui.painting import TextPainter, draw_image, qtransform
from surgery_assist.ui.pane_source import PanePicture, PaneSource, PaneView, pane_view, source_of
from surgery_assist.ui.reformat_lines import draw_crosshair, draw_path
from surgery_assist.ui.theme import Theme, colour


class Pane(QWidget):
    """Draws one viewport of the newest Session.

    It never waits: what its source has not made yet is not drawn yet. Requests to redraw collect,
    so that frames are dropped and not queued when the machine is too slow.
    """

    def __init__(
        self, sources: Sequence[PaneSource], texts: TextPainter, theme: Theme, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._sources = sources
        self._texts = texts
        self._overlay = OverlayPainter(theme, texts)
        self._theme = theme
        self._session = Session()
        self._index = 0
        self._rect = Rect(0.0, 0.0, 1.0, 1.0)
        self._look: tuple[object, ...] = ()
        self._pointer: tuple[float, float] | None = None
        self.dirty = True
        """Waits to be painted."""
        self.drawn = 0
        """How often another picture than the last has been drawn."""
        self.rate: CineRate | None = None
        """How it plays."""
        self._drawn: object = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    @property
    def view(self) -> PaneView | None:
        """What it shows; ``None`` for nothing."""
        ratio = self.devicePixelRatioF()
        return pane_view(self._session, self._index, self._rect, ratio, self._pointer)

    def set_theme(self, theme: Theme) -> None:
        """Draw with other sizes."""
        self._theme = theme
        self._overlay = OverlayPainter(theme, self._texts)
        self.redraw()

    def show_session(self, session: Session, index: int, rect: Rect) -> None:
        """Show a viewport of a Session; redraws when something in it looks different."""
        self._session, self._index, self._rect = session, index, rect
        view = session.view
        crossed = view.reference_lines or view.crosshair is not None
        lines = (view.viewports, session.panes().keys()) if crossed else ()
        active = index == view.active
        source = source_of(self._sources, view.viewports[index])
        look = (
            session.shown(index),
            rect,
            active,
            view.layout.count,
            view.maximized,
            view.texts,
            (view.grid, view.target) if active else None,
            view.blank,
            lines,
            view.crosshair,
            view.path,
            session.control.language,
            session.control.screen.mm_per_pixel,
            source.look(session, index),
        )
        if look != self._look:
            self._look = look
            self.redraw()

    def point(self, pointer: tuple[float, float] | None) -> None:
        """The mouse is over a point of the pane (logical pixels), or elsewhere."""
        if pointer != self._pointer:
            self._pointer = pointer
            self.redraw()

    def command_at(self, x: float, y: float) -> str:
        """The command of what is drawn at a point of the pane; empty for none."""
        on_badge = any(badge.contains(x, y) for badge in self._overlay.badges)
        return "findings.show" if on_badge else ""

    def picture_changed(self, uid: str) -> None:
        """A better picture of a display set can be had: redraw if it is shown here."""
        shown = self._session.shown(self._index)
        if shown is not None and shown[1].uid == uid:
            self.redraw()

    def redraw(self) -> None:
        """Paint the newest state as soon as the event loop comes to it."""
        self.dirty = True
        self.update()

    def settled(self) -> bool:
        """Nothing better than what is painted is on its way."""
        view = self.view
        return view is None or source_of(self._sources, view.viewport).settled(view)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        self.dirty = False
        painter = QPainter(self)
        area = QRectF(self.rect())
        painter.fillRect(area, colour(self._theme.colours.image))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        session = self._session
        if session.view.blank:
            if self._index == session.view.active:
                text = translate("overlay.blank", session.control.language)
                self._overlay.moon(painter, area, text)
        else:
            view = self.view
            if view is None:
                self._draw_nothing(painter, area)
            else:
                self._draw_view(painter, area, view)
            if session.view.layout.count > 1 and not session.view.maximized:
                self._overlay.frame(painter, area, active=self._index == session.view.active)
        painter.end()

    def _draw_nothing(self, painter: QPainter, area: QRectF) -> None:
        if self._session.catalogue.studies:
            text = translate("overlay.nothing_here", self._session.control.language)
            self._overlay.message(painter, area, "", text)

    def _draw_view(self, painter: QPainter, area: QRectF, view: PaneView) -> None:
        source = source_of(self._sources, view.viewport)
        picture = source.picture(view)
        for layer in picture.layers:
            draw_image(painter, layer.image, layer.transform, layer.place)
        if picture.error is not None:
            title = ""
            if isinstance(picture.error, DecodeError):
                number, count = picture.facts.number or (1, 1)
                title = translate("overlay.broken", view.language, n=number, count=count)
            self._overlay.message(painter, area, title, explain(picture.error, view.language))
        which = (view.display_set.uid, picture.facts.number)
        if picture.layers and which != self._drawn:
            self._drawn = which
            self.drawn += 1
        self._overlay.begin()
        if picture.layers:
            source.paint_over(painter, view, picture, self._overlay)
        self._draw_over(painter, area, view, picture)
        if picture.hint:
            self._overlay.hint(painter, area, picture.hint)

    def _draw_over(
        self, painter: QPainter, area: QRectF, view: PaneView, picture: PanePicture
    ) -> None:
        session, overlay, facts = self._session, self._overlay, picture.facts
        shown = session.view
        grid = view.active and shown.grid
        if shown.reference_lines:
            self._draw_lines(painter, area, view)
        draw_path(painter, view, self._theme)
        draw_crosshair(painter, view, overlay, self._theme)
        if grid:
            overlay.grid_lines(painter, area)
        if view.active and shown.target is not None:
            overlay.target(painter, area, shown.target)
        if self.rate is not None:
            facts = replace(facts, notes=(*facts.notes, rate_text(self.rate, view.language)))
        what = (view.viewport, view.display_set, view.series, view.study)
        bar = scale_bar(facts.mm_per_pixel, self._rect.width) if shown.texts else None
        overlay.corners(
            painter,
            area,
            overlay_texts(session, what, facts, crowded=grid),
            bar=bar,
            number=self._index + 1 if shown.layout.count > 1 else None,
            active=view.active,
        )
        overlay.letters(painter, area, facts.letters)
        if grid:
            overlay.grid_names(painter, area, shown.target)

    def _draw_lines(self, painter: QPainter, area: QRectF, view: PaneView) -> None:
        to_pane = qtransform(view.transform)
        for other in self._session.panes():
            shown = self._session.shown(other)
            if other == self._index or shown is None or not shown[1].count:
                continue
            index = min(shown[0].index, shown[1].count - 1)
            line = reference_line(shown[1], index, view.display_set, view.viewport.index)
            if line is None:
                continue
            drawn = to_pane.map(QLineF(QPointF(*line[0]), QPointF(*line[1])))
            is_active = other == self._session.view.active
            self._overlay.reference_line(painter, area, drawn, str(other + 1), active=is_active)
