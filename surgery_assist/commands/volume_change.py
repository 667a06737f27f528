"""What commands about volumes share: conditions, defaults, and changes that linked panels follow."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from surgery_assist.commands.change import change, followers
from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet
from surgery_assist.model.units import Vector
from surgery_assist.model.viewport import MAX_ZOOM, MIN_ZOOM, Cine, ScaleMode, Viewport
from surgery_assist.model.volume_screen import pixels_per_mm
from surgery_assist.model.volume_view import (
    CutPlane,
    VolumeBox,
    VolumePreset,
    VolumeView,
    rolled,
    volume_box,
    why_no_volume,
)

HOUNSFIELD_PRESETS: Final[frozenset[VolumePreset]] = frozenset(
    {"bone", "vessels", "skin", "lung", "muscle", "soft_tissue", "airways", "implant"}
)
"""Presets that are made for CT values."""
MIN_CONTRAST, MAX_CONTRAST = 0.2, 5.0
MAX_BRIGHTNESS: Final = 1.0
VolumeChange = Callable[[VolumeView, DisplaySet], VolumeView]


def can_show_volume(session: Session) -> str | None:
    """The active viewport holds something that can be shown as a volume."""
    shown = session.display_set
    return "refused.no_image" if shown is None else why_no_volume(shown)


def default_volume(display_set: DisplaySet) -> VolumeView:
    """How a display set is first shown: bone of a CT, the brightest of anything else."""
    if display_set.modality == "CT":
        return VolumeView("bone")
    return VolumeView("mr_vessels", "mip")


def as_volume(viewport: Viewport, display_set: DisplaySet) -> Viewport:
    """The viewport with its display set shown as a volume, as it is already or anew."""
    if viewport.volume is not None:
        return viewport
    volume = default_volume(display_set)
    return replace(viewport, volume=volume, scale="fit", zoom=1.0, window=None, cine=Cine())


def change_volume(session: Session, step: VolumeChange) -> Session:
    """The active viewport's volume changed, shown first if it is not; linked volumes follow."""
    shown = session.display_set
    if shown is None:
        return session
    after = session
    for index in (session.view.active, *followers(session)):
        viewport = session.view.viewports[index]
        display_set = session.catalogue.display_set(viewport.display_set)
        if display_set is None or (index != session.view.active and viewport.volume is None):
            continue
        viewport = as_volume(viewport, display_set)
        if viewport.volume is not None:
            changed = replace(viewport, volume=step(viewport.volume, display_set))
            after = after.with_viewport(changed, index)
    return after


def move_volume(session: Session, dx: float, dy: float) -> Session:
    """The volume moved by pixels of the screen; linked ones by the same share of their size."""
    box = _box(session.display_set)
    if box is None:
        return session
    scale = pixels_per_mm(box, session.pane(session.view.active), session.viewport.zoom)

    def move(volume: VolumeView, display_set: DisplaySet) -> VolumeView:
        own = _box(display_set) or box
        share = max(own.size) / max(box.size) / scale
        across, down = volume.camera.pan
        pan = (across + dx * share, down + dy * share)
        return replace(volume, camera=replace(volume.camera, pan=pan))

    return change_volume(session, move)


def fit_volume(session: Session, mode: ScaleMode) -> Session:
    """The whole volume in the pane, or each millimetre as a millimetre of the screen."""
    box, millimetres = _box(session.display_set), session.control.screen.mm_per_pixel
    centred = change_volume(
        session, lambda volume, _: replace(volume, camera=replace(volume.camera, pan=(0.0, 0.0)))
    )
    zoom = 1.0
    if mode == "actual" and box is not None and millimetres:
        zoom /= millimetres * pixels_per_mm(box, session.pane(session.view.active), 1.0)
    return change(centred, zoom=max(MIN_ZOOM, min(MAX_ZOOM, zoom)))


def roll_volume(session: Session, degrees: float) -> Session:
    """The picture of the volume turned clockwise."""
    return change_volume(
        session, lambda volume, _: replace(volume, camera=rolled(volume.camera, degrees))
    )


def tone_volume(session: Session, factor: float, shift: float) -> Session:
    """More contrast for a factor below 1, brighter for a shift below 0, as for windows."""

    def tone(volume: VolumeView, _: DisplaySet) -> VolumeView:
        contrast = max(MIN_CONTRAST, min(MAX_CONTRAST, volume.contrast / factor))
        brightness = max(-MAX_BRIGHTNESS, min(MAX_BRIGHTNESS, volume.brightness - shift))
        return replace(volume, contrast=contrast, brightness=brightness)

    return change_volume(session, tone)


def reset_volume(volume: VolumeView | None, display_set: DisplaySet | None) -> VolumeView | None:
    """The volume as the first look at its preset; ``None`` stays ``None``."""
    if volume is None or display_set is None:
        return None
    return VolumeView(volume.preset, default_volume(display_set).mode)


def cube_about(box: VolumeBox, middle: Vector, size_mm: float) -> tuple[CutPlane, ...]:
    """Six cuts that leave a cube of the volume, its edges along the volume's."""
    planes = []
    for axis in box.axes:
        for sign in (1.0, -1.0):
            normal = (axis[0] * sign, axis[1] * sign, axis[2] * sign)
            half = size_mm / 2
            point = (
                middle[0] - normal[0] * half,
                middle[1] - normal[1] * half,
                middle[2] - normal[2] * half,
            )
            planes.append(CutPlane(point, normal))
    return tuple(planes)


def _box(display_set: DisplaySet | None) -> VolumeBox | None:
    return None if display_set is None else volume_box(display_set)
