"""Loading in the background: order, budget, one broken slice, moving on."""

import threading
from itertools import islice

import numpy as np
import pytest

from surgery_assist.errors import DecodeError
from surgery_assist.imaging.cache import FrameStore
from surgery_assist.imaging.library import Library
from surgery_assist.imaging.pixels import FramePixels, FrameReader
from surgery_assist.imaging.schedule import Focus, loading_order, nearest_first
from tests.helpers.dicom import ct_slice, opened, save, sets_of

FRAME_BYTES = 8 * 6 * 2


@pytest.fixture
def study(tmp_path):
    """A volume of 12 slices and a second series of 4."""
    for n in range(12):
        save(ct_slice(n, 5.0 * n), tmp_path / "a" / f"{n:02d}.dcm")
    for n in range(4):
        other = ct_slice(n, 2.0 * n, SeriesInstanceUID="1.2.3.201", SeriesNumber=4)
        other.SOPInstanceUID = f"1.2.4.{n}"
        save(other, tmp_path / "b" / f"{n:02d}.dcm")
    library, catalogue = opened(tmp_path)
    return library, sets_of(catalogue)


@pytest.fixture
def make_store():
    stores = []

    def make(library, **options):
        stores.append(FrameStore(library, **options))
        return stores[-1]

    yield make
    for store in stores:
        store.close()


def test_nearest_first():
    assert list(nearest_first(2, 6)) == [2, 3, 1, 4, 0, 5]
    assert list(nearest_first(9, 3)) == [2, 1, 0]


def test_panes_take_turns():
    order = loading_order([Focus("a", 0, 9), Focus("b", 5, 9), Focus("a", 1, 9)])
    assert list(islice(order, 6)) == [
        ("a", 0), ("b", 5), ("a", 1), ("a", 2), ("b", 6), ("a", 3),
    ]  # fmt: skip


def test_everything_in_focus_arrives_nearest_first(study, make_store):
    library, (volume, _) = study
    arrived = []
    store = make_store(library, workers=1, on_frame=lambda uid, index: arrived.append((uid, index)))
    store.focus([(volume.uid, 5)])
    assert store.wait_idle(10)
    assert arrived == [(volume.uid, index) for index in nearest_first(5, 12)]
    assert store.loaded(volume.uid) == 12


def test_get_never_blocks_and_asks(study, make_store):
    library, (volume, _) = study
    there = threading.Event()
    store = make_store(library, on_frame=lambda *_: there.set())
    assert store.get(volume.uid, 3) is None
    assert there.wait(10)
    assert isinstance(store.get(volume.uid, 3), FramePixels)


def test_volume_is_one_block_shared_with_the_frames(study, make_store):
    library, (volume, _) = study
    store = make_store(library)
    early = store.load(volume.uid, 2)
    store.focus([(volume.uid, 0)])
    assert store.wait_idle(10)
    source = store.volume_source(volume.uid)
    assert source.complete
    assert source.settled
    assert source.uniform
    block = source.values
    assert block.shape == (12, 8, 6)
    assert block.flags.c_contiguous
    for index in range(12):
        pixels = store.get(volume.uid, index)
        assert np.shares_memory(block, pixels.values)
        assert pixels.values[0, 0] == 100 * index
    np.testing.assert_array_equal(early.values, block[2])
    assert store.used_bytes == 12 * FRAME_BYTES


def test_broken_slice_is_an_error_of_that_slice_alone(study, make_store):
    library, (volume, _) = study
    path = library.instance(volume.frames[4].instance_uid).path
    path.write_bytes(path.read_bytes()[:-40])
    store = make_store(library)
    store.focus([(volume.uid, 4)])
    assert store.wait_idle(10)
    broken = store.get(volume.uid, 4)
    assert isinstance(broken, DecodeError)
    assert broken.key == "error.decode_truncated"
    assert store.loaded(volume.uid) == 11
    source = store.volume_source(volume.uid)
    assert source.settled
    assert not source.complete
    assert list(np.flatnonzero(source.failed)) == [4]
    with pytest.raises(DecodeError):
        store.load(volume.uid, 4)


def test_budget_is_kept_and_the_visible_frame_stays(study, make_store):
    library, (volume, other) = study
    store = make_store(library, budget_bytes=5 * FRAME_BYTES)
    store.focus([(volume.uid, 6)])
    assert store.wait_idle(10)
    assert isinstance(store.get(volume.uid, 6), FramePixels)
    assert store.used_bytes <= 5 * FRAME_BYTES
    store.focus([(other.uid, 0)])
    assert store.wait_idle(10)
    assert store.loaded(other.uid) == 4
    assert store.used_bytes <= 5 * FRAME_BYTES


def test_volume_out_of_sight_makes_room(study, make_store):
    library, (volume, other) = study
    store = make_store(library, budget_bytes=13 * FRAME_BYTES)
    store.focus([(volume.uid, 0)])
    assert store.wait_idle(10)
    store.focus([(other.uid, 0)])
    assert store.wait_idle(10)
    assert store.loaded(other.uid) == 4
    assert store.loaded(volume.uid) == 0


def test_moving_on_drops_what_was_queued(study, make_store, monkeypatch):
    library, (volume, other) = study
    begun, go_on, read = [], threading.Event(), FrameReader.read

    def slow(self, instance, frame=0, out=None):
        begun.append(instance.uid)
        assert go_on.wait(10)
        return read(self, instance, frame, out)

    monkeypatch.setattr(FrameReader, "read", slow)
    store = make_store(library, workers=1)
    store.focus([(volume.uid, 0)])
    while not begun:
        pass
    store.focus([(other.uid, 0)])
    go_on.set()
    assert store.wait_idle(10)
    assert begun[1:] == [frame.instance_uid for frame in other.frames]


def test_index_follows_the_frame_while_the_study_grows(tmp_path, make_store):
    library = Library()
    for n in (1, 3):
        save(ct_slice(n, 5.0 * n), tmp_path / "early" / f"{n}")
    save(ct_slice(2, 10.0), tmp_path / "late" / "2")
    (early,) = sets_of(list(library.scan([tmp_path / "early"]))[-1])
    store = make_store(library)
    assert store.load(early.uid, 1).values[0, 0] == 300
    list(library.scan([tmp_path / "late"]))
    assert store.load(early.uid, 1).values[0, 0] == 200
    assert store.load(early.uid, 2).values[0, 0] == 300


def test_thumbnail_of_the_middle(study, make_store):
    library, (volume, _) = study
    ready = threading.Event()
    store = make_store(library, on_frame=lambda _, index: index == -1 and ready.set())
    assert store.thumbnail(volume.uid) is None
    assert ready.wait(10)
    assert store.thumbnail(volume.uid).shape == (128, 96)


def test_clear_forgets(study, make_store):
    library, (volume, _) = study
    store = make_store(library)
    store.focus([(volume.uid, 0)])
    assert store.wait_idle(10)
    store.clear()
    assert (store.loaded(volume.uid), store.used_bytes) == (0, 0)


def test_unknown_frames_are_no_crash(study, make_store):
    library, (volume, _) = study
    store = make_store(library)
    store.focus([("1.2.nowhere", 0), (volume.uid, 99)])
    assert store.wait_idle(10)
    assert store.get("1.2.nowhere", 0) is None
    with pytest.raises(DecodeError):
        store.load(volume.uid, 99)


def test_series_far_beyond_the_budget_is_quick_to_walk(tmp_path, make_store):
    """One visible frame at a time, and no long search for room that is not there."""
    for n in range(300):
        save(ct_slice(n, 5.0 * n + (n % 2)), tmp_path / f"{n:03d}")
    library, catalogue = opened(tmp_path)
    (stack,) = sets_of(catalogue)
    assert stack.kind == "stack"
    store = make_store(library, budget_bytes=10 * FRAME_BYTES)
    for index in range(0, 300, 10):
        store.focus([(stack.uid, index)])
        assert store.wait_idle(10)
        assert isinstance(store.get(stack.uid, index), FramePixels)
        assert store.used_bytes <= 10 * FRAME_BYTES


def test_volume_beyond_the_budget_is_reduced(study, make_store):
    """Every slice goes through memory once, and the block holds every n-th row and column."""
    library, (volume, _) = study
    store = make_store(library, budget_bytes=7 * FRAME_BYTES)
    store.focus([(volume.uid, 4)])
    assert store.wait_idle(10)
    source = store.volume_source(volume.uid)
    assert source.reduced
    assert source.step == (1, 2, 2)
    assert source.values.shape == (12, 4, 3)
    assert source.complete
    assert list(source.values[:, 0, 0]) == [100 * index for index in range(12)]
    assert store.used_bytes <= 7 * FRAME_BYTES
    assert isinstance(store.get(volume.uid, 4), FramePixels)


def test_volume_that_is_asked_for_is_loaded_unseen(study, make_store):
    library, (volume, other) = study
    store = make_store(library)
    store.focus([(other.uid, 0)])
    source = store.volume_source(volume.uid)
    assert store.wait_idle(10)
    assert source.complete
    assert source.version == 12
    assert (source.slopes[0], source.intercepts[0]) == (1.0, -1024.0)


def test_pyramid_of_a_frame_comes_later(tmp_path, make_store):
    large = ct_slice()
    large.Rows = large.Columns = 1100
    large.PixelData = np.arange(1100 * 1100, dtype=np.uint32).astype(np.int16).tobytes()
    save(large, tmp_path / "large")
    library, catalogue = opened(tmp_path)
    (single,) = sets_of(catalogue)
    store = make_store(library)
    assert store.pyramid(single.uid, 0) is None
    assert store.wait_idle(10)
    assert store.pyramid(single.uid, 0) is None  # the frame is there, its pyramid begins
    assert store.wait_idle(10)
    pyramid = store.pyramid(single.uid, 0)
    assert pyramid.levels == 2
    assert store.used_bytes == 1100 * 1100 * 2 + 550 * 550 * 2
    store.clear()
    assert store.used_bytes == 0
