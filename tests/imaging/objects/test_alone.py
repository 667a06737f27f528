"""Studies of which there are no images: reports and outlines are still reached."""

from surgery_assist.commands.cases import catalogue_replace, patient_open
from surgery_assist.model.session import Session
from surgery_assist.model.study import study_display_sets
from tests.helpers.dicom import ct_slice, opened, save
from tests.helpers.objects import SEGMENTATION, bare

REPORT = "1.2.840.10008.5.1.4.1.1.88.11"


def test_a_report_alone_is_a_study_that_opens_with_it(tmp_path):
    save(bare(REPORT, "SR", "1.2.3.970"), tmp_path / "report")
    _, catalogue = opened(tmp_path)
    (study,) = catalogue.studies
    assert study.patient.name == opened(save(ct_slice(), tmp_path / "i"))[1].patients[0].name
    assert [entry.kind for entry in study.objects] == ["report"]
    session = catalogue_replace(Session(), catalogue)
    assert (session.study, session.view.panel) == (study, "report")


def test_images_that_come_later_join_the_study_of_their_report(tmp_path):
    report, image = tmp_path / "report", tmp_path / "image"
    save(bare(REPORT, "SR", "1.2.3.971"), report)
    library, catalogue = opened(report)
    session = catalogue_replace(Session(), catalogue)
    save(ct_slice(), image)
    after = list(library.scan([image]))[-1]
    (study,) = after.studies
    assert study.uid == catalogue.studies[0].uid
    assert len(study_display_sets(study)) == 1
    shown = catalogue_replace(session, after)
    assert shown.viewport.display_set == study_display_sets(study)[0].uid


def test_images_go_before_a_study_that_is_only_a_report(tmp_path):
    newer = bare(REPORT, "SR", "1.2.3.972", StudyInstanceUID="1.2.3.9", StudyDate="20300101")
    save(newer, tmp_path / "report")
    save(ct_slice(), tmp_path / "image")
    _, catalogue = opened(tmp_path)
    assert [bool(study_display_sets(study)) for study in catalogue.studies] == [False, True]
    for session in (
        catalogue_replace(Session(), catalogue),
        patient_open(Session(catalogue=catalogue), 1),
    ):
        assert session.study == catalogue.studies[1]


def test_outlines_alone_are_listed(tmp_path):
    save(bare(SEGMENTATION, "SEG", "1.2.3.973"), tmp_path / "outlines")
    _, catalogue = opened(tmp_path)
    assert [entry.kind for entry in catalogue.studies[0].objects] == ["segmentation"]
    assert catalogue_replace(Session(), catalogue).study is None
