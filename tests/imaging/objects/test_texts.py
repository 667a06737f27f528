"""Reports as trees of text, key object selections as lists of images."""

import pytest

from surgery_assist.errors import ReadError
from surgery_assist.imaging.objects.reading import ObjectReader
from surgery_assist.model.annotations import ReportItem
from tests.helpers.dicom import ct_slice, opened, save
from tests.helpers.objects import bare, code, item, key_objects

REPORT = "1.2.840.10008.5.1.4.1.1.88.33"


def content(kind, name, **values):
    return item(ValueType=kind, ConceptNameCodeSequence=[code(name)], **values)


def test_report_is_a_tree_of_lines(tmp_path):
    size = item(
        NumericValue="12.5", MeasurementUnitsCodeSequence=[code("millimetre", "mm", "UCUM")]
    )
    report = bare(REPORT, "SR", "1.2.3.960", SpecificCharacterSet="ISO_IR 192")
    report.ConceptNameCodeSequence = [code("Radiology Report")]
    report.ContentSequence = [
        content("TEXT", "Impression", TextValue="Leziune în ficat.\r\nA se urmări."),
        content(
            "CONTAINER",
            "Finding",
            ContentSequence=[
                content("CODE", "Site", ConceptCodeSequence=[code("Liver")]),
                content("NUM", "Diameter", MeasuredValueSequence=[size]),
                content("PNAME", "Observer", PersonName="Popescu^Ion"),
                content("DATE", "Seen", Date="20260102"),
                content("DATETIME", "Noted", DateTime="20260102101500"),
            ],
        ),
    ]
    save(ct_slice(), tmp_path / "image")
    save(report, tmp_path / "report")
    library, catalogue = opened(tmp_path)
    (known,) = catalogue.studies[0].objects
    assert (known.kind, known.title) == ("report", "Radiology Report")
    found = ObjectReader(library).report(known.uid)
    assert found.title == "Radiology Report"
    assert found.items == (
        ReportItem(0, "Impression", "Leziune în ficat.\nA se urmări."),
        ReportItem(0, "Finding", ""),
        ReportItem(1, "Site", "Liver"),
        ReportItem(1, "Diameter", "12.5 mm"),
        ReportItem(1, "Observer", "Popescu Ion"),
        ReportItem(1, "Seen", "2026-01-02"),
        ReportItem(1, "Noted", "2026-01-02 10:15:00"),
    )


def test_report_that_nests_without_end_is_cut(tmp_path):
    report = bare(REPORT, "SR", "1.2.3.961")
    deepest = content("TEXT", "Deep", TextValue="x")
    for _ in range(60):
        deepest = content("CONTAINER", "Level", ContentSequence=[deepest])
    report.ContentSequence = [deepest]
    save(ct_slice(), tmp_path / "image")
    save(report, tmp_path / "report")
    library, catalogue = opened(tmp_path)
    found = ObjectReader(library).report(catalogue.studies[0].objects[0].uid)
    assert max(line.level for line in found.items) < 40


def test_unknown_report_is_an_error(tmp_path):
    save(ct_slice(), tmp_path / "image")
    library, _ = opened(tmp_path)
    with pytest.raises(ReadError):
        ObjectReader(library).report("1.2.3")


def test_key_images_are_those_that_were_marked(tmp_path):
    images = [ct_slice(n, 5.0 * n) for n in range(3)]
    for dataset in (*images, key_objects(images[1], images[2])):
        save(dataset, tmp_path / dataset.SOPInstanceUID)
    library, catalogue = opened(tmp_path)
    (study,) = catalogue.studies
    marked = ObjectReader(library).key_images(study)
    assert marked == {images[1].SOPInstanceUID, images[2].SOPInstanceUID}
    assert study.objects[0].title == "For Surgery"


@pytest.mark.shared
def test_real_measurement_report(shared_dir):
    folder = shared_dir / "dicom" / "pr_sr_seg"
    library, _ = opened(folder / "sr.dcm", folder / "test-SR.dcm")
    reader = ObjectReader(library)
    reports = [reader.report(entry.about.uid) for entry in library.objects]
    assert reports[0].title == "Imaging Measurement Report"
    measured = [line for line in reports[0].items if line.value and line.value[0].isdigit()]
    assert measured
    assert all(report.items for report in reports)


def test_objects_are_taken_apart_by_worker_processes_alone(tmp_path, monkeypatch):
    """A hostile object may take the process that reads it down; that must not be this one."""
    save(ct_slice(), tmp_path / "image")
    report = bare(REPORT, "SR", "1.2.3.962")
    report.ContentSequence = [content("TEXT", "Impression", TextValue="seen")]
    save(report, tmp_path / "report")
    library, catalogue = opened(tmp_path)
    (known,) = catalogue.studies[0].objects

    def forbidden(*_args, **_options):
        raise AssertionError("an object is read in the program's own process")

    monkeypatch.setattr("pydicom.filereader.dcmread", forbidden)
    assert ObjectReader(library).report(known.uid).items[0].value == "seen"
    (tmp_path / "report").unlink()
    with pytest.raises(ReadError):
        ObjectReader(library).report(known.uid)
