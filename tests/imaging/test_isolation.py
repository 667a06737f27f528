"""A file may crash, hold up or overfill its worker; the program says so and goes on."""

import sys
import time
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import ImplicitVRLittleEndian, RLELossless

from surgery_assist.errors import DecodeError
from surgery_assist.imaging.isolation import pool as pool_module
from surgery_assist.imaging.isolation import reader as reader_module
from surgery_assist.imaging.isolation.buffers import SharedBuffer
from surgery_assist.imaging.isolation.pool import WorkerDiedError, WorkerPool, WorkerProcess
from surgery_assist.imaging.isolation.reader import SafeReader
from surgery_assist.imaging.isolation.values import ValueMismatchError, from_plain, to_plain
from surgery_assist.imaging.pixels import FramePixels, FrameReader
from surgery_assist.imaging.reader import read_file
from surgery_assist.imaging.records import HeaderError, Instance
from surgery_assist.imaging.tables import LookupTable
from surgery_assist.model.study import Window
from tests.helpers.dicom import ct_slice, save

READY = "import sys; sys.stdout.buffer.write(b'\\x02\\0\\0\\0{}'); sys.stdout.flush(); "
ABORTS = READY + "import os, sys; sys.stdin.buffer.read(8); os.abort()"
SLEEPS = READY + "import time; time.sleep(60)"
SLEEPS_FIRST = "import time; time.sleep(60)"
TALKS_NONSENSE = "import sys; sys.stdout.buffer.write(b'\\xff' * 64); sys.stdout.flush()"


@pytest.fixture
def safe():
    made = SafeReader(WorkerPool(count=1))
    yield made
    made.close()


@pytest.fixture
def implicit(tmp_path):
    """A file that is not plain: a worker reads its header."""
    return save(ct_slice(SOPClassUID=None), tmp_path / "odd.dcm", ImplicitVRLittleEndian)


def rle_file(path, values, claimed=None):
    from pydicom.encaps import encapsulate
    from pydicom.pixels.encoders import RLELosslessEncoder

    dataset = ct_slice()
    dataset.Rows, dataset.Columns = values.shape
    data = RLELosslessEncoder.encode(
        values.tobytes(), rows=values.shape[0], columns=values.shape[1], samples_per_pixel=1,
        bits_allocated=16, bits_stored=16, pixel_representation=1, number_of_frames=1,
        photometric_interpretation="MONOCHROME2", encoding_plugin="pydicom",
    )  # fmt: skip
    dataset.PixelData = encapsulate([data])
    dataset.Rows, dataset.Columns = claimed or values.shape
    return save(dataset, path, RLELossless)


def instead(monkeypatch, script):
    monkeypatch.setattr(pool_module, "_command", lambda _: [sys.executable, "-c", script])


def test_header_and_frame_from_a_worker_are_the_same(safe, tmp_path, implicit):
    assert safe.header(implicit) == read_file(implicit)
    values = np.arange(48, dtype=np.int16).reshape(8, 6)
    instance = safe.header(rle_file(tmp_path / "rle", values))
    here, there = FrameReader().read(instance), safe.frame(instance)
    np.testing.assert_array_equal(there.values, values)
    assert (there.slope, there.windows, there.padding) == (here.slope, here.windows, here.padding)
    slot = np.zeros((8, 6), np.int16)
    assert safe.frame(instance, out=slot).values is slot
    np.testing.assert_array_equal(slot, values)


def test_frames_of_growing_size(safe, tmp_path):
    for size in (8, 300, 80, 600):
        values = np.arange(size * size, dtype=np.int16).reshape(size, size)
        instance = safe.header(rle_file(tmp_path / str(size), values))
        np.testing.assert_array_equal(safe.frame(instance).values, values)


def test_plain_files_need_no_process(safe, tmp_path, monkeypatch):
    instead(monkeypatch, ABORTS)
    instance = safe.header(save(ct_slice(), tmp_path / "a"))
    assert safe.frame(instance).values.shape == (8, 6)


def test_crash_is_a_typed_refusal_and_remembered(safe, tmp_path, implicit, monkeypatch):
    with monkeypatch.context() as patched:
        instead(patched, ABORTS)
        with pytest.raises(HeaderError, match="crash"):
            safe.header(implicit)
    assert safe.quarantine == {implicit: "crash"}
    with pytest.raises(HeaderError, match="crash"):
        safe.header(implicit)
    instance = safe.header(rle_file(tmp_path / "rle", np.zeros((8, 6), np.int16)))
    assert safe.frame(instance).values.shape == (8, 6)


def test_crash_while_decoding(safe, tmp_path, monkeypatch):
    instance = safe.header(rle_file(tmp_path / "rle", np.zeros((8, 6), np.int16)))
    instead(monkeypatch, ABORTS)
    with pytest.raises(DecodeError) as failed:
        safe.frame(instance)
    assert failed.value.key == "error.decode_crash"


def test_what_takes_too_long_is_ended(safe, implicit, monkeypatch):
    instead(monkeypatch, SLEEPS)
    monkeypatch.setattr(reader_module, "HEADER_SECONDS", 0.5)
    begin = time.monotonic()
    with pytest.raises(HeaderError, match="timeout"):
        safe.header(implicit)
    assert time.monotonic() - begin < 8.0
    assert safe.quarantine == {implicit: "timeout"}


def test_a_worker_that_does_not_start_is_ended(safe, implicit, monkeypatch):
    instead(monkeypatch, SLEEPS_FIRST)
    monkeypatch.setattr(pool_module, "START_SECONDS", 0.5)
    with pytest.raises(HeaderError, match="timeout"):
        safe.header(implicit)


def test_nonsense_from_a_worker_is_a_crash(safe, implicit, monkeypatch):
    instead(monkeypatch, TALKS_NONSENSE)
    with pytest.raises(HeaderError, match="crash"):
        safe.header(implicit)


@pytest.mark.skipif(sys.platform == "win32", reason="address space is limited on POSIX only")
def test_memory_is_bounded(tmp_path):
    safe = SafeReader(WorkerPool(count=1, memory=700 << 20))
    path = rle_file(tmp_path / "rle", np.zeros((512, 512), np.int16), claimed=(12_000, 12_000))
    data = path.read_bytes()
    path.write_bytes(data + bytes(200_000))  # enough bytes for the claim to be believed at first
    try:
        with pytest.raises(DecodeError) as failed:
            safe.frame(safe.header(path))
    finally:
        safe.close()
    assert failed.value.key in ("error.decode_too_large", "error.decode_failed")


def test_closed_pool_takes_no_jobs(safe, implicit):
    safe.close()
    with pytest.raises(HeaderError):
        safe.header(implicit)
    with pytest.raises(WorkerDiedError):
        safe.pool.ask({"job": "warm"}, 1.0)
    assert not safe.quarantine


def test_a_process_that_starts_while_its_pool_closes_is_ended(monkeypatch):
    class Slow(WorkerProcess):
        def __init__(self, memory: int) -> None:
            super().__init__(memory)
            started.append(self)
            pool.close()

    started: list[WorkerProcess] = []
    pool = WorkerPool(count=1)
    monkeypatch.setattr(pool_module, "WorkerProcess", Slow)
    with pytest.raises(WorkerDiedError):
        pool.ask({"job": "warm"}, 5)
    assert [worker._process.poll() is None for worker in started] == [False]


def test_values_survive_json(tmp_path):
    instance = read_file(save(ct_slice(), tmp_path / "a"))
    assert from_plain(Instance, to_plain(instance)) == instance
    table = LookupTable(-5, np.arange(9, dtype=np.uint16), 16)
    pixels = FramePixels(np.zeros(0, np.int16), windows=(Window(1.0, 2.0),), voi_table=table)
    back = from_plain(FramePixels, to_plain(pixels))
    assert back.windows == pixels.windows
    np.testing.assert_array_equal(back.voi_table.entries, table.entries)


@pytest.mark.parametrize(
    "plain",
    [
        {"center": "1", "width": 2.0},
        {"center": 1.0},
        {"center": 1.0, "width": 2.0, "more": 3},
        {"center": True, "width": 2.0},
        None,
        [],
    ],
)
def test_other_values_are_refused(plain):
    with pytest.raises(ValueMismatchError):
        from_plain(Window, plain)


def test_a_buffer_that_is_given_back_twice_takes_no_other_file_along(tmp_path: Path) -> None:
    buffer = SharedBuffer(1)
    buffer.close()
    with (tmp_path / "other").open("w") as other:  # takes the number that became free
        buffer.close()
        other.write("still open")
    assert (tmp_path / "other").read_text() == "still open"
