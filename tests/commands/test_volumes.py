"""Commands about volumes: pure, undone exactly, refused with a reason."""

from dataclasses import replace

import pytest

from surgery_assist.commands.catalogue import build_registry
from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.commands.effects import PickVolume
from surgery_assist.model.geometry import dot
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Session
from surgery_assist.model.viewport import Viewport
from surgery_assist.model.volume_view import MAX_CUTS, VIEWS, turned
from tests.helpers.sessions import ct_session, display_set, session_with, study

REGISTRY = build_registry()


class Bench:
    """A dispatcher with what it did."""

    def __init__(self, session: Session):
        self.effects = []
        self.dispatcher = Dispatcher(REGISTRY, session, run_effect=self.effects.append)

    def do(self, command, **arguments):
        return self.dispatcher.dispatch(Invocation(command, arguments))

    @property
    def viewport(self):
        return self.dispatcher.session.viewport

    @property
    def volume(self):
        return self.viewport.volume


@pytest.fixture
def bench():
    made = Bench(ct_session(200))
    made.do("volume.show")
    return made


def test_volume_is_shown_and_hidden_and_undone_exactly():
    bench = Bench(ct_session())
    before = bench.dispatcher.session.view
    bench.do("volume.show")
    assert bench.volume.preset == "bone"
    bench.do("volume.hide")
    assert bench.volume is None
    bench.do("undo")
    bench.do("undo")
    assert bench.dispatcher.session.view is before


def test_every_camera_command_is_undone_to_the_very_object(bench):
    before = bench.dispatcher.session.view
    steps = [
        ("volume.turn", {"side": "left", "degrees": 33}),
        ("volume.view", {"view": "above"}),
        ("volume.cut", {"side": "front"}),
        ("volume.opacity", {"side": "down"}),
        ("volume.preset", {"preset": "skin"}),
        ("volume.mip", {}),
        ("zoom.in", {}),
        ("pan", {"side": "left"}),
        ("rotate", {"side": "right", "degrees": 30}),
        ("table.remove", {}),
        ("bone.remove", {}),
        ("window.contrast", {"side": "up"}),
    ]
    for command, arguments in steps:
        assert bench.do(command, **arguments).status == "done", command
    for _ in steps:
        bench.do("undo")
    assert bench.dispatcher.session.view is before


def test_turning_without_a_volume_shows_one():
    bench = Bench(ct_session())
    bench.do("volume.turn", side="left")
    assert bench.volume.camera == turned(VIEWS["front"], "left", 30.0)


@pytest.mark.parametrize("side", ["left", "right", "up", "down", "front", "back"])
def test_cut_takes_a_quarter_and_once_more_another(bench, side):
    bench.do("volume.cut", side=side)
    first = bench.volume.cuts[0]
    bench.do("volume.cut", side=side)
    assert len(bench.volume.cuts) == 1
    second = bench.volume.cuts[0]
    assert second.normal == first.normal
    assert dot(second.point, second.normal) > dot(first.point, first.normal)
    bench.do("volume.uncut")
    assert bench.volume.cuts == ()


def test_something_is_left_after_any_number_of_cuts(bench):
    for _ in range(10):
        assert bench.do("volume.cut", side="left", amount=100).status == "done"
    assert len(bench.volume.cuts) == 1


def test_too_many_cuts_are_refused_with_a_reason(bench):
    for number in range(MAX_CUTS):
        bench.do("volume.turn", side="left", degrees=7 + number)
        bench.do("volume.cut", side="front")
    bench.do("volume.turn", side="left", degrees=5)
    outcome = bench.do("volume.cut", side="front")
    assert outcome.error.key == "refused.volume_many_cuts"


def test_cut_along_another_panels_image_keeps_the_far_side(bench):
    bench.do("layout.set", rows=1, columns=2)
    second = bench.dispatcher.session.view.viewports[1]
    images = replace(second, volume=None, index=50)
    bench.dispatcher._session = bench.dispatcher.session.with_viewport(images, 1)
    bench.do("volume.view", view="above")
    assert bench.do("volume.slice").status == "done"
    cut = bench.volume.cuts[0]
    assert cut.point[2] == pytest.approx(100.0)  # slice 50, 2 mm apart
    assert dot(cut.normal, bench.volume.camera.toward) == pytest.approx(1.0)


def test_points_in_depth_are_asked_of_the_pixels(bench):
    bench.do("target", cell="E5")
    bench.do("volume.look")
    effect = bench.effects[-1]
    assert isinstance(effect, PickVolume)
    assert (effect.use, effect.places) == ("look", ((0.5, 0.5),))
    answer = {"viewport": 0, "use": "look", "points": ((1.0, 2.0, 3.0),)}
    bench.do("volume.picked", **answer)
    assert bench.volume.camera.focus == (1.0, 2.0, 3.0)
    bench.do("volume.picked", viewport=0, use="distance", points=((0.0, 0, 0), (3.0, 4, 0)))
    assert bench.volume.marks[0].mm == pytest.approx(5.0)
    bench.do("volume.unmark")
    assert bench.volume.marks == ()


def test_crop_leaves_a_cube_about_the_middle(bench):
    bench.do("volume.crop", n=100)
    assert len(bench.volume.cuts) == 6


def test_spinning_is_one_step_of_undo_and_stops(bench):
    before = bench.dispatcher.session.view
    bench.do("volume.spin")
    for _ in range(5):
        bench.do("volume.advance", viewport=0, degrees=3.0)
    assert bench.volume.camera != VIEWS["front"]
    bench.do("stop")
    assert not bench.volume.spinning
    bench.do("undo")
    bench.do("undo")
    assert bench.dispatcher.session.view is before


def test_linked_volumes_turn_together(bench):
    bench.do("layout.set", rows=1, columns=2)
    bench.do("link.on")
    bench.do("volume.turn", side="up", degrees=40)
    cameras = {viewport.volume.camera for viewport in bench.dispatcher.session.view.viewports}
    assert cameras == {turned(VIEWS["front"], "up", 40.0)}


def test_volume_is_never_mirrored(bench):
    assert bench.do("flip.horizontal").error.key == "refused.volume_mirror"


def test_reset_brings_back_the_first_look_of_the_preset(bench):
    bench.do("volume.preset", preset="skin")
    bench.do("volume.turn", side="left")
    bench.do("volume.cut", side="left")
    bench.do("view.reset")
    assert bench.volume.preset == "skin"
    assert bench.volume.cuts == ()
    assert bench.volume.camera == VIEWS["front"]


BAD = {
    "refused.volume_few_slices": display_set(count=2),
    "refused.volume_colour": display_set(colour=True),
    "refused.volume_no_place": replace(display_set(), spacing=None),
}


@pytest.mark.parametrize("reason", BAD)
def test_what_is_no_volume_is_refused_with_its_reason(reason):
    bench = Bench(session_with(study("1", BAD[reason])))
    assert bench.do("volume.show").error.key == reason
    assert bench.viewport.volume is None
    assert isinstance(bench.viewport, Viewport)


def test_localizer_is_refused():
    slices = display_set(count=5)
    other = display_set(count=5, directions=((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)))
    mixed = replace(slices, frames=(*slices.frames[:3], *other.frames[:3]), kind="stack")
    bench = Bench(session_with(study("1", mixed)))
    assert bench.do("volume.show").error.key == "refused.volume_not_stacked"


def test_tissue_presets_are_for_ct():
    bench = Bench(session_with(study("1", display_set(modality="MR"))))
    bench.do("volume.show")
    assert (bench.volume.preset, bench.volume.mode) == ("mr_vessels", "mip")
    assert bench.do("volume.preset", preset="bone").error.key == "refused.volume_preset_ct"


def test_prior_is_compared_as_a_volume_too():
    now, before = display_set("1.1", count=30), display_set("2.1", count=40)
    session = session_with(study("1", now), study("2", before, date="2020-01-01"))
    bench = Bench(session)
    bench.do("volume.turn", side="left", degrees=20)
    bench.do("volume.cut", side="left")
    bench.do("compare.prior")
    bench.do("link.on")
    bench.do("volume.turn", side="up", degrees=20)
    mine, other = (viewport.volume for viewport in bench.dispatcher.session.view.viewports)
    assert mine.camera == other.camera
    assert other.cuts == ()
