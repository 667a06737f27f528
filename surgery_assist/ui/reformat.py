"""Planes through volumes for panes: what is quick is made at once, the rest by the worker."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QObject, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QImage, QPainter

from surgery_assist.errors import NotPossibleError, SurgeryAssistError, VolumeError
from surgery_assist.imaging.render import shown_window, to_rgb32
from surgery_assist.imaging.volume.build import Volume, volume_of
from surgery_assist.imaging.volume.cut import QUICK_VOXELS, Slice, Wanted, cut, voxels_of
from surgery_assist.imaging.volume.worker import Made, ReformatWorker, Wish
from surgery_assist.messages import Language, translate
from surgery_assist.model.grid import grid_of, why_no_grid
from surgery_assist.model.plane import Plane, name_of
from surgery_assist.model.reformat import axes_of
from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet, Window
from surgery_assist.model.viewport import Viewport, edge_letters, view_transform
from surgery_assist.ui.facts import Facts
from surgery_assist.ui.images import Images, as_image
from surgery_assist.ui.overlay import OverlayPainter
from surgery_assist.ui.overlay_texts import finding_badges, slice_position
from surgery_assist.ui.pane_source import Layer, PanePicture, PaneView

KEPT_BYTES: Final = 96 * 2**20
"""How much of finished images is kept, for scrolling back and loops of phases."""
ARRIVAL_MS: Final = 150
"""Images are made anew this often while slices arrive."""


@dataclass(frozen=True, slots=True)
class _Held:
    """The image that a pane has now.

    ``volume`` has no voxels any more; ``window`` is one from its middle slice.
    """

    wish: Wish
    volume: Volume
    image: Slice
    window: Window
    final: bool


@dataclass(slots=True)
class _Drawn:
    """Its screen colours, with what they depend on."""

    image: Slice
    window: Window
    invert: bool
    picture: QImage


class ReformatPanes(QObject):
    """Claims the viewports that show a plane.

    Until the better image is there the last one stays, with its own number and letters.
    """

    changed = Signal(str)
    _arrived = Signal(int, object)

    def __init__(self, images: Images, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._images = images
        self._worker = ReformatWorker(self._arrived.emit)
        self._held: dict[int, _Held] = {}
        self._failed: dict[int, tuple[Wish, SurgeryAssistError]] = {}
        self._drawn: dict[int, _Drawn] = {}
        self._windows: dict[str, tuple[int, Window]] = {}
        self._kept: OrderedDict[Wish, _Held] = OrderedDict()
        self._kept_bytes = 0
        self._growing: set[str] = set()
        self._timer = QTimer(self, singleShot=True, interval=ARRIVAL_MS)
        self._timer.timeout.connect(self._grown)
        self._arrived.connect(self._take, Qt.ConnectionType.QueuedConnection)
        images.frame_ready.connect(self._slice_arrived)

    # --- the pane's questions ------------------------------------------------------------------

    def claims(self, viewport: Viewport) -> bool:
        """Viewports with a plane."""
        return viewport.plane is not None and viewport.volume is None

    def look(self, _session: Session, _index: int) -> object:
        """Nothing but the viewport itself."""
        return ()

    def picture(self, view: PaneView) -> PanePicture:
        """The best image that there is, or why there is none."""
        wish = self._wish(view)
        if isinstance(wish, SurgeryAssistError):
            return PanePicture(facts=_facts(view, view.viewport, view.display_set), error=wish)
        facts = _facts(view, view.viewport, view.display_set)
        if wish is None:
            return PanePicture(facts=facts, hint=translate("reformat.waiting", view.language))
        held = self._obtain(view, wish)
        if held is None:
            failed = self._failed.get(view.index)
            if failed is not None and failed[0] == wish:
                return PanePicture(facts=facts, error=failed[1])
            return PanePicture(facts=facts, hint=translate("reformat.waiting", view.language))
        return self._shown(view, held, wish)

    def paint_over(
        self, painter: QPainter, view: PaneView, picture: PanePicture, overlay: OverlayPainter
    ) -> None:
        """Nothing: the crosshair lies over acquired images too."""

    def settled(self, view: PaneView) -> bool:
        """Whether the fine image of all slices is there, or why there is none."""
        wish = self._wish(view)
        if isinstance(wish, SurgeryAssistError):
            return True
        if wish is None or not wish.source.settled:
            return False
        failed = self._failed.get(view.index)
        if failed is not None and failed[0] == wish:
            return True
        held = self._obtain(view, wish)
        return held is not None and held.wish == wish and held.final

    def forget(self) -> None:
        """The case was closed."""
        self._worker.forget()
        for kept in (self._held, self._failed, self._drawn, self._windows):
            kept.clear()
        self._kept.clear()
        self._growing.clear()
        self._kept_bytes = 0

    def close(self) -> None:
        """End the worker."""
        self._timer.stop()
        self._worker.close()

    # --- images ----------------------------------------------------------------------------------

    def _wish(self, view: PaneView) -> Wish | SurgeryAssistError | None:
        """What the pane wants; ``None`` while its files are still being read."""
        acquired = view.session.catalogue.display_set(view.display_set.uid)
        plane = view.viewport.plane
        if acquired is None or plane is None:
            return None
        reason = why_no_grid(acquired)
        if reason is not None:
            return NotPossibleError(reason)
        source = self._images.volume_source(acquired.uid)
        if source is None:
            loading = view.session.catalogue.loading
            return None if loading else VolumeError("reformat.too_large")
        index = min(view.viewport.index, view.display_set.count - 1)
        return Wish(source, acquired.uid, Wanted(view.display_set, plane, index), source.version)

    def _obtain(self, view: PaneView, wish: Wish) -> _Held | None:
        """The image if it is there or quickly made, else the last one; the worker makes it then."""
        held = self._held.get(view.index)
        if held is not None and held.wish == wish and held.final:
            return held
        kept = self._kept.get(wish)
        if kept is not None:
            self._kept.move_to_end(wish)
            self._worker.leave(view.index)
            self._held[view.index] = kept
            return kept
        quick = self._quick(wish)
        if quick is not None:
            self._worker.leave(view.index)
            self._held[view.index] = quick
            return quick
        self._worker.ask(view.index, wish)
        return held if held is not None and _alike(held.wish, wish) else None

    def _quick(self, wish: Wish) -> _Held | None:
        """An image that is no more than a copy."""
        source, wanted = wish.source, wish.wanted
        grid = grid_of(source.display_set)
        if grid is None or grid.places or not source.uniform:
            return None
        axes = axes_of(grid, wanted.plane)
        if axes is None:
            return None
        volume = volume_of(source)
        if volume is None:
            return None
        if voxels_of(volume, wanted.plane, axes) > QUICK_VOXELS:
            return None
        image = cut(volume, wanted, axes)
        return None if image is None else self._hold(wish, volume, image, final=True)

    def _hold(self, wish: Wish, volume: Volume, image: Slice, *, final: bool) -> _Held:
        return _Held(wish, volume.meaning, image, self._window(volume), final)

    @Slot(int, object)
    def _take(self, pane: int, made: Made) -> None:
        uid = made.wish.uid
        if made.error is not None:
            self._failed[pane] = (made.wish, made.error)
        elif made.image is not None and made.volume is not None:
            self._held[pane] = self._hold(made.wish, made.volume, made.image, final=made.final)
            if made.final:
                self._keep(self._held[pane])
        self.changed.emit(uid)

    def _keep(self, held: _Held) -> None:
        self._kept[held.wish] = held
        self._kept_bytes += held.image.values.nbytes
        while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
            _, old = self._kept.popitem(last=False)
            self._kept_bytes -= old.image.values.nbytes

    def _slice_arrived(self, uid: str, _index: int) -> None:
        shown = {held.wish.uid for held in self._held.values()}
        if uid in shown or not self._held:
            self._growing.add(uid)
            if not self._timer.isActive():
                self._timer.start()

    def _grown(self) -> None:
        growing, self._growing = self._growing, set()
        for uid in growing:
            self.changed.emit(uid)

    # --- drawing ---------------------------------------------------------------------------------

    def _shown(self, view: PaneView, held: _Held, wish: Wish) -> PanePicture:
        """The held image where it lies, with what is true of it and not of the one to come."""
        wanted = held.wish.wanted
        viewport = replace(view.viewport, plane=wanted.plane, index=wanted.index)
        window = view.viewport.window or held.window
        picture = self._coloured(view, held, window)
        millimetres = view.session.control.screen.mm_per_pixel
        transform = view_transform(viewport, wanted.shown, view.rect, millimetres)
        layer = Layer(picture, QRectF(*held.image.place), transform)
        facts = _facts(view, viewport, wanted.shown, window=window)
        badges = facts.badges
        if held.volume.reduced > 1:
            reduced = translate("reformat.reduced", view.language, n=held.volume.reduced)
            badges = (*badges, reduced)
        if held.volume.missing > 0:
            percent = round(100 * (1 - held.volume.missing))
            badges = (*badges, translate("reformat.partial", view.language, percent=percent))
        fine = held.final and held.wish == wish
        hint = "" if fine else translate("reformat.refining", view.language)
        return PanePicture((layer,), replace(facts, badges=badges), hint)

    def _coloured(self, view: PaneView, held: _Held, window: Window) -> QImage:
        drawn, invert = self._drawn.get(view.index), view.viewport.invert
        if (
            drawn is None
            or drawn.image is not held.image
            or (drawn.window, drawn.invert) != (window, invert)
        ):
            rgb = to_rgb32(held.volume.pixels(held.image.values), window, invert=invert)
            drawn = _Drawn(held.image, window, invert, as_image(rgb))
            self._drawn[view.index] = drawn
        return drawn.picture

    def _window(self, volume: Volume) -> Window:
        """The file's window, or one from the slice in the middle: the same for every plane."""
        uid = volume.display_set.uid
        found = self._windows.get(uid)
        if found is None or found[0] != volume.version:
            there = volume.there.nonzero()[0]
            place = int(there[len(there) // 2]) if len(there) else 0
            found = (volume.version, shown_window(volume.pixels(volume.values[place])))
            self._windows[uid] = found
        return found[1]


def _alike(one: Wish, other: Wish) -> bool:
    """Whether an image may stand in for another for a moment: of one volume, or its next phase."""
    mine, theirs = one.wanted.shown, other.wanted.shown
    return mine.uid == theirs.uid or (bool(mine.group) and mine.group == theirs.group)


def _facts(
    view: PaneView, viewport: Viewport, shown: DisplaySet, *, window: Window | None = None
) -> Facts:
    index = min(viewport.index, shown.count - 1)
    millimetres = view.session.control.screen.mm_per_pixel
    transform = view_transform(viewport, shown, view.rect, millimetres)
    return Facts(
        letters=edge_letters(viewport, shown),
        number=(index + 1, shown.count) if shown.count > 1 else None,
        position_mm=slice_position(replace(viewport, index=index), shown),
        mm_per_pixel=None if shown.spacing is None else shown.spacing[1] / transform.scale,
        window=window,
        badges=finding_badges(shown, view.language),
        notes=() if viewport.plane is None else notes_of(viewport.plane, view.language),
        mirrored=viewport.flip_h != viewport.flip_v,
    )


def notes_of(plane: Plane, language: Language) -> tuple[str, ...]:
    """What plane it is, and of how thick a slab."""
    name = name_of(plane.normal) if plane.kind == "acquired" else plane.kind
    kind = translate(f"reformat.plane.{name}", language)
    if plane.thickness == 0.0:
        return (kind,)
    slab = translate(f"reformat.{plane.projection}", language, mm=f"{plane.thickness:g}")
    return (kind, slab)
