"""Panes draw whatever a source gives them: its picture, its facts, its handles."""

from dataclasses import dataclass, field

import pytest
from PySide6.QtCore import QObject, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest

from surgery_assist.errors import SurgeryAssistError
from surgery_assist.model.invocation import Invocation
from surgery_assist.ui.facts import Facts
from surgery_assist.ui.pane_source import IN_PANE, Layer, PanePicture
from tests.helpers.sessions import ct_session

pytestmark = pytest.mark.gui
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
MAGENTA = QColor("#ff00ff")


@dataclass
class Drag:
    """A handle that pans, so that what it does can be seen in the Session."""

    moves: list[tuple[float, float]] = field(default_factory=list)
    released: bool = False

    def move(self, gesture, x, y):
        self.moves.append((x, y))
        gesture.send("zoom.at", factor=1.1, x=x, y=y)

    def release(self):
        self.released = True


class OneColour(QObject):
    """Claims inverted viewports and fills them with one colour."""

    changed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.ready = True
        self.error: SurgeryAssistError | None = None
        self.drag: Drag | None = None
        self.notches: list[int] = []
        self.painted: list[PanePicture] = []
        self.forgotten = False

    def claims(self, viewport):
        return viewport.invert

    def look(self, _session, _index):
        return ()

    def picture(self, view):
        self.asked += 1
        facts = Facts(letters=("H", "F", "R", "L"), badges=("REDUCED",), notes=("MIP 20 mm",))
        if self.error is not None:
            return PanePicture(facts=facts, error=self.error)
        if not self.ready:
            return PanePicture(facts=facts, hint="wait")
        image = QImage(8, 8, QImage.Format.Format_RGB32)
        image.fill(MAGENTA)
        place = QRectF(0.0, 0.0, view.rect.width, view.rect.height)
        return PanePicture((Layer(image, place, IN_PANE),), facts)

    def paint_over(self, _painter, _view, picture, _overlay):
        self.painted.append(picture)

    def settled(self, _view):
        return self.ready

    def forget(self):
        self.forgotten = True

    def grab(self, _view, x, _y, kind):
        self.drag = Drag() if kind == "window" and x < 640 else None
        return self.drag

    def wheel(self, _view, _gesture, notches):
        self.notches.append(notches)
        return True


@pytest.fixture
def source(program) -> OneColour:
    plugged = OneColour()
    program.window.attach_source(plugged)
    return plugged


def test_only_what_a_source_claims_is_drawn_by_it(program, source):
    assert program.colour_at(0.3, 0.4) != MAGENTA
    program.do("invert")
    assert program.colour_at(0.3, 0.4) == MAGENTA
    assert source.painted
    program.do("undo")
    assert program.colour_at(0.3, 0.4) != MAGENTA


@pytest.mark.usefixtures("source")
def test_its_facts_are_written(program, monkeypatch):
    written = []
    overlay = program.window._area._panes[0]._overlay
    monkeypatch.setattr(overlay, "corners", lambda *args, **_kw: written.append(args[2]))
    program.do("invert")
    program.picture()
    texts = written[-1]
    assert "MIP 20 mm" in [line.text for line in texts.bottom_left]
    assert "REDUCED" in [line.text for line in texts.top_right]


def test_a_better_picture_is_drawn_when_it_is_there(program, source):
    source.ready = False
    program.dispatcher.dispatch(Invocation("invert", {}))
    assert not program.window.wait_settled(0.2)
    source.ready = True
    source.changed.emit("1.1")
    assert program.window.wait_settled(5)
    assert program.colour_at(0.3, 0.4) == MAGENTA


def test_an_error_is_said_and_nothing_is_drawn(program, source):
    source.error = SurgeryAssistError("refused.one_image")
    program.do("invert")
    assert program.colour_at(0.3, 0.3) == QColor("#000000")


def test_a_source_takes_drags_and_each_is_one_step(program, source):
    program.do("invert")
    before = program.session.view
    area = program.window._area
    QTest.mousePress(area, LEFT, NONE, QPoint(300, 300))
    for x in (310, 330, 350):
        QTest.mouseMove(area, QPoint(x, 300))
    QTest.mouseRelease(area, LEFT, NONE, QPoint(350, 300))
    assert source.drag is not None
    assert len(source.drag.moves) == 3
    assert source.drag.released
    assert program.session.view is not before
    program.do("undo")
    assert program.session.view is before


def test_what_it_leaves_does_the_usual(program, source):
    program.do("invert")
    area = program.window._area
    window = program.session.viewport.window
    QTest.mousePress(area, LEFT, NONE, QPoint(900, 300))
    QTest.mouseMove(area, QPoint(960, 320))
    QTest.mouseRelease(area, LEFT, NONE, QPoint(960, 320))
    assert source.drag is None
    assert program.session.viewport.window == window  # its facts name no window to change


def test_closing_the_case_forgets(program, source):
    program.do("case.close")
    program.do("confirm")
    assert source.forgotten


def test_panes_that_show_the_same_set_are_drawn_again(make_program):
    made = make_program()
    plugged = OneColour()
    made.window.attach_source(plugged)
    made.show(ct_session())
    made.do("layout.set rows=1 columns=2")
    made.do("invert")
    asked = plugged.asked
    plugged.changed.emit("something else")
    made.picture()
    plugged.changed.emit("1.1")
    made.window.wait_settled(5)
    assert plugged.asked > asked
