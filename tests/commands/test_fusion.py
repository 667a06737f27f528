"""What may be laid over what, and how much it covers."""

import pytest

from surgery_assist.commands.catalogue import build_registry
from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.model.fusion import partner_of
from surgery_assist.model.invocation import Invocation
from tests.helpers.sessions import display_set, session_with, study


def dispatcher_of(*sets):
    return Dispatcher(build_registry(), session_with(study("1", *sets)), run_effect=lambda _: None)


def do(dispatcher, command_id, **arguments):
    return dispatcher.dispatch(Invocation(command_id, arguments))


def test_activity_comes_before_dose_and_other_anatomy():
    ct = display_set("1.1")
    others = [display_set(f"1.{n}", modality=m) for n, m in enumerate(("MR", "RTDOSE", "PT"), 2)]
    assert partner_of(study("1", ct, *others), ct).modality == "PT"
    assert partner_of(study("1", ct, *others[:2]), ct).modality == "RTDOSE"
    assert partner_of(study("1", ct, others[0]), others[0]).modality == "CT"


@pytest.mark.parametrize(
    "other",
    [
        display_set("1.2", modality="PT", frame_of_reference="elsewhere"),
        display_set("1.2", modality="PT", count=1),
        display_set("1.2", modality="PT", colour=True),
        display_set("1.2"),
    ],
    ids=["another space", "one image", "colour", "same modality"],
)
def test_what_does_not_lie_in_the_same_space_is_refused(other):
    outcome = do(dispatcher_of(display_set("1.1"), other), "fusion.show")
    assert outcome.status == "refused"
    assert outcome.error.key == "refused.no_fusion"


def test_no_space_is_no_common_space():
    sets = [
        display_set(f"1.{n}", modality=m, frame_of_reference="") for n, m in ((1, "CT"), (2, "PT"))
    ]
    assert do(dispatcher_of(*sets), "fusion.show").status == "refused"


def test_more_and_less_stay_within_limits_and_undo_is_exact():
    dispatcher = dispatcher_of(display_set("1.1"), display_set("1.2", modality="PT"))
    before = dispatcher.session.view
    do(dispatcher, "fusion.show")
    assert dispatcher.session.viewport.fusion.display_set == "1.2"
    do(dispatcher, "fusion.more", amount=30)
    assert dispatcher.session.viewport.fusion.blend == pytest.approx(0.8)
    do(dispatcher, "fusion.more", amount=90)
    assert dispatcher.session.viewport.fusion.blend == 1.0
    do(dispatcher, "fusion.less", amount=100)
    assert dispatcher.session.viewport.fusion.blend == pytest.approx(0.05)
    for _ in range(4):
        do(dispatcher, "undo")
    assert dispatcher.session.view is before


def test_fusion_stays_on_planes_and_is_refused_on_volumes():
    dispatcher = dispatcher_of(display_set("1.1"), display_set("1.2", modality="PT"))
    do(dispatcher, "fusion.show")
    do(dispatcher, "plane.coronal")
    assert dispatcher.session.viewport.fusion is not None
    do(dispatcher, "volume.show")
    assert do(dispatcher, "fusion.more").error.key == "refused.fusion_volume"


def test_every_plane_of_the_same_images_is_fused_and_the_volume_is_not():
    dispatcher = dispatcher_of(display_set("1.1"), display_set("1.2", modality="PT"))
    do(dispatcher, "plane.three")
    do(dispatcher, "fusion.show")
    viewports = dispatcher.session.view.viewports
    assert [viewport.fusion is not None for viewport in viewports] == [True, True, True, False]
    do(dispatcher, "fusion.hide")
    assert all(viewport.fusion is None for viewport in dispatcher.session.view.viewports)
