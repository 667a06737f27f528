"""Size, place and turn of the image in its viewport."""

from dataclasses import replace
from typing import Annotated, Literal

from surgery_assist.commands.change import change, followers, has_image
from surgery_assist.commands.registry import Risk, command
from surgery_assist.commands.slots import Amount, Cell, Range, percent
from surgery_assist.commands.volume_change import fit_volume, move_volume, roll_volume
from surgery_assist.errors import NotPossibleError
from surgery_assist.model.grid import grid_of
from surgery_assist.model.session import GRID_COLUMNS, GRID_ROWS, Session, Target
from surgery_assist.model.units import Side
from surgery_assist.model.viewport import (
    MAX_ZOOM,
    MIN_ZOOM,
    ScaleMode,
    Viewport,
    ViewTransform,
    view_transform,
)
from surgery_assist.model.volume_screen import volume_transform

REFINE = 3.0
SideLR = Literal["left", "right"]
_STEP = {"left": (-1.0, 0.0), "right": (1.0, 0.0), "up": (0.0, -1.0), "down": (0.0, 1.0)}


def _clamped(zoom: float) -> float:
    return max(MIN_ZOOM, min(MAX_ZOOM, zoom))


def transform_of(session: Session, index: int | None = None) -> ViewTransform | None:
    """Where the image of a viewport (the active one by default) is drawn in its pane."""
    position = session.view.active if index is None else index
    shown = session.shown(position)
    if shown is None:
        return None
    if shown[0].volume is not None:
        grid = grid_of(shown[1])
        pane = session.pane(position)
        if grid is None:
            return None
        return volume_transform(shown[0].volume.camera, grid, pane, shown[0].zoom)
    mm = session.control.screen.mm_per_pixel
    return view_transform(shown[0], shown[1], session.pane(position), mm)


@command("zoom.in", Risk.VIEW, keys=("+",), when=has_image)
def zoom_in(session: Session, amount: Amount | None = None) -> Session:
    """Show the image larger."""
    return change(session, zoom=_clamped(session.viewport.zoom * (1 + percent(amount) / 100)))


@command("zoom.out", Risk.VIEW, keys=("-",), when=has_image)
def zoom_out(session: Session, amount: Amount | None = None) -> Session:
    """Show the image smaller."""
    return change(session, zoom=_clamped(session.viewport.zoom / (1 + percent(amount) / 100)))


@command("zoom.set", Risk.VIEW, when=has_image)
def zoom_set(session: Session, n: Annotated[int, Range(10, 999)]) -> Session:
    """Set the size in percent of the image that fits the viewport."""
    return change(session, scale="fit", zoom=_clamped(n / 100))


@command("zoom.fit", Risk.VIEW, keys=("F",), when=has_image)
def zoom_fit(session: Session) -> Session:
    """Show the whole image."""
    return _scaled(session, "fit")


@command("zoom.actual", Risk.VIEW, keys=("1",), when=has_image)
def zoom_actual(session: Session) -> Session:
    """Show the image in its actual size on this screen."""
    return _scaled(session, "actual")


def _scaled(session: Session, mode: ScaleMode) -> Session:
    if session.viewport.volume is not None:
        return fit_volume(session, mode)
    return change(session, scale=mode, zoom=1.0, centre=(0.5, 0.5))


@command("zoom.at", Risk.VIEW, when=has_image, internal=True)
def zoom_at(session: Session, factor: float, x: float, y: float) -> Session:
    """Zoom about a point of the active pane (pixels) that stays where it is."""
    transform = transform_of(session)
    if transform is None:
        return session
    point = transform.to_image(x, y)
    zoom = _clamped(session.viewport.zoom * factor)
    after = change(session, zoom=zoom)
    changed = transform_of(after)
    if changed is None:
        return session
    now_x, now_y = changed.to_pane(*point)
    return _moved(after, x - now_x, y - now_y)


@command("pan", Risk.VIEW, when=has_image)
def pan(session: Session, side: Side, amount: Amount | None = None) -> Session:
    """Move the image to a side, by a share of the viewport."""
    pane = session.pane(session.view.active)
    share = percent(amount) / 100
    dx, dy = _STEP[side]
    return _moved(session, dx * share * pane.width, dy * share * pane.height)


@command("pan.by", Risk.VIEW, when=has_image, internal=True)
def pan_by(session: Session, dx: float, dy: float) -> Session:
    """Move the image by pixels of the screen (drag)."""
    return _moved(session, dx, dy)


def _moved(session: Session, dx: float, dy: float) -> Session:
    """The image moved by screen pixels; linked viewports move by the same share of the image."""
    if session.viewport.volume is not None:
        return move_volume(session, dx, dy)
    shown, transform = session.display_set, transform_of(session)
    if shown is None or transform is None:
        return session
    pane = session.pane(session.view.active)
    column, row = transform.to_image(pane.width / 2 - dx, pane.height / 2 - dy)
    return change(session, centre=(_inside(column / shown.columns), _inside(row / shown.rows)))


def _inside(fraction: float) -> float:
    # The image may leave the pane's middle, but never the pane.
    return max(0.0, min(1.0, fraction))


@command("center", Risk.VIEW, when=has_image)
def center(session: Session, cell: Cell) -> Session:
    """Bring a cell of the grid into the middle."""
    pane = session.pane(session.view.active)
    target = cell_target(cell)
    dx, dy = pane.width * (0.5 - target.x), pane.height * (0.5 - target.y)
    return _moved(session, dx, dy)


def cell_target(cell: str) -> Target:
    """The middle of a grid cell: column by letter (A left), row by digit (1 top)."""
    column, row = ord(cell[0]) - ord("A"), int(cell[1]) - 1
    size = (1 / GRID_COLUMNS, 1 / GRID_ROWS)
    return Target((column + 0.5) * size[0], (row + 0.5) * size[1], size)


@command("rotate", Risk.VIEW, when=has_image)
def rotate(
    session: Session, side: SideLR, degrees: Annotated[float, Range(0, 360)] = 90.0
) -> Session:
    """Turn the image to the right (clockwise) or to the left."""
    turn = degrees if side == "right" else -degrees
    return _turned(session, turn)


@command("rotate.by", Risk.VIEW, when=has_image, internal=True)
def rotate_by(session: Session, degrees: float) -> Session:
    """Turn the image clockwise by degrees (drag, two fingers)."""
    return _turned(session, degrees)


def _turned(session: Session, degrees: float) -> Session:
    if session.viewport.volume is not None:
        return roll_volume(session, degrees)
    angle = _normal(session.viewport.rotation_deg + degrees)
    after = session.with_viewport(replace(session.viewport, rotation_deg=angle))
    for index in followers(session):
        other = session.view.viewports[index]
        turned = replace(other, rotation_deg=_normal(other.rotation_deg + degrees))
        after = after.with_viewport(turned, index)
    return after


def _normal(degrees: float) -> float:
    return round(degrees % 360.0, 6) % 360.0


@command("flip.horizontal", Risk.VIEW, keys=("H",), when=has_image)
def flip_horizontal(session: Session) -> Session:
    """Mirror the image left to right, as seen on the screen."""
    return session.with_viewport(_mirrored(session.viewport, horizontal=True))


@command("flip.vertical", Risk.VIEW, keys=("V",), when=has_image)
def flip_vertical(session: Session) -> Session:
    """Mirror the image top to bottom, as seen on the screen."""
    return session.with_viewport(_mirrored(session.viewport, horizontal=False))


def _mirrored(viewport: Viewport, *, horizontal: bool) -> Viewport:
    """A mirror after a rotation is the mirror before it with the rotation turned round."""
    if viewport.volume is not None:
        raise NotPossibleError("refused.volume_mirror")
    angle = _normal(-viewport.rotation_deg)
    if horizontal:
        return replace(viewport, rotation_deg=angle, flip_h=not viewport.flip_h)
    return replace(viewport, rotation_deg=angle, flip_v=not viewport.flip_v)


@command("grid.show", Risk.VIEW, keys=("G",), when=has_image)
def grid_show(session: Session) -> Session:
    """Show the grid of cells that points are named by."""
    return session.with_view(grid=True)


@command("grid.hide", Risk.VIEW)
def grid_hide(session: Session) -> Session:
    """Hide the grid."""
    return session.with_view(grid=False, target=None)


def has_target(session: Session) -> str | None:
    """A point has been named."""
    return None if session.view.target is not None else "refused.no_target"


@command("target", Risk.VIEW, when=has_image)
def target(session: Session, cell: Cell) -> Session:
    """Name a point by its cell of the grid."""
    return session.with_view(target=cell_target(cell), grid=True)


@command("target.refine", Risk.VIEW, when=has_target)
def target_refine(session: Session) -> Session:
    """Make the named cell smaller about its middle, for a finer point."""
    current = session.view.target
    if current is None:
        return session
    size = (current.size[0] / REFINE, current.size[1] / REFINE)
    if size[0] * session.pane(session.view.active).width < 2:
        raise NotPossibleError("refused.target_finest")
    return session.with_view(target=replace(current, size=size))


@command("target.nudge", Risk.VIEW, when=has_target)
def target_nudge(session: Session, side: Side, n: Annotated[int, Range(1, 99)] = 1) -> Session:
    """Move the named point by its own size, once or several times."""
    current = session.view.target
    if current is None:
        return session
    dx, dy = _STEP[side]
    x = max(0.0, min(1.0, current.x + dx * n * current.size[0]))
    y = max(0.0, min(1.0, current.y + dy * n * current.size[1]))
    return session.with_view(target=replace(current, x=x, y=y))
