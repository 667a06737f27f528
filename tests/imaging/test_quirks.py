"""Every quirk of the development set: which file shows it, and what must happen."""

from pathlib import Path

import numpy as np
import pytest

from surgery_assist.errors import DecodeError
from surgery_assist.imaging.library import Library
from surgery_assist.imaging.names import person_name
from surgery_assist.imaging.objects.files import open_elements
from surgery_assist.imaging.objects.reading import ObjectReader
from surgery_assist.imaging.pixels import FrameReader
from surgery_assist.imaging.reader import read_file
from surgery_assist.imaging.records import HeaderError, Instance, OtherObject
from surgery_assist.imaging.render import auto_window, to_rgb32
from tests.conftest import SHARED
from tests.helpers.dicom import opened, sets_of

pytestmark = pytest.mark.shared
DICOM = SHARED / "dicom"


def stack(folder):
    library, catalogue = opened(DICOM / folder)
    (entry,) = sets_of(catalogue)
    return library, entry


def pixels(name, frame=0):
    return FrameReader().read(read_file(DICOM / name), frame)


def outcome(path):
    """How one file ends: shown, an object, or refused with a reason."""
    try:
        found = read_file(path)
    except HeaderError as error:
        return error.reason
    if isinstance(found, OtherObject):
        return "object"
    try:
        FrameReader().read(found)
    except DecodeError as error:
        return error.key
    return "shown"


# --- 1 to 9: stacks ---------------------------------------------------------------------------------


def test_01_02_06_tilt_and_uneven_steps_are_told_and_the_series_is_not_split():
    _, entry = stack("ct_tilt_ge")
    told = {finding.key: dict(finding.arguments) for finding in entry.details}
    assert told["tilt"] == {"degrees": "18.5", "mm": "48"}
    assert told["non_uniform"] == {"least": "1.08", "most": "7.00"}
    assert (entry.count, entry.kind) == (28, "stack")


@pytest.mark.parametrize(
    ("folder", "pitch"), [("mr_papaya", 6.97), ("pr_sr_seg/liver", 1.0)], ids=["03", "04"]
)
def test_03_04_pitch_is_the_distance_of_positions(folder, pitch):
    _, entry = stack(folder)
    assert entry.spacing[2] == pytest.approx(pitch, abs=0.01)


def test_07_feet_first_is_sorted_by_position():
    _, entry = stack("ct_volume_colon")
    heights = [frame.plane.position[2] for frame in entry.frames]
    assert heights == sorted(heights, reverse=True) or heights == sorted(heights)
    assert entry.frames[0].orientation == ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


def test_08_padding_takes_the_sign_of_the_pixels_and_stays_out_of_the_window():
    shown = pixels("ct_volume_colon/1-050.dcm")
    assert shown.padding == (-2000, -2000)
    window = auto_window(shown)
    assert window.center - window.width / 2 > -1500
    drawn = to_rgb32(shown, window)
    assert (drawn[shown.values == -2000] == 0xFF000000).all()


def test_09_padding_below_air_is_black():
    shown = pixels("ct_tilt_ge/01.dcm")
    assert shown.padding is not None
    low, high = shown.padding
    outside = (shown.values >= low) & (shown.values <= high)
    assert outside.any()
    assert (to_rgb32(shown)[outside] == 0xFF000000).all()


# --- 11 to 20: values -------------------------------------------------------------------------------


def test_11_repeated_uids_are_told_and_shown_once():
    library, catalogue = opened(DICOM / "ts_ladder_ct")
    refused = [entry for entry in catalogue.refused if entry.reason == "refusal.duplicate"]
    assert len(refused) == 7
    assert any("duplicate" in entry.findings for entry in sets_of(catalogue))
    assert len(library.instances()) == 7


def test_12_trailing_bytes_are_ignored():
    big, small = pixels("mr_papaya/brain_001.dcm"), pixels("mr_papaya/brain_002.dcm")
    assert big.values.shape == small.values.shape
    assert big.values.max() > 0


def test_13_no_window_without_width():
    for name in ("bits/GH1261.dcm", "mr_papaya/brain_001.dcm"):
        shown = pixels(name)
        assert shown.windows == ()
        assert len(np.unique(to_rgb32(shown))) > (1 if shown.values.max() else 0)


def test_14_all_windows_are_kept():
    library = Library()
    *_, catalogue = library.scan([DICOM])
    several = [
        frame for entry in sets_of(catalogue) for frame in entry.frames if len(frame.windows) > 1
    ]
    assert several
    assert all(frame.window == frame.windows[0] for frame in several)


def test_15_16_slope_is_applied():
    reference = pixels(
        f"ts_ladder_ct/{LADDER}LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1.dcm"
    )
    expected = reference.values * reference.slope + reference.intercept
    inside = reference.values > reference.values.min()
    for name, worst in (
        ("1TransferSyntax_1.2.840.10008.1.2.4.50", 65),
        ("2_4TransferSyntax_1.2.840.10008.1.2.4.51", 36),
    ):
        lossy = pixels(f"ts_ladder_ct/{LADDER}JPEGProcess{name}.dcm")
        away = np.abs(lossy.values * lossy.slope + lossy.intercept - expected)
        assert lossy.slope not in (0.0, 1.0)
        assert away[inside].max() <= worst
    assert pixels("nm_pt/GH184.dcm").slope != round(pixels("nm_pt/GH184.dcm").slope)


LADDER = "CTImage.dcm_"


@pytest.mark.parametrize("name", ["cr_dx/CR-MONO1-10-chest", "cr_dx/dx_image.dcm"])
def test_17_low_values_of_monochrome1_are_white(name):
    shown = pixels(name)
    drawn = to_rgb32(shown) & 0xFF
    low, high = shown.values.min(), shown.values.max()
    assert drawn[shown.values == low].mean() > drawn[shown.values == high].mean()


def test_18_twelve_packed_bits():
    shown = pixels("bits/GH340.dcm")
    assert shown.values.shape == (256, 256)
    assert shown.values.max() < 4096
    assert shown.values.std() > 10


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("ts_other/JLSL_16_15_1_1F.dcm", -(1 << 14), (1 << 14) - 1),
        ("ts_other/JLSL_08_07_0_1F.dcm", 0, 127),
    ],
)
def test_19_odd_numbers_of_bits(name, low, high):
    values = pixels(name).values
    assert low <= values.min() < values.max() <= high
    assert (values < 0).any() == (low < 0)


def test_20_codestream_is_believed_before_the_header():
    shown = pixels("bits/J2K_pixelrep_mismatch.dcm")
    assert shown.values.min() < 0


# --- 21 to 33: colour, compression, odd shapes ------------------------------------------------------


def mean_colour(name):
    values = pixels(name).values
    assert values.dtype == np.uint8
    return values.reshape(-1, 3).mean(axis=0)


def test_21_planes_and_pixels_give_the_same_colours():
    np.testing.assert_array_equal(
        pixels("colour/color-pl.dcm").values, pixels("colour/color-px.dcm").values
    )


@pytest.mark.parametrize("name", sorted(p.name for p in (DICOM / "colour").glob("*")))
def test_21_22_colours_are_drawn(name):
    instance = read_file(DICOM / "colour" / name)
    values = pixels(f"colour/{name}").values
    assert values.shape == (instance.layout.rows, instance.layout.columns, 3)
    assert values.std() > 0.5


def test_22_jpeg_variants_of_one_picture_agree():
    names = ("SC_rgb_jpeg_dcmtk", "SC_rgb_jpeg_gdcm", "SC_rgb_jpeg_lossy_gdcm")
    colours = [mean_colour(f"colour/{name}.dcm") for name in names]
    for colour in colours[1:]:
        np.testing.assert_allclose(colour, colours[0], atol=4)


def test_23_interleave_modes_give_the_same_pixels():
    lines, *others = (pixels(f"ts_other/JLSL_RGB_ILV{mode}.dcm").values for mode in (0, 1, 2))
    for other in others:
        np.testing.assert_array_equal(other, lines)


OUTCOMES = {
    # 24: no preamble, no meta, no transfer syntax
    "cr_dx/CR-MONO1-10-chest": "shown",
    "colour/OT-PAL-8-face.dcm": "shown",
    "malformed/no_meta.dcm": "not_dicom",
    "malformed/no_meta_group_length.dcm": "no_pixels",
    "malformed/meta_missing_tsyntax.dcm": "bad_pixel_format",
    "malformed/ExplVR_BigEndNoMeta.dcm": "object",
    # 25 to 29: compression
    "malformed/20-wrong-transfer-syntax.dcm": "shown",
    "ts_ladder_ct/CTImage.dcm_JPEGProcess6_8TransferSyntax_1.2.840.10008.1.2.4.53.dcm": "shown",
    "ts_ladder_ct/CTImage.dcm_JPEGProcess10_12TransferSyntax_1.2.840.10008.1.2.4.55.dcm": "shown",
    "cr_dx/RG2_JPLY": "shown",
    "ts_other/CT0012.fragmented_no_bot_jpeg_baseline.51.dcm": "shown",
    "ts_other/D_CLUNIE_CT1_RLE_FRAGS.dcm": "shown",
    "cine/HasFragmentSequence.dcm": "shown",
    "ts_other/HTJ2KLossless_08_RGB.dcm": "shown",
    "ts_other/image_dfl.dcm": "shown",
    "ts_other/MR_small_bigendian.dcm": "shown",
    # 32: odd sizes
    "nm_pt/Issue94.dcm": "shown",
    "cr_dx/dx_image.dcm": "shown",
    "colour/SC_rgb_small_odd.dcm": "shown",
    # 39 and 40: claims and damage
    "malformed/2026-05-26-oob-monochrome-65535.dcm": "size_lie",
    "malformed/3gb-bulk-data-truncated": "bad_pixel_format",
    "malformed/MR_truncated.dcm": "truncated",
    "malformed/badVR.dcm": "bad_header",
    "malformed/bad_sequence.dcm": "shown",
    "malformed/UnknownSopClassUid.dcm": "shown",
    "malformed/explicit_VR-UN.dcm": "shown",
    "malformed/Issue22-NoPixelData.dcm": "no_pixels",
    "malformed/nested_priv_SQ.dcm": "bad_pixel_format",
    "malformed/empty_charset_LEI.dcm": "not_dicom",
    # 42: objects whose images are absent
    "pr_sr_seg/liver/partial_overlaps.dcm": "object",
    "rt/invalid_reference_rt.dcm": "object",
    "pr_sr_seg/Issue168.dcm": "object",
    # 44: no suffix
    "cine/US-PAL-8-10x-echo": "shown",
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_24_to_44_how_a_file_ends(name):
    assert outcome(DICOM / name) == OUTCOMES[name]


def test_30_what_has_no_scale_has_no_millimetres():
    cine = read_file(DICOM / "cine/HasFragmentSequence.dcm")
    assert (cine.spacing, cine.spacing_source) == (None, "none")
    assert "uncalibrated" in {finding.key for finding in cine.findings}
    assert cine.frame_time_ms is not None
    assert read_file(DICOM / "cine/Issue16.dcm").aspect == pytest.approx(536 / 670, rel=1e-3)


def test_31_tables_and_overlays():
    table = pixels("cr_dx/KarstenHilbertRF.dcm")
    assert (table.slope, table.intercept) == (1.0, 0.0)
    assert pixels("lut_overlay/vlut_04.dcm").voi_table is not None
    for name in ("mg/OutOfBoundsOverlay.dcm", "lut_overlay/examples_overlay.dcm"):
        library, entry = stack(name)
        bitmaps = ObjectReader(library).bitmaps(entry, 0)
        assert bitmaps
        assert {bitmap.mask.shape for bitmap in bitmaps} == {(entry.rows, entry.columns)}


def test_33_orphans_are_not_merged():
    _, catalogue = opened(
        DICOM / "ts_other/HTJ2KLossless_08_RGB.dcm", DICOM / "cr_dx/jpeg-baseline.dcm"
    )
    assert len(catalogue.studies) == 2


# --- 34 to 44: people, texts, objects ---------------------------------------------------------------


def test_34_the_same_id_is_not_the_same_person():
    headers = [
        open_elements(path) for path in sorted((DICOM / "patient_id_collision").glob("Image*"))
    ]
    names = {(header.text(0x00100020), header.text(0x00100010)) for header in headers}
    assert len(names) > 1  # they have no pixels: tests of the library make persons of such headers


def test_35_priors_are_studies_of_one_patient():
    for folder in ("priors_A072894", "priors_two_studies"):
        _, catalogue = opened(DICOM / folder)
        (patient,) = catalogue.patients
        assert len(catalogue.studies_of(patient.key)) == 2


CHARSETS = {
    "Lena-utf8.dcm": "Test-éüäöòДΘĝדصķћ๛ﾈİ",
    "Lena-latin2.dcm": "Test-éüäö",
    "Lena-cyrillic.dcm": "Test-Дћ",
    "Lena-shift-jis.dcm": "Test-ДΘﾈ",
    "chrFren.dcm": "Buc Jérôme",
    "chrGerm.dcm": "Äneas Rüdiger",
    "chrGreek.dcm": "Διονυσιος",
    "chrRuss.dcm": "Люкceмбypг",
    "chrHbrw.dcm": "שרון דבורה",
    "chrArab.dcm": "قباني لنزار",
    "chrKoreanMulti.dcm": "김희중",
    "chrJapMulti.dcm": "やまだ たろう",
    "chrX2.dcm": "Wang XiaoDong",
}


@pytest.mark.parametrize("name", CHARSETS)
def test_37_character_sets(name):
    header = open_elements(DICOM / "charset" / name)
    assert person_name(header.text(0x00100010)) == CHARSETS[name]


def test_37_escapes_are_no_letters():
    header = open_elements(DICOM / "charset/chrGB2312.dcm")
    assert header.text(0x00100010) == "Zhang^XiaoDong=张^小东="


def test_37_a_sequence_item_may_have_its_own_set():
    header = open_elements(DICOM / "charset/chrSQEncoding.dcm")
    (item,) = header.items(0x00321064)
    assert header.character_sets == ("ISO_IR 192",)
    assert item.text(0x00100010) == "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"


def test_43_text_in_the_picture_is_told():
    found = read_file(DICOM / "cr_dx/jpeg-baseline.dcm")
    assert "burned_in" in {finding.key for finding in found.findings}


@pytest.mark.slow
def test_every_file_ends_in_time_and_typed():
    kinds = {
        path: outcome(path)
        for path in sorted(DICOM.rglob("*"))
        if path.is_file() and "ct_volume_colon" not in path.parts
    }
    shown = sum(kind == "shown" for kind in kinds.values())
    objects = sum(kind == "object" for kind in kinds.values())
    assert (shown, objects) >= (200, 20)
    failed = {Path(p).name: kind for p, kind in kinds.items() if kind.startswith("error.")}
    assert len(failed) <= 4, failed


def test_objects_name_what_they_are():
    assert isinstance(read_file(DICOM / "pdf_other/sample-pdf.dcm"), Instance)
    stl = read_file(DICOM / "pdf_other/Issue137.dcm")
    assert (stl.kind, stl.about.kind) == ("M3D", "other")
