"""The demo study: whole or not at all, correct DICOM, real tissue values."""

import shutil
import subprocess

import numpy as np
import pytest

from surgery_assist.errors import OutputError
from surgery_assist.imaging.cache import FrameStore
from surgery_assist.imaging.phantom import write_phantom
from surgery_assist.imaging.phantom_anatomy import LESION
from surgery_assist.model.viewport import Viewport, edge_letters
from tests.helpers.dicom import opened, sets_of


@pytest.fixture(scope="module")
def demo(phantom_dir):
    return opened(phantom_dir)


@pytest.fixture
def store(demo):
    frames = FrameStore(demo[0], workers=1)
    yield frames
    frames.close()


def cts(catalogue):
    """Current and prior CT."""
    return [entry for entry in sets_of(catalogue) if entry.modality == "CT"]


def test_one_patient_with_a_prior_and_radiographs(demo):
    _, catalogue = demo
    (patient,) = catalogue.patients
    assert patient.name == "Ionescu \u0218tefania"
    assert catalogue.refused == ()
    dates = [study.date for study in catalogue.studies]
    assert dates == sorted(dates, reverse=True)
    assert len(set(dates)) == 2
    current, prior = cts(catalogue)
    assert (current.kind, current.count) == ("volume", 24)
    assert prior.kind == "volume"
    assert current.findings == prior.findings == ()


def test_letters(demo):
    _, catalogue = demo
    letters = {edge_letters(Viewport(), entry) for entry in sets_of(catalogue)}
    assert letters == {("R", "L", "A", "P"), ("R", "L", "H", "F"), ("A", "P", "H", "F")}


def hounsfield(store, entry, place, radius=4.0):
    """Median HU round a point of the phantom."""
    x, y, z = place
    index = min(
        range(entry.count), key=lambda n: abs(entry.frames[n].plane.position[2] - (z - 240))
    )
    plane = entry.frames[index].plane
    pixels = store.load(entry.uid, index)
    column, row = plane.pixel((x, y, z - 240))
    reach = max(1, round(radius / plane.row_spacing))
    part = pixels.values[
        round(row) - reach : round(row) + reach + 1,
        round(column) - reach : round(column) + reach + 1,
    ]
    return float(np.median(part)) * pixels.slope + pixels.intercept


@pytest.mark.parametrize(
    ("place", "low", "high"),
    [
        ((-70, -30, 370), -900, -800),
        ((-110, -20, 230), 90, 135),
        ((0, -26, 20), -10, 30),
        ((44, -18, 302), 180, 230),
        ((-180, -180, 230), -1024, -980),
    ],
)
def test_tissues_have_their_hounsfield_units(demo, store, place, low, high):
    assert low <= hounsfield(store, cts(demo[1])[0], place) <= high


def dark_area(store, entry):
    """Pixels below 85 HU within 20 mm of the lesion, in the slice next to its middle."""
    heights = [frame.plane.position[2] + 240 for frame in entry.frames]
    index = min(range(entry.count), key=lambda n: abs(heights[n] - LESION[2]))
    pixels, plane = store.load(entry.uid, index), entry.frames[index].plane
    rows, columns = np.indices(pixels.values.shape)
    x = plane.position[0] + columns * plane.column_spacing - LESION[0]
    y = plane.position[1] + rows * plane.row_spacing - LESION[1]
    return int(((np.hypot(x, y) < 20) & (pixels.values * 1.0 - 1024 < 85)).sum())


def test_lesion_grew_since_the_prior(tmp_path):
    write_phantom(tmp_path / "fine", slices=40, size=128)
    library, catalogue = opened(tmp_path / "fine")
    store = FrameStore(library, workers=1)
    now, before = (dark_area(store, entry) for entry in cts(catalogue))
    store.close()
    assert now > 2 * before > 10


def test_same_seed_same_bytes_another_seed_others(tmp_path):
    options = {"slices": 4, "size": 32}
    first = write_phantom(tmp_path / "a", seed=1, **options)
    again = write_phantom(tmp_path / "b", seed=1, **options)
    other = write_phantom(tmp_path / "c", seed=2, **options)
    names = sorted(path.relative_to(first) for path in first.rglob("*.dcm"))
    assert len(names) == 4 + 4 + 2
    assert all((first / name).read_bytes() == (again / name).read_bytes() for name in names)
    assert all((first / name).read_bytes() != (other / name).read_bytes() for name in names)


def test_cancelled_leaves_nothing(tmp_path):
    told = []
    result = write_phantom(
        tmp_path / "a",
        slices=4,
        size=32,
        on_progress=lambda done, total: told.append((done, total)),
        cancelled=lambda: len(told) >= 3,
    )
    assert result is None
    assert told == [(1, 10), (2, 10), (3, 10)]
    assert list(tmp_path.iterdir()) == []


def test_folder_that_can_not_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError) as caught:
        write_phantom(tmp_path / "file" / "demo", slices=4, size=32)
    assert caught.value.key == "error.phantom_not_written"


def test_existing_study_is_left_alone(phantom_dir):
    before = {path: path.stat().st_mtime_ns for path in phantom_dir.rglob("*")}
    assert write_phantom(phantom_dir, slices=4, size=32) == phantom_dir
    assert {path: path.stat().st_mtime_ns for path in phantom_dir.rglob("*")} == before


@pytest.mark.skipif(shutil.which("dcmftest") is None, reason="DCMTK is not installed")
def test_dcmtk_reads_every_file(phantom_dir):
    files = [str(path) for path in sorted(phantom_dir.rglob("*.dcm"))]
    result = subprocess.run(["dcmftest", *files], capture_output=True, text=True, check=False)
    assert result.returncode == 0
    for file in (files[0], files[-1]):
        dump = subprocess.run(["dcmdump", "-q", file], capture_output=True, text=True, check=False)
        assert dump.returncode == 0
        assert "error" not in dump.stderr.lower()
