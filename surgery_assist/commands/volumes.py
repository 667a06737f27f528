"""The volume in three dimensions: what is shown of it, from where, and what is cut away."""

from dataclasses import replace
from typing import Annotated, Final

from surgery_assist.commands.change import has_image
from surgery_assist.commands.effects import PickUse, PickVolume
from surgery_assist.commands.registry import Result, Risk, command
from surgery_assist.commands.slots import Amount, Cell, Range, percent
from surgery_assist.commands.viewing import cell_target, has_target
from surgery_assist.commands.volume_change import (
    HOUNSFIELD_PRESETS,
    acquired,
    can_show_volume,
    change_volume,
    cube_about,
)
from surgery_assist.commands.windowing import UpDown
from surgery_assist.errors import NotPossibleError
from surgery_assist.model.geometry import dot, scaled
from surgery_assist.model.grid import grid_of
from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet
from surgery_assist.model.units import Side, Vector
from surgery_assist.model.volume_view import (
    MAX_CUTS,
    VIEWS,
    CutPlane,
    CutSide,
    Mark,
    ViewFrom,
    VolumeCamera,
    VolumeMode,
    VolumePreset,
    VolumeView,
    extent_left,
    screen_direction,
    turned,
    with_cut,
)

TURN_DEGREES: Final = 30.0
OPACITY_STEP: Final = 25.0
MIN_OPACITY, MAX_OPACITY = 0.05, 8.0
MIN_LEFT_MM: Final = 1.0
"""What a cut leaves at least."""


@command("volume.show", Risk.VIEW, keys=("3",), when=can_show_volume)
def volume_show(session: Session) -> Session:
    """Show the series as a volume in three dimensions."""
    return _shown(session)


def _shown(session: Session) -> Session:
    return change_volume(session, lambda volume, _: volume)


@command("volume.hide", Risk.VIEW, keys=("Shift+3",), when=has_image)
def volume_hide(session: Session) -> Session:
    """Go back from the volume to its images."""
    if session.viewport.volume is None:
        return session
    return session.with_viewport(replace(session.viewport, volume=None, zoom=1.0, window=None))


@command("volume.preset", Risk.VIEW, when=can_show_volume)
def volume_preset(session: Session, preset: VolumePreset) -> Session:
    """Show the bones, vessels, skin, lungs or other tissue of the volume."""
    shown = acquired(session)
    if shown is not None and shown.modality != "CT" and preset in HOUNSFIELD_PRESETS:
        raise NotPossibleError("refused.volume_preset_ct")

    def choose(volume: VolumeView, _: DisplaySet) -> VolumeView:
        return replace(
            volume, preset=preset, mode="shaded", opacity=1.0, brightness=0.0, contrast=1.0
        )

    return change_volume(session, choose)


@command("volume.mip", Risk.VIEW, when=can_show_volume)
def volume_mip(session: Session) -> Session:
    """Show the brightest value along each line of sight."""
    return _mode(session, "mip")


@command("volume.shaded", Risk.VIEW, when=can_show_volume)
def volume_shaded(session: Session) -> Session:
    """Show surfaces in the light."""
    return _mode(session, "shaded")


def _mode(session: Session, mode: VolumeMode) -> Session:
    return change_volume(session, lambda volume, _: replace(volume, mode=mode))


@command("volume.turn", Risk.VIEW, when=can_show_volume)
def volume_turn(
    session: Session, side: Side, degrees: Annotated[float, Range(1, 360)] = TURN_DEGREES
) -> Session:
    """Turn the volume so that its near side moves to a side."""
    return change_volume(
        session, lambda volume, _: replace(volume, camera=turned(volume.camera, side, degrees))
    )


@command("volume.view", Risk.VIEW, when=can_show_volume)
def volume_view(session: Session, view: ViewFrom) -> Session:
    """Look at the volume from one of the patient's six sides."""
    seen = VIEWS[view]

    def look(volume: VolumeView, _: DisplaySet) -> VolumeView:
        camera = replace(seen, focus=volume.camera.focus, pan=volume.camera.pan)
        return replace(volume, camera=camera)

    return change_volume(session, look)


@command("volume.spin", Risk.VIEW, when=can_show_volume)
def volume_spin(session: Session) -> Session:
    """Let the volume turn by itself."""
    return change_volume(session, lambda volume, _: replace(volume, spinning=True))


@command("volume.still", Risk.VIEW, when=has_image)
def volume_still(session: Session) -> Session:
    """Stop the volume that turns by itself."""
    if session.viewport.volume is None:
        return session
    return change_volume(session, lambda volume, _: replace(volume, spinning=False))


@command("volume.opacity", Risk.VIEW, when=can_show_volume)
def volume_opacity(session: Session, side: UpDown, amount: Amount | None = None) -> Session:
    """Make the volume more opaque or more transparent."""
    factor = 1 + percent(amount, OPACITY_STEP) / 100
    step = factor if side == "up" else 1 / factor

    def change(volume: VolumeView, _: DisplaySet) -> VolumeView:
        return replace(volume, opacity=max(MIN_OPACITY, min(MAX_OPACITY, volume.opacity * step)))

    return change_volume(session, change)


# --- cutting ---------------------------------------------------------------------------------


@command("volume.cut", Risk.VIEW, when=can_show_volume)
def volume_cut(session: Session, side: CutSide, amount: Amount | None = None) -> Session:
    """Cut a part of the volume away at a side of the screen."""
    share = percent(amount) / 100

    def cut(volume: VolumeView, display_set: DisplaySet) -> VolumeView:
        grid = grid_of(display_set)
        if grid is None:
            return volume
        outwards = screen_direction(volume.camera, side)
        whole = extent_left(grid, (), outwards)
        low, high = extent_left(grid, volume.cuts, outwards)
        place = max(low + MIN_LEFT_MM, high - min(share, 1.0) * (whole[1] - whole[0]))
        return _with_cut(volume, CutPlane(scaled(outwards, place), scaled(outwards, -1.0)))

    return change_volume(session, cut)


def _with_cut(volume: VolumeView, cut: CutPlane) -> VolumeView:
    cuts = with_cut(volume.cuts, cut)
    if len(cuts) > MAX_CUTS:
        raise NotPossibleError("refused.volume_many_cuts", count=MAX_CUTS)
    return replace(volume, cuts=cuts)


@command("volume.uncut", Risk.VIEW, when=has_image)
def volume_uncut(session: Session) -> Session:
    """Show again what was cut away."""
    if session.viewport.volume is None:
        return session
    return change_volume(session, lambda volume, _: replace(volume, cuts=()))


@command("volume.slice", Risk.VIEW, when=can_show_volume)
def volume_slice(session: Session) -> Session:
    """Cut the volume along the image that another panel shows, the near side away."""
    plane = _other_plane(session)
    if plane is None:
        raise NotPossibleError("refused.volume_no_plane")
    point, normal = plane

    def cut(volume: VolumeView, _: DisplaySet) -> VolumeView:
        sign = 1.0 if dot(normal, volume.camera.toward) >= 0 else -1.0
        return _with_cut(volume, CutPlane(point, scaled(normal, sign)))

    return change_volume(session, cut)


def _other_plane(session: Session) -> tuple[Vector, Vector] | None:
    """Point and normal of the image in the first other viewport in the same space."""
    mine = acquired(session)
    for index in session.panes():
        shown = session.shown(index)
        if shown is None or mine is None or index == session.view.active:
            continue
        viewport, display_set = shown[0], shown[1]
        same = display_set.frame_of_reference_uid == mine.frame_of_reference_uid
        if viewport.volume is not None or not (same or display_set.uid == mine.uid):
            continue
        image = display_set.frames[min(viewport.index, display_set.count - 1)].plane
        if image is not None:
            return image.position, image.normal
    return None


@command("volume.crop", Risk.VIEW, when=can_show_volume)
def volume_crop(session: Session, n: Annotated[int, Range(10, 500)]) -> Result:
    """Leave a cube of so many millimetres about the named point, or about the middle."""
    target = session.view.target
    if target is not None:
        return _pick(session, "crop", ((target.x, target.y),), float(n))

    def crop(volume: VolumeView, display_set: DisplaySet) -> VolumeView:
        grid = grid_of(display_set)
        if grid is None:
            return volume
        return replace(volume, cuts=cube_about(grid, volume.camera.focus or grid.middle, n))

    return change_volume(session, crop)


@command("table.remove", Risk.VIEW, when=can_show_volume)
def table_remove(session: Session) -> Session:
    """Leave the table out of the volume."""
    return change_volume(session, lambda volume, _: replace(volume, table_removed=True))


@command("table.restore", Risk.VIEW, when=can_show_volume)
def table_restore(session: Session) -> Session:
    """Show the table in the volume again."""
    return change_volume(session, lambda volume, _: replace(volume, table_removed=False))


@command("bone.remove", Risk.VIEW, when=can_show_volume)
def bone_remove(session: Session) -> Session:
    """Leave large bones out of the volume."""
    return change_volume(session, lambda volume, _: replace(volume, bone_removed=True))


@command("bone.restore", Risk.VIEW, when=can_show_volume)
def bone_restore(session: Session) -> Session:
    """Show the bones in the volume again."""
    return change_volume(session, lambda volume, _: replace(volume, bone_removed=False))


# --- points in depth -------------------------------------------------------------------------


def _has_target_in_volume(session: Session) -> str | None:
    return can_show_volume(session) or has_target(session)


@command("volume.look", Risk.VIEW, when=_has_target_in_volume)
def volume_look(session: Session) -> Result:
    """Bring the named point of the volume into the middle, and turn about it from now on."""
    target = session.view.target
    if target is None:
        return session
    return _pick(session, "look", ((target.x, target.y),))


@command("volume.measure", Risk.VIEW, when=can_show_volume)
def volume_measure(session: Session, cell: Cell, cell2: Cell) -> Result:
    """Measure the distance in space between the surfaces in two cells of the grid."""
    first, second = cell_target(cell), cell_target(cell2)
    return _pick(session, "distance", ((first.x, first.y), (second.x, second.y)))


@command("volume.arrow", Risk.VIEW, when=can_show_volume)
def volume_arrow(session: Session, cell: Cell) -> Result:
    """Point an arrow at the surface in a cell of the grid."""
    target = cell_target(cell)
    return _pick(session, "arrow", ((target.x, target.y),))


@command("volume.unmark", Risk.VIEW, when=has_image)
def volume_unmark(session: Session) -> Session:
    """Take arrows and distances out of the volume."""
    if session.viewport.volume is None:
        return session
    return change_volume(session, lambda volume, _: replace(volume, marks=()))


def _pick(
    session: Session, use: PickUse, places: tuple[tuple[float, float], ...], size_mm: float = 0.0
) -> Result:
    """The volume, shown if it is not, and the wish for points in its depth."""
    return _shown(session), PickVolume(session.view.active, use, places, size_mm)


@command("volume.picked", Risk.VIEW, internal=True)
def volume_picked(
    session: Session, viewport: int, use: PickUse, points: object, size_mm: float = 0.0
) -> Session:
    """Take the points in depth that were found in the pixels of a volume."""
    places: tuple[Vector, ...] = tuple(points)  # type: ignore[arg-type]
    shown = session.shown(viewport) if viewport < len(session.view.viewports) else None
    if shown is None or shown[0].volume is None:
        raise NotPossibleError("refused.no_volume_shown")
    volume, grid = shown[0].volume, grid_of(shown[1])
    match use:
        case "look":
            camera = replace(volume.camera, focus=places[0], pan=(0.0, 0.0))
            volume = replace(volume, camera=camera)
        case "crop" if grid is not None:
            camera = replace(volume.camera, focus=places[0], pan=(0.0, 0.0))
            volume = replace(volume, camera=camera, cuts=cube_about(grid, places[0], size_mm))
        case "distance" | "arrow":
            volume = replace(volume, marks=(*volume.marks, Mark(use, places)))
    return session.with_viewport(replace(shown[0], volume=volume), viewport)


# --- hand and clock --------------------------------------------------------------------------


@command("volume.drag", Risk.VIEW, when=can_show_volume, internal=True)
def volume_drag(session: Session, right: float, down: float) -> Session:
    """Turn the volume by degrees, as the pointer pulls its near side."""

    def drag(volume: VolumeView, _: DisplaySet) -> VolumeView:
        camera: VolumeCamera = turned(volume.camera, "right", right)
        return replace(volume, camera=turned(camera, "down", down))

    return change_volume(session, drag)


@command("volume.carve", Risk.VIEW, when=can_show_volume, internal=True)
def volume_carve(session: Session, side: CutSide, mm: float) -> Session:
    """Move the cut at a side of the screen inwards by millimetres, or outwards."""

    def carve(volume: VolumeView, display_set: DisplaySet) -> VolumeView:
        grid = grid_of(display_set)
        if grid is None:
            return volume
        outwards = screen_direction(volume.camera, side)
        whole = extent_left(grid, (), outwards)
        low, high = extent_left(grid, volume.cuts, outwards)
        place = max(low + MIN_LEFT_MM, min(whole[1], high - mm))
        return _with_cut(volume, CutPlane(scaled(outwards, place), scaled(outwards, -1.0)))

    return change_volume(session, carve)


@command("volume.advance", Risk.STATE, internal=True)
def volume_advance(session: Session, viewport: int, degrees: float) -> Session:
    """Turn a spinning volume on; undo goes back to before it began to spin."""
    if not 0 <= viewport < len(session.view.viewports):
        return session
    spinning = session.view.viewports[viewport]
    if spinning.volume is None or not spinning.volume.spinning:
        return session
    camera = turned(spinning.volume.camera, "left", degrees)
    volume = replace(spinning.volume, camera=camera)
    return session.with_viewport(replace(spinning, volume=volume), viewport)
