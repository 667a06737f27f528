"""The Session: one frozen value that says everything the screen shows.

It has three parts with different lives: ``view`` is what undo brings back, ``control`` is how the
program listens and asks, ``catalogue`` is what is open. Arrays never go in here.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

from surgery_assist.model.invocation import Invocation
from surgery_assist.model.layout import Layout
from surgery_assist.model.plane import SpacePoint
from surgery_assist.model.reformat import reformatted
from surgery_assist.model.study import Catalogue, DisplaySet, Patient, Series, Study
from surgery_assist.model.units import StudyUID
from surgery_assist.model.viewport import Rect, Viewport

Language = Literal["ro", "en"]
Listening = Literal["off", "asleep", "awake"]
"""No audio source; waiting for the wake word; acting on what is heard."""
Panel = Literal["", "studies", "help", "heard", "report", "findings"]
"""The list that lies over or beside the images."""
SINGLE = Layout()
GRID_ROWS = 9
GRID_COLUMNS = 9


@dataclass(frozen=True, slots=True)
class Screen:
    """The area of the viewports, in logical pixels, and the size of one of them."""

    width: float = 1920.0
    height: float = 1080.0
    mm_per_pixel: float | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A point that was named by its grid cell: fractions of the active pane, and its precision.

    ``size`` is the cell's size as a fraction of the pane; "refine" makes it three times smaller.
    """

    x: float
    y: float
    size: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A saved view."""

    layout: Layout
    viewports: tuple[Viewport, ...]
    active: int


@dataclass(frozen=True, slots=True)
class View:
    """What undo brings back."""

    study_uid: StudyUID | None = None
    layout: Layout = SINGLE
    viewports: tuple[Viewport, ...] = (Viewport(),)
    active: int = 0
    maximized: bool = False
    linked: bool = False
    anchors: tuple[int, ...] = ()
    """Where each viewport stood when they were linked: they keep that distance."""
    texts: bool = True
    reference_lines: bool = False
    segmentation: bool = True
    """Outlines of segmented organs and structures are drawn."""
    presentations: bool = True
    """Saved graphics and shutters of presentation states are drawn."""
    grid: bool = False
    target: Target | None = None
    blank: bool = False
    panel: Panel = ""
    bookmarks: tuple[Bookmark, ...] = ()
    crosshair: SpacePoint | None = None
    """The point that all viewports of its space show; ``None`` shows none."""
    path: tuple[SpacePoint, ...] = ()
    """Points of one space that were picked for a plane along them."""


@dataclass(frozen=True, slots=True)
class Question:
    """A command that was read back and waits for "confirm" until ``deadline`` (monotonic s)."""

    invocation: Invocation
    deadline: float


@dataclass(frozen=True, slots=True)
class Heard:
    """One line of the history of what was heard and what came of it (message key)."""

    text: str
    result: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Control:
    """How the program listens, asks and speaks; never undone."""

    language: Language = "ro"
    listening: Listening = "off"
    question: Question | None = None
    heard: tuple[Heard, ...] = ()
    screen: Screen = Screen()
    monitor: int = 0
    """Which screen of the PC shows the program."""
    last: Invocation | None = None
    """What "repeat that" does again."""
    relative: Invocation | None = None
    """What "more" does again: the last command that went a step from where things were."""


@dataclass(frozen=True, slots=True)
class Session:
    """Everything that the screen shows."""

    catalogue: Catalogue = field(default_factory=Catalogue)
    view: View = View()
    control: Control = Control()

    @property
    def viewport(self) -> Viewport:
        """The active viewport."""
        return self.view.viewports[self.view.active]

    @property
    def display_set(self) -> DisplaySet | None:
        """What the active viewport shows."""
        return self.displayed(self.viewport)

    @property
    def study(self) -> Study | None:
        """The study in front."""
        return self.catalogue.study(self.view.study_uid)

    @property
    def patient(self) -> Patient | None:
        """The patient in front."""
        study = self.study
        return study.patient if study else None

    def shown(self, index: int) -> tuple[Viewport, DisplaySet, Series, Study] | None:
        """A viewport with what it shows, as `displayed`."""
        viewport = self.view.viewports[index]
        found = self.catalogue.find(viewport.display_set)
        if found is None:
            return None
        return viewport, self.shown_in(viewport, found[0]), found[1], found[2]

    def displayed(self, viewport: Viewport) -> DisplaySet | None:
        """What a viewport shows: its display set, or that one's images in another plane."""
        acquired = self.catalogue.display_set(viewport.display_set)
        return None if acquired is None else self.shown_in(viewport, acquired)

    @staticmethod
    def shown_in(viewport: Viewport, acquired: DisplaySet) -> DisplaySet:
        """What a viewport shows of its acquired display set."""
        if viewport.plane is None or viewport.volume is not None:
            return acquired
        return reformatted(acquired, viewport.plane)

    def panes(self) -> dict[int, Rect]:
        """Rectangles of the visible viewports by their index."""
        screen = self.control.screen
        if self.view.maximized:
            return {self.view.active: Rect(0.0, 0.0, screen.width, screen.height)}
        return dict(enumerate(self.view.layout.panes(screen.width, screen.height)))

    def pane(self, index: int) -> Rect:
        """Rectangle of one viewport; the whole area for one that is hidden."""
        screen = self.control.screen
        return self.panes().get(index, Rect(0.0, 0.0, screen.width, screen.height))

    def with_view(self, **changes: object) -> "Session":
        """A Session with parts of its view changed."""
        return replace(self, view=replace(self.view, **changes))  # type: ignore[arg-type]

    def with_control(self, **changes: object) -> "Session":
        """A Session with parts of its control changed."""
        return replace(self, control=replace(self.control, **changes))  # type: ignore[arg-type]

    def with_viewport(self, viewport: Viewport, index: int | None = None) -> "Session":
        """A Session in which one viewport (the active one by default) is replaced."""
        position = self.view.active if index is None else index
        viewports = list(self.view.viewports)
        if viewports[position] == viewport:
            return self
        viewports[position] = viewport
        return self.with_view(viewports=tuple(viewports))
