"""Volumes for panes: asks the studio for pictures, and says what is true of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QImage, QPainter

from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.commands.effects import PickVolume
from surgery_assist.errors import NotPossibleError
from surgery_assist.imaging.scene.frame import Picture, Shot
from surgery_assist.imaging.scene.source import scene_volume
from surgery_assist.imaging.scene.studio import Result, Studio, Wish
from surgery_assist.imaging.scene.surfaces import Surface
from surgery_assist.imaging.volumes import VolumeSource
from surgery_assist.messages import Language, translate
from surgery_assist.model.grid import Grid, grid_of, why_no_grid
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet, Study
from surgery_assist.model.units import DisplaySetUID, Vector
from surgery_assist.model.viewport import Rect, Viewport
from surgery_assist.model.volume_screen import camera_letters, longest_edge, pixels_per_mm
from surgery_assist.model.volume_view import VolumeView
from surgery_assist.ui.facts import Facts
from surgery_assist.ui.images import Images
from surgery_assist.ui.input.gesture import Gesture, Grab
from surgery_assist.ui.overlay import OverlayPainter
from surgery_assist.ui.overlay_texts import finding_badges
from surgery_assist.ui.pane_source import IN_PANE, Layer, PanePicture, PaneView, pane_view
from surgery_assist.ui.volume_grab import CutGrab, TurnGrab
from surgery_assist.ui.volume_paint import draw_cube, draw_handle, draw_marks, nearest_side

EDGE_SHARE: Final = 0.05
"""How near to its edge, as a share of the pane, a drag draws a cut in."""
SPIN_DEGREES: Final = 36.0
"""In a second."""
TICK_MS: Final = 25
CUT_NOTCHES: Final = 60
"""Notches of the wheel that go through the whole volume."""


@dataclass(frozen=True, slots=True)
class _Held:
    """The picture that a pane has now."""

    result: Result
    image: QImage | None


class VolumePanes(QObject):
    """Claims the viewports that show a volume.

    The studio (and with it VTK) begins with the first of them. Until the better picture is there
    the last one stays; it is never blank.

    Parameters
    ----------
    make_studio
        Makes the thread that draws; gets the callback for its results.
    read_surfaces
        Reads a segmentation or structure set by its UID; called in the studio's background.
    """

    changed = Signal(str)
    failed = Signal(object)
    """A `SurgeryAssistError` to be shown."""
    _arrived = Signal(object)
    _picked = Signal(object, object)
    _surfaced = Signal(str)

    def __init__(
        self,
        images: Images,
        dispatcher: Dispatcher,
        make_studio: Callable[[Callable[[Result], None]], Studio] = Studio,
        read_surfaces: Callable[[str], tuple[Surface, ...]] = lambda _uid: (),
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._images = images
        self._dispatcher = dispatcher
        self._make_studio = make_studio
        self._read_surfaces = read_surfaces
        self._surfaces: dict[str, bool] = {}
        """Objects whose surfaces were asked for, and whether they have been made."""
        self._studio: Studio | None = None
        self._held: dict[int, _Held] = {}
        self._offered: dict[str, VolumeSource] = {}
        self._awaited: dict[str, int] = {}
        self._carving: tuple[int, str] | None = None
        self._picks = 0
        """Searches for points that are under way."""
        self._spun = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._spin)
        queued = Qt.ConnectionType.QueuedConnection
        self._arrived.connect(self._take, queued)
        self._picked.connect(self._take_points, queued)
        self._surfaced.connect(self._take_surfaces, queued)
        images.frame_ready.connect(self._slice_arrived)
        dispatcher.observe(self._session_changed)

    # --- the pane's questions ------------------------------------------------------------------

    def claims(self, viewport: Viewport) -> bool:
        """Viewports with a volume."""
        return viewport.volume is not None

    def look(self, session: Session, index: int) -> object:
        """Whether a cut is being drawn in, and segments are shown."""
        carving = self._carving if self._carving and self._carving[0] == index else None
        return carving, session.view.segmentation

    def picture(self, view: PaneView) -> PanePicture:
        """The best picture that there is, or why there is none."""
        grid, volume = grid_of(view.display_set), view.viewport.volume
        if grid is None or volume is None:
            reason = why_no_grid(view.display_set) or "refused.volume_not_stacked"
            return PanePicture(error=NotPossibleError(reason))
        facts = _facts(view, grid, volume)
        source = self._images.volume_source(view.display_set.uid)
        if source is None:
            return self._without_source(view, facts)
        if source.step[1] > 1:
            reduced = translate("volume.reduced", view.language, factor=source.step[1])
            facts = replace(facts, badges=(*facts.badges, reduced))
        if not source.settled:
            return self._loading(view, source, facts)
        if not source.complete:
            partial = translate(
                "volume.partial",
                view.language,
                loaded=int(source.loaded.sum()),
                count=len(source.loaded),
            )
            facts = replace(facts, badges=(*facts.badges, partial))
        wish = self._wish(view, grid, volume)
        self._ask(view.index, wish, source, hounsfield=view.display_set.modality == "CT")
        self._ask_surfaces(view)
        return self._answer(view, wish, facts)

    def paint_over(
        self, painter: QPainter, view: PaneView, picture: PanePicture, overlay: OverlayPainter
    ) -> None:
        """Draw the cube, marks, and the handle of a cut that is being drawn in."""
        grid, volume = grid_of(view.display_set), view.viewport.volume
        if grid is None or volume is None or picture.error is not None:
            return
        overlay.take(draw_cube(painter, volume.camera, view.rect))
        pane = QRectF(0.0, 0.0, view.rect.width, view.rect.height)
        draw_marks(
            painter,
            volume,
            grid,
            view.rect,
            view.viewport.zoom,
            language=view.language,
            text_size=overlay.line_height(pane) * 0.75,
        )
        if self._carving is not None and self._carving[0] == view.index:
            draw_handle(painter, self._carving[1], view.rect, _reach(view.rect))

    def settled(self, view: PaneView) -> bool:
        """Whether the final picture of this view is there, or why there is none."""
        picture = self.picture(view)
        if picture.error is not None:
            return True
        if self._picks:
            return False
        held = self._held.get(view.index)
        grid, volume = grid_of(view.display_set), view.viewport.volume
        if held is None or grid is None or volume is None:
            return False
        return volume.spinning or (
            held.result.final
            and held.result.wish == self._wish(view, grid, volume)
            and all(self._surfaces.get(uid, False) for uid in _parts_of(view))
        )

    def forget(self) -> None:
        """The case was closed."""
        self._held.clear()
        self._offered.clear()
        self._awaited.clear()
        self._surfaces.clear()
        if self._studio is not None:
            self._studio.forget()

    def close(self) -> None:
        """End the studio."""
        self._timer.stop()
        if self._studio is not None:
            self._studio.close()
            self._studio = None

    # --- hands ---------------------------------------------------------------------------------

    def grab(self, view: PaneView, x: float, y: float, kind: str) -> Grab | None:
        """Left drags turn; from the edge of the pane they draw a cut in."""
        grid = grid_of(view.display_set)
        if kind not in ("window", "touch") or grid is None:
            return None
        side = nearest_side(x, y, view.rect, _reach(view.rect))
        if side is None:
            return TurnGrab(view.rect, x, y)
        self._carving = (view.index, side)
        per_mm = pixels_per_mm(grid, view.rect, view.viewport.zoom)
        return CutGrab(side, per_mm, x, y, self._carved)

    def wheel(self, view: PaneView, gesture: Gesture, notches: int) -> bool:
        """The wheel goes into the volume: a cut from the front moves with it."""
        grid = grid_of(view.display_set)
        if grid is None:
            return False
        mm = notches * longest_edge(grid) / CUT_NOTCHES
        gesture.send("volume.carve", side="front", mm=mm)
        return True

    def _carved(self) -> None:
        carving, self._carving = self._carving, None
        if carving is not None:
            shown = self._dispatcher.session.shown(carving[0])
            if shown is not None:
                self.changed.emit(shown[1].uid)

    # --- pictures ------------------------------------------------------------------------------

    def _without_source(self, view: PaneView, facts: Facts) -> PanePicture:
        if view.session.catalogue.loading:
            hint = translate("volume.loading", view.language, percent=0)
            return PanePicture(facts=facts, hint=hint)
        return PanePicture(facts=facts, error=NotPossibleError("refused.volume_memory"))

    def _loading(self, view: PaneView, source: VolumeSource, facts: Facts) -> PanePicture:
        percent = round(100.0 * float((source.loaded | source.failed).mean()))
        self._awaited[str(view.display_set.uid)] = percent
        hint = translate("volume.loading", view.language, percent=percent)
        held = self._held.get(view.index)
        layers = _layers(view, held) if held is not None and _phase_of(view, held) else ()
        return PanePicture(layers, facts, hint)

    def _wish(self, view: PaneView, grid: Grid, volume: VolumeView) -> Wish:
        """What the pane shall show; surfaces are left out until they have been made."""
        made = tuple(uid for uid in _parts_of(view) if self._surfaces.get(uid, False))
        return replace(_wish(view, grid, volume), surfaces=made)

    def _ask_surfaces(self, view: PaneView) -> None:
        for uid in _parts_of(view):
            if uid not in self._surfaces and self._studio is not None:
                self._surfaces[uid] = False
                read = self._read_surfaces
                self._studio.load_surfaces(uid, partial(read, uid), self._surfaced.emit)

    @Slot(str)
    def _take_surfaces(self, uid: str) -> None:
        if uid in self._surfaces:
            self._surfaces[uid] = True
            for held in self._held.values():
                self.changed.emit(held.result.wish.uid)

    def _ask(self, key: int, wish: Wish, source: VolumeSource, *, hounsfield: bool) -> None:
        if self._studio is None:
            self._studio = self._make_studio(self._arrived.emit)
        self._studio.wish(key, wish)
        if self._offered.get(wish.uid) is not source:
            self._offered[wish.uid] = source
            self._studio.load(wish.uid, lambda: scene_volume(source), hounsfield=hounsfield)

    def _answer(self, view: PaneView, wish: Wish, facts: Facts) -> PanePicture:
        held = self._held.get(view.index)
        if held is None or not (held.result.wish.uid == wish.uid or _phase_of(view, held)):
            hint = translate("volume.loading", view.language, percent=100)
            return PanePicture(facts=facts, hint=hint)
        if held.result.error is not None and held.result.wish == wish:
            return PanePicture(facts=facts, error=held.result.error)
        current = held.result.wish == wish
        hint = "" if current and held.result.final else _hint(held.result, view.language)
        return PanePicture(_layers(view, held), facts, hint)

    @Slot(object)
    def _take(self, result: Result) -> None:
        before = self._held.get(result.key)
        image = as_image(result.picture) if result.picture is not None else None
        if image is None and before is not None and result.error is None:
            image = before.image
        self._held[result.key] = _Held(result, image)
        self.changed.emit(result.wish.uid)

    def _slice_arrived(self, uid: str, _index: int) -> None:
        shown = self._awaited.get(uid)
        if shown is None:
            return
        source = self._images.volume_source(DisplaySetUID(uid))
        if source is None or source.settled:
            self._awaited.pop(uid, None)
            self.changed.emit(uid)
        elif round(100.0 * float((source.loaded | source.failed).mean())) >= shown + 5:
            self.changed.emit(uid)

    # --- turning by itself ---------------------------------------------------------------------

    def _session_changed(self, _before: Session, after: Session) -> None:
        spinning = _spinning(after)
        if spinning and not self._timer.isActive():
            self._spun = time.monotonic()
            self._timer.start()
        elif not spinning and self._timer.isActive():
            self._timer.stop()
        if self._studio is not None:
            for key in [key for key in self._held if not _shows_volume(after, key)]:
                self._held.pop(key)
                self._studio.drop(key)

    def _spin(self) -> None:
        session = self._dispatcher.session
        now = time.monotonic()
        for index in _spinning(session):
            held, view = self._held.get(index), session.view.viewports[index].volume
            # The next step waits for the last one's picture: frames are left out, not queued.
            if held is None or view is None or held.result.wish.view != view:
                continue
            degrees = min(30.0, (now - self._spun) * SPIN_DEGREES)
            arguments = {"viewport": index, "degrees": degrees}
            self._dispatcher.dispatch(Invocation("volume.advance", arguments, "program"))
            self._spun = now

    # --- points in depth -----------------------------------------------------------------------

    def pick(self, effect: PickVolume) -> None:
        """Find the points that an effect asks for; they come back as an Invocation."""
        session = self._dispatcher.session
        view = pane_view(session, effect.viewport, session.pane(effect.viewport))
        grid = None if view is None else grid_of(view.display_set)
        source = None if view is None else self._images.volume_source(view.display_set.uid)
        volume = None if view is None else view.viewport.volume
        if view is None or grid is None or volume is None or source is None or not source.settled:
            self.failed.emit(NotPossibleError("refused.no_volume_shown"))
            return
        wish = self._wish(view, grid, volume)
        self._ask(view.index, wish, source, hounsfield=view.display_set.modality == "CT")
        if self._studio is not None:
            self._picks += 1
            places = effect.places
            self._studio.pick(wish, places, lambda points: self._picked.emit(effect, points))

    @Slot(object, object)
    def _take_points(self, effect: PickVolume, points: tuple[Vector | None, ...]) -> None:
        self._picks = max(0, self._picks - 1)
        if any(point is None for point in points):
            self.failed.emit(NotPossibleError("refused.volume_nothing_there"))
            return
        arguments = {
            "viewport": effect.viewport,
            "use": effect.use,
            "points": points,
            "size_mm": effect.size_mm,
        }
        self._dispatcher.dispatch(Invocation("volume.picked", arguments, "program"))


def as_image(picture: Picture) -> QImage:
    """A picture as Qt draws it; owns its memory."""
    height, width = picture.rgba.shape[:2]
    form = QImage.Format.Format_RGBA8888_Premultiplied
    wrapped = QImage(picture.rgba.tobytes(), width, height, 4 * width, form)
    return wrapped.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def _wish(view: PaneView, grid: Grid, volume: VolumeView) -> Wish:
    per_mm = pixels_per_mm(grid, view.rect, view.viewport.zoom) * view.ratio
    shot = Shot(
        max(1, round(view.rect.width * view.ratio)),
        max(1, round(view.rect.height * view.ratio)),
        1.0 / per_mm,
        volume.camera,
        volume.camera.focus or grid.middle,
        volume.cuts,
    )
    return Wish(str(view.display_set.uid), volume, shot)


def _facts(view: PaneView, grid: Grid, volume: VolumeView) -> Facts:
    language = view.language
    name = translate(f"slot.volume.preset.preset.{volume.preset}", language)
    notes = [f"{translate('command.volume.preset', language)} {name}"]
    if volume.mode == "mip":
        notes = [translate("volume.note.mip", language)]
    if volume.cuts:
        notes.append(translate("volume.note.cuts", language))
    if volume.table_removed:
        notes.append(translate("volume.note.removed.table", language))
    if volume.bone_removed:
        notes.append(translate("volume.note.removed.bone", language))
    if abs(volume.opacity - 1.0) > 0.01:
        percent = round(volume.opacity * 100)
        notes.append(translate("volume.note.opacity", language, percent=percent))
    return Facts(
        letters=camera_letters(volume.camera),
        mm_per_pixel=1.0 / pixels_per_mm(grid, view.rect, view.viewport.zoom),
        badges=finding_badges(view.display_set, language),
        notes=tuple(notes),
        oriented=True,
    )


def _parts_of(view: PaneView) -> tuple[str, ...]:
    """UIDs of the segmentations and structure sets in the space of what is shown."""
    if not view.session.view.segmentation:
        return ()
    return parts_in(view.study, view.display_set)


def parts_in(study: Study, display_set: DisplaySet) -> tuple[str, ...]:
    """UIDs of a study's segmentations and structure sets that lie in a display set's space."""
    space = display_set.frame_of_reference_uid
    kinds = ("segmentation", "structures")
    return tuple(
        entry.uid
        for entry in study.objects
        if entry.kind in kinds and space and entry.frame_of_reference_uid == space
    )


def _layers(view: PaneView, held: _Held) -> tuple[Layer, ...]:
    if held.image is None:
        return ()
    place = QRectF(0.0, 0.0, view.rect.width, view.rect.height)
    return (Layer(held.image, place, IN_PANE),)


def _phase_of(view: PaneView, held: _Held) -> bool:
    """Whether the picture of another phase may stand in for a moment."""
    other = view.session.catalogue.display_set(DisplaySetUID(held.result.wish.uid))
    group = view.display_set.group
    return bool(group) and other is not None and other.group == group


def _hint(result: Result, language: Language) -> str:
    return translate("volume.coarse" if result.stage == 0 else "volume.refining", language)


def _reach(pane: Rect) -> float:
    return min(pane.width, pane.height) * EDGE_SHARE


def _spinning(session: Session) -> list[int]:
    """The visible viewports whose volume turns by itself."""
    volumes = {index: session.view.viewports[index].volume for index in session.panes()}
    return [index for index, volume in volumes.items() if volume is not None and volume.spinning]


def _shows_volume(session: Session, index: int) -> bool:
    viewports = session.view.viewports
    return index < len(viewports) and viewports[index].volume is not None
