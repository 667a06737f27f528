"""A DICOMDIR stands for the files that it lists."""

from pydicom.dataset import Dataset

from tests.helpers.dicom import ct_slice, opened, save, sets_of

DIRECTORY = "1.2.840.10008.1.3.10"


def write_index(folder, *references):
    index = Dataset()
    index.SOPClassUID = DIRECTORY
    index.SOPInstanceUID = "1.2.3.4"
    index.FileSetID = "DISC"
    index.DirectoryRecordSequence = [record(parts) for parts in references]
    return save(index, folder / "DICOMDIR")


def record(parts):
    entry = Dataset()
    entry.DirectoryRecordType = "IMAGE"
    entry.ReferencedFileID = parts
    return entry


def test_listed_files_are_read_and_others_are_not(tmp_path):
    for n in (1, 2, 3):
        save(ct_slice(n, 5.0 * n), tmp_path / "IM" / f"F{n}")
    index = write_index(tmp_path, ["IM", "F1"], ["IM", "F3"])
    _, catalogue = opened(index)
    assert [entry.count for entry in sets_of(catalogue)] == [2]


def test_copied_disc_with_small_letters(tmp_path):
    save(ct_slice(1), tmp_path / "im" / "f1")
    save(ct_slice(2), tmp_path / "im" / "f2")
    _, catalogue = opened(write_index(tmp_path, ["IM", "F1"]))
    assert [entry.count for entry in sets_of(catalogue)] == [1]


def test_references_do_not_lead_out_of_the_folder(tmp_path):
    save(ct_slice(1), tmp_path / "secret" / "F1")
    disc = tmp_path / "disc"
    save(ct_slice(2), disc / "own")
    _, catalogue = opened(write_index(disc, ["..", "secret", "F1"]))
    (entry,) = sets_of(catalogue)
    assert entry.frames[0].instance_number == 2
