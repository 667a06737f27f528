"""A few whole screens, compared with pictures that were looked at. All from our own phantom."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from surgery_assist.commands.bindings import load_bindings, parse_invocation
from surgery_assist.commands.catalogue import build_registry
from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.imaging.cache import FrameStore
from surgery_assist.imaging.library import Library
from surgery_assist.model.annotations import (
    FrameAnnotations,
    Graphic,
    GraphicText,
    Presentation,
    Region,
    Shutter,
)
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Session
from surgery_assist.settings import Settings, resources_dir
from surgery_assist.ui.images import Images
from surgery_assist.ui.objects import Objects
from surgery_assist.ui.tasks import TaskRunner
from surgery_assist.ui.window import MainWindow
from tests.helpers.golden import assert_golden, channels

pytestmark = pytest.mark.gui
GOLDEN = Path(__file__).parent / "golden"
SIZE = (640, 360)
OUTLINE = tuple((64.0 + x, 64.0 + y) for x, y in ((-30, 0), (0, -24), (34, 0), (0, 28)))


@dataclass
class Drawn:
    """Objects over every frame of the phantom, whatever its files say."""

    over: FrameAnnotations = field(default_factory=FrameAnnotations)
    saved: tuple[Presentation, ...] = ()

    def annotations(self, _display_set, _index):
        return self.over

    def bitmaps(self, _display_set, _index):
        return ()

    def presentations(self, _display_set, _index):
        return self.saved


Screen = Callable[..., MainWindow]


@pytest.fixture
def screen(qapp, phantom_dir) -> Iterator[Screen]:
    """Open the phantom in a small window and do commands."""
    made: list[MainWindow] = []

    def show(*commands: str, drawn: Drawn | None = None) -> MainWindow:
        library = Library()
        images = Images(lambda on_frame: FrameStore(library, on_frame=on_frame, workers=1))
        tasks = TaskRunner(library, images)
        registry = build_registry()
        bindings = load_bindings(resources_dir() / "bindings" / "default.toml", registry)
        session = Session().with_control(language="en")
        dispatcher = Dispatcher(registry, session, run_effect=tasks.run)
        objects = Objects(lambda: drawn or Drawn())
        window = MainWindow(dispatcher, images, tasks, bindings, Settings(), objects=objects)
        made.append(window)
        window.resize(*SIZE)
        window.present(windowed=True)
        window.resize(*SIZE)
        dispatcher.dispatch(Invocation("paths.open", {"paths": (str(phantom_dir / "CT"),)}))
        assert window.wait_settled(60)
        for command in commands:
            outcome = dispatcher.dispatch(parse_invocation(command, registry))
            assert outcome.status == "done", outcome.error
            assert window.wait_settled(60)
        return window

    yield show
    for window in made:
        window.close()
        window.deleteLater()
    del qapp


def compare(window: MainWindow, name: str, tmp_path: Path) -> None:
    assert_golden(window.screenshot(), GOLDEN / f"{name}.png", tmp_path / f"{name}.png")


def test_a_ct_slice(screen, tmp_path):
    compare(screen("image.middle", "window.preset preset=soft_tissue"), "ct", tmp_path)


def test_two_panes_turned_and_mirrored_with_the_grid(screen, tmp_path):
    window = screen(
        "image.middle",
        "layout.set rows=1 columns=2",
        "rotate side=right degrees=30",
        "flip.horizontal",
        "zoom.in amount=50",
        "target cell=D4",
    )
    compare(window, "turned", tmp_path)


def test_what_lies_over_a_frame(screen, tmp_path):
    region = Region("1", 1, "Liver", (255, 120, 80), (OUTLINE,))
    shutter = Shutter("circle", ((64.0, 64.0),), radius=40.0, grey=40)
    arrow = Graphic(((20.0, 20.0), (50.0, 50.0)), colour=(120, 220, 255))
    note = GraphicText("entry", anchor=(20.0, 20.0))
    saved = Presentation(graphics=(arrow,), texts=(note,))
    drawn = Drawn(FrameAnnotations(shutters=(shutter,), regions=(region,)), (saved,))
    compare(screen("image.middle", drawn=drawn), "objects", tmp_path)


def test_the_comparison_can_fail(screen, tmp_path):
    """A mirrored picture is not the golden one."""
    picture = screen("image.middle").screenshot()
    assert channels(picture).max() > 100
    with pytest.raises(pytest.fail.Exception):
        assert_golden(
            picture.flipped(Qt.Orientation.Horizontal), GOLDEN / "ct.png", tmp_path / "x.png"
        )
