"""Acquired frames for panes: the 2D pictures."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, QRectF, Signal
from PySide6.QtGui import QImage, QPainter

from surgery_assist.errors import DecodeError
from surgery_assist.messages import translate
from surgery_assist.model.session import Session
from surgery_assist.model.study import Window
from surgery_assist.model.viewport import Viewport, edge_letters, shown_window
from surgery_assist.ui.facts import Facts
from surgery_assist.ui.images import Images
from surgery_assist.ui.overlay import OverlayPainter
from surgery_assist.ui.overlay_texts import finding_badges, slice_position
from surgery_assist.ui.pane_source import Layer, PanePicture, PaneView


@dataclass(frozen=True, slots=True)
class _Held:
    """The picture that was drawn last in a pane, and of which frame it is."""

    uid: str
    index: int
    image: QImage


class FrameSource(QObject):
    """Claims every viewport: what no other source draws is drawn as it was acquired.

    A frame that is not there yet leaves the last picture of the same display set in place, under
    that picture's own number.
    """

    changed = Signal(str)

    def __init__(self, images: Images, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._images = images
        self._held: dict[int, _Held] = {}
        self._awaited: set[tuple[str, int]] = set()
        images.frame_ready.connect(self._arrived)

    def claims(self, _viewport: Viewport) -> bool:
        """Every viewport."""
        return True

    def look(self, _session: Session, _index: int) -> object:
        """Nothing besides the viewport."""
        return ()

    def picture(self, view: PaneView) -> PanePicture:
        """The frame, or the last one that was there, with what is true of it."""
        display_set, index = view.display_set, frame_index(view)
        found = self._image(view, index)
        key = (str(display_set.uid), index)
        if found is None:
            self._awaited.add(key)
        else:
            self._awaited.discard(key)
        if isinstance(found, DecodeError):
            self._held.pop(view.index, None)
            return PanePicture(facts=self._facts(view, index), error=found)
        if found is not None:
            self._held[view.index] = _Held(display_set.uid, index, found)
        held = self._held.get(view.index)
        if held is not None and held.uid != display_set.uid:
            held = None
        hint = ""
        if found is None:
            hint = translate("overlay.loading", view.language, n=index + 1, count=display_set.count)
        if held is None:
            return PanePicture(facts=self._facts(view, index), hint=hint)
        on_screen = min(held.index, display_set.count - 1)
        place = QRectF(0.0, 0.0, display_set.columns, display_set.rows)
        layer = Layer(held.image, place, view.transform)
        # All texts are about the picture that is on the screen, not about the one on its way.
        return PanePicture((layer,), self._facts(view, on_screen), hint)

    def paint_over(
        self, painter: QPainter, view: PaneView, picture: PanePicture, overlay: OverlayPainter
    ) -> None:
        """Nothing."""

    def settled(self, view: PaneView) -> bool:
        """Whether the frame is there or has failed."""
        return self._images.known(view.display_set.uid, frame_index(view))

    def forget(self) -> None:
        """Drop the pictures that are kept."""
        self._held.clear()
        self._awaited.clear()

    def _arrived(self, uid: str, index: int) -> None:
        if (uid, index) in self._awaited:
            self._awaited.discard((uid, index))
            self.changed.emit(uid)

    def _image(self, view: PaneView, index: int) -> QImage | DecodeError | None:
        display_set, viewport = view.display_set, view.viewport
        window = None if display_set.colour else viewport.window
        scale = view.transform.scale * view.ratio
        return self._images.picture(
            display_set.uid, index, window, invert=viewport.invert, scale=scale
        )

    def _facts(self, view: PaneView, index: int) -> Facts:
        window = shown_window(_at(view.viewport, index), view.display_set)
        if window is None:
            window = self._images.shown_window(view.display_set.uid, index)
        return frame_facts(view, index, window)


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
        mirrored=viewport.flip_h != viewport.flip_v,
    )


def frame_index(view: PaneView) -> int:
    """The frame that a view wants, within those that have arrived."""
    return min(view.viewport.index, view.display_set.count - 1)


def _at(viewport: Viewport, index: int) -> Viewport:
    return viewport if viewport.index == index else replace(viewport, index=index)
