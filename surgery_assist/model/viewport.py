"""How one viewport shows its display set, and the transform that follows from it.

The transform is pure arithmetic on values of the Session, so that commands ("centre on bravo
four"), the mouse and the painter agree to the pixel.
"""

from dataclasses import dataclass
from math import cos, hypot, radians, sin
from typing import Literal

from surgery_assist.model.fusion import Fusion
from surgery_assist.model.geometry import (
    UNKNOWN_EDGES,
    added,
    direction_letters,
    opposite_letters,
    scaled,
)
from surgery_assist.model.plane import Plane
from surgery_assist.model.study import DisplaySet, Window
from surgery_assist.model.units import DisplaySetUID, EdgeLetters, Vector
from surgery_assist.model.volume_view import VolumeView

ScaleMode = Literal["fit", "actual"]
MIN_ZOOM = 0.1
MAX_ZOOM = 40.0


@dataclass(frozen=True, slots=True)
class Cine:
    """Playing through the frames."""

    playing: bool = False
    fps: float = 15.0
    over: Literal["images", "phases"] = "images"
    """Through the images of one phase, or through the phases at one place."""


@dataclass(frozen=True, slots=True)
class Viewport:
    """One pane: what it shows and how.

    ``centre`` is the point of the image that lies in the middle of the pane, as fractions of its
    columns and rows, so that zooming and splitting keep the anatomy in place. A flip comes before
    the rotation, which is clockwise on the screen. ``window`` is ``None`` while the file's own
    window applies.
    """

    display_set: DisplaySetUID | None = None
    index: int = 0
    window: Window | None = None
    invert: bool = False
    scale: ScaleMode = "fit"
    zoom: float = 1.0
    centre: tuple[float, float] = (0.5, 0.5)
    rotation_deg: float = 0.0
    flip_h: bool = False
    flip_v: bool = False
    cine: Cine = Cine()
    plane: Plane | None = None
    """Set while the display set is shown in another plane, or through a slab."""
    volume: VolumeView | None = None
    """Set while the display set is shown as a volume and not as images."""
    fusion: Fusion | None = None
    """What is laid over the images in colour."""


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle in pixels; y grows downwards."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> tuple[float, float]:
        """Its centre."""
        return self.x + self.width / 2, self.y + self.height / 2

    def contains(self, x: float, y: float) -> bool:
        """Whether a point lies inside."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height


@dataclass(frozen=True, slots=True)
class ViewTransform:
    """Affine map from image pixels ``(column, row)`` to the pane's pixels ``(x, y)``.

    The origin of image coordinates is the outer corner of the first pixel, so a pixel's centre
    lies at ``+0.5``: ``x = a * column + c * row + e``, ``y = b * column + d * row + f``.
    """

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def to_pane(self, column: float, row: float) -> tuple[float, float]:
        """Pane position of an image point."""
        return (
            self.a * column + self.c * row + self.e,
            self.b * column + self.d * row + self.f,
        )

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """Image point under a pane position."""
        determinant = self.a * self.d - self.b * self.c
        dx, dy = x - self.e, y - self.f
        return (
            (self.d * dx - self.c * dy) / determinant,
            (self.a * dy - self.b * dx) / determinant,
        )

    @property
    def scale(self) -> float:
        """Pane pixels per image column."""
        return hypot(self.a, self.b)


def pixel_aspect(display_set: DisplaySet) -> float:
    """Height of a pixel over its width."""
    if display_set.spacing is not None and display_set.spacing[1] > 0:
        return display_set.spacing[0] / display_set.spacing[1]
    return display_set.pixel_aspect


def fit_scale(viewport: Viewport, display_set: DisplaySet, pane: Rect) -> float:
    """Pane pixels per image column when the whole image just fits the pane.

    Fitted for the nearest quarter turn, so that a small rotation does not change the size.
    """
    width, height = float(display_set.columns), display_set.rows * pixel_aspect(display_set)
    if round(viewport.rotation_deg / 90.0) % 2:
        width, height = height, width
    return max(1e-6, min(pane.width / max(width, 1.0), pane.height / max(height, 1.0)))


def view_transform(
    viewport: Viewport, display_set: DisplaySet, pane: Rect, mm_per_pixel: float | None = None
) -> ViewTransform:
    """Where each image pixel is drawn.

    Parameters
    ----------
    pane
        The pane; results are relative to its top left corner.
    mm_per_pixel
        Size of a screen pixel for actual size; unknown shows one image pixel per screen pixel.
    """
    aspect = pixel_aspect(display_set)
    scale = fit_scale(viewport, display_set, pane)
    if viewport.scale == "actual":
        has_mm = display_set.spacing is not None and mm_per_pixel
        scale = display_set.spacing[1] / mm_per_pixel if has_mm else 1.0  # type: ignore[index,operator]
    scale *= viewport.zoom
    across = -scale if viewport.flip_h else scale
    down = (-scale if viewport.flip_v else scale) * aspect
    angle = radians(viewport.rotation_deg)
    cosine, sine = cos(angle), sin(angle)
    a, b = cosine * across, sine * across
    c, d = -sine * down, cosine * down
    column = viewport.centre[0] * display_set.columns
    row = viewport.centre[1] * display_set.rows
    return ViewTransform(
        a,
        b,
        c,
        d,
        pane.width / 2 - (a * column + c * row),
        pane.height / 2 - (b * column + d * row),
    )


def edge_letters(viewport: Viewport, display_set: DisplaySet) -> EdgeLetters:
    """R, L, A, P, H, F at the left, right, top and bottom edge, from the shown frame's IOP.

    Empty strings when the orientation is unknown.
    """
    sides = screen_directions(viewport, display_set)
    if sides is None:
        return UNKNOWN_EDGES
    letters_right, letters_bottom = direction_letters(sides[0]), direction_letters(sides[1])
    return (
        opposite_letters(letters_right),
        letters_right,
        opposite_letters(letters_bottom),
        letters_bottom,
    )


def screen_directions(viewport: Viewport, display_set: DisplaySet) -> tuple[Vector, Vector] | None:
    """Where right and down on the screen point to in the patient (LPS, unit vectors)."""
    if not display_set.frames:
        return None
    frame = display_set.frames[min(viewport.index, display_set.count - 1)]
    if frame.orientation is None:
        return None
    row, column = frame.orientation
    angle = radians(viewport.rotation_deg)
    # The screen's right and down directions, turned back into the image, then unflipped.
    right = (cos(angle), -sin(angle))
    down = (sin(angle), cos(angle))
    across = -1.0 if viewport.flip_h else 1.0
    along = -1.0 if viewport.flip_v else 1.0
    to_right = added(scaled(row, right[0] * across), scaled(column, right[1] * along))
    to_bottom = added(scaled(row, down[0] * across), scaled(column, down[1] * along))
    return to_right, to_bottom


def shown_window(viewport: Viewport, display_set: DisplaySet) -> Window | None:
    """The window in force: the chosen one, or what the frame's file proposes."""
    if viewport.window is not None:
        return viewport.window
    if not display_set.frames:
        return None
    return display_set.frames[min(viewport.index, display_set.count - 1)].window


def pan_fractions(
    viewport: Viewport, display_set: DisplaySet, pane: Rect, mm_per_pixel: float | None = None
) -> tuple[float, float]:
    """How far the image's centre lies from the pane's, as fractions of the pane's size."""
    transform = view_transform(viewport, display_set, pane, mm_per_pixel)
    x, y = transform.to_pane(display_set.columns / 2, display_set.rows / 2)
    return (x - pane.width / 2) / pane.width, (y - pane.height / 2) / pane.height
