"""One file: recognised by content, refused with a reason, never trusted about sizes."""

import zlib
from pathlib import Path

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from surgery_assist.imaging.reader import read_file
from surgery_assist.imaging.records import HeaderError, Instance, OtherObject
from tests.helpers.dicom import ct_slice, save, save_bare


def refused(path):
    with pytest.raises(HeaderError) as caught:
        read_file(path)
    return caught.value.reason


def image(path) -> Instance:
    found = read_file(path)
    assert isinstance(found, Instance)
    return found


def test_suffix_does_not_matter(tmp_path):
    assert image(save(ct_slice(), tmp_path / "report.txt")).modality == "CT"


@pytest.mark.parametrize("implicit", [True, False])
def test_files_without_preamble_are_recognised(tmp_path, implicit):
    found = image(save_bare(ct_slice(), tmp_path / "bare", implicit=implicit))
    assert (found.layout.rows, found.layout.columns) == (8, 6)
    assert found.frames[0].intercept == -1024


def test_no_dicom_is_told_apart(tmp_path):
    (tmp_path / "a.dcm").write_text("group 8 of the patients\n" * 20)
    (tmp_path / "b.dcm").write_bytes(b"")
    assert refused(tmp_path / "a.dcm") == "not_dicom"
    assert refused(tmp_path / "b.dcm") == "empty"
    assert refused(tmp_path / "missing") == "not_readable"


def test_cut_file_is_truncated(tmp_path):
    path = save(ct_slice(), tmp_path / "a")
    path.write_bytes(path.read_bytes()[:-20])
    assert refused(path) == "truncated"


def test_cut_multi_frame_keeps_its_whole_frames(tmp_path):
    whole = ct_slice(NumberOfFrames=3)
    whole.PixelData = whole.PixelData * 3
    path = save(whole, tmp_path / "a")
    path.write_bytes(path.read_bytes()[:-20])
    found = image(path)
    assert found.layout.frames == len(found.frames) == 2
    assert [finding.key for finding in found.findings] == ["truncated"]


@pytest.mark.parametrize(
    "claims",
    [
        {"Rows": 65535, "Columns": 65535},
        {"Rows": 9},
        {"NumberOfFrames": 100_000_000},
    ],
)
def test_claimed_size_beyond_the_bytes_is_a_lie(tmp_path, claims):
    assert refused(save(ct_slice(**claims), tmp_path / "a")) == "size_lie"


@pytest.mark.parametrize(
    "claims",
    [{"BitsStored": 17}, {"HighBit": 3}, {"Rows": 0}, {"BitsAllocated": 128}],
)
def test_contradictory_pixel_format_is_refused(tmp_path, claims):
    assert refused(save(ct_slice(**claims), tmp_path / "a")) == "bad_pixel_format"


def test_image_without_pixels(tmp_path):
    assert refused(save(ct_slice(PixelData=None), tmp_path / "a")) == "no_pixels"


def test_report_is_another_object(tmp_path):
    report = ct_slice(PixelData=None, Rows=None, Columns=None, Modality="SR")
    report.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
    found = read_file(save(report, tmp_path / "a"))
    assert isinstance(found, OtherObject)
    assert found.kind == "SR"


def test_video_is_refused_by_its_syntax(tmp_path):
    path = save(ct_slice(), tmp_path / "a")
    mpeg4 = b"1.2.840.10008.1.2.4.102"
    data = path.read_bytes().replace(ExplicitVRLittleEndian.encode() + b"\0", mpeg4[:20], 1)
    undefined = b"\xe0\x7f\x10\x00OW\0\0" + (96).to_bytes(4, "little")
    assert undefined in data
    path.write_bytes(data.replace(undefined, undefined[:8] + b"\xff\xff\xff\xff"))
    # The cut UID names no transfer syntax that exists; only an undefined length gives it away.
    assert refused(path) == "unsupported_transfer_syntax"


def deflated(tmp_path: Path, body: bytes | None = None) -> Path:
    path = save(ct_slice(), tmp_path / "deflated", DeflatedExplicitVRLittleEndian)
    if body is not None:
        data = path.read_bytes()
        start = 144 + int.from_bytes(data[140:144], "little")
        path.write_bytes(data[:start] + body)
    return path


def test_deflated_file(tmp_path):
    assert image(deflated(tmp_path)).layout.rows == 8


def test_corrupt_deflate_stream(tmp_path):
    assert refused(deflated(tmp_path, b"\xff" * 40)) == "bad_header"


def test_deflate_bomb_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr("surgery_assist.imaging.reader.MAX_INFLATED", 1 << 20)
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    bomb = packer.compress(bytes(4 << 20)) + packer.flush()
    assert refused(deflated(tmp_path, bomb)) == "size_lie"


def test_numbers_that_are_none_do_no_harm(tmp_path):
    path = save(ct_slice(), tmp_path / "a")
    data = path.read_bytes()
    path.write_bytes(data.replace(b"0.5\\0.5 ", b"0.5\\cat "))
    found = image(path)
    assert found.spacing is None
    assert found.frames[0].plane is None


def test_padding_takes_the_sign_of_the_pixels(tmp_path):
    dataset = ct_slice()
    dataset.add_new(0x00280120, "US", 63536)
    assert image(save(dataset, tmp_path / "a")).padding == (-2000, -2000)


def test_windows_without_width_are_left_out(tmp_path):
    dataset = ct_slice(WindowCenter=["0", "40"], WindowWidth=["0", "400"])
    windows = image(save(dataset, tmp_path / "a")).frames[0].windows
    assert [(window.center, window.width) for window in windows] == [(40.0, 400.0)]


def test_dates_and_times_are_iso(tmp_path):
    found = image(save(ct_slice(StudyTime="0930"), tmp_path / "a"))
    assert (found.study_date, found.study_time, found.birth_date) == (
        "2026-01-01",
        "09:30:00",
        "1950-01-02",
    )
