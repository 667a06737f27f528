"""Frames as pictures: large ones in parts, films with one window, values under a point."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF
from PySide6.QtTest import QTest

from surgery_assist.imaging.pixels import FramePixels
from surgery_assist.imaging.pyramid import LARGE_PIXELS
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.study import Window
from surgery_assist.ui.facts import CineRate
from surgery_assist.ui.images import Images, Look
from surgery_assist.ui.overlay_texts import rate_text, value_text
from tests.helpers.sessions import ct_session, display_set, session_with, study
from tests.ui.conftest import FakeStore

pytestmark = pytest.mark.gui
PLAY = Invocation("cine.start", {})
SIDE = 4096
LARGE = display_set(count=1, rows=SIDE, columns=SIDE, window=None)


def gradient(size: int) -> np.ndarray:
    """Values that rise from left to right, 0 to 4095."""
    row = np.linspace(0, 4095, size).astype(np.int16)
    return np.broadcast_to(row, (size, size)).copy()


class OneFrame(FakeStore):
    """The same frame for every place."""

    pixels = FramePixels(gradient(SIDE))

    def get(self, _uid, _index):
        return self.pixels


class Flicker(FakeStore):
    """A film whose frames differ in brightness and propose no window."""

    def get(self, _uid, index):
        return FramePixels(gradient(64) // (1 + index))


@pytest.fixture
def make_images(qapp):
    made = []

    def make(store):
        images = Images(store)
        made.append(images)
        return images

    yield make
    for images in made:
        images.close()
    del qapp


def test_of_a_large_frame_only_what_is_seen_is_drawn(make_images):
    assert LARGE.rows * LARGE.columns >= LARGE_PIXELS
    images = make_images(OneFrame)
    seen = QRectF(1000.0, 1000.0, 900.0, 600.0)
    (piece,) = images.pieces(LARGE, 0, Look(), 1.0, seen)
    assert piece.place.contains(seen)
    assert piece.image.width() * piece.image.height() < 2_000_000
    assert piece.image.width() == piece.place.width()


def test_a_large_frame_that_is_drawn_small_comes_small(make_images):
    images = make_images(OneFrame)
    (piece,) = images.pieces(LARGE, 0, Look(), 0.2, QRectF(0.0, 0.0, SIDE, SIDE))
    assert piece.image.width() <= 0.4 * SIDE
    assert piece.place == QRectF(0.0, 0.0, SIDE, SIDE)


def test_all_parts_of_a_large_frame_have_one_window(make_images):
    """An automatic window of each part would make every part as bright as the other."""
    images = make_images(OneFrame)
    greys = []
    for left in (0.0, 3000.0):
        (piece,) = images.pieces(LARGE, 0, Look(), 1.0, QRectF(left, 0.0, 1000.0, 500.0))
        greys.append(piece.image.pixelColor(piece.image.width() // 2, 10).red())
    assert greys[0] < 60
    assert greys[1] > 190


def test_panning_inside_the_same_blocks_draws_nothing_anew(make_images):
    images = make_images(OneFrame)
    first = images.pieces(LARGE, 0, Look(), 1.0, QRectF(1000.0, 1000.0, 900.0, 600.0))
    second = images.pieces(LARGE, 0, Look(), 1.0, QRectF(1005.0, 1003.0, 900.0, 600.0))
    assert first[0].image.cacheKey() == second[0].image.cacheKey()


@pytest.mark.parametrize(("kind", "steady"), [("cine", True), ("stack", False)])
def test_a_film_keeps_the_window_of_its_first_frame(make_images, kind, steady):
    images = make_images(Flicker)
    film = replace(display_set(count=4, rows=64, columns=64, window=None), kind=kind)
    whole = QRectF(0.0, 0.0, 64.0, 64.0)
    first, third = (images.pieces(film, n, Look(), 1.0, whole)[0].image for n in (0, 2))
    assert (images.shown_window(film.uid, 0) == images.shown_window(film.uid, 2)) is steady
    assert (third.pixelColor(60, 5).red() < first.pixelColor(60, 5).red() - 100) is steady


# --- values -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (-1000.0, "HU", "−1000 HU"),
        (3.14159, "SUVbw", "3.14 SUVbw"),
        (0.0, "Gy", "0.00 Gy"),
        (1234.5, "", "1234"),
    ],
)
def test_values_are_written_as_they_are_read_out(value, unit, text):
    assert value_text(value, unit) == text


def test_the_value_under_the_pointer_and_under_the_named_point(program):
    area, pane = program.window._area, program.window._area._panes[0]

    def value():
        program.picture()
        view = pane.view
        return program.window._area._sources[-1].picture(view).facts.value

    assert value() == ""
    program.do("target cell=E5")
    assert value() == "−100"
    x, y = pane.view.transform.to_pane(100.0, 100.0)  # in the bright square
    QTest.mouseMove(area, QPoint(round(x), round(y)))
    assert value() == "1000"
    QTest.mouseMove(area, QPoint(2, 2))  # beside the image
    assert value() == ""


# --- playing ------------------------------------------------------------------------------------


def test_what_was_left_out_is_said_in_both_languages():
    assert rate_text(CineRate(24.6), "en") == "25 images/s"
    assert rate_text(CineRate(24.0, 1), "en") == "24 images/s  ·  1 image left out"
    assert rate_text(CineRate(24.0, 30), "ro").endswith("30 de imagini sărite")


def test_frames_that_were_not_shown_are_counted(make_program):
    made = make_program()
    made.show(ct_session(40))
    missing = set(range(1, 40, 2))
    made.store.pending |= missing  # every other frame never comes
    made.dispatcher.dispatch(PLAY)
    pane = made.window._area._panes[0]
    QTest.qWait(1600)
    assert pane.rate is not None
    assert 0 < pane.rate.left_out <= 60
    made.store.pending.clear()
    made.do("cine.stop")
    assert pane.rate is None


def test_several_films_play_side_by_side(make_program):
    made = make_program()
    made.show(session_with(study("1", *(display_set(f"1.{n}", count=40) for n in range(4)))))
    made.do("layout.set rows=2 columns=2")
    for number in range(1, 5):
        made.dispatcher.dispatch(Invocation("viewport.select", {"n": number}))
        made.dispatcher.dispatch(PLAY)
    QTest.qWait(700)
    places = [viewport.index for viewport in made.session.view.viewports]
    assert min(places) > 0
    for number in range(1, 5):
        made.dispatcher.dispatch(Invocation("viewport.select", {"n": number}))
        made.do("cine.stop")


def test_a_calibrated_screen_gets_its_driving_levels(qapp):
    levels = bytes(255 - n for n in range(256))
    images = Images(OneFrame, levels)
    shown = display_set(count=1, rows=64, columns=64, window=Window(2048.0, 4096.0))
    (piece,) = images.pieces(shown, 0, Look(), 1.0, QRectF(0.0, 0.0, 64.0, 64.0))
    assert piece.image.pixelColor(0, 0).red() > 200
    images.close()
    del qapp
