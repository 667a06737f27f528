"""Series to display sets: order, splits, findings."""

from math import cos, radians, sin

import pytest

from surgery_assist.model.viewport import Viewport, edge_letters
from tests.helpers.dicom import ct_slice, opened, save, sets_of


def open_slices(tmp_path, slices):
    for place, dataset in enumerate(slices):
        save(dataset, tmp_path / f"{place:03d}.dcm")
    return sets_of(opened(tmp_path)[1])


def heights(entry):
    return [frame.plane.position[2] for frame in entry.frames]


def test_order_follows_position_in_the_direction_of_the_numbers(tmp_path):
    shuffled = [(3, 10.0), (1, 20.0), (4, 5.0), (2, 15.0)]
    (entry,) = open_slices(tmp_path, [ct_slice(n, z) for n, z in shuffled])
    assert heights(entry) == [20.0, 15.0, 10.0, 5.0]
    assert (entry.kind, entry.spacing, entry.findings) == ("volume", (0.5, 0.5, 5.0), ())


def test_ascending_numbers_from_the_feet(tmp_path):
    (entry,) = open_slices(tmp_path, [ct_slice(n, 5.0 * n) for n in (2, 1, 3)])
    assert heights(entry) == [5.0, 10.0, 15.0]


def test_without_numbers_the_head_comes_first(tmp_path):
    slices = [ct_slice(n, 5.0 * n, InstanceNumber=None) for n in range(4)]
    (entry,) = open_slices(tmp_path, slices)
    assert heights(entry) == [15.0, 10.0, 5.0, 0.0]


def test_missing_slice_is_a_gap(tmp_path):
    (entry,) = open_slices(tmp_path, [ct_slice(n, 5.0 * n) for n in (1, 2, 3, 5, 6)])
    assert (entry.kind, entry.findings, entry.spacing[2]) == ("stack", ("gap",), 5.0)


def test_uneven_steps(tmp_path):
    places = (0.0, 4.0, 8.0, 12.0, 18.5, 25.0)
    (entry,) = open_slices(tmp_path, [ct_slice(n, z) for n, z in enumerate(places)])
    assert (entry.kind, entry.findings) == ("stack", ("non_uniform",))


def test_gantry_tilt(tmp_path):
    tilt = radians(15)
    slices = [
        ct_slice(n, 5.0 * n, ImageOrientationPatient=[1, 0, 0, 0, cos(tilt), sin(tilt)])
        for n in range(6)
    ]
    (entry,) = open_slices(tmp_path, slices)
    assert (entry.kind, entry.findings) == ("stack", ("tilt",))


def test_oblique_slices_along_their_normal_are_a_volume(tmp_path):
    tilt = radians(15)
    slices = [
        ct_slice(
            n,
            ImageOrientationPatient=[1, 0, 0, 0, round(cos(tilt), 6), round(sin(tilt), 6)],
            ImagePositionPatient=[0, round(-5 * n * sin(tilt), 4), round(5 * n * cos(tilt), 4)],
            SOPInstanceUID=f"1.2.9.{n}",
        )
        for n in range(6)
    ]
    (entry,) = open_slices(tmp_path, slices)
    assert (entry.kind, entry.findings) == ("volume", ())
    assert entry.spacing[2] == pytest.approx(5.0, abs=1e-3)


def test_outliers_get_display_sets_of_their_own(tmp_path):
    axial = [ct_slice(n, 5.0 * n) for n in range(1, 5)]
    localizer = ct_slice(9, 1.0, ImageOrientationPatient=[1, 0, 0, 0, 0, -1])
    lost = ct_slice(10, 2.0, ImagePositionPatient=None)
    small = ct_slice(11, 3.0, Rows=4)
    entries = open_slices(tmp_path, [axial[0], localizer, *axial[1:], lost, small])
    assert [entry.count for entry in entries] == [4, 1, 1, 1]
    assert len({entry.uid for entry in entries}) == 4
    assert "no_position" in entries[2].findings
    assert all("mixed" in entry.findings for entry in entries)


def test_same_instance_twice_is_kept_once(tmp_path):
    slices = [ct_slice(n, 5.0 * n) for n in (1, 2, 3)]
    (entry,) = open_slices(tmp_path, [*slices, slices[1]])
    assert (entry.count, entry.kind, entry.findings) == (3, "volume", ("duplicate",))


def test_two_images_at_one_place_are_no_volume(tmp_path):
    slices = [ct_slice(n, 5.0 * n) for n in (1, 2, 3)]
    (entry,) = open_slices(tmp_path, [*slices, ct_slice(4, 10.0)])
    assert (entry.count, entry.findings) == (4, ("duplicate_position",))


def test_repeated_positions_part_into_phases(tmp_path):
    slices = [ct_slice(n, 5.0 * ((n - 1) % 4)) for n in range(1, 13)]
    entries = open_slices(tmp_path, slices)
    assert [(entry.kind, entry.count) for entry in entries] == [("volume", 4)] * 3
    assert [entry.frames[0].instance_number for entry in entries] == [1, 5, 9]
    assert all("time" in entry.findings for entry in entries)


@pytest.mark.parametrize(
    ("orientation", "letters"),
    [
        ([1, 0, 0, 0, 1, 0], ("R", "L", "A", "P")),
        ([-1, 0, 0, 0, -1, 0], ("L", "R", "P", "A")),
        ([0, 1, 0, 0, 0, -1], ("A", "P", "H", "F")),
    ],
)
def test_letters_come_from_the_orientation(tmp_path, orientation, letters):
    (entry,) = open_slices(tmp_path, [ct_slice(ImageOrientationPatient=orientation)])
    assert edge_letters(Viewport(), entry) == letters


def radiograph(**changes):
    changes = {
        "Modality": "DX",
        "ImageOrientationPatient": None,
        "ImagePositionPatient": None,
        "PatientOrientation": ["L", "F"],
        "PixelSpacing": None,
        "ImagerPixelSpacing": [0.2, 0.2],
        **changes,
    }
    return ct_slice(**changes)


def test_radiograph_gets_its_letters_from_patient_orientation(tmp_path):
    (entry,) = open_slices(tmp_path, [radiograph()])
    assert edge_letters(Viewport(), entry) == ("R", "L", "H", "F")
    assert (entry.spacing_source, entry.kind) == ("detector", "single")


@pytest.mark.parametrize("letters", [["L", "X"], ["L", "R"], ["L", ""]])
def test_impossible_letters_are_unknown(tmp_path, letters):
    (entry,) = open_slices(tmp_path, [radiograph(PatientOrientation=letters)])
    assert edge_letters(Viewport(), entry) == ("", "", "", "")


@pytest.mark.parametrize(
    ("changes", "source", "spacing"),
    [
        ({"PixelSpacing": [0.2, 0.2]}, "detector", 0.2),
        ({"PixelSpacing": [0.15, 0.15]}, "calibrated", 0.15),
        ({"PixelSpacing": [0.15, 0.15], "ImagerPixelSpacing": None}, "detector", 0.15),
        ({"ImagerPixelSpacing": None}, "none", None),
    ],
)
def test_millimetres_of_projections_say_where_they_come_from(tmp_path, changes, source, spacing):
    (entry,) = open_slices(tmp_path, [radiograph(**changes)])
    assert entry.spacing_source == source
    assert (entry.spacing[0] if entry.spacing else None) == spacing


def test_pixel_aspect_without_millimetres(tmp_path):
    changes = {"PixelSpacing": None, "PixelAspectRatio": ["3", "2"], "Modality": "US"}
    (entry,) = open_slices(tmp_path, [ct_slice(ImageOrientationPatient=None, **changes)])
    assert (entry.spacing, entry.pixel_aspect) == (None, 1.5)


def test_frames_in_time_are_cine(tmp_path):
    clip = radiograph(Modality="XA", NumberOfFrames=3, FrameTime="40")
    clip.PixelData = clip.PixelData * 3
    (entry,) = open_slices(tmp_path, [clip])
    assert (entry.kind, entry.count, entry.frame_time_ms) == ("cine", 3, 40.0)
