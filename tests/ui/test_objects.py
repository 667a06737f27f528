"""What lies over frames and beside them: read in the background, drawn where it belongs."""

import threading
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from PySide6.QtGui import QColor

from surgery_assist.errors import ReadError, SurgeryAssistError
from surgery_assist.imaging.objects.overlays import OverlayBitmap
from surgery_assist.model.annotations import (
    FrameAnnotations,
    Graphic,
    GraphicText,
    Presentation,
    Region,
    Report,
    ReportItem,
    Shutter,
)
from surgery_assist.model.study import StudyObject
from surgery_assist.ui.objects import NOTHING, WAITING, Objects
from tests.helpers.sessions import display_set, session_with, study

pytestmark = pytest.mark.gui
RED, GREEN = (255, 0, 0), (0, 255, 0)
MIDDLE = ((128.0, 128.0), (384.0, 128.0), (384.0, 384.0), (128.0, 384.0))
"""A square in the middle of a frame of 512 x 512."""
SEGMENT = StudyObject("8.1", "segmentation", "SEG", "Liver")
REPORT = StudyObject("8.2", "report", "SR", "Report", "2026-11-02")


@dataclass
class FakeReader:
    """Answers with what a test has laid in."""

    over: FrameAnnotations = field(default_factory=FrameAnnotations)
    masks: tuple[OverlayBitmap, ...] = ()
    saved: tuple[Presentation, ...] = ()
    reports: dict[str, Report | Exception] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self):
        self.gate.set()

    def annotations(self, _display_set, index):
        self.gate.wait(10)
        self.asked.append(index)
        return self.over

    def bitmaps(self, _display_set, _index):
        return self.masks

    def presentations(self, _display_set, _index):
        return self.saved

    def key_images(self, _study):
        return frozenset({"1.1.3"})

    def report(self, uid):
        found = self.reports[uid]
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader()


@pytest.fixture
def objects(reader, qapp):
    made = Objects(lambda: reader)
    yield made
    reader.gate.set()
    made.close()
    del qapp


@pytest.fixture
def screen(make_program, objects):
    """A program of 1280 x 720 with one series of 512 x 512 and a segmentation."""

    def show():
        made = make_program(objects=objects)
        opened = replace(study("1", display_set(count=5)), objects=(SEGMENT, REPORT))
        made.show(session_with(opened))
        assert made.window.wait_settled(10)
        return made

    return show


def image_point(made, column, row) -> QColor:
    """Colour on the screen at a point of the image."""
    view = made.window._area._panes[0].view
    x, y = view.transform.to_pane(column, row)
    return made.picture().pixelColor(round(x), round(y))


def near(colour: QColor, wanted: tuple[int, int, int]) -> bool:
    return all(
        abs(a - b) < 40
        for a, b in zip((colour.red(), colour.green(), colour.blue()), wanted, strict=True)
    )


# --- drawing ------------------------------------------------------------------------------------


def test_outlines_lie_on_their_pixels_and_can_be_hidden(screen, reader):
    reader.over = FrameAnnotations(regions=(Region("8.1", 1, "Liver", RED, (MIDDLE,)),))
    made = screen()
    assert near(image_point(made, 128, 256), RED)
    assert near(image_point(made, 300, 384), RED)
    assert not near(image_point(made, 256, 256), RED)
    made.do("segmentation.hide")
    assert not near(image_point(made, 128, 256), RED)
    made.do("undo")
    assert near(image_point(made, 128, 256), RED)


def test_outlines_move_with_the_image(screen, reader):
    reader.over = FrameAnnotations(regions=(Region("8.1", 1, "Liver", RED, (MIDDLE,)),))
    made = screen()
    made.do("flip.horizontal")
    made.do("rotate side=right degrees=30")
    made.do("zoom.in")
    assert near(image_point(made, 128, 200), RED)


@pytest.mark.parametrize(
    "shutter",
    [
        Shutter("rectangle", ((128.0, 128.0), (384.0, 384.0)), grey=90),
        Shutter("circle", ((256.0, 256.0),), radius=128.0, grey=90),
        Shutter("polygon", MIDDLE, grey=90),
    ],
)
def test_a_shutter_hides_what_is_outside(screen, reader, shutter):
    plain = image_point(screen(), 256, 256)
    reader.over = FrameAnnotations(shutters=(shutter,))
    made = screen()
    assert image_point(made, 256, 256) == plain
    assert near(image_point(made, 60, 256), (90, 90, 90))


def test_overlay_bitmaps_are_drawn(screen, reader):
    mask = np.zeros((512, 512), bool)
    mask[200:300, 200:300] = True
    reader.masks = (OverlayBitmap(mask, "G"),)
    made = screen()
    assert near(image_point(made, 250, 250), (0xE6, 0xD2, 0x7A))
    assert not near(image_point(made, 350, 250), (0xE6, 0xD2, 0x7A))
    made.do("overlay.hide")
    assert not near(image_point(made, 250, 250), (0xE6, 0xD2, 0x7A))


def test_saved_graphics_and_texts_are_drawn(screen, reader):
    line = Graphic(((100.0, 256.0), (400.0, 256.0)), colour=GREEN)
    text = GraphicText("here", anchor=(100.0, 100.0))
    cross = Graphic(((256.0, 100.0),), colour=GREEN)
    reader.saved = (Presentation(graphics=(line, cross), texts=(text,)),)
    made = screen()
    assert near(image_point(made, 250, 256), GREEN)
    assert near(image_point(made, 256, 100), GREEN)


# --- reading ------------------------------------------------------------------------------------


def test_it_answers_when_it_has_been_read(qtbot, objects, reader):
    shown = display_set(count=3)
    reader.over = FrameAnnotations(shutters=(Shutter("polygon", MIDDLE),))
    with qtbot.waitSignal(objects.changed, timeout=5000) as told:
        assert objects.frame(shown, 1) is None
    assert told.args == ["1.1"]
    assert objects.frame(shown, 1).annotations == reader.over
    assert reader.asked == [1]


def test_nothing_over_a_frame_redraws_nothing(qtbot, objects, reader):
    shown = display_set(count=3)
    with qtbot.assertNotEmitted(objects.changed, wait=100):
        objects.frame(shown, 0)
        qtbot.waitUntil(lambda: not objects.busy, timeout=5000)
    assert not objects.frame(shown, 0)
    del reader


def test_questions_that_are_of_no_more_use_are_dropped(qtbot, objects, reader):
    shown = display_set(count=200)
    reader.gate.clear()
    for index in range(200):
        objects.frame(shown, index)
    reader.gate.set()
    qtbot.waitUntil(lambda: not objects.busy, timeout=5000)
    assert len(reader.asked) <= WAITING + 2
    assert reader.asked[-1] == 199


def test_a_broken_object_hides_no_image(qtbot, objects, reader, monkeypatch):
    def fail(*_args):
        raise ValueError("broken")

    monkeypatch.setattr(reader, "annotations", fail)
    shown = display_set(count=1)
    objects.frame(shown, 0)
    qtbot.waitUntil(lambda: not objects.busy, timeout=5000)
    assert objects.frame(shown, 0) is NOTHING


def test_what_was_asked_before_the_case_closed_is_forgotten(qtbot, objects, reader):
    shown = display_set(count=1)
    reader.gate.clear()
    objects.frame(shown, 0)
    objects.clear()
    reader.gate.set()
    with qtbot.assertNotEmitted(objects.changed, wait=100):
        pass
    assert objects.frame(shown, 0) is None


# --- reports ------------------------------------------------------------------------------------


def test_a_report_is_shown_as_text(screen, reader):
    uid = ReportItem(2, "Frame of Reference UID", "1.2.840.113619.2")
    items = (ReportItem(1, "Findings"), ReportItem(2, "Diameter", "12 mm"), uid)
    reader.reports["8.2"] = Report("CT report", items)
    made = screen()
    made.do("report.show")
    panel = made.window._panels["report"]
    texts = [placed.entry.text for page in panel.pages for placed in page]
    assert texts[0].startswith("CT report")
    assert texts[1:] == ["Findings", "Diameter: 12 mm"]
    assert panel.isVisible()
    made.do("report.hide")
    assert not panel.isVisible()


def test_a_long_report_has_pages_and_the_command_turns_them(screen, reader):
    items = tuple(ReportItem(1, f"Item {n}", "word " * 60) for n in range(30))
    reader.reports["8.2"] = Report("Long", items)
    made = screen()
    made.do("report.show")
    panel = made.window._panels["report"]
    assert len(panel.pages) > 2
    assert panel.page == 0
    made.do("report.show")
    assert panel.page == 1
    everything = " ".join(placed.entry.text for page in panel.pages for placed in page)
    assert everything.count("word") == 30 * 60


def test_a_report_that_can_not_be_read_says_so(screen, reader):
    reader.reports["8.2"] = ReadError("error.decode_missing")
    made = screen()
    made.do("report.show")
    texts = [p.entry.text for page in made.window._panels["report"].pages for p in page]
    assert "its file is no longer there" in " ".join(texts)


def test_an_unexpected_error_is_an_answer_too(qtbot, objects, reader):
    reader.reports["8.2"] = KeyError("no")
    objects.report("8.2")
    qtbot.waitUntil(lambda: not objects.busy, timeout=5000)
    assert isinstance(objects.report("8.2"), SurgeryAssistError)


def test_key_images_are_asked_for_only_where_there_are_any(qtbot, objects):
    plain = study("1", display_set())
    assert objects.key_images(plain) == frozenset()
    assert not objects.busy
    marked = replace(plain, objects=(StudyObject("8.3", "key_images", "KO", "For surgery"),))
    objects.key_images(marked)
    qtbot.waitUntil(lambda: not objects.busy, timeout=5000)
    assert objects.key_images(marked) == frozenset({"1.1.3"})
