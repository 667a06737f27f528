"""What values mean and what to beware of: SUV, dose, ultrasound regions, findings with places."""

import numpy as np
import pytest

from surgery_assist.imaging.pixels import FrameReader
from surgery_assist.imaging.reader import read_file
from surgery_assist.imaging.render import to_rgb32
from surgery_assist.messages import translate
from tests.helpers.dicom import ct_slice, opened, save, sets_of
from tests.helpers.objects import item

DOSE = {
    "RadionuclideTotalDose": 370e6,
    "RadionuclideHalfLife": 6586.2,
    "RadiopharmaceuticalStartTime": "091112",
}


def pet(dose=DOSE, **changes):
    described = {
        "Modality": "PT",
        "Units": "BQML",
        "CorrectedImage": ["DECY", "ATTN"],
        "DecayCorrection": "START",
        "PatientWeight": 70,
        "SeriesDate": "20260101",
        "SeriesTime": "101112",
        "RescaleSlope": 2.5,
        "RescaleIntercept": 0,
        "WindowCenter": 250,
        "WindowWidth": 500,
        "RadiopharmaceuticalInformationSequence": [item(**dose)],
    }
    return ct_slice(**{**described, **changes})


def test_uptake_is_activity_by_weight_and_decayed_dose(tmp_path):
    pixels = FrameReader().read(read_file(save(pet(), tmp_path / "a")))
    left = 370e6 * 0.5 ** (3600.0 / 6586.2)
    stored = int(pixels.values[1, 2])
    assert pixels.modality_value(1, 2) == pytest.approx(stored * 2.5 * 70_000 / left)


def test_window_in_uptake_looks_as_the_files_own(tmp_path):
    uptake = FrameReader().read(read_file(save(pet(), tmp_path / "a")))
    raw = FrameReader().read(read_file(save(pet(PatientWeight=None), tmp_path / "b")))
    np.testing.assert_array_equal(to_rgb32(uptake), to_rgb32(raw))


@pytest.mark.parametrize(
    ("changes", "dose", "missing"),
    [
        ({"PatientWeight": None}, DOSE, "PatientWeight"),
        ({"PatientWeight": 0}, DOSE, "PatientWeight"),
        ({"CorrectedImage": ["ATTN"]}, DOSE, "CorrectedImage"),
        ({"DecayCorrection": "NONE"}, DOSE, "DecayCorrection"),
        ({"Units": "CNTS"}, DOSE, "Units"),
        ({}, {**DOSE, "RadionuclideTotalDose": 0}, "RadionuclideTotalDose"),
        ({}, {**DOSE, "RadionuclideHalfLife": None}, "RadionuclideHalfLife"),
        ({}, {**DOSE, "RadiopharmaceuticalStartTime": None}, "RadiopharmaceuticalStartTime"),
    ],
)
def test_uptake_says_what_is_missing(tmp_path, changes, dose, missing):
    found = read_file(save(pet(dose, **changes), tmp_path / "a"))
    (finding,) = [finding for finding in found.findings if finding.key == "no_suv"]
    assert dict(finding.arguments) == {"missing": missing}
    assert found.unit == changes.get("Units", "BQML")


def test_injection_before_midnight(tmp_path):
    dose = {**DOSE, "RadiopharmaceuticalStartTime": "233000"}
    made = pet(dose, SeriesTime="003000", AcquisitionTime="003000")
    found = read_file(save(made, tmp_path / "a"))
    left = 370e6 * 0.5 ** (3600.0 / 6586.2)
    assert found.frames[0].slope == pytest.approx(2.5 * 70_000 / left)


def test_dose_grid_is_in_gray(tmp_path):
    dataset = ct_slice(Modality="RTDOSE", DoseUnits="GY", DoseGridScaling="0.001", NumberOfFrames=3)
    dataset.GridFrameOffsetVector = [0, 2.5, 5]
    dataset.PixelData = dataset.PixelData * 3
    save(dataset, tmp_path / "a")
    library, catalogue = opened(tmp_path)
    (entry,) = sets_of(catalogue)
    assert (entry.kind, entry.unit, entry.spacing[2]) == ("volume", "Gy", 2.5)
    pixels = FrameReader().read(library.instance(entry.frames[0].instance_uid))
    assert pixels.slope == 0.001


def ultrasound(*regions):
    made = [
        item(
            RegionSpatialFormat=spatial,
            RegionDataType=data,
            RegionLocationMinX0=box[0],
            RegionLocationMinY0=box[1],
            RegionLocationMaxX1=box[2],
            RegionLocationMaxY1=box[3],
            PhysicalUnitsXDirection=units[0],
            PhysicalUnitsYDirection=units[1],
            PhysicalDeltaX=0.02,
            PhysicalDeltaY=0.03,
        )
        for spatial, data, box, units in regions
    ]
    return ct_slice(
        Modality="US",
        PixelSpacing=None,
        ImagePositionPatient=None,
        ImageOrientationPatient=None,
        SequenceOfUltrasoundRegions=made,
    )


def test_ultrasound_regions_have_scales_of_their_own(tmp_path):
    path = save(
        ultrasound(
            (1, 1, (0, 0, 3, 4), (3, 3)),
            (3, 3, (0, 5, 5, 7), (4, 7)),
            (1, 2, (9, 9, 1, 1), (3, 3)),
        ),
        tmp_path / "a",
    )
    found = read_file(path)
    tissue, spectral = found.ultrasound
    assert (tissue.left, tissue.top, tissue.right, tissue.bottom) == (0, 0, 4, 5)
    assert (tissue.kind, tissue.spacing) == ("tissue", pytest.approx((0.3, 0.2)))
    assert (spectral.kind, spectral.spacing) == ("spectral", None)
    assert (found.spacing, found.spacing_source) == (pytest.approx((0.3, 0.2)), "calibrated")


def keys(dataset, tmp_path):
    return [finding.key for finding in read_file(save(dataset, tmp_path / "a")).findings]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"BurnedInAnnotation": "YES"}, ["burned_in"]),
        ({"BurnedInAnnotation": "NO"}, []),
        ({"LossyImageCompression": "01"}, ["lossy"]),
        ({"LossyImageCompression": "00"}, []),
        ({"Modality": "CR", "PixelSpacing": None}, ["uncalibrated"]),
        ({"BodyPartExamined": "KNEE"}, ["no_laterality"]),
        ({"BodyPartExamined": "KNEE", "Laterality": "L"}, []),
        ({"BodyPartExamined": "KNEE", "ImageLaterality": "R"}, []),
        ({"BodyPartExamined": "CHEST"}, []),
    ],
)
def test_findings_of_a_header(tmp_path, changes, expected):
    assert keys(ct_slice(**changes), tmp_path) == expected


def details(tmp_path, positions):
    for number, z in enumerate(positions):
        save(ct_slice(number, z), tmp_path / f"{number}")
    _, catalogue = opened(tmp_path)
    (entry,) = sets_of(catalogue)
    return {finding.key: dict(finding.arguments) for finding in entry.details}


def test_gap_says_where_and_how_many(tmp_path):
    found = details(tmp_path, [0, 5, 10, 25, 30, 35])
    assert found == {"gap": {"mm": "15.0", "image": 3, "missing": 2}}


def test_uneven_steps_say_their_range(tmp_path):
    found = details(tmp_path, [0, 5, 10, 13, 18, 23])
    assert found == {"non_uniform": {"least": "3.00", "most": "5.00"}}


@pytest.mark.parametrize("language", ["en", "ro"])
def test_every_finding_has_a_sentence(tmp_path, language):
    found = details(tmp_path, [0, 5, 10, 25, 30, 35])
    (key,) = found
    text = translate(f"finding.{key}.detail", language, **found[key])
    assert "15.0" in text
    assert "{" not in text
