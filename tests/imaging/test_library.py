"""Opening: progress, cancelling, grouping, and every real file accounted for."""

import shutil

import pytest

from surgery_assist.imaging.info import describe
from surgery_assist.imaging.library import Library
from tests.helpers.dicom import ct_slice, opened, reasons, save, sets_of


def test_catalogue_grows_and_its_first_image_is_early(tmp_path, monkeypatch):
    monkeypatch.setattr("surgery_assist.imaging.library.UPDATE_SECONDS", 0.0)
    monkeypatch.setattr("surgery_assist.imaging.library._PUBLISHING_SHARE", 0)
    for n in range(6):
        save(ct_slice(n, 5.0 * n), tmp_path / f"{n}")
    catalogues = list(Library().scan([tmp_path]))
    counts = [sum(entry.count for entry in sets_of(catalogue)) for catalogue in catalogues]
    assert counts == [1, 2, 3, 4, 5, 6, 6]
    assert [catalogue.loading for catalogue in catalogues] == [True] * 6 + [False]
    assert len({entry.uid for c in catalogues for entry in sets_of(c)}) == 1
    assert (catalogues[0].files_seen, catalogues[0].files_total) == (1, 6)


def test_cancelling_keeps_what_was_read(tmp_path):
    for n in range(6):
        save(ct_slice(n, 5.0 * n), tmp_path / f"{n}")
    answers = iter([False, False, True])
    *_, last = Library().scan([tmp_path], lambda: next(answers))
    assert [entry.count for entry in sets_of(last)] == [2]
    assert not last.loading


def test_caller_who_stops_iterating_leaves_a_finished_catalogue(tmp_path):
    for n in range(6):
        save(ct_slice(n, 5.0 * n), tmp_path / f"{n}")
    library = Library()
    scan = library.scan([tmp_path])
    assert next(scan).loading
    scan.close()
    assert not library.catalogue.loading
    assert [entry.count for entry in sets_of(library.catalogue)] == [1]


def test_second_scan_adds_to_the_first(tmp_path):
    save(ct_slice(1), tmp_path / "a" / "1")
    save(ct_slice(2, 5.0), tmp_path / "b" / "2")
    library, first = opened(tmp_path / "a")
    *_, both = library.scan([tmp_path])
    assert [entry.count for entry in sets_of(first)] == [1]
    assert [entry.count for entry in sets_of(both)] == [2]
    assert both.refused == ()


def test_broken_files_stop_nothing(tmp_path):
    save(ct_slice(1), tmp_path / "deep" / "er" / "good")
    (tmp_path / "note.txt").write_text("remember the milk, and the bread too")
    (tmp_path / "empty.dcm").touch()
    (tmp_path / ".hidden").write_text("x")
    (tmp_path / "Thumbs.db").write_text("x")
    _, catalogue = opened(tmp_path, tmp_path / "gone")
    assert [entry.count for entry in sets_of(catalogue)] == [1]
    assert reasons(catalogue) == {
        "note.txt": "not_dicom",
        "empty.dcm": "empty",
        "gone": "not_readable",
    }


def test_folder_without_dicom(tmp_path):
    (tmp_path / "note.txt").write_text("nothing to see here")
    _, catalogue = opened(tmp_path)
    assert catalogue.studies == ()
    assert reasons(catalogue) == {"note.txt": "not_dicom"}


@pytest.mark.parametrize(
    ("change", "patients"),
    [
        ({}, 1),
        ({"PatientName": "POPESCU^ION"}, 1),
        ({"PatientName": "Pope?cu^Ion"}, 1),
        ({"PatientName": "Ionescu^Ion"}, 2),
        ({"PatientBirthDate": "19510102"}, 2),
        ({"PatientID": "P2"}, 2),
    ],
)
def test_who_is_the_same_person(tmp_path, change, patients):
    save(ct_slice(1), tmp_path / "1")
    other = ct_slice(2, StudyInstanceUID="1.2.3.101", SeriesInstanceUID="1.2.3.202", **change)
    save(other, tmp_path / "2")
    _, catalogue = opened(tmp_path)
    assert len(catalogue.studies) == 2
    assert len(catalogue.patients) == patients


def test_same_uids_of_two_persons_stay_apart(tmp_path):
    save(ct_slice(1), tmp_path / "1")
    save(ct_slice(1, PatientName="Somebody^Else"), tmp_path / "2")
    library, catalogue = opened(tmp_path)
    assert len({study.uid for study in catalogue.studies}) == 2
    first, second = sets_of(catalogue)
    assert first.uid != second.uid
    paths = [library.instance(s.frames[0].instance_uid).path.name for s in (first, second)]
    assert paths == ["1", "2"]


def test_files_without_uids_are_not_merged(tmp_path):
    lone = {"StudyInstanceUID": None, "SeriesInstanceUID": None, "SOPInstanceUID": None}
    for n in range(2):
        dataset = ct_slice(n)
        dataset.file_meta = None
        path = save(dataset, tmp_path / f"{n}")
        for name in lone:
            dataset.pop(name)
        save(dataset, path)
    _, catalogue = opened(tmp_path)
    assert len(catalogue.studies) == 2


def test_newest_study_of_a_patient_comes_first(tmp_path):
    for n, day in enumerate(("20240101", "20260101", "20250101")):
        save(
            ct_slice(n, StudyInstanceUID=f"1.9.{n}", SeriesInstanceUID=f"1.8.{n}", StudyDate=day),
            tmp_path / f"{n}",
        )
    _, catalogue = opened(tmp_path)
    assert [study.date[:4] for study in catalogue.studies] == ["2026", "2025", "2024"]


# --- real files ------------------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.slow
def test_every_real_file_is_shown_an_object_or_refused(shared_dir):
    report = describe([shared_dir / "dicom"], check_pixels=True)
    shown = sum(
        entry["instances"]
        for study in report["studies"]
        for series in study["series"]
        for entry in series["display_sets"]
    )
    files = sum(path.is_file() for path in (shared_dir / "dicom").rglob("*"))
    assert report["files"] == files
    assert shown + len(report["objects"]) + len(report["refused"]) == files
    assert len(report["undecodable"]) <= 4


@pytest.mark.shared
def test_feet_first_colon_is_one_volume(shared_dir):
    _, catalogue = opened(shared_dir / "dicom" / "ct_volume_colon")
    (entry,) = sets_of(catalogue)
    assert (entry.kind, entry.count, entry.spacing[2], entry.findings) == ("volume", 100, 2.5, ())
    numbers = [frame.instance_number for frame in entry.frames]
    assert numbers == sorted(numbers)


@pytest.mark.shared
def test_gantry_tilt_and_uneven_steps_are_found(shared_dir):
    _, catalogue = opened(shared_dir / "dicom" / "ct_tilt_ge")
    (entry,) = sets_of(catalogue)
    assert (entry.kind, entry.count) == ("stack", 28)
    assert set(entry.findings) == {"tilt", "non_uniform"}


@pytest.mark.shared
def test_pitch_comes_from_the_positions(shared_dir):
    _, catalogue = opened(shared_dir / "dicom" / "mr_papaya")
    (entry,) = sets_of(catalogue)
    assert entry.kind == "volume"
    assert entry.spacing[2] == pytest.approx(6.97, abs=0.01)


@pytest.mark.shared
def test_series_with_every_quirk_still_opens(shared_dir):
    library, catalogue = opened(shared_dir / "dicom" / "synthetic_quirk_series")
    main, *others = sets_of(catalogue)
    assert main.count == 11
    assert set(main.findings) == {"duplicate", "mixed", "duplicate_position", "gap"}
    alone = {library.instance(o.frames[0].instance_uid).path.stem for o in others}
    assert alone == {
        "10_localizer_other_orientation",
        "11_no_ImagePositionPatient",
        "12_half_rows",
        "15_nonsquare_pixels",
    }
    assert reasons(catalogue) == {
        "09_same_SOPInstanceUID_again.dcm": "duplicate",
        "14_pixel_data_200_bytes_short.dcm": "size_lie",
    }
    assert [entry.kind for entry in library.objects] == ["KO"]


@pytest.mark.shared
def test_one_person_under_seven_spellings(shared_dir):
    _, catalogue = opened(shared_dir / "dicom" / "synthetic_ro_names")
    (person,) = catalogue.patients
    assert person.name == "\u0218tef\u0103nescu-\u021au\u021bea Ioana M\u0103d\u0103lina"


@pytest.mark.shared
def test_enhanced_frames_have_planes_of_their_own(shared_dir):
    _, catalogue = opened(shared_dir / "dicom" / "enhanced" / "6_1.dcm")
    (entry,) = sets_of(catalogue)
    assert (entry.kind, entry.count) == ("volume", 6)
    assert len({frame.plane.position for frame in entry.frames}) == 6


@pytest.mark.shared
@pytest.mark.parametrize("name", ["DICOMDIR", "DICOMDIR-empty.dcm", "DICOMDIR-bigEnd"])
def test_index_of_a_disc_whose_files_are_missing_falls_back_to_its_folder(
    shared_dir, tmp_path, name
):
    shutil.copy(shared_dir / "dicom" / "dicomdir" / "pydicom" / name, tmp_path / "DICOMDIR")
    save(ct_slice(1), tmp_path / "found" / "1")
    library, catalogue = opened(tmp_path / "DICOMDIR")
    assert [entry.count for entry in sets_of(catalogue)] == [1]
    assert [entry.kind for entry in library.objects] == ["DICOMDIR"]
