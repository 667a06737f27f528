"""Mouse, wheel, keyboard and touch: the same commands, one gesture one step of undo."""

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QKeyEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from surgery_assist.model.study import Window
from surgery_assist.ui.input.keyboard import canonical
from tests.helpers.sessions import display_set, session_with, study

pytestmark = pytest.mark.gui
LEFT, RIGHT, MIDDLE = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.RightButton,
    Qt.MouseButton.MiddleButton,
)
NONE, SHIFT, CTRL, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)


@pytest.fixture(scope="module")
def touchscreen(request) -> QInputDevice:
    request.getfixturevalue("qapp")
    return QTest.createTouchDevice()


def drag(program, button, path, modifier=NONE):
    area = program.window._area
    QTest.mousePress(area, button, modifier, QPoint(*path[0]))
    for point in path[1:]:
        position = QPointF(*point)
        event = _mouse_event(area, position, button, modifier)
        QApplication.sendEvent(area, event)
    QTest.mouseRelease(area, button, modifier, QPoint(*path[-1]))


def _mouse_event(area, position, button, modifier):
    from PySide6.QtGui import QMouseEvent

    return QMouseEvent(
        QEvent.Type.MouseMove,
        position,
        QPointF(area.mapToGlobal(position)),
        Qt.MouseButton.NoButton,
        button,
        modifier,
    )


def wheel(program, notches, modifier=NONE, at=(640, 360)):
    area = program.window._area
    position = QPointF(*at)
    event = QWheelEvent(
        position,
        QPointF(area.mapToGlobal(position)),
        QPoint(),
        QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton,
        modifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(area, event)


def image_point(program, x, y):
    from surgery_assist.commands.viewing import transform_of

    return transform_of(program.session).to_image(x, y)


def test_wheel_scrolls_and_one_run_is_one_step(program):
    view = program.session.view
    for _ in range(3):
        wheel(program, -1)
    assert program.session.viewport.index == 3
    wheel(program, 1)
    assert program.session.viewport.index == 2
    program.do("undo")
    assert program.session.view is view


def test_a_fine_wheel_adds_up_to_notches(program):
    for _ in range(4):
        wheel(program, -0.25)
    assert program.session.viewport.index == 1


def test_wheel_with_ctrl_zooms_about_the_pointer(program):
    before = image_point(program, 300, 200)
    wheel(program, 2, CTRL, at=(300, 200))
    assert program.session.viewport.zoom == pytest.approx(1.15**2)
    assert image_point(program, 300, 200) == pytest.approx(before)


def test_left_drag_sets_the_window_in_one_step(program):
    drag(program, LEFT, [(600, 300), (620, 300), (760, 340), (920, 380)])
    # Half a pane (640 px) doubles the width; 320 px add 200 HU to 400, 80 px add 50 to 40.
    assert program.session.viewport.window == Window(90.0, 600.0)
    assert len(program.dispatcher.history) == 1
    program.do("undo")
    assert program.session.viewport.window is None


def test_middle_drag_moves_the_image_with_the_pointer(program):
    before = image_point(program, 600, 300)
    drag(program, MIDDLE, [(600, 300), (650, 330), (700, 360)])
    assert image_point(program, 700, 360) == pytest.approx(before)
    assert len(program.dispatcher.history) == 1


def test_shift_and_left_moves_too(program):
    before = image_point(program, 600, 300)
    drag(program, LEFT, [(600, 300), (650, 330)], SHIFT)
    assert image_point(program, 650, 330) == pytest.approx(before)


def test_right_drag_up_enlarges_about_its_start(program):
    before = image_point(program, 500, 400)
    drag(program, RIGHT, [(500, 400), (500, 300), (500, 150)])
    assert program.session.viewport.zoom == pytest.approx(2.718281828)
    assert image_point(program, 500, 400) == pytest.approx(before)


def test_alt_drag_turns_round_the_middle(program):
    drag(program, LEFT, [(840, 360), (800, 480), (640, 560)], ALT)
    assert program.session.viewport.rotation_deg == pytest.approx(90.0)


def test_a_click_selects_and_changes_nothing_else(program):
    program.do("layout.set rows=1 columns=2")
    before = program.session.view.viewports
    QTest.mouseClick(program.window._area, LEFT, NONE, QPoint(900, 300))
    assert program.session.view.active == 1
    assert program.session.view.viewports == before


def test_a_drag_in_another_pane_selects_it_in_the_same_step(program):
    program.do("layout.set rows=1 columns=2")
    view = program.session.view
    drag(program, MIDDLE, [(900, 300), (930, 300)])
    assert program.session.view.active == 1
    program.do("undo")
    assert program.session.view is view


def test_double_click_maximises_and_restores(program):
    program.do("layout.set rows=2 columns=2")
    for expected in (True, False):
        QTest.mouseDClick(program.window._area, LEFT, NONE, QPoint(900, 600))
        assert program.session.view.active == 3
        assert program.session.view.maximized is expected


def test_a_colour_image_refuses_its_window_once_per_drag(make_program):
    made = make_program()
    made.show(session_with(study("1", display_set(colour=True, window=None))))
    drag(made, LEFT, [(600, 300), (620, 300), (700, 340), (800, 380)])
    refused = [o for o in made.outcomes if o.status == "refused"]
    assert [o.error.key for o in refused] == ["refused.colour_image"]


@pytest.mark.parametrize(
    ("key", "command"),
    [
        ("Down", "image.next"),
        ("I", "invert"),
        ("Ctrl+4", "layout.set"),
        ("F5", "window.preset"),
        ("+", "zoom.in"),
        ("?", "help.show"),
        ("Shift+F8", "listen.stop"),
        ("Escape", "cancel"),
        ("]", "rotate"),
        ("F13", "image.next"),
    ],
)
def test_keys_do_what_they_are_bound_to(program, key, command):
    assert program.window.press(key)
    assert program.outcomes[-1].invocation.command_id == command


def test_a_pedal_key_says_that_it_is_a_pedal(program):
    program.window.press("F13")
    assert program.outcomes[-1].invocation.source == "pedal"


def test_an_unbound_key_does_nothing(program):
    count = len(program.outcomes)
    assert not program.window.press("Ctrl+Alt+F11")
    assert not program.window.press("no such key")
    assert len(program.outcomes) == count


def test_shift_that_makes_the_character_is_no_modifier(program):
    event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Plus, SHIFT, "+")
    QApplication.sendEvent(program.window, event)
    assert program.outcomes[-1].invocation.command_id == "zoom.in"


def test_a_held_key_is_one_step_of_undo(program):
    view = program.session.view
    for repeat in (False, True, True, True):
        event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Down, NONE, "", repeat)
        QApplication.sendEvent(program.window, event)
    assert program.session.viewport.index == 4
    program.do("undo")
    assert program.session.view is view


def test_two_presses_are_two_steps(program):
    program.window.press("Down")
    program.window.press("Down")
    assert len(program.dispatcher.history) == 2


def test_push_to_talk_follows_the_key_and_lets_go_with_the_focus(program):
    heard = []
    program.window.push_to_talk.connect(heard.append)
    press = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_F9, NONE)
    repeat = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_F9, NONE, "", True)
    release = QKeyEvent(QEvent.Type.KeyRelease, Qt.Key.Key_F9, NONE)
    for event in (press, repeat, release):
        QApplication.sendEvent(program.window, event)
    assert heard == [True, False]
    QApplication.sendEvent(program.window, press)
    QApplication.sendEvent(program.window, QEvent(QEvent.Type.WindowDeactivate))
    assert heard == [True, False, True, False]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ctrl+z", "Ctrl+Z"),
        ("Enter", "Return"),
        ("Esc", canonical("Escape")),
        ("+", "+"),
        ("Ctrl++", "Ctrl++"),
    ],
)
def test_key_names(name, expected):
    assert canonical(name) == expected


def touch(program, device, fingers, *, release=True):
    """Move fingers along paths of equal length; one event for each step."""
    area = program.window._area
    length = len(fingers[0])
    for step in range(length):
        sequence = QTest.touchEvent(area, device, False)
        for finger, path in enumerate(fingers):
            point = QPoint(*path[step])
            (sequence.press if step == 0 else sequence.move)(finger, point, area)
        sequence.commit()
    if release:
        sequence = QTest.touchEvent(area, device, False)
        for finger, path in enumerate(fingers):
            sequence.release(finger, QPoint(*path[-1]), area)
        sequence.commit()


def test_one_finger_scrolls(program, touchscreen):
    view = program.session.view
    touch(program, touchscreen, [[(600, 200), (600, 260), (600, 320), (600, 400)]])
    # Twenty images in 720 pixels: one every 36; 200 pixels are five.
    assert program.session.viewport.index == 5
    program.do("undo")
    assert program.session.view is view


def test_two_fingers_zoom_about_their_middle(program, touchscreen):
    before = image_point(program, 600, 400)
    touch(
        program,
        touchscreen,
        [[(550, 400), (525, 400), (500, 400)], [(650, 400), (675, 400), (700, 400)]],
    )
    assert program.session.viewport.zoom == pytest.approx(2.0)
    assert program.session.viewport.rotation_deg == 0
    assert image_point(program, 600, 400) == pytest.approx(before)
    assert len(program.dispatcher.history) == 1


def test_two_fingers_move(program, touchscreen):
    before = image_point(program, 600, 400)
    touch(
        program,
        touchscreen,
        [[(550, 400), (580, 420), (610, 440)], [(650, 400), (680, 420), (710, 440)]],
    )
    assert program.session.viewport.zoom == pytest.approx(1.0)
    assert image_point(program, 660, 440) == pytest.approx(before)


def test_two_fingers_turn(program, touchscreen):
    touch(
        program,
        touchscreen,
        [[(500, 400), (529, 329), (600, 300)], [(700, 400), (671, 471), (600, 500)]],
    )
    assert program.session.viewport.rotation_deg == pytest.approx(90.0, abs=10.0)


def test_three_fingers_change_the_series(make_program, touchscreen):
    made = make_program()
    made.show(session_with(study("1", display_set("1.1"), display_set("1.2"))))
    for shift, expected in ((-150, "1.2"), (150, "1.1")):
        paths = [[(x, 300), (x + shift // 2, 300), (x + shift, 300)] for x in (500, 600, 700)]
        touch(made, touchscreen, paths)
        assert made.session.viewport.display_set == expected


def test_a_tap_selects_and_a_double_tap_maximises(program, touchscreen):
    program.do("layout.set rows=2 columns=1")
    touch(program, touchscreen, [[(600, 500)]])
    assert program.session.view.active == 1
    assert not program.session.view.maximized
    touch(program, touchscreen, [[(602, 501)]])
    assert program.session.view.maximized


def test_a_long_press_does_what_is_bound_to_it(program, touchscreen, qtbot):
    program.do("zoom.set n=300")
    touch(program, touchscreen, [[(600, 300)]], release=False)
    qtbot.waitUntil(lambda: program.session.viewport.zoom == 1.0, timeout=3000)
    touch_release = QTest.touchEvent(program.window._area, touchscreen, False)
    touch_release.release(0, QPoint(600, 300), program.window._area).commit()
    assert program.outcomes[-1].invocation.source == "touch"


def test_everything_goes_through_the_dispatcher(program, touchscreen):
    wheel(program, -1)
    drag(program, LEFT, [(600, 300), (620, 300), (760, 340)])
    touch(program, touchscreen, [[(600, 200), (600, 260), (600, 320)]])
    sources = {o.invocation.source for o in program.outcomes}
    assert {"mouse", "touch"} <= sources
