"""The state JSON of DESIGN section 8: what the Session shows, as values for other programs."""

from collections.abc import Callable, Sequence

from surgery_assist.commands.dispatcher import Outcome
from surgery_assist.commands.registry import Registry
from surgery_assist.model.plane import name_of
from surgery_assist.model.reformat import acquired_index
from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet, Window
from surgery_assist.model.units import DisplaySetUID
from surgery_assist.model.viewport import Rect, Viewport, edge_letters, pan_fractions, shown_window
from surgery_assist.model.volume_screen import camera_letters
from surgery_assist.model.volume_view import VolumeView

PixelWindow = Callable[[DisplaySetUID, int], Window | None]
"""The window that the pixels of a frame propose, when its file proposes none."""


class CommandLog:
    """The commands that were done, in order; drags, wheel and results of work are left out."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.entries: list[dict[str, object]] = []

    def record(self, outcome: Outcome) -> None:
        """Keep an outcome; a reporter for the dispatcher."""
        invocation = outcome.invocation
        known = invocation.command_id in self._registry
        if outcome.status == "refused" or not known:
            return
        command = self._registry[invocation.command_id]
        if command.internal:
            return
        self.entries.append(
            {
                "id": invocation.command_id,
                "slots": {**command.defaults, **invocation.arguments},
                "source": invocation.source,
                "heard": invocation.heard,
                "ms": round(outcome.ms, 3),
            }
        )


def session_state(
    session: Session, commands: Sequence[dict[str, object]], pixel_window: PixelWindow
) -> dict[str, object]:
    """The Session as JSON values.

    ``index`` and ``active_viewport`` count from 0; ``pan`` is the offset of the image's centre
    as a fraction of the pane; ``window`` is what is shown, ``null`` for colour and while unknown.
    """
    patient, view = session.patient, session.view
    panes = view.layout.panes(session.control.screen.width, session.control.screen.height)
    return {
        "patient": None if patient is None else {"id": patient.patient_id, "name": patient.name},
        "language": session.control.language,
        "layout": {
            "rows": view.layout.rows,
            "columns": view.layout.columns,
            "focus": view.layout.focus,
            "maximized": view.maximized,
        },
        "active_viewport": view.active,
        "viewports": [
            _viewport(session, index, session.panes().get(index, panes[index]), pixel_window)
            for index in range(len(view.viewports))
        ],
        "annotations": [],
        "listening": session.control.listening,
        "panel": view.panel,
        "question": None
        if session.control.question is None
        else session.control.question.invocation.command_id,
        "commands": list(commands),
    }


def _viewport(
    session: Session, index: int, pane: Rect, pixel_window: PixelWindow
) -> dict[str, object]:
    viewport = session.view.viewports[index]
    acquired = session.catalogue.display_set(viewport.display_set)
    display_set = session.displayed(viewport)
    if acquired is None or display_set is None:
        return _EMPTY | {"zoom": viewport.zoom, "rotation_deg": viewport.rotation_deg}
    window = None
    if not display_set.colour or viewport.window is not None:
        window = shown_window(viewport, display_set) or pixel_window(
            acquired.uid, acquired_index(acquired, display_set, viewport.index)
        )
    letters = edge_letters(viewport, display_set)
    if viewport.volume is not None:
        letters = camera_letters(viewport.volume.camera)
    thick = viewport.volume is None and viewport.plane is not None and viewport.plane.thickness > 0
    slab = viewport.plane if thick else None
    millimetres = session.control.screen.mm_per_pixel
    warnings = list(display_set.findings)
    if not any(letters):
        warnings.append("orientation_unknown")
    return {
        "series_uid": display_set.series_uid,
        "modality": display_set.modality,
        "kind": display_set.kind,
        "plane": plane_name(viewport, display_set),
        "index": viewport.index,
        "count": display_set.count,
        "window": None if window is None else [window.center, window.width],
        "scale": viewport.scale,
        "zoom": viewport.zoom,
        "pan": [round(part, 6) for part in pan_fractions(viewport, display_set, pane, millimetres)],
        "rotation_deg": viewport.rotation_deg,
        "flip_h": viewport.flip_h,
        "flip_v": viewport.flip_v,
        "invert": viewport.invert,
        "cine": viewport.cine.playing,
        "projection": slab.projection if slab is not None else None,
        "slab_mm": slab.thickness if slab is not None else None,
        "volume": _volume(viewport.volume),
        "orientation": dict(zip(("left", "right", "top", "bottom"), letters, strict=True)),
        "warnings": warnings,
    }


def _volume(volume: VolumeView | None) -> dict[str, object] | None:
    """Directions and points in LPS, mm; ``cuts`` keep the side that their normal points to."""
    if volume is None:
        return None
    camera = volume.camera
    return {
        "preset": volume.preset,
        "mode": volume.mode,
        "camera": {
            "toward": [round(part, 6) for part in camera.toward],
            "up": [round(part, 6) for part in camera.up],
            "focus": None if camera.focus is None else [round(part, 3) for part in camera.focus],
            "pan": [round(part, 3) for part in camera.pan],
        },
        "cuts": [{"point": list(cut.point), "normal": list(cut.normal)} for cut in volume.cuts],
        "opacity": volume.opacity,
        "brightness": volume.brightness,
        "contrast": volume.contrast,
        "spinning": volume.spinning,
        "table_removed": volume.table_removed,
        "bone_removed": volume.bone_removed,
        "marks": [
            {"kind": mark.kind, "points": [list(point) for point in mark.points], "mm": mark.mm}
            for mark in volume.marks
        ],
    }


_EMPTY: dict[str, object] = {
    "series_uid": None,
    "modality": None,
    "kind": None,
    "plane": None,
    "index": 0,
    "count": 0,
    "window": None,
    "scale": "fit",
    "zoom": 1.0,
    "pan": [0.0, 0.0],
    "rotation_deg": 0.0,
    "flip_h": False,
    "flip_v": False,
    "invert": False,
    "cine": False,
    "projection": None,
    "slab_mm": None,
    "volume": None,
    "orientation": {"left": "", "right": "", "top": "", "bottom": ""},
    "warnings": [],
}


def plane_name(viewport: Viewport, display_set: DisplaySet) -> str | None:
    """``axial``, ``coronal``, ``sagittal``, ``oblique`` or ``curved``; ``None`` where unknown."""
    if not display_set.frames:
        return None
    if viewport.plane is not None and viewport.plane.kind == "curved":
        return "curved"
    frame = display_set.frames[min(viewport.index, display_set.count - 1)]
    if frame.plane is None:
        return None
    return name_of(frame.plane.normal)
