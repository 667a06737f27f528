"""The quick way through a header gives the same as the thorough one, or steps aside."""

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from surgery_assist.imaging import reader
from surgery_assist.imaging.elements import Elements
from surgery_assist.imaging.fast_header import MAX_DEPTH, fast_header
from surgery_assist.imaging.records import HeaderError
from tests.helpers.dicom import ct_slice, save


def start_of(path):
    return path.read_bytes()[:65536]


def test_plain_header_is_read_at_once(tmp_path):
    found = fast_header(start_of(save(ct_slice(), tmp_path / "a")))
    assert found.syntax == "1.2.840.10008.1.2.1"
    assert found.elements[0x00280010].value == b"\x08\x00"


def with_sequence(undefined):
    item = Dataset()
    item.add_new(0x00283002, "US", [1, 0, 16])
    inner = Dataset()
    inner.add_new(0x00283002, "US", [2, 0, 8])
    item.VOILUTSequence = [inner]
    item["VOILUTSequence"].is_undefined_length = undefined
    dataset = ct_slice()
    dataset.ModalityLUTSequence = [item]
    dataset["ModalityLUTSequence"].is_undefined_length = undefined
    return dataset


@pytest.mark.parametrize("undefined", [True, False])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_sequences_are_read_with_their_items(tmp_path, undefined, syntax):
    found = fast_header(start_of(save(with_sequence(undefined), tmp_path / "a", syntax)))
    (item,) = Elements(found.elements).items(0x00283000)
    assert item.shorts(0x00283002) == (1, 0, 16)
    (inner,) = item.items(0x00283010)
    assert inner.shorts(0x00283002) == (2, 0, 8)
    assert found.implicit == (syntax == ImplicitVRLittleEndian)


def test_implicit_representation(tmp_path):
    found = fast_header(start_of(save(ct_slice(), tmp_path / "a", ImplicitVRLittleEndian)))
    assert found.implicit
    assert Elements(found.elements).short(0x00280010) == 8


def test_nesting_has_an_end(tmp_path):
    dataset = ct_slice()
    for _ in range(MAX_DEPTH + 1):
        outer = Dataset()
        outer.ModalityLUTSequence = [dataset if "PixelData" not in dataset else Dataset()]
        dataset = outer
    whole = ct_slice()
    whole.ModalityLUTSequence = dataset.ModalityLUTSequence
    assert fast_header(start_of(save(whole, tmp_path / "a"))) is None


def test_other_forms_are_left_to_the_parser(tmp_path):
    assert fast_header(start_of(save(ct_slice(SOPClassUID=None), tmp_path / "b"))) is None
    assert fast_header(start_of(save(ct_slice(PixelData=None), tmp_path / "c"))) is None
    assert fast_header(start_of(save(ct_slice(), tmp_path / "d"))[:400]) is None
    lying = start_of(save(ct_slice(), tmp_path / "e")).replace(
        b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0\0\0"
    )
    assert fast_header(lying) is None


def read(path):
    try:
        return reader.read_file(path)
    except HeaderError as error:
        return error.reason, error.detail


@pytest.mark.shared
@pytest.mark.slow
def test_both_ways_agree_on_every_real_file(shared_dir, monkeypatch):
    files = [path for path in sorted((shared_dir / "dicom").rglob("*")) if path.is_file()]
    quick = [read(path) for path in files]
    monkeypatch.setattr(reader, "fast_header", lambda _: None)
    for path, found in zip(files, quick, strict=True):
        assert read(path) == found, path.name
