"""What a pane asks for: its picture and what is true of that picture.

A pane draws frames, texts and letters; where the picture comes from it does not know. Acquired
frames, reformats and volume pictures each have a `PaneSource`; the first that claims a viewport
draws it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from PySide6.QtCore import QRectF, SignalInstance
from PySide6.QtGui import QImage, QPainter

from surgery_assist.errors import SurgeryAssistError
from surgery_assist.messages import Language
from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet, Series, Study
from surgery_assist.model.viewport import Rect, Viewport, ViewTransform, view_transform
from surgery_assist.ui.facts import Facts
from surgery_assist.ui.input.gesture import Gesture, Grab
from surgery_assist.ui.overlay import OverlayPainter


@dataclass(frozen=True, slots=True)
class PaneView:
    """One viewport of a Session as it is to be drawn.

    ``rect`` is the pane in logical pixels of the viewports' area, ``ratio`` the device pixels of
    one logical pixel, ``index`` the viewport's number from 0. ``probe`` is the point whose value
    is asked about: the pointer's, or else the named one, in pixels of the pane.
    """

    session: Session
    index: int
    viewport: Viewport
    display_set: DisplaySet
    series: Series
    study: Study
    rect: Rect
    ratio: float = 1.0
    probe: tuple[float, float] | None = None

    @property
    def language(self) -> Language:
        """The Session's."""
        return self.session.control.language

    @property
    def active(self) -> bool:
        """Whether commands go to this viewport."""
        return self.index == self.session.view.active

    @property
    def transform(self) -> ViewTransform:
        """From image pixels to the pane, by the model's own arithmetic."""
        millimetres = self.session.control.screen.mm_per_pixel
        return view_transform(self.viewport, self.display_set, self.rect, millimetres)


def pane_view(
    session: Session,
    index: int,
    rect: Rect,
    ratio: float = 1.0,
    pointer: tuple[float, float] | None = None,
) -> PaneView | None:
    """What a viewport shows; ``None`` when it shows nothing."""
    shown = session.shown(index)
    if shown is None or not shown[1].count:
        return None
    target = session.view.target
    if pointer is None and target is not None and index == session.view.active:
        pointer = target.x * rect.width, target.y * rect.height
    return PaneView(session, index, *shown, rect, ratio, pointer)


@dataclass(frozen=True, slots=True)
class Layer:
    """An image and where it lies: ``place`` in source coordinates, then ``transform``.

    The image may have fewer pixels than ``place`` is large. For a picture that was made for the
    pane's own pixels: ``place`` the pane's size, `IN_PANE` the transform.
    """

    image: QImage
    place: QRectF
    transform: ViewTransform


IN_PANE = ViewTransform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
"""Source coordinates are logical pixels of the pane."""


@dataclass(frozen=True, slots=True)
class PanePicture:
    """What a pane shows.

    ``layers`` are empty while there is nothing yet. ``hint`` is a small note above the lower edge
    while something better is on its way; empty for a picture that is final. ``error`` says why
    there is none and will be none.
    """

    layers: Sequence[Layer] = ()
    facts: Facts = field(default_factory=Facts)
    hint: str = ""
    error: SurgeryAssistError | None = None


class PaneSource(Protocol):
    """Makes the pictures of some viewports. All methods are called in the GUI thread, none waits.

    ``changed`` is emitted (from any thread) with a display set's UID when a picture of it has
    become better: panes that show it are drawn again.
    """

    changed: SignalInstance

    def claims(self, viewport: Viewport) -> bool:
        """Whether this source draws such a viewport."""

    def look(self, session: Session, index: int) -> object:
        """What else of the Session the picture depends on: the pane is drawn again when it differs.

        The viewport and its display set, size, language and activity are compared anyway.
        """

    def picture(self, view: PaneView) -> PanePicture:
        """The best picture that is there now, or why there is none.

        Asking is a request: what is missing is made in the background.
        """

    def paint_over(
        self, painter: QPainter, view: PaneView, picture: PanePicture, overlay: OverlayPainter
    ) -> None:
        """Draw lines and handles over the picture; the painter's origin is the pane's corner."""

    def settled(self, view: PaneView) -> bool:
        """Whether the picture of this view is final, or has failed."""

    def forget(self) -> None:
        """The case was closed: drop every pixel."""


class Grabbing(Protocol):
    """What a `PaneSource` may offer besides: to take drags and the wheel."""

    def grab(self, view: PaneView, x: float, y: float, kind: str) -> Grab | None:
        """Take a drag that begins at ``(x, y)`` of the pane, or leave it to the usual ones.

        ``kind`` is what it would do otherwise: ``window`` (left), ``pan`` (middle, Shift),
        ``zoom`` (right), ``rotate`` (Alt), ``touch`` (one finger).
        """

    def wheel(self, view: PaneView, gesture: Gesture, notches: int) -> bool:
        """Take notches of the wheel (away from the hand is positive); ``False`` scrolls images."""


def source_of(sources: Sequence[PaneSource], viewport: Viewport) -> PaneSource:
    """The first source that claims a viewport; the last claims every one."""
    return next(source for source in sources if source.claims(viewport))
