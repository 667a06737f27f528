"""Acquired frames for panes: the 2D pictures, and what lies over them."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, QPointF, QRectF, Signal
from PySide6.QtGui import QPainter

from surgery_assist.errors import DecodeError
from surgery_assist.messages import translate
from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet, Window
from surgery_assist.model.viewport import Viewport, edge_letters, shown_window
from surgery_assist.ui.decorations import Decorations
from surgery_assist.ui.facts import Facts
from surgery_assist.ui.images import Images, Look, Piece
from surgery_assist.ui.objects import NOTHING, FrameObjects, Objects
from surgery_assist.ui.overlay import OverlayPainter
from surgery_assist.ui.overlay_texts import finding_badges, slice_position, value_text
from surgery_assist.ui.painting import qtransform
from surgery_assist.ui.pane_source import Layer, PanePicture, PaneView

_SQUARE = 0.01
"""By how much the sides of a pixel may differ and still be drawn with one scale."""


@dataclass(frozen=True, slots=True)
class _Held:
    """The picture that was drawn last in a pane, and of which frame it is."""

    uid: str
    index: int
    pieces: tuple[Piece, ...]


class FrameSource(QObject):
    """Claims every viewport: what no other source draws is drawn as it was acquired.

    A frame that is not there yet leaves the last picture of the same display set in place, under
    that picture's own number.

    Parameters
    ----------
    objects
        What lies over frames; ``None`` draws nothing over them.
    """

    changed = Signal(str)

    def __init__(
        self, images: Images, objects: Objects | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._images = images
        self._objects = objects
        self._held: dict[int, _Held] = {}
        self._awaited: set[tuple[str, int]] = set()
        images.frame_ready.connect(self._arrived)
        if objects is not None:
            objects.changed.connect(self.changed)

    def claims(self, _viewport: Viewport) -> bool:
        """Every viewport."""
        return True

    def look(self, session: Session, _index: int) -> object:
        """Whether outlines and saved graphics are shown."""
        return session.view.segmentation, session.view.presentations

    def picture(self, view: PaneView) -> PanePicture:
        """The frame, or the last one that was there, with what is true of it."""
        display_set, index = view.display_set, frame_index(view)
        found = self._pieces(view, index)
        key = (str(display_set.uid), index)
        hint = ""
        if found is None:
            self._awaited.add(key)
            count = display_set.count
            hint = translate("overlay.loading", view.language, n=index + 1, count=count)
        else:
            self._awaited.discard(key)
        if isinstance(found, DecodeError):
            self._held.pop(view.index, None)
            return PanePicture(facts=self._facts(view, index), error=found)
        if found is not None:
            self._held[view.index] = _Held(display_set.uid, index, found)
        held = self._held.get(view.index)
        if held is None or held.uid != display_set.uid:
            return PanePicture(facts=self._facts(view, index), hint=hint)
        on_screen = min(held.index, display_set.count - 1)
        transform = view.transform
        layers = tuple(Layer(piece.image, piece.place, transform) for piece in held.pieces)
        # All texts are about the picture that is on the screen, not about the one on its way.
        return PanePicture(layers, self._facts(view, on_screen), hint)

    def paint_over(
        self, painter: QPainter, view: PaneView, picture: PanePicture, overlay: OverlayPainter
    ) -> None:
        """Draw shutters, overlays, outlines and saved graphics of the frame on the screen."""
        if view.session.view.texts:
            draw_region_scales(painter, view, overlay)
        number = picture.facts.number or (1, 1)
        objects = self._over(view.display_set, number[0] - 1)
        if not objects:
            return
        pane = QRectF(0.0, 0.0, view.rect.width, view.rect.height)
        place = QRectF(0.0, 0.0, view.display_set.columns, view.display_set.rows)
        drawing = Decorations(painter, overlay, view.transform, pane, overlay.line_width)
        shown = view.session.view
        if not shown.presentations:
            objects = replace(objects, presentations=())
        drawing.draw(objects, outlines=shown.segmentation, texts=shown.texts, place=place)

    def settled(self, view: PaneView) -> bool:
        """Whether the frame and what lies over it are there or have failed."""
        index = frame_index(view)
        drawn = self._pieces(view, index)
        if drawn is None or self._objects is None:
            return drawn is not None
        return self._objects.frame(view.display_set, index) is not None

    def forget(self) -> None:
        """Drop the pictures that are kept."""
        self._held.clear()
        self._awaited.clear()

    def _arrived(self, uid: str, index: int) -> None:
        if (uid, index) in self._awaited:
            self._awaited.discard((uid, index))
            self.changed.emit(uid)

    def _over(self, display_set: DisplaySet, index: int) -> FrameObjects:
        if self._objects is None:
            return NOTHING
        return self._objects.frame(display_set, index) or NOTHING

    def _pieces(self, view: PaneView, index: int) -> tuple[Piece, ...] | DecodeError | None:
        display_set, viewport = view.display_set, view.viewport
        window = None if display_set.colour else viewport.window
        transform = view.transform
        pane = QRectF(0.0, 0.0, view.rect.width, view.rect.height)
        seen = qtransform(transform).inverted()[0].mapRect(pane)
        look = Look(window, invert=viewport.invert)
        return self._images.pieces(display_set, index, look, transform.scale * view.ratio, seen)

    def _facts(self, view: PaneView, index: int) -> Facts:
        window = shown_window(_at(view.viewport, index), view.display_set)
        if window is None:
            window = self._images.shown_window(view.display_set.uid, index)
        return replace(frame_facts(view, index, window), value=self._value(view, index))

    def _value(self, view: PaneView, index: int) -> str:
        """The value under the point that is asked about, with its unit."""
        display_set = view.display_set
        if view.probe is None or display_set.colour:
            return ""
        column, row = view.transform.to_image(*view.probe)
        if not (0 <= column < display_set.columns and 0 <= row < display_set.rows):
            return ""
        pixels = self._images.pixels(display_set.uid, index)
        value = None if pixels is None else pixels.modality_value(int(row), int(column))
        return value_text(value, display_set.unit) if isinstance(value, float) else ""


def frame_facts(view: PaneView, index: int, window: Window | None) -> Facts:
    """What is true of an acquired frame that is drawn in a pane.

    ``window`` is the one in force, modality units.
    """
    viewport, display_set = _at(view.viewport, index), view.display_set
    per_pixel = None
    if display_set.spacing is not None:
        per_pixel = display_set.spacing[1] / view.transform.scale
    return Facts(
        letters=edge_letters(viewport, display_set),
        number=(index + 1, display_set.count) if display_set.count > 1 else None,
        position_mm=slice_position(viewport, display_set),
        mm_per_pixel=per_pixel,
        window=None if display_set.colour else window,
        badges=finding_badges(display_set, view.language),
        oriented=display_set.source != "pixels",
        mirrored=viewport.flip_h != viewport.flip_v,
    )


def draw_region_scales(painter: QPainter, view: PaneView, overlay: OverlayPainter) -> None:
    """The scale of each ultrasound region, where they differ and so the picture has none."""
    display_set, transform = view.display_set, view.transform
    if display_set.spacing is not None:
        return
    pane = QRectF(0.0, 0.0, view.rect.width, view.rect.height)
    upright = abs(transform.b) < 1e-9 * transform.scale
    for region in display_set.ultrasound:
        if region.spacing is None:
            continue
        down, across = region.spacing
        if not upright and abs(down - across) > _SQUARE * across:
            continue  # no length is the same along both of its axes
        place = QRectF(QPointF(region.left, region.top), QPointF(region.right, region.bottom))
        seen = qtransform(transform).mapRect(place)
        overlay.region_bar(painter, pane, seen, across / transform.scale)


def frame_index(view: PaneView) -> int:
    """The frame that a view wants, within those that have arrived."""
    return min(view.viewport.index, view.display_set.count - 1)


def _at(viewport: Viewport, index: int) -> Viewport:
    return viewport if viewport.index == index else replace(viewport, index=index)
