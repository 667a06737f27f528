"""What commands about volumes share: conditions, defaults, and changes that linked panels follow."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from surgery_assist.commands.change import change, followers
from surgery_assist.model.geometry import added, length, scaled
from surgery_assist.model.grid import Grid, grid_of, why_no_grid
from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet
from surgery_assist.model.units import Vector
from surgery_assist.model.viewport import MAX_ZOOM, MIN_ZOOM, Cine, ScaleMode, Viewport
from surgery_assist.model.volume_screen import longest_edge, pixels_per_mm
from surgery_assist.model.volume_view import (
    CutPlane,
    VolumePreset,
    VolumeView,
    rolled,
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
    shown = acquired(session)
    return "refused.no_image" if shown is None else why_no_grid(shown)


def acquired(session: Session) -> DisplaySet | None:
    """The images of the active viewport as they were acquired, whatever plane is shown of them."""
    return session.catalogue.display_set(session.viewport.display_set)


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
    return replace(
        viewport, volume=volume, plane=None, scale="fit", zoom=1.0, window=None, cine=Cine()
    )


def change_volume(session: Session, step: VolumeChange) -> Session:
    """The active viewport's volume changed, shown first if it is not; linked volumes follow."""
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
    grid = _grid(acquired(session))
    if grid is None:
        return session
    scale = pixels_per_mm(grid, session.pane(session.view.active), session.viewport.zoom)

    def move(volume: VolumeView, display_set: DisplaySet) -> VolumeView:
        own = _grid(display_set) or grid
        share = longest_edge(own) / longest_edge(grid) / scale
        across, down = volume.camera.pan
        pan = (across + dx * share, down + dy * share)
        return replace(volume, camera=replace(volume.camera, pan=pan))

    return change_volume(session, move)


def fit_volume(session: Session, mode: ScaleMode) -> Session:
    """The whole volume in the pane, or each millimetre as a millimetre of the screen."""
    grid, millimetres = _grid(acquired(session)), session.control.screen.mm_per_pixel
    centred = change_volume(
        session, lambda volume, _: replace(volume, camera=replace(volume.camera, pan=(0.0, 0.0)))
    )
    zoom = 1.0
    if mode == "actual" and grid is not None and millimetres:
        zoom /= millimetres * pixels_per_mm(grid, session.pane(session.view.active), 1.0)
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


def beside_volume(viewport: Viewport, partner: Viewport, display_set: DisplaySet) -> Viewport:
    """The partner of a comparison as a volume too, seen as the first is, where it can be one."""
    volume = viewport.volume
    if volume is None or why_no_grid(display_set) is not None:
        return partner
    if volume.preset in HOUNSFIELD_PRESETS and display_set.modality != "CT":
        return partner
    # Cuts, marks and the focus are places in the other study's space.
    seen = replace(volume, camera=replace(volume.camera, focus=None), cuts=(), marks=())
    shown = as_volume(partner, display_set)
    return replace(shown, volume=seen, zoom=viewport.zoom)


def reset_volume(volume: VolumeView | None, display_set: DisplaySet | None) -> VolumeView | None:
    """The volume as the first look at its preset; ``None`` stays ``None``."""
    if volume is None or display_set is None:
        return None
    return VolumeView(volume.preset, default_volume(display_set).mode)


def cube_about(grid: Grid, middle: Vector, size_mm: float) -> tuple[CutPlane, ...]:
    """Six cuts that leave a cube of the volume, its faces along the slices and their edges."""
    directions = (
        *(scaled(step, 1.0 / length(step)) for step in (grid.column_step, grid.row_step)),
        grid.normal,
    )
    return tuple(
        CutPlane(added(middle, scaled(direction, -sign * size_mm / 2)), scaled(direction, sign))
        for direction in directions
        for sign in (1.0, -1.0)
    )


def _grid(display_set: DisplaySet | None) -> Grid | None:
    return None if display_set is None else grid_of(display_set)
