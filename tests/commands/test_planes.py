"""Planes, slabs, the crosshair and paths: what commands make of the Session."""

from dataclasses import replace

import pytest

from surgery_assist.commands.catalogue import build_registry
from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.commands.plane_change import point_at
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.reformat import acquired_index
from surgery_assist.model.viewport import edge_letters
from tests.helpers.sessions import display_set, session_with, study
from tests.helpers.stacks import all_orientations, stack

CUSTOMARY = {
    "plane.axial": ("R", "L", "A", "P"),
    "plane.coronal": ("R", "L", "H", "F"),
    "plane.sagittal": ("A", "P", "H", "F"),
}


def dispatcher_of(*sets):
    session = session_with(study("1", *sets))
    return Dispatcher(build_registry(), session, run_effect=lambda _: None)


def do(dispatcher, command_id, **arguments):
    outcome = dispatcher.dispatch(Invocation(command_id, arguments))
    assert outcome.error is None, outcome.error
    return dispatcher.session


def letters(session, index=None):
    viewport, shown, _, _ = session.shown(session.view.active if index is None else index)
    return edge_letters(viewport, shown)


@pytest.mark.parametrize("command_id", CUSTOMARY)
@pytest.mark.parametrize("orientation", all_orientations())
def test_letters_of_customary_planes_whatever_was_acquired(orientation, command_id):
    session = do(dispatcher_of(stack(*orientation)), command_id)
    assert letters(session) == CUSTOMARY[command_id]


def test_the_letters_follow_the_turn_of_the_view():
    dispatcher = dispatcher_of(stack())
    do(dispatcher, "plane.coronal")
    do(dispatcher, "rotate", side="right")
    assert letters(dispatcher.session) == ("F", "H", "R", "L")
    do(dispatcher, "flip.horizontal")
    assert letters(dispatcher.session) == ("H", "F", "R", "L")


def test_the_acquired_plane_is_shown_as_it_was_acquired():
    dispatcher = dispatcher_of(stack())
    do(dispatcher, "plane.sagittal")
    assert do(dispatcher, "plane.axial").viewport.plane is None


@pytest.mark.parametrize("command_id", CUSTOMARY)
def test_another_plane_goes_through_the_same_point(command_id):
    dispatcher = dispatcher_of(stack())
    do(dispatcher, "image.goto", n=6)
    before = point_at(dispatcher.session, 0.5, 0.5)
    session = do(dispatcher, command_id)
    place = session.display_set.frames[session.viewport.index].plane
    assert abs(place.distance(before)) <= 0.76  # half of the thickest voxel


def test_images_of_a_plane_are_stepped_through_like_all_others():
    dispatcher = dispatcher_of(stack())
    session = do(dispatcher, "plane.coronal")
    assert session.display_set.count == 24
    assert do(dispatcher, "image.first").viewport.index == 0
    assert do(dispatcher, "image.last").viewport.index == 23
    first = dispatcher.session.display_set.frames[0].plane.position[1]
    last = dispatcher.session.display_set.frames[-1].plane.position[1]
    assert first < last  # coronal images begin in front
    refused = dispatcher.dispatch(Invocation("image.goto", {"n": 25}))
    assert refused.error.arguments == {"n": 25, "count": 24}


@pytest.mark.parametrize(
    ("side", "expected"),
    [("right", "LP"), ("left", "LA")],
)
def test_a_tilt_takes_the_edge_of_its_side_away_from_the_eye(side, expected):
    """Of a coronal image the eye is in front: away is to the back."""
    dispatcher = dispatcher_of(stack())
    do(dispatcher, "plane.coronal")
    session = do(dispatcher, "plane.tilt", side=side, degrees=30)
    assert letters(session)[1] == expected
    assert session.viewport.plane.kind == "oblique"


def test_tilting_there_and_back_shows_the_same_plane():
    dispatcher = dispatcher_of(stack())
    do(dispatcher, "plane.coronal")
    before = dispatcher.session.viewport.plane
    do(dispatcher, "plane.tilt", side="up", degrees=17)
    after = do(dispatcher, "plane.tilt", side="down", degrees=17).viewport.plane
    assert after.right == pytest.approx(before.right, abs=1e-9)
    assert after.down == pytest.approx(before.down, abs=1e-9)


def test_undo_brings_back_the_identical_view():
    dispatcher = dispatcher_of(stack())
    before = dispatcher.session.view
    for command_id in ("plane.three", "plane.tilt", "slab.set", "projection.max"):
        arguments = {"plane.tilt": {"side": "left"}, "slab.set": {"n": 12}}.get(command_id, {})
        do(dispatcher, command_id, **arguments)
    for _ in range(4):
        do(dispatcher, "undo")
    assert dispatcher.session.view is before


def test_three_planes_and_the_volume():
    session = do(dispatcher_of(stack()), "plane.three")
    assert session.view.layout.count == 4
    assert [letters(session, i) for i in range(3)] == list(CUSTOMARY.values())
    assert session.view.viewports[3].volume is not None
    assert session.view.crosshair is not None


def test_a_slab_of_the_acquired_images_keeps_their_place():
    dispatcher = dispatcher_of(stack())
    do(dispatcher, "image.goto", n=5)
    session = do(dispatcher, "slab.set", n=15)
    assert (session.viewport.plane.projection, session.viewport.plane.slab_mm) == ("mean", 15.0)
    assert session.viewport.index == 4
    assert do(dispatcher, "projection.min").viewport.plane.slab_mm == 15.0
    session = do(dispatcher, "projection.off")
    assert session.viewport.plane is None
    assert session.viewport.index == 4


def test_a_projection_without_a_thickness_gets_one():
    assert do(dispatcher_of(stack()), "projection.max").viewport.plane.slab_mm == 20.0


# --- the crosshair ---------------------------------------------------------------------------


def test_the_crosshair_leads_all_views_of_its_space():
    other = replace(stack(shape=(10, 24, 28), spacing=(0.8, 0.7, 3.0)), uid="v.2")
    dispatcher = dispatcher_of(stack(), other)
    do(dispatcher, "layout.set", rows=1, columns=2)
    do(dispatcher, "image.goto", n=15)
    session = do(dispatcher, "crosshair.show")
    point = session.view.crosshair.point
    for index in range(2):
        viewport, shown, _, _ = session.shown(index)
        distance = abs(shown.frames[viewport.index].plane.distance(point))
        assert distance <= shown.spacing[2] / 2 + 1e-6


def test_the_crosshair_follows_the_images_and_leads_the_others():
    dispatcher = dispatcher_of(stack())
    do(dispatcher, "plane.three")
    before = dispatcher.session.view.crosshair.point
    session = do(dispatcher, "image.forward", n=3)
    after = session.view.crosshair.point
    assert after[2] - before[2] == pytest.approx(4.5)
    assert after[:2] == pytest.approx(before[:2])


def test_the_crosshair_stays_out_of_other_spaces():
    other = replace(display_set("1.2"), frame_of_reference_uid="for.other")
    dispatcher = dispatcher_of(stack(), other)
    do(dispatcher, "layout.set", rows=1, columns=2)
    before = dispatcher.session.view.viewports[1]
    session = do(dispatcher, "crosshair.set", cell="B2")
    assert session.view.viewports[1] is before


def test_a_handle_turns_the_other_plane_about_the_crosshair():
    dispatcher = dispatcher_of(stack())
    do(dispatcher, "plane.three")
    session = do(dispatcher, "plane.swing", viewport=1, degrees=30)
    viewport, shown, _, _ = session.shown(1)
    assert letters(session, 1)[1] == "LP"  # clockwise on an axial image: left goes to the back
    place = shown.frames[viewport.index].plane
    assert abs(place.distance(session.view.crosshair.point)) < 1e-6
    assert session.view.viewports[2] is dispatcher.session.view.viewports[2]


def test_linked_planes_of_one_volume_do_not_drag_one_another():
    dispatcher = dispatcher_of(stack())
    do(dispatcher, "plane.three")
    do(dispatcher, "crosshair.hide")
    do(dispatcher, "link.on")
    before = dispatcher.session.view.viewports
    after = do(dispatcher, "image.forward", n=2).view.viewports
    assert [v.index for v in after[1:3]] == [v.index for v in before[1:3]]


# --- along a path ----------------------------------------------------------------------------


def test_a_plane_along_two_targets_holds_both():
    dispatcher = dispatcher_of(stack(shape=(40, 60, 60), spacing=(1.0, 1.0, 1.0)))
    do(dispatcher, "path.add", cell="D4")
    do(dispatcher, "image.goto", n=30)
    do(dispatcher, "path.add", cell="F6")
    first, last = (entry.point for entry in dispatcher.session.view.path)
    session = do(dispatcher, "plane.along")
    place = session.display_set.frames[session.viewport.index].plane
    assert abs(place.distance(first)) < 1e-6
    assert abs(place.distance(last)) < 1e-6
    session = do(dispatcher, "plane.across")
    place = session.display_set.frames[session.viewport.index].plane
    assert abs(place.distance(last)) < 1e-6
    assert letters(session)[0].startswith("R")


def test_a_curved_plane_has_sides_but_no_place():
    dispatcher = dispatcher_of(stack(shape=(40, 60, 60), spacing=(1.0, 1.0, 1.0)))
    do(dispatcher, "plane.coronal")
    for cell in ("E2", "F5", "E8"):
        do(dispatcher, "path.add", cell=cell)
    session = do(dispatcher, "plane.curved")
    assert letters(session) == ("R", "L", "H", "F")
    assert session.display_set.frames[0].plane is None
    refused = dispatcher.dispatch(Invocation("plane.tilt", {"side": "left"}))
    assert refused.error.key == "refused.plane_curved"
    assert letters(do(dispatcher, "plane.axial")) == CUSTOMARY["plane.axial"]


def test_a_path_needs_two_points():
    dispatcher = dispatcher_of(stack())
    do(dispatcher, "path.add", cell="B2")
    refused = dispatcher.dispatch(Invocation("plane.along"))
    assert refused.error.key == "refused.path_too_short"


def test_another_study_forgets_crosshair_and_path():
    first, second = study("1", stack()), study("2", display_set("2.1"), date="2020-01-01")
    dispatcher = Dispatcher(
        build_registry(), session_with(first, second), run_effect=lambda _: None
    )
    do(dispatcher, "crosshair.show")
    do(dispatcher, "path.add")
    do(dispatcher, "study.show", uid="2")
    do(dispatcher, "confirm")
    assert dispatcher.session.study.uid == "2"
    assert dispatcher.session.view.crosshair is None
    assert dispatcher.session.view.path == ()


# --- bad input -------------------------------------------------------------------------------

BAD = [
    (stack(shape=(2, 24, 28)), "refused.volume_few_slices"),
    (stack(shape=(3, 24, 28), kind="stack"), "refused.volume_few_slices"),
    (stack(colour=True), "refused.volume_colour"),
    (replace(stack(), spacing=None), "refused.volume_no_place"),
    (stack(spacing=(0.7, 0.7, 60.0), kind="stack"), "refused.volume_not_stacked"),
    (
        replace(stack(), frames=tuple(replace(f, plane=None) for f in stack().frames)),
        "refused.volume_no_place",
    ),
]


@pytest.mark.parametrize(("bad", "reason"), BAD)
@pytest.mark.parametrize("command_id", [*CUSTOMARY, "plane.three", "projection.max"])
def test_what_makes_no_volume_is_refused_with_a_reason(bad, reason, command_id):
    dispatcher = dispatcher_of(bad)
    before = dispatcher.session.view
    outcome = dispatcher.dispatch(Invocation(command_id))
    assert outcome.error.key == reason
    assert dispatcher.session.view is before


# --- phases ----------------------------------------------------------------------------------


def test_phases_play_at_one_place_in_a_plane():
    phases = [replace(stack(), uid=f"v.{n}", group="4d") for n in range(3)]
    dispatcher = dispatcher_of(*phases)
    do(dispatcher, "plane.coronal")
    before = dispatcher.session.viewport
    session = do(dispatcher, "phase.play")
    assert session.viewport.cine.playing
    seen = []
    for _ in range(4):
        dispatcher.dispatch(Invocation("cine.step", {"viewport": 0, "steps": 1}))
        seen.append(dispatcher.session.viewport.display_set)
        assert dispatcher.session.viewport.index == before.index
        assert dispatcher.session.viewport.plane == before.plane
    assert seen == ["v.1", "v.2", "v.0", "v.1"]
    assert do(dispatcher, "phase.previous").viewport.display_set == "v.0"


def test_a_plane_takes_its_pixels_window_from_the_image_in_its_middle():
    session = do(dispatcher_of(stack()), "plane.sagittal")
    shown, acquired = session.display_set, session.catalogue.display_set("v.1")
    assert acquired_index(acquired, shown, 27) in (9, 10)
    assert acquired_index(acquired, acquired, 3) == 3
