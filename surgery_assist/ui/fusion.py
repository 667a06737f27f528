"""Images with the colours of another modality over them, and what the colours mean."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QLinearGradient, QPainter, QPen

from surgery_assist.errors import SurgeryAssistError
from surgery_assist.imaging.fusion.wash import Scale, scale_of, wash
from surgery_assist.imaging.scene.frame import Picture
from surgery_assist.imaging.volume.build import Volume, volume_of
from surgery_assist.imaging.volumes import VolumeSource
from surgery_assist.messages import translate
from surgery_assist.model.fusion import Fusion
from surgery_assist.model.session import Session
from surgery_assist.model.units import DisplaySetUID
from surgery_assist.model.viewport import Viewport, edge_letters
from surgery_assist.ui.images import Images
from surgery_assist.ui.overlay import OverlayPainter
from surgery_assist.ui.overlay_texts import slice_position
from surgery_assist.ui.pane_source import Layer, PanePicture, PaneSource, PaneView
from surgery_assist.ui.volume import as_image

BAR_TOP, BAR_BOTTOM = 0.24, 0.44
"""Where the legend stands, shares of the pane's height."""


class FusionPanes(QObject):
    """Claims the viewports with a fusion: another source draws the images, this one the colours.

    Parameters
    ----------
    sources
        All sources of the window, this one among them.
    """

    changed = Signal(str)

    def __init__(
        self,
        images: Images,
        sources: Callable[[], Sequence[PaneSource]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._images = images
        self._sources = sources
        self._volumes: dict[str, tuple[int, Volume, Scale]] = {}
        self._washes: dict[int, tuple[object, Layer | None]] = {}
        self._awaited: dict[str, str] = {}
        """Display sets whose slices are loading, and the images that wait for their colours."""
        images.frame_ready.connect(self._slice_arrived)

    def claims(self, viewport: Viewport) -> bool:
        """Viewports with a fusion that show images."""
        return viewport.fusion is not None and viewport.volume is None

    def look(self, session: Session, index: int) -> object:
        """What the images depend on."""
        return self._images_of(session.view.viewports[index]).look(session, index)

    def picture(self, view: PaneView) -> PanePicture:
        """The images, and the colours where both are of the same place."""
        picture = self._images_of(view.viewport).picture(view)
        fusion = view.viewport.fusion
        other = None if fusion is None else view.session.catalogue.display_set(fusion.display_set)
        if fusion is None or other is None or picture.error is not None:
            return picture
        percent = round(fusion.blend * 100)
        note = translate("fusion.note", view.language, modality=other.modality, percent=percent)
        facts = replace(picture.facts, notes=(*picture.facts.notes, note))
        picture = replace(picture, facts=facts)
        if not picture.layers or not _same_place(view, picture):
            return picture
        ready = self._volume(view, fusion)
        if ready is None:
            hint = picture.hint or translate("fusion.loading", view.language)
            return replace(picture, hint=hint)
        layer = self._layer(view, fusion, ready)
        return picture if layer is None else replace(picture, layers=(*picture.layers, layer))

    def paint_over(
        self, painter: QPainter, view: PaneView, picture: PanePicture, overlay: OverlayPainter
    ) -> None:
        """What lies over the images, and the legend."""
        self._images_of(view.viewport).paint_over(painter, view, picture, overlay)
        fusion = view.viewport.fusion
        kept = None if fusion is None else self._volumes.get(fusion.display_set)
        if kept is not None:
            pane = QRectF(0.0, 0.0, view.rect.width, view.rect.height)
            overlay.take(draw_legend(painter, kept[2], pane, overlay.line_height(pane)))

    def settled(self, view: PaneView) -> bool:
        """Whether images and colours are final."""
        fusion = view.viewport.fusion
        if not self._images_of(view.viewport).settled(view) or fusion is None:
            return False
        source = self._images.volume_source(fusion.display_set)
        return source is None or source.settled

    def forget(self) -> None:
        """The case was closed."""
        self._volumes.clear()
        self._washes.clear()
        self._awaited.clear()

    def _images_of(self, viewport: Viewport) -> PaneSource:
        others = (source for source in self._sources() if source is not self)
        return next(source for source in others if source.claims(viewport))

    def _volume(self, view: PaneView, fusion: Fusion) -> tuple[int, Volume, Scale] | None:
        """The voxels of the colours once all are there."""
        source: VolumeSource | None = self._images.volume_source(fusion.display_set)
        if source is None or not source.settled:
            self._awaited[fusion.display_set] = view.display_set.uid
            return None
        kept = self._volumes.get(fusion.display_set)
        if kept is None or kept[0] != source.version:
            try:
                volume = volume_of(source)
            except SurgeryAssistError:
                volume = None
            if volume is None:
                return None
            kept = source.version, volume, scale_of(volume)
            self._volumes[fusion.display_set] = kept
        return kept

    def _layer(
        self, view: PaneView, fusion: Fusion, ready: tuple[int, Volume, Scale]
    ) -> Layer | None:
        viewport, shown = view.viewport, view.display_set
        index = min(viewport.index, shown.count - 1)
        key = (ready[0], fusion, shown.uid, viewport.plane, index)
        kept = self._washes.get(view.index)
        if kept is None or kept[0] != key:
            made = wash(ready[1], ready[2], (shown, index), viewport.plane, blend=fusion.blend)
            kept = key, None
            if made is not None:
                rgba, factor = made
                rows, columns = rgba.shape[:2]
                start = 0.5 - factor / 2
                place = QRectF(start, start, columns * factor, rows * factor)
                kept = key, Layer(as_image(Picture(rgba)), place, view.transform)
            self._washes[view.index] = kept
        layer = kept[1]
        return None if layer is None else replace(layer, transform=view.transform)

    def _slice_arrived(self, uid: str, _index: int) -> None:
        waiting = self._awaited.get(uid)
        if waiting is None:
            return
        source = self._images.volume_source(DisplaySetUID(uid))
        if source is None or source.settled:
            self._awaited.pop(uid, None)
            self.changed.emit(waiting)


def _same_place(view: PaneView, picture: PanePicture) -> bool:
    """Whether the images on the screen are those that the colours would be of."""
    viewport, shown = view.viewport, view.display_set
    index = min(viewport.index, shown.count - 1)
    position = slice_position(replace(viewport, index=index), shown)
    facts = picture.facts
    return facts.position_mm == position and facts.letters == edge_letters(viewport, shown)


def draw_legend(painter: QPainter, scale: Scale, pane: QRectF, size: float) -> QRectF:
    """Draw the bar of colours with its least and greatest value; returns where it stands."""
    bar = QRectF(
        pane.width() - size * 1.6,
        pane.height() * BAR_TOP,
        size * 0.8,
        pane.height() * (BAR_BOTTOM - BAR_TOP),
    )
    gradient = QLinearGradient(bar.bottomLeft(), bar.topLeft())
    for place in range(0, 256, 15):
        red, green, blue = (int(part) for part in scale.colours[place])
        gradient.setColorAt(place / 255, QColor(red, green, blue))
    painter.save()
    painter.setPen(QPen(QColor(230, 235, 240), max(1.0, size / 16)))
    painter.setBrush(gradient)
    painter.drawRect(bar)
    font = QFont(painter.font())
    font.setPixelSize(max(8, round(size)))
    painter.setFont(font)
    width = size * 8
    for text, y in (
        (f"{scale.high:.3g} {scale.unit}", bar.top()),
        (f"{scale.low:.3g}", bar.bottom()),
    ):
        box = QRectF(bar.left() - width - size * 0.4, y - size, width, size * 2)
        painter.setPen(QColor(0, 0, 0))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(box.translated(1.5, 1.5), right, text)
        painter.setPen(QColor(240, 246, 252))
        painter.drawText(box, right, text)
    painter.restore()
    return bar.adjusted(-width / 2, -size, size, size)
