"""Pixels for the screen: what is visible is loaded first, what was drawn lately is kept.

Between the frame store (worker threads, modality values) and the painter (Qt, screen colours).
Of large frames only the part that is seen is drawn, at about the resolution of the screen.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtGui import QImage

from surgery_assist.errors import DecodeError
from surgery_assist.imaging.pixels import FramePixels
from surgery_assist.imaging.pyramid import LARGE_PIXELS, Pyramid
from surgery_assist.imaging.render import auto_window, shown_window, to_rgb32
from surgery_assist.imaging.volumes import VolumeSource
from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet, Window
from surgery_assist.model.units import DisplaySetUID
from surgery_assist.model.viewport import Viewport

OnFrame = Callable[[str, int], None]
PICTURES_BYTES: Final = 192 * 2**20
"""How much of finished pictures is kept."""
MAX_HALVINGS: Final = 4
_Key = tuple[str, int, Window | None, bool, Hashable]


@dataclass(frozen=True, slots=True)
class Piece:
    """A picture of a part of a frame, and where it lies, in pixels of the frame."""

    image: QImage
    place: QRectF


@dataclass(frozen=True, slots=True)
class Look:
    """How frames are turned into colours.

    ``window`` is in modality units, ``None`` for the file's own.
    """

    window: Window | None = None
    invert: bool = False


class Store(Protocol):
    """What is needed of `surgery_assist.imaging.cache.FrameStore`."""

    def focus(self, wanted: Sequence[tuple[DisplaySetUID, int]]) -> None:
        """Load these first."""

    def get(self, uid: DisplaySetUID, index: int) -> FramePixels | DecodeError | None:
        """A frame, why there is none, or ``None`` while it is not there yet."""

    def pyramid(self, uid: DisplaySetUID, index: int) -> Pyramid | DecodeError | None:
        """A large frame in several resolutions."""

    def load(self, uid: DisplaySetUID, index: int) -> FramePixels:
        """A frame, waiting for it."""

    def thumbnail(self, uid: DisplaySetUID) -> NDArray[np.uint32] | None:
        """A small picture, or ``None`` while there is none."""

    def volume_source(self, uid: DisplaySetUID) -> VolumeSource | None:
        """All slices of a volume in one array, as far as they are there."""

    def close(self) -> None:
        """Stop the workers and forget all pixels."""


class Images(QObject):
    """Pictures of frames, ready to be painted.

    Parameters
    ----------
    make_store
        Makes the frame store; gets the callback for frames that have arrived. It is called
        again when a case is closed, so that no pixel of it stays in memory.
    driving_levels
        256 bytes: what the screen needs for each P-value (`surgery_assist.imaging.gsdf`);
        ``None`` for a screen that is set to the standard function itself.
    """

    frame_ready = Signal(str, int)
    """A frame of a display set, or its error, is there."""
    thumbnail_ready = Signal(str)
    """The thumbnail of a display set is there."""

    def __init__(
        self,
        make_store: Callable[[OnFrame], Store],
        driving_levels: bytes | None = None,
    ) -> None:
        super().__init__()
        self._levels = driving_levels
        self._make_store = make_store
        self._pictures: OrderedDict[_Key, QImage] = OrderedDict()
        self._bytes = 0
        self._windows: dict[tuple[str, int], Window] = {}
        self._steady: set[str] = set()
        """Display sets that keep the window of the first frame: a film must not flicker."""
        self._thumbnails: dict[str, QImage] = {}
        self._awaited: set[str] = set()
        """Display sets whose thumbnail is being made."""
        self._tried: set[str] = set()
        self.thumbnail_ready.connect(self._thumbnail_tried)
        self._focus: tuple[tuple[DisplaySetUID, int], ...] = ()
        self._closed = False
        self.store = make_store(self._arrived)

    def _arrived(self, uid: str, index: int) -> None:
        """Called in a worker thread: the signal crosses over to the GUI thread by itself."""
        if self._closed:
            return
        if index < 0:
            self.thumbnail_ready.emit(uid)
        else:
            self.frame_ready.emit(uid, index)

    def _thumbnail_tried(self, uid: str) -> None:
        self._awaited.discard(uid)
        self._tried.add(uid)

    def focus(self, session: Session) -> None:
        """Load what is visible, the active viewport's frame first."""
        panes = session.panes()
        order = sorted(panes, key=lambda index: index != session.view.active)
        wanted = []
        for index in order:
            viewport = session.view.viewports[index]
            acquired = session.catalogue.display_set(viewport.display_set)
            if acquired is not None and acquired.count:
                wanted.append((acquired.uid, _wanted_index(viewport, acquired)))
        focus = tuple(wanted)
        if focus != self._focus:
            self._focus = focus
            self.store.focus(focus)

    def refresh(self, session: Session) -> None:
        """The display sets have grown: tell the store again what is visible."""
        self._focus = ()
        self.focus(session)

    def pixels(self, uid: DisplaySetUID, index: int) -> FramePixels | None:
        """Modality values of a frame, when they are there."""
        found = self.store.get(uid, index)
        return None if found is None or isinstance(found, DecodeError) else found

    def volume_source(self, uid: DisplaySetUID) -> VolumeSource | None:
        """All slices of a volume in one array, as far as they are there; ``None`` if it can't be."""
        return self.store.volume_source(uid)

    def pieces(
        self,
        display_set: DisplaySet,
        index: int,
        look: Look,
        scale: float,
        seen: QRectF,
    ) -> tuple[Piece, ...] | DecodeError | None:
        """A frame in screen colours, the reason why there is none, or ``None`` if not yet.

        Parameters
        ----------
        scale
            Device pixels per image pixel. A picture that is drawn at less than half its size
            comes halved, once or several times, so that fine detail is averaged and not skipped.
        seen
            The part that the pane shows, image pixels; of a large frame no more is drawn.
        """
        if display_set.kind == "cine" and display_set.frames[index].window is None:
            self._steady.add(display_set.uid)
        if display_set.rows * display_set.columns >= LARGE_PIXELS:
            return self._region(display_set, index, look, scale, seen)
        halvings = 0
        while scale < 0.5 and halvings < MAX_HALVINGS:
            scale, halvings = scale * 2, halvings + 1
        key = (display_set.uid, index, look.window, look.invert, halvings)
        image = self._kept(key)
        if image is None:
            found = self.store.get(display_set.uid, index)
            if found is None or isinstance(found, DecodeError):
                return found
            if display_set.uid in self._steady and look.window is None and not found.colour:
                look = replace(look, window=self.shown_window(display_set.uid, index))
            image = self._drawn(found, look)
            if halvings:
                image = _halved(image, halvings)
            self._keep(key, image)
        return (Piece(image, QRectF(0.0, 0.0, display_set.columns, display_set.rows)),)

    def _region(
        self, display_set: DisplaySet, index: int, look: Look, scale: float, seen: QRectF
    ) -> tuple[Piece, ...] | DecodeError | None:
        pyramid = self.store.pyramid(display_set.uid, index)
        if pyramid is None or isinstance(pyramid, DecodeError):
            return pyramid
        level = pyramid.level_for(scale)
        region = pyramid.region(level, seen.left(), seen.top(), seen.right(), seen.bottom())
        key = (display_set.uid, index, look.window, look.invert, region.key)
        image = self._kept(key)
        if image is None:
            if look.window is None and not pyramid.full.colour:
                # One window for the whole frame: each part would find another in its own values.
                look = replace(look, window=self.shown_window(display_set.uid, index))
            image = self._drawn(region.pixels, look)
            self._keep(key, image)
        return (Piece(image, QRectF(region.left, region.top, region.width, region.height)),)

    def _drawn(self, pixels: FramePixels, look: Look) -> QImage:
        rgb = to_rgb32(pixels, look.window, invert=look.invert, levels=self._levels)
        return as_image(rgb)

    def _kept(self, key: _Key) -> QImage | None:
        kept = self._pictures.get(key)
        if kept is not None:
            self._pictures.move_to_end(key)
        return kept

    def _keep(self, key: _Key, image: QImage) -> None:
        self._pictures[key] = image
        self._bytes += image.sizeInBytes()
        while self._bytes > PICTURES_BYTES and len(self._pictures) > 1:
            _, old = self._pictures.popitem(last=False)
            self._bytes -= old.sizeInBytes()

    def thumbnail(self, uid: DisplaySetUID) -> QImage | None:
        """A small picture of a display set; `thumbnail_ready` follows when there is none yet."""
        kept = self._thumbnails.get(uid)
        if kept is not None:
            return kept
        made = self.store.thumbnail(uid)
        if made is None:
            if uid not in self._tried:
                self._awaited.add(uid)
            return None
        image = as_image(made)
        self._thumbnails[uid] = image
        return image

    def shown_window(self, uid: DisplaySetUID, index: int) -> Window | None:
        """The window that applies when none is chosen, once the frame is there."""
        key = (uid, -1 if uid in self._steady else index)
        window = self._windows.get(key)
        if window is None:
            pixels = self.pixels(uid, index)
            if pixels is None:
                return None
            window = self._windows[key] = shown_window(pixels)
        return window

    def auto_window(self, uid: DisplaySetUID, index: int) -> Window:
        """A window from the pixels themselves; waits for the frame (worker threads only).

        Raises
        ------
        DecodeError
            The frame can't be shown.
        """
        return auto_window(self.store.load(uid, index))

    def known(self, uid: DisplaySetUID, index: int) -> bool:
        """A frame is there, or has failed."""
        return self.store.get(uid, index) is not None

    def settled(self, session: Session) -> bool:
        """Every thumbnail of a list that is open is there or has failed."""
        return not (session.view.panel == "studies" and self._awaited)

    def clear(self) -> None:
        """Forget every pixel (the case was closed)."""
        self.store.close()
        self._pictures.clear()
        self._windows.clear()
        self._steady.clear()
        self._thumbnails.clear()
        self._awaited.clear()
        self._tried.clear()
        self._bytes = 0
        self._focus = ()
        self.store = self._make_store(self._arrived)

    def close(self) -> None:
        """Stop the workers."""
        self._closed = True
        self.store.close()


def _wanted_index(viewport: Viewport, acquired: DisplaySet) -> int:
    """The frame to load first; a plane through all of them, or a volume, begins in the middle."""
    if viewport.plane is not None or viewport.volume is not None:
        return acquired.count // 2
    return min(viewport.index, acquired.count - 1)


def as_image(rgb: NDArray[np.uint32]) -> QImage:
    """A QImage of ``(rows, columns)`` ``0xffRRGGBB``; it owns a copy of the pixels."""
    rows, columns = rgb.shape
    view = QImage(rgb.data, columns, rows, 4 * columns, QImage.Format.Format_RGB32)
    return view.copy()


def _halved(image: QImage, times: int) -> QImage:
    """Average of 2x2 pixels, repeated; odd edges keep their last row and column."""
    width, height = max(1, image.width() >> times), max(1, image.height() >> times)
    return image.scaled(
        width,
        height,
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
