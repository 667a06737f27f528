import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgery_assist.commands.effects import AutoWindow
from surgery_assist.commands.viewing import (
    center,
    flip_horizontal,
    flip_vertical,
    pan,
    pan_by,
    rotate,
    target,
    target_nudge,
    target_refine,
    transform_of,
    zoom_at,
    zoom_in,
    zoom_out,
    zoom_set,
)
from surgery_assist.commands.windowing import (
    window_brightness,
    window_contrast,
    window_preset,
    window_put,
)
from surgery_assist.errors import NotPossibleError
from surgery_assist.model.study import Window
from surgery_assist.model.viewport import edge_letters, pan_fractions
from tests.helpers.sessions import ct_session, display_set, session_with, study

SESSION = ct_session()


def pan_of(session):
    return pan_fractions(session.viewport, session.display_set, session.pane(0))


@pytest.mark.parametrize(
    ("amount", "zoom"), [(None, 1.25), ("little", 1.1), ("lot", 2.0), (100, 2.0), (50, 1.5)]
)
def test_zoom_in_by_amounts_and_out_again(amount, zoom):
    larger = zoom_in(SESSION, amount)
    assert larger.viewport.zoom == pytest.approx(zoom)
    assert zoom_out(larger, amount).viewport.zoom == pytest.approx(1.0)


def test_zoom_has_limits():
    session = SESSION
    for _ in range(20):
        session = zoom_in(session, 999)
    assert session.viewport.zoom == 40.0
    assert zoom_set(session, 50).viewport.zoom == 0.5


@given(st.floats(0.3, 3.0), st.floats(400, 1500), st.floats(100, 900), st.integers(0, 359))
def test_zoom_at_keeps_the_point_under_the_pointer(factor, x, y, angle):
    turned = rotate(SESSION, "right", float(angle))
    before = transform_of(turned).to_image(x, y)
    if not all(0 <= value <= 512 for value in before):
        return
    after = transform_of(zoom_at(turned, factor, x, y)).to_image(x, y)
    centre = zoom_at(turned, factor, x, y).viewport.centre
    if all(0 < value < 1 for value in centre):  # at the border the image stays in the pane
        assert after == pytest.approx(before, abs=1e-6)


@pytest.mark.parametrize(
    ("side", "expected"),
    [("left", (-0.25, 0)), ("right", (0.25, 0)), ("up", (0, -0.25)), ("down", (0, 0.25))],
)
@pytest.mark.parametrize("turn", [0.0, 90.0, 180.0, 33.0])
def test_pan_moves_the_image_on_the_screen_whatever_its_turn(side, expected, turn):
    moved = pan(rotate(zoom_in(SESSION, 300), "right", turn), side)
    assert pan_of(moved) == pytest.approx(expected, abs=1e-6)


def test_the_image_never_leaves_its_pane():
    session = SESSION
    for _ in range(50):
        session = pan_by(session, 500.0, 0.0)
    assert session.viewport.centre[0] == 0.0


def test_a_cell_is_brought_to_the_middle():
    session = zoom_in(SESSION, 100)
    point = transform_of(session).to_image(1920 * 1.5 / 9, 1080 * 3.5 / 9)
    centred = center(session, "B4")
    if 0 <= point[0] <= 512:
        assert transform_of(centred).to_image(960, 540) == pytest.approx(point, abs=1e-6)


def test_two_quarter_turns_and_back_is_nothing():
    turned = rotate(rotate(SESSION, "right"), "right")
    assert turned.viewport.rotation_deg == 180.0
    assert rotate(rotate(turned, "left"), "left") == SESSION


@pytest.mark.parametrize("turn", [0.0, 90.0, 180.0, 270.0])
def test_flips_mirror_what_is_seen(turn):
    session = rotate(SESSION, "right", turn)
    left, right, top, bottom = edge_letters(session.viewport, session.display_set)
    flipped = flip_horizontal(session)
    assert edge_letters(flipped.viewport, session.display_set) == (right, left, top, bottom)
    flipped = flip_vertical(session)
    assert edge_letters(flipped.viewport, session.display_set) == (left, right, bottom, top)
    assert flip_vertical(flip_vertical(session)) == session


def test_targets_are_named_refined_and_nudged():
    session = target(SESSION, "A1")
    assert session.view.grid
    assert session.view.target.x == pytest.approx(0.5 / 9)
    finer = target_refine(session)
    moved = target_nudge(finer, "right", 3)
    assert moved.view.target.x == pytest.approx(1.5 / 9)
    for _ in range(3):
        finer = target_refine(finer)
    with pytest.raises(NotPossibleError):
        target_refine(target_refine(finer))


def test_presets_and_steps_of_the_window():
    session = window_preset(SESSION, "bone")
    assert session.viewport.window == Window(400.0, 1800.0)
    assert window_contrast(session, "up").viewport.window.width < 1800
    assert window_contrast(session, "down").viewport.window.width > 1800
    assert window_brightness(session, "up").viewport.window.center < 400
    assert window_brightness(session, "down").viewport.window.center > 400


def test_without_a_window_in_the_file_the_pixels_are_asked():
    session = session_with(study("1", display_set(window=None)))
    assert window_contrast(session, "up")[1] == AutoWindow(0, 0.8, 0.0)
    assert window_put(session, 0, 10.0, 20.0).viewport.window == Window(10.0, 20.0)
    with pytest.raises(NotPossibleError):
        window_put(session, 3, 10.0, 20.0)
