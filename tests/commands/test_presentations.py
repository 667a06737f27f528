"""Saved presentation states are applied to the viewport and taken away again."""

from dataclasses import replace

import pytest

from surgery_assist.commands.cases import catalogue_replace
from surgery_assist.imaging.objects.reading import ObjectReader
from surgery_assist.model.annotations import Presentation
from surgery_assist.model.session import Session
from surgery_assist.model.study import Window
from surgery_assist.model.viewport import view_transform
from tests.commands.test_objects import did
from tests.helpers.dicom import ct_slice, opened, save, sets_of

WINDOW = Window(40.0, 350.0)


def session_with(tmp_path, *states, images=2, **changes):
    """CT slices, of which the first has saved looks."""
    for n in range(images):
        save(ct_slice(n + 1, 5.0 * n, **changes), tmp_path / "images" / str(n))
    library, catalogue = opened(tmp_path / "images")
    (entry,) = sets_of(catalogue)
    for number, state in enumerate(states):
        path = tmp_path / f"state{number}.dcm"
        ObjectReader(library).write_presentation(path, entry, {0: state}, f"look {number}")
    library, catalogue = opened(tmp_path)
    return catalogue_replace(Session(), catalogue)


def test_window_inversion_and_part_are_applied_and_undone(tmp_path):
    state = Presentation(window=WINDOW, inverted=True, area=(1.0, 2.0, 5.0, 6.0))
    session = session_with(tmp_path, state)
    dispatcher, _ = did(session, "presentation.show")
    shown, entry = dispatcher.session.viewport, session.display_set
    assert (shown.window, shown.invert) == (WINDOW, True)
    pane = session.pane(0)
    place = view_transform(shown, entry, pane)
    assert place.to_pane(3.0, 4.0) == pytest.approx((pane.width / 2, pane.height / 2))
    top, bottom = place.to_pane(3.0, 2.0)[1], place.to_pane(3.0, 6.0)[1]
    assert (top, bottom) == pytest.approx((0.0, pane.height))
    undone, _ = did(session, "presentation.show", "undo")
    assert undone.session.view is session.view


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("flipped", [False, True])
def test_the_flip_comes_after_the_rotation(tmp_path, rotation, flipped):
    session = session_with(tmp_path, Presentation(rotation_deg=rotation, flipped=flipped))
    dispatcher, _ = did(session, "presentation.show")
    entry, pane = session.display_set, session.pane(0)
    turned = view_transform(
        replace(session.viewport, rotation_deg=float(rotation)), entry, pane
    ).to_pane(1.0, 2.0)
    expected = (pane.width - turned[0], turned[1]) if flipped else turned
    drawn = view_transform(dispatcher.session.viewport, entry, pane).to_pane(1.0, 2.0)
    assert drawn == pytest.approx(expected)


def test_hiding_brings_the_plain_image_back(tmp_path):
    session = session_with(tmp_path, Presentation(window=WINDOW, rotation_deg=90))
    dispatcher, _ = did(session, "presentation.show", "presentation.hide")
    assert dispatcher.session.viewport == session.viewport
    assert not dispatcher.session.view.presentations


def test_said_again_the_next_state_is_shown(tmp_path):
    narrow = Window(50.0, 80.0)
    session = session_with(tmp_path, Presentation(window=WINDOW), Presentation(window=narrow))
    windows = []
    for times in (1, 2, 3):
        dispatcher, _ = did(session, *("presentation.show",) * times)
        windows.append(dispatcher.session.viewport.window)
    assert {*windows[:2]} == {WINDOW, narrow}
    assert windows[2] == windows[0]


def test_images_without_a_state_say_so(tmp_path):
    session = session_with(tmp_path, Presentation(window=WINDOW))
    _, outcome = did(session, "image.last", "presentation.show")
    assert outcome.error.key == "refused.no_presentation"


def test_a_state_takes_the_place_of_monochrome1(tmp_path):
    session = session_with(tmp_path, Presentation(), PhotometricInterpretation="MONOCHROME1")
    dispatcher, _ = did(session, "presentation.show")
    assert dispatcher.session.viewport.invert
