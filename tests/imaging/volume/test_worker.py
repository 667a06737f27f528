"""The worker: coarse first, fine when it is still, the newest wish wins."""

import queue

import numpy as np
import pytest

from surgery_assist.imaging.volume.bench import measure
from surgery_assist.imaging.volume.build import volume_of
from surgery_assist.imaging.volume.cut import Wanted
from surgery_assist.imaging.volume.worker import ReformatWorker, Wish, moving_quality
from surgery_assist.model.plane import Plane, named, tilted
from surgery_assist.model.reformat import reformatted
from tests.helpers.stacks import MIDDLE, coded, stack

HEAD = (0.0, 0.0, 1.0)


@pytest.fixture
def desk():
    """A worker and what it delivers."""
    delivered: queue.SimpleQueue = queue.SimpleQueue()
    worker = ReformatWorker(lambda pane, made: delivered.put((pane, made)))
    yield worker, delivered
    worker.close()


def wish_of(source, plane):
    shown = reformatted(source.display_set, plane)
    return Wish(source, "v.1", Wanted(shown, plane, shown.count // 2), source.version)


def oblique(degrees):
    return tilted(named("axial", MIDDLE), (1.0, 0.0, 0.0), degrees, MIDDLE)


def test_a_coarse_image_comes_before_the_fine_one(desk):
    worker, delivered = desk
    wish = wish_of(coded(stack(), HEAD), oblique(20.0))
    worker.ask(0, wish)
    pane, coarse = delivered.get(timeout=30)
    _, fine = delivered.get(timeout=30)
    assert (pane, coarse.final, fine.final) == (0, False, True)
    assert coarse.image.factor > fine.image.factor == 1
    assert coarse.wish == fine.wish == wish


def test_the_newest_wish_wins(desk):
    worker, delivered = desk
    source = coded(stack(shape=(60, 80, 80), spacing=(1.0, 1.0, 1.0)), HEAD)
    for degrees in range(5, 45):
        worker.ask(0, wish_of(source, oblique(float(degrees))))
    last = wish_of(source, oblique(44.0))
    made = None
    while made is None or not made.final or made.wish != last:
        _, made = delivered.get(timeout=30)
    assert delivered.empty()


def test_each_pane_gets_its_own(desk):
    worker, delivered = desk
    source = coded(stack(), HEAD)
    wishes = {pane: wish_of(source, oblique(10.0 * (pane + 1))) for pane in range(3)}
    for pane, wish in wishes.items():
        worker.ask(pane, wish)
    final = {}
    while len(final) < 3:
        pane, made = delivered.get(timeout=30)
        if made.final:
            final[pane] = made.wish
    assert final == wishes


def test_an_uneven_stack_waits_for_its_last_slice(desk):
    worker, delivered = desk
    source = coded(stack(places=[0, 1, 2, 4, 5, 6], kind="stack"), HEAD)
    source.loaded[2] = False
    worker.ask(0, wish_of(source, named("coronal", MIDDLE)))
    _, made = delivered.get(timeout=30)
    assert made.image is None
    assert made.error is None
    source.loaded[2] = True
    source.version += 1
    worker.ask(0, wish_of(source, named("coronal", MIDDLE)))
    _, made = delivered.get(timeout=30)
    assert made.image is not None


def test_failure_is_delivered_with_its_reason(desk):
    worker, delivered = desk
    good = wish_of(coded(stack(), HEAD), oblique(20.0))
    bad = coded(stack(colour=True), HEAD)
    worker.ask(0, Wish(bad, "v.1", good.wanted, bad.version))
    _, made = delivered.get(timeout=30)
    assert made.error.key == "refused.volume_colour"


def test_a_thick_slab_is_thinned_out_while_moving():
    volume = volume_of(coded(stack(shape=(200, 200, 200), spacing=(1.0, 1.0, 1.0)), HEAD))
    plane = tilted(
        Plane("axial", (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), MIDDLE, "max", 80.0),
        (1.0, 0.0, 0.0),
        30.0,
        MIDDLE,
    )
    shown = reformatted(volume.display_set, plane)
    quality = moving_quality(volume, Wanted(shown, plane, 0))
    assert quality.factor > 1
    assert quality.depth_factor > 1


def test_pet_slices_with_scales_of_their_own_are_joined_in_modality_values():
    source = coded(stack(), HEAD)
    source.slopes[:] = np.linspace(1.0, 2.0, len(source.slopes))
    volume = volume_of(source)
    assert volume.values.dtype == np.float32
    assert (volume.slope, volume.intercept) == (1.0, 0.0)
    assert volume.values[-1, 0, 0] == pytest.approx(source.values[-1, 0, 0] * 2.0)


def test_a_reduced_volume_keeps_its_place():
    """Every second row and column: voxel (i, j) lies at the acquired pixel (2 i, 2 j)."""
    from surgery_assist.imaging.volumes import VolumeSource
    from tests.helpers.stacks import LAYOUT

    display_set = stack()
    whole = coded(display_set, (1.0, 0.0, 0.0))
    source = VolumeSource(display_set, LAYOUT, 2)
    source.values[...] = whole.values[:, ::2, ::2]
    source.loaded[:] = True
    volume = volume_of(source)
    assert volume.reduced == 2
    assert volume.grid.point(3, 0, 0) == pytest.approx(display_set.frames[0].plane.point(6, 0))


def test_the_benchmark_measures_every_kind():
    found = measure(volume_of(coded(stack(), HEAD)))
    assert set(found) >= {"ms_p50", "ms_p95", "orthogonal_ms_p50", "slab_still_ms_p95"}
    assert all(ms > 0 for ms in found.values())
