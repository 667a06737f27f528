"""Stored bits to values: sign, packing, planes, palettes, tables; real files against pydicom."""

import csv

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate
from pydicom.pixels import pixel_array
from pydicom.uid import ExplicitVRBigEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

from surgery_assist.errors import DecodeError
from surgery_assist.imaging.pixels import FrameReader
from surgery_assist.imaging.reader import read_file
from surgery_assist.imaging.records import HeaderError, Instance, OtherObject
from tests.helpers.dicom import ct_slice, save

EXPECTED = np.arange(48, dtype=np.int16).reshape(8, 6) + 100


def values(path, frame=0):
    return FrameReader().read(read_file(path), frame).values


def test_plain_values_and_hounsfield_units(tmp_path):
    pixels = FrameReader().read(read_file(save(ct_slice(), tmp_path / "a")))
    assert pixels.values.dtype == np.int16
    np.testing.assert_array_equal(pixels.values, EXPECTED)
    assert pixels.modality_value(1, 2) == 108 - 1024


def test_sign_is_extended_from_the_highest_stored_bit(tmp_path):
    dataset = ct_slice(BitsStored=12, HighBit=11)
    stored = np.full(48, 0xF000 | 0x0FFF, np.uint16)  # dirt above the stored bits
    stored[1] = 0x0005
    dataset.PixelData = stored.tobytes()
    assert values(save(dataset, tmp_path / "a"))[0, :2].tolist() == [-1, 5]


def test_high_bit_moves_the_values(tmp_path):
    dataset = ct_slice(BitsStored=12, HighBit=15, PixelRepresentation=0)
    dataset.PixelData = (np.arange(48, dtype=np.uint16) << 4).tobytes()
    assert values(save(dataset, tmp_path / "a")).reshape(-1).tolist() == list(range(48))


def test_big_endian(tmp_path):
    dataset = ct_slice()
    dataset.PixelData = EXPECTED.astype(">i2").tobytes()
    np.testing.assert_array_equal(
        values(save(dataset, tmp_path / "a", ExplicitVRBigEndian)), EXPECTED
    )


def test_every_frame_of_a_multi_frame_file(tmp_path):
    dataset = ct_slice(NumberOfFrames=3)
    dataset.PixelData = np.concatenate([EXPECTED + 1000 * n for n in range(3)]).tobytes()
    path = save(dataset, tmp_path / "a")
    for frame in range(3):
        np.testing.assert_array_equal(values(path, frame), EXPECTED + 1000 * frame)


def test_one_bit_frames_that_do_not_start_at_a_byte(tmp_path):
    changes = {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0, "PixelRepresentation": 0}
    dataset = ct_slice(Rows=3, Columns=3, NumberOfFrames=2, **changes)
    bits = np.random.default_rng(1).integers(0, 2, 18).astype(np.uint8)
    dataset.PixelData = np.packbits(bits, bitorder="little").tobytes() + b"\0"
    path = save(dataset, tmp_path / "a")
    for frame in range(2):
        wanted = bits[9 * frame : 9 * frame + 9].reshape(3, 3)
        np.testing.assert_array_equal(values(path, frame), wanted)


@pytest.mark.parametrize("planar", [0, 1])
def test_rgb_by_pixel_and_by_plane(tmp_path, planar):
    picture = np.random.default_rng(2).integers(0, 256, (8, 6, 3)).astype(np.uint8)
    dataset = ct_slice(
        SamplesPerPixel=3,
        PhotometricInterpretation="RGB",
        PlanarConfiguration=planar,
        BitsAllocated=8,
        BitsStored=8,
        HighBit=7,
        PixelRepresentation=0,
    )
    dataset.PixelData = (np.moveaxis(picture, -1, 0) if planar else picture).tobytes()
    np.testing.assert_array_equal(values(save(dataset, tmp_path / "a")), picture)


def compressed(tmp_path, syntax):
    dataset = ct_slice()
    dataset = pydicom.dcmread(save(dataset, tmp_path / "plain"))
    encoder = {RLELossless: None, JPEGLSLossless: "jpegls", JPEG2000Lossless: "jpeg2k"}[syntax]
    if encoder is None:
        dataset.compress(RLELossless, encoding_plugin="pydicom")
    else:
        import imagecodecs

        name = f"{encoder}_encode"
        options = {"level": 0, "reversible": True} if encoder == "jpeg2k" else {}
        stream = getattr(imagecodecs, name)(EXPECTED.astype(np.uint16), **options)
        dataset.PixelData = encapsulate([stream])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        dataset.file_meta.TransferSyntaxUID = syntax
    path = tmp_path / "compressed"
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_lossless_codecs_give_the_same_values(tmp_path, syntax):
    np.testing.assert_array_equal(values(compressed(tmp_path, syntax)), EXPECTED)


def test_stream_of_another_size_is_refused(tmp_path):
    path = compressed(tmp_path, JPEG2000Lossless)
    data = path.read_bytes()
    at = data.index(b"\xff\x4f\xff\x51")
    path.write_bytes(data[: at + 8] + (1 << 30).to_bytes(4, "big") + data[at + 12 :])
    with pytest.raises(DecodeError) as caught:
        values(path)
    assert caught.value.key == "error.decode_failed"


def test_file_that_vanished_is_named_so(tmp_path):
    path = save(ct_slice(), tmp_path / "a")
    instance = read_file(path)
    path.unlink()
    with pytest.raises(DecodeError) as caught:
        FrameReader().read(instance)
    assert caught.value.key == "error.decode_missing"


def test_values_go_into_the_given_slot(tmp_path):
    slot = np.zeros((8, 6), np.int16)
    pixels = FrameReader().read(read_file(save(ct_slice(), tmp_path / "a")), out=slot)
    assert pixels.values is slot
    np.testing.assert_array_equal(slot, EXPECTED)


def test_modality_table_is_applied(tmp_path):
    item = pydicom.Dataset()
    item.LUTDescriptor = [4, 100, 16]
    item.LUTData = [7, 8, 9, 1000]
    item["LUTDescriptor"].VR = "US"
    item["LUTData"].VR = "US"
    item.ModalityLUTType = "US"
    dataset = ct_slice(RescaleSlope=None, RescaleIntercept=None, PixelRepresentation=0)
    dataset.ModalityLUTSequence = [item]
    shown = values(save(dataset, tmp_path / "a")).reshape(-1)
    assert shown[:6].tolist() == [7, 8, 9, 1000, 1000, 1000]


# --- real files ------------------------------------------------------------------------------------

OURS_IS_RIGHT = {
    "colour/SC_rgb_32bit.dcm": "shown as 8 bits",
    "synthetic_quirk_series/13_HighBit15_Stored12.dcm": "pydicom ignores HighBit",
}
NO_PICTURE_INSIDE = {
    "fuzz_corpus_v3__cat11_cve_2025_11266__TC0711_encap_frag_len_maxuint_minus1.dcm",
    "fuzz_corpus_v3__cat11_cve_2025_11266__TC0725_encap_bad_bot_offsets.dcm",
    "fuzz_corpus_v3__cat15_cve_2019_1010228__TC0851_rle_seg_expand_bomb.dcm",
    "JPEG2000-embedded-sequence-delimiter.dcm",
}


def images(folder):
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        try:
            found = read_file(path)
        except HeaderError:
            continue
        if not isinstance(found, OtherObject):
            yield path.relative_to(folder).as_posix(), found


def by_pydicom(instance: Instance, frame: int):
    """What pydicom makes of a frame; ``None`` where it can't."""
    try:
        dataset = pydicom.dcmread(instance.path, force=True)
        dataset.file_meta.TransferSyntaxUID = instance.layout.transfer_syntax
        index = frame if instance.layout.frames > 1 else None
        picture = pixel_array(dataset, index=index)
        if instance.layout.photometric == "PALETTE COLOR":
            wide = pydicom.pixels.apply_color_lut(picture, dataset)
            picture = (wide >> 8 * (wide.dtype.itemsize - 1)).astype(np.uint8)
    except Exception:  # noqa: BLE001  (whatever a hostile file makes it raise)
        return None
    return picture


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_real_files_equal_pydicom_pixel_for_pixel(shared_dir):
    reader, compared, different, failed = FrameReader(), 0, {}, set()
    for name, instance in images(shared_dir / "dicom"):
        frame = instance.layout.frames - 1
        try:
            ours = reader.read(instance, frame).values
        except DecodeError:
            failed.add(name.rsplit("/", maxsplit=1)[-1])
            continue
        theirs = by_pydicom(instance, frame)
        if theirs is None:
            continue
        compared += 1
        # YBR to RGB is rounded differently.
        tolerance = 1 if instance.layout.colour else 0
        if ours.shape != theirs.shape or np.abs(ours - theirs.astype(float)).max() > tolerance:
            different[name] = instance.layout.transfer_syntax
    assert set(different) == set(OURS_IS_RIGHT)
    assert failed - NO_PICTURE_INSIDE == set()
    assert compared > 300


@pytest.mark.shared
def test_one_slice_in_every_transfer_syntax(shared_dir):
    folder = shared_dir / "dicom" / "ts_ladder_ct"
    reader = FrameReader()
    plain = reader.read(
        read_file(next(folder.glob("*LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1.dcm")))
    )
    hounsfield = plain.values * plain.slope + plain.intercept
    seen = 0
    for _, instance in images(folder):
        other = reader.read(instance)
        error = np.abs(other.values * other.slope + other.intercept - hounsfield)
        lossy = instance.layout.transfer_syntax[-2:] in ("50", "51", "53", "55", "81", "91")
        # The lossy ones were rescaled to 8 or 12 bits (slope 32 and 2).
        assert error.max() <= (65 if lossy else 0), instance.path.name
        seen += 1
    assert seen == len(list(folder.iterdir()))


@pytest.mark.shared
@pytest.mark.slow
def test_decoded_range_is_the_one_that_was_recorded(shared_dir):
    """The index holds minimum and maximum found by another decoder."""
    folder, reader, compared = shared_dir / "dicom", FrameReader(), 0
    with (folder / "index.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["decode"] == "ok"]
    for row in rows:
        if not row["min"] or row["path"].startswith("fuzz/"):
            continue
        if row["samples"] != "1" or row["frames"] not in ("", "1"):
            continue
        if row["photometric"] == "PALETTE COLOR" or row["path"] in OURS_IS_RIGHT:
            continue
        found = read_file(folder / row["path"])
        if not isinstance(found, Instance) or found.has_tables:
            continue
        shown = reader.read(found).values
        off = max(abs(shown.min() - float(row["min"])), abs(shown.max() - float(row["max"])))
        # Decoders of lossy JPEG round differently.
        assert off <= (1 if row["transfer_syntax"].endswith((".50", ".51")) else 0), row["path"]
        compared += 1
    assert compared > 200


@pytest.mark.shared
def test_wrong_transfer_syntax_is_seen_through(shared_dir):
    found = read_file(shared_dir / "dicom" / "malformed" / "20-wrong-transfer-syntax.dcm")
    shown = FrameReader().read(found).values
    assert (shown.min(), shown.max()) == (-2000, 2278)
