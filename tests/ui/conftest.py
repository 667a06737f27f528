"""The window with a store of made-up pixels: real dispatcher, real painting, no files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication

from surgery_assist.commands.bindings import load_bindings, parse_invocation
from surgery_assist.commands.catalogue import build_registry
from surgery_assist.commands.dispatcher import Dispatcher, Outcome
from surgery_assist.errors import DecodeError
from surgery_assist.imaging.pixels import FramePixels
from surgery_assist.imaging.pyramid import Pyramid
from surgery_assist.model.session import Session
from surgery_assist.model.study import Catalogue, Window
from surgery_assist.settings import Settings, resources_dir
from surgery_assist.ui.app import create_application
from surgery_assist.ui.findings_panel import FindingsPanel
from surgery_assist.ui.images import Images
from surgery_assist.ui.objects import Objects
from surgery_assist.ui.report_panel import ReportPanel
from surgery_assist.ui.tasks import TaskRunner
from surgery_assist.ui.window import MainWindow


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """The program's own QApplication in place of pytest-qt's."""
    return create_application()


def frame_values(index: int, size: int = 512) -> np.ndarray:
    """HU: a bright square in the upper left quarter, elsewhere a value that names the frame."""
    values = np.full((size, size), -100 + index * 10, np.int16)
    values[size // 8 : size // 4, size // 8 : size // 4] = 1000
    return values


@dataclass
class FakeStore:
    """Frames of any display set at once, but for those that a test holds back or breaks."""

    on_frame: Callable[[str, int], None]
    broken: set[int] = field(default_factory=set)
    pending: set[int] = field(default_factory=set)
    focused: list[tuple[tuple[str, int], ...]] = field(default_factory=list)
    closed: bool = False

    def focus(self, wanted):
        self.focused.append(tuple(wanted))

    def get(self, _uid, index):
        if index in self.broken:
            return DecodeError("error.decode_truncated")
        if index in self.pending:
            return None
        return FramePixels(frame_values(index), windows=(Window(40.0, 400.0),))

    def pyramid(self, uid, index):
        found = self.get(uid, index)
        return Pyramid(found) if isinstance(found, FramePixels) else found

    def load(self, uid, index):
        found = self.get(uid, index)
        if isinstance(found, DecodeError):
            raise found
        assert found is not None
        return found

    def arrive(self, uid: str, index: int) -> None:
        self.pending.discard(index)
        self.on_frame(uid, index)

    def thumbnail(self, _uid):
        return None

    def close(self):
        self.closed = True


class FakeLibrary:
    """Yields catalogues that a test has prepared."""

    def __init__(self) -> None:
        self.catalogue = Catalogue()
        self.found: list[Catalogue] = []
        self.cleared = 0

    def scan(self, _paths, cancelled):
        for catalogue in self.found:
            if cancelled():
                return
            self.catalogue = catalogue
            yield catalogue

    def clear(self):
        self.cleared += 1
        self.catalogue = Catalogue()


@dataclass
class Program:
    """The window and what it stands on."""

    window: MainWindow
    dispatcher: Dispatcher
    images: Images
    tasks: TaskRunner
    library: FakeLibrary
    outcomes: list[Outcome]

    @property
    def store(self) -> FakeStore:
        return self.images.store  # type: ignore[return-value]

    @property
    def session(self) -> Session:
        return self.dispatcher.session

    def do(self, text: str) -> Outcome:
        """Do a command written as for --do, and wait until all is drawn."""
        outcome = self.dispatcher.dispatch(parse_invocation(text, self.dispatcher.registry))
        assert outcome.status != "refused", outcome.error
        assert self.window.wait_settled(10)
        return outcome

    def show(self, session: Session) -> None:
        """Open what a session shows, as if it had been read."""
        from surgery_assist.model.invocation import Invocation

        self.dispatcher.dispatch(Invocation("catalogue.replace", {"catalogue": session.catalogue}))
        self.window.wait_settled(10)

    def picture(self) -> QImage:
        return self.window.screenshot()

    def colour_at(self, x: float, y: float) -> QColor:
        """Colour at a point of the window, as fractions."""
        image = self.picture()
        return image.pixelColor(round(x * image.width()), round(y * image.height()))


@pytest.fixture
def make_program(request: pytest.FixtureRequest) -> Iterator[Callable[..., Program]]:
    """Build programs of a window size; they are closed afterwards."""
    request.getfixturevalue("qapp")
    made: list[Program] = []

    def make(
        width: int = 1280,
        height: int = 720,
        language: str = "en",
        objects: Objects | None = None,
    ) -> Program:
        library = FakeLibrary()
        images = Images(FakeStore)
        tasks = TaskRunner(library, images)
        registry = build_registry()
        bindings = load_bindings(resources_dir() / "bindings" / "default.toml", registry)
        session = Session().with_control(language=language)
        dispatcher = Dispatcher(registry, session, run_effect=tasks.run)
        outcomes: list[Outcome] = []
        dispatcher.report(outcomes.append)
        window = MainWindow(dispatcher, images, tasks, bindings, Settings(), objects=objects)
        window.attach_panel("findings", FindingsPanel(dispatcher, window.theme))
        if objects is not None:
            window.attach_panel("report", ReportPanel(dispatcher, window.theme, objects))
        window.resize(width, height)
        window.present(windowed=True)
        program = Program(window, dispatcher, images, tasks, library, outcomes)
        made.append(program)
        return program

    yield make
    for program in made:
        program.window.close()
        program.window.deleteLater()


@pytest.fixture
def program(make_program) -> Program:
    """A window with one CT series of twenty images."""
    from tests.helpers.sessions import ct_session

    made = make_program()
    made.show(ct_session())
    return made
