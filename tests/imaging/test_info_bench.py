"""The reports of ``info`` and ``bench load``."""

import json

import pytest

from surgery_assist.errors import NothingToOpenError
from surgery_assist.imaging.bench import bench_load
from surgery_assist.imaging.info import describe
from tests.helpers.dicom import ct_slice, save


def test_info_names_everything(tmp_path):
    for n in (1, 2, 3):
        save(ct_slice(n, 5.0 * n), tmp_path / f"{n}")
    (tmp_path / "note.txt").write_text("remember the milk, and the bread too")
    report = describe([tmp_path])
    assert report == json.loads(json.dumps(report))
    (study,) = report["studies"]
    (series,) = study["series"]
    (entry,) = series["display_sets"]
    assert (series["series_uid"], series["modality"]) == ("1.2.3.200", "CT")
    assert (entry["kind"], entry["count"], entry["rows"], entry["columns"]) == ("volume", 3, 8, 6)
    assert (entry["spacing"], entry["findings"]) == ([0.5, 0.5, 5.0], [])
    assert [(r["reason"], r["detail"]) for r in report["refused"]] == [("not_dicom", "")]
    assert report["files"] == 4


def test_info_can_check_the_pixels(tmp_path):
    save(ct_slice(1), tmp_path / "1")
    data = (tmp_path / "1").read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0")
    (tmp_path / "1").write_bytes(data)
    report = describe([tmp_path], check_pixels=True)
    assert report["undecodable"] == []  # plain pixels behind the name of a compression


def test_load_figures(phantom_dir):
    figures = bench_load([phantom_dir])
    assert figures["instances"] == 24 + 24 + 2
    assert 0 < figures["first_image_ms"] <= figures["full_ms"]
    assert figures["volume_bytes"] > 2 * 24 * 128 * 128 * 2
    assert figures["rss_peak_bytes"] > figures["volume_bytes"]


def test_nothing_to_load(tmp_path):
    with pytest.raises(NothingToOpenError):
        bench_load([tmp_path])
