"""The window: what is commanded is what the pixels show."""

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from surgery_assist.model.invocation import Invocation
from surgery_assist.model.study import Catalogue
from surgery_assist.settings import Settings
from surgery_assist.ui.window import mm_per_pixel
from tests.helpers.sessions import PATIENT, ct_session, display_set, session_with, study

pytestmark = pytest.mark.gui


def array(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    view = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width())
    return view & 0xFFFFFF


def bright_middle(program) -> tuple[float, float]:
    """Where the bright square of the test frames lies, as fractions of the image's area."""
    grey = array(program.picture()) & 0xFF
    height, width = grey.shape
    inner = grey[height // 8 : -height // 8, width // 4 : -width // 4]
    rows, columns = np.nonzero(inner > 240)
    return float(columns.mean() / inner.shape[1]), float(rows.mean() / inner.shape[0])


def test_the_picture_shows_what_is_in_the_frame(program):
    x, y = bright_middle(program)
    assert x < 0.5
    assert y < 0.5
    assert program.colour_at(0.5, 0.5).red() > 20


def test_rotation_turns_the_picture_clockwise(program):
    program.do("rotate side=right degrees=90")
    x, y = bright_middle(program)
    assert x > 0.5
    assert y < 0.5


@pytest.mark.parametrize(
    ("commands", "right", "low"),
    [
        (("flip.horizontal",), True, False),
        (("flip.vertical",), False, True),
        (("rotate side=right degrees=180",), True, True),
        (("rotate side=left degrees=90",), False, True),
        (("rotate side=right degrees=90", "flip.horizontal"), False, False),
        (("flip.horizontal", "rotate side=right degrees=270"), False, False),
    ],
)
def test_every_turn_and_mirror_is_drawn(program, commands, right, low):
    for text in commands:
        program.do(text)
    x, y = bright_middle(program)
    assert (x > 0.5, y > 0.5) == (right, low)


def test_invert_exchanges_black_and_white(program):
    before = program.colour_at(0.5, 0.5).red()
    program.do("invert")
    assert program.colour_at(0.5, 0.5).red() == pytest.approx(255 - before, abs=1)


def test_window_changes_the_greys(program):
    before = program.colour_at(0.5, 0.5).red()
    program.do("window.preset preset=lung")
    after = program.colour_at(0.5, 0.5).red()
    # -100 HU in a window of -600 / 1500: (500 / 1500 + 0.5) of 255.
    assert after == pytest.approx(212, abs=2)
    assert after != before


def test_each_frame_has_its_own_pixels(program):
    before = program.colour_at(0.5, 0.5).red()
    program.do("image.goto n=11")
    assert program.colour_at(0.5, 0.5).red() > before + 50


def test_undo_by_key_brings_back_the_very_same_pixels(program):
    before = array(program.picture())
    for text in ("rotate side=right degrees=33", "zoom.in", "invert", "image.goto n=7"):
        program.do(text)
    assert not np.array_equal(array(program.picture()), before)
    for _ in range(4):
        assert program.window.press("Ctrl+Z")
    program.window.wait_settled(10)
    assert np.array_equal(array(program.picture()), before)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("layout.set rows=2 columns=2", 4),
        ("layout.set rows=3 columns=3", 9),
        ("layout.focus n=3", 4),
        ("layout.set rows=1 columns=1", 1),
    ],
)
def test_layouts_place_their_panes_without_overlap(program, text, count):
    program.do(text)
    panes = program.window._area.panes
    assert len(panes) == count
    rects = [pane.geometry() for pane in panes.values()]
    for i, rect in enumerate(rects):
        assert program.window._area.rect().contains(rect)
        assert not any(rect.intersects(other) for other in rects[i + 1 :])


def test_the_active_pane_has_the_accent_frame(program):
    program.do("layout.set rows=1 columns=2")
    program.do("viewport.select n=2")
    accent = program.window.theme.colours.accent
    image = program.picture()
    middle = image.height() // 2
    half = image.width() // 2
    assert image.pixelColor(half + 2, middle).name() == accent
    assert image.pixelColor(1, middle).name() != accent


def test_maximised_pane_takes_all(program):
    program.do("layout.set rows=2 columns=2")
    program.do("viewport.select n=3")
    program.do("viewport.maximize")
    assert list(program.window._area.panes) == [2]
    assert program.window._area.panes[2].size() == program.window._area.size()


def test_only_what_changed_is_painted_again(program):
    program.do("layout.set rows=1 columns=2")
    painted = []
    for index, pane in program.window._area.panes.items():
        redraw = pane.redraw
        pane.redraw = lambda index=index, redraw=redraw: (painted.append(index), redraw())
    program.do("zoom.in")
    assert painted == [0]


def test_broken_frame_says_why_and_shows_no_other_picture(program):
    program.store.broken.add(4)
    program.do("image.goto n=4")
    shown = array(program.picture())
    program.do("image.goto n=5")
    broken = array(program.picture())
    height, width = broken.shape
    square = np.s_[height // 4 : height // 3, width // 3 : width // 2]
    assert (shown[square] != 0).all()
    assert (broken[square] == 0).mean() > 0.9
    # The reason is written in the middle.
    middle = np.s_[height * 2 // 5 : height * 3 // 5, width // 4 : width * 3 // 4]
    assert (broken[middle] & 0xFF > 200).sum() > 100
    assert program.window.settled()


def test_late_frame_leaves_the_last_picture_and_then_takes_its_place(program):
    program.do("image.goto n=3")
    before = program.colour_at(0.5, 0.5)
    program.store.pending.add(10)
    program.dispatcher.dispatch(Invocation("image.goto", {"n": 11}))
    assert program.colour_at(0.5, 0.5) == before
    assert not program.window.settled()
    program.store.arrive("1.1", 10)
    assert program.window.wait_settled(5)
    assert program.colour_at(0.5, 0.5) != before


def test_picture_of_another_series_is_never_left_standing(program):
    first, second = display_set("1.1"), display_set("1.2")
    program.show(session_with(study("1", first, second)))
    program.store.pending.update(range(20))
    program.images._pictures.clear()
    program.dispatcher.dispatch(Invocation("series.next"))
    assert program.colour_at(0.5, 0.35).red() == 0


def test_visible_frames_are_asked_for_first_and_the_active_one_foremost(program):
    program.do("layout.set rows=1 columns=2")
    program.do("viewport.select n=2")
    program.do("image.goto n=9")
    assert program.store.focused[-1] == (("1.1", 8), ("1.1", 0))


def test_blank_screen_is_black_and_hides_the_patient(program):
    program.do("screen.blank")
    pixels = array(program.picture())
    assert (pixels != 0).mean() < 0.005
    left = pixels[:, : pixels.shape[1] // 2]
    assert (left == 0).all()


def test_texts_hide_but_identity_stays(program):
    program.do("overlay.hide")
    pixels = array(program.picture())
    height, width = pixels.shape
    assert (pixels[: height // 10, : width // 4] == 0xEEF2F6).any()
    assert not (pixels[-height // 10 :, : width // 5] == 0xEEF2F6).any()


@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160), (800, 480)])
def test_sizes(make_program, size):
    made = make_program(*size)
    made.show(ct_session())
    assert made.picture().size() == QSize(*size)
    assert made.session.control.screen.width == size[0]
    x, y = bright_middle(made)
    assert x < 0.5
    assert y < 0.5


def test_the_session_knows_the_size_of_the_viewports(program):
    hud = _Strip(90)
    program.window.attach_hud(hud)
    program.window.wait_settled(5)
    screen = program.session.control.screen
    assert (screen.width, screen.height) == (1280, 630)
    assert hud.geometry().getRect() == (0, 630, 1280, 90)
    assert hud.told


def test_panels_come_and_go_with_the_session(program):
    panel = _Strip(50)
    program.window.attach_panel("studies", panel)
    assert not panel.isVisible()
    program.do("patient.list")
    assert panel.isVisible()
    assert panel.x() == 0
    program.do("screen.blank")
    assert not panel.isVisible()


def test_question_bar_lies_above_the_hud_while_something_is_asked(program):
    bar, hud = _Strip(60), _Strip(90)
    program.window.attach_hud(hud)
    program.window.attach_question(bar)
    assert not bar.isVisible()
    program.do("case.close")
    assert bar.isVisible()
    assert bar.geometry().bottom() + 1 == hud.y()


def test_closing_the_case_forgets_every_pixel(program):
    store = program.store
    program.do("case.close")
    program.do("confirm")
    assert store.closed
    assert program.store is not store
    assert program.library.cleared == 1
    assert program.images._pictures == {}
    assert (array(program.picture()) == 0).all()


def test_the_title_never_names_the_patient(program):
    assert PATIENT.name not in program.window.windowTitle()
    assert program.window.windowTitle() == "Surgery Assist"


def test_cine_plays_by_the_clock_and_is_one_step_of_undo(program, qtbot):
    program.do("image.goto n=5")
    view = program.session.view
    steps = len(program.dispatcher.history)
    program.do("cine.start")
    qtbot.waitUntil(lambda: program.session.viewport.index > 7, timeout=5000)
    program.do("cine.stop")
    assert len(program.dispatcher.history) == steps + 2
    program.do("undo")
    program.do("undo")
    assert program.session.view is view


def test_progress_shows_while_files_are_read(program):
    catalogue = program.session.catalogue
    reading = Catalogue(catalogue.studies, loading=True, files_seen=5, files_total=10)
    program.dispatcher.dispatch(Invocation("catalogue.replace", {"catalogue": reading}))
    image = program.picture()
    assert image.pixelColor(10, 1).name() == program.window.theme.colours.accent
    assert image.pixelColor(image.width() - 10, 1).name() == program.window.theme.colours.surface


def test_the_next_monitor_is_used(program):
    program.do("monitor.move")
    assert program.window.isVisible()


def test_size_of_a_pixel(qapp):
    screen = qapp.primaryScreen()
    assert mm_per_pixel(screen) == pytest.approx(0.254, abs=0.05)
    assert mm_per_pixel(None) is None
    width, height = screen.geometry().width(), screen.geometry().height()
    diagonal = np.hypot(width, height)
    assert mm_per_pixel(screen, 27.0) == pytest.approx(27 * 25.4 / diagonal)
    assert Settings().display.diagonal_inch == 0


class _Strip(QWidget):
    def __init__(self, height: int) -> None:
        super().__init__()
        self._height = height
        self.told = False

    def sizeHint(self) -> QSize:
        return QSize(100, self._height)

    def show_session(self, _before, _after) -> None:
        self.told = True

    def set_theme(self, _theme) -> None:
        pass


@pytest.mark.usefixtures("qapp")
def test_qt_keeps_its_hands_off_none():
    """PySide6 6.12.0 takes a reference to None in every void call: minutes until Python aborts."""
    import sys

    from PySide6.QtCore import QRect

    rect = QRect(0, 0, 1, 1)
    before = sys.getrefcount(None)
    for _ in range(500):
        rect.setLeft(3)
    assert abs(sys.getrefcount(None) - before) < 100


@pytest.mark.parametrize("command", ["patient.list", "help.show", "heard.show"])
def test_images_make_room_for_a_list_so_that_identity_and_sides_stay_visible(program, command):
    names = {"patient.list": "studies", "help.show": "help", "heard.show": "heard"}
    panel = _Strip(60)
    program.window.attach_panel(names[command], panel)
    whole = program.session.control.screen.width
    program.do(command)
    assert program.window.wait_settled(5)
    assert program.session.control.screen.width == pytest.approx(whole - panel.width(), abs=2)
    program.do("cancel")
    assert program.window.wait_settled(5)
    assert program.session.control.screen.width == whole


def test_a_question_takes_room_below_the_images(program):
    bar = _Strip(60)
    program.window.attach_question(bar)
    height = program.session.control.screen.height
    program.do("case.close")
    assert program.window.wait_settled(5)
    assert program.session.control.screen.height == pytest.approx(height - bar.height(), abs=2)
    program.do("reject")
    assert program.window.wait_settled(5)
    assert program.session.control.screen.height == height
