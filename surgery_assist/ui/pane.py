"""One viewport on the screen."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from surgery_assist.errors import DecodeError
from surgery_assist.messages import explain, translate
from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet, Series, Study
from surgery_assist.model.viewport import (
    Rect,
    Viewport,
    ViewTransform,
    edge_letters,
    shown_window,
    view_transform,
)
from surgery_assist.ui.images import Images
from surgery_assist.ui.lines import reference_line
from surgery_assist.ui.overlay import OverlayPainter, ScaleBar, scale_bar
from surgery_assist.ui.overlay_texts import overlay_texts
from surgery_assist.ui.painting import TextPainter, draw_image, qtransform
from surgery_assist.ui.theme import Theme, colour

_Shown = tuple[Viewport, DisplaySet, Series, Study]


@dataclass(frozen=True, slots=True)
class _Held:
    """The picture that was drawn last, and of which frame it is."""

    uid: str
    index: int
    image: QImage


class Pane(QWidget):
    """Draws one viewport of the newest Session.

    It never waits: a frame that is not there yet leaves the last picture of the same display set
    in place, under that picture's own number. Requests to redraw collect, so that frames are
    dropped and not queued when the machine is too slow.
    """

    def __init__(self, images: Images, texts: TextPainter, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._images = images
        self._texts = texts
        self._overlay = OverlayPainter(theme, texts)
        self._theme = theme
        self._session = Session()
        self._index = 0
        self._rect = Rect(0.0, 0.0, 1.0, 1.0)
        self._look: tuple[object, ...] = ()
        self._held: _Held | None = None
        self.dirty = True
        """Waits to be painted."""
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def set_theme(self, theme: Theme) -> None:
        """Draw with other sizes."""
        self._theme = theme
        self._overlay = OverlayPainter(theme, self._texts)
        self.redraw()

    def show_session(self, session: Session, index: int, rect: Rect) -> None:
        """Show a viewport of a Session; redraws when something in it looks different."""
        self._session, self._index, self._rect = session, index, rect
        view = session.view
        lines = (view.viewports, session.panes().keys()) if view.reference_lines else ()
        active = index == view.active
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
            session.control.language,
            session.control.screen.mm_per_pixel,
        )
        if look != self._look:
            self._look = look
            self.redraw()

    def frame_arrived(self, uid: str, index: int) -> None:
        """A frame has been loaded: redraw if it is the one that is waited for."""
        shown = self._session.shown(self._index)
        if shown is not None and shown[1].uid == uid and _index(shown) == index:
            self.redraw()

    def redraw(self) -> None:
        """Paint the newest state as soon as the event loop comes to it."""
        self.dirty = True
        self.update()

    def forget(self) -> None:
        """Drop the picture that is kept."""
        self._held = None
        self.redraw()

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
            shown = session.shown(self._index)
            if shown is None or not shown[1].count:
                self._draw_nothing(painter, area)
            else:
                self._draw_shown(painter, area, shown)
            if session.view.layout.count > 1 and not session.view.maximized:
                self._overlay.frame(painter, area, active=self._index == session.view.active)
        painter.end()

    def _draw_nothing(self, painter: QPainter, area: QRectF) -> None:
        if self._session.catalogue.studies:
            text = translate("overlay.nothing_here", self._session.control.language)
            self._overlay.message(painter, area, "", text)

    def _draw_shown(self, painter: QPainter, area: QRectF, shown: _Shown) -> None:
        viewport, display_set = shown[0], shown[1]
        language = self._session.control.language
        index = _index(shown)
        found = self._picture(viewport, display_set, index)
        on_screen = index
        if isinstance(found, DecodeError):
            self._held = None
            title = translate("overlay.broken", language, n=index + 1, count=display_set.count)
            self._overlay.message(painter, area, title, explain(found, language))
        elif found is not None:
            self._held = _Held(display_set.uid, index, found)
        elif self._held is not None and self._held.uid != display_set.uid:
            self._held = None
        if self._held is not None:
            on_screen = min(self._held.index, display_set.count - 1)
            transform = self._transform(viewport, display_set)
            draw_image(painter, self._held.image, transform, display_set)
        # All texts are about the picture that is on the screen, not about the one on its way.
        drawn = (replace(viewport, index=on_screen), *shown[1:])
        self._draw_over(painter, area, drawn)
        if found is None:
            hint = translate("overlay.loading", language, n=index + 1, count=display_set.count)
            self._overlay.hint(painter, area, hint)

    def _picture(
        self, viewport: Viewport, display_set: DisplaySet, index: int
    ) -> QImage | DecodeError | None:
        scale = self._transform(viewport, display_set).scale * self.devicePixelRatioF()
        window = None if display_set.colour else viewport.window
        return self._images.picture(
            display_set.uid, index, window, invert=viewport.invert, scale=scale
        )

    def _transform(self, viewport: Viewport, display_set: DisplaySet) -> ViewTransform:
        mm = self._session.control.screen.mm_per_pixel
        return view_transform(viewport, display_set, self._rect, mm)

    def _draw_over(self, painter: QPainter, area: QRectF, drawn: _Shown) -> None:
        session, overlay = self._session, self._overlay
        viewport, display_set = drawn[0], drawn[1]
        view = session.view
        active = self._index == view.active
        overlay.begin()
        if view.reference_lines:
            self._draw_lines(painter, area, viewport, display_set)
        if active and view.grid:
            overlay.grid_lines(painter, area)
        if active and view.target is not None:
            overlay.target(painter, area, view.target)
        window = shown_window(viewport, display_set)
        if window is None and not display_set.colour:
            window = self._images.shown_window(display_set.uid, viewport.index)
        overlay.corners(
            painter,
            area,
            overlay_texts(session, drawn, window, crowded=active and view.grid),
            bar=self._bar(viewport, display_set),
            number=self._index + 1 if view.layout.count > 1 else None,
            active=active,
        )
        overlay.letters(painter, area, edge_letters(viewport, display_set))
        if active and view.grid:
            overlay.grid_names(painter, area, view.target)

    def _bar(self, viewport: Viewport, display_set: DisplaySet) -> ScaleBar | None:
        if display_set.spacing is None or not self._session.view.texts:
            return None
        scale = self._transform(viewport, display_set).scale
        return scale_bar(display_set.spacing[1] / scale, self._rect.width)

    def _draw_lines(
        self, painter: QPainter, area: QRectF, viewport: Viewport, display_set: DisplaySet
    ) -> None:
        to_pane = qtransform(self._transform(viewport, display_set))
        for other in self._session.panes():
            shown = self._session.shown(other)
            if other == self._index or shown is None or not shown[1].count:
                continue
            line = reference_line(shown[1], _index(shown), display_set, viewport.index)
            if line is None:
                continue
            drawn = to_pane.map(QLineF(QPointF(*line[0]), QPointF(*line[1])))
            is_active = other == self._session.view.active
            self._overlay.reference_line(painter, area, drawn, str(other + 1), active=is_active)


def _index(shown: _Shown) -> int:
    return min(shown[0].index, shown[1].count - 1)
