"""``info``: every file is in a display set, an object list or refused."""

import json
import shutil
from pathlib import Path


def test_a_study_is_described(run, phantom_dir: Path) -> None:
    done = run("info", "--json", phantom_dir)
    report = json.loads(done.out)
    assert done.code == 0
    sets = [d for study in report["studies"] for s in study["series"] for d in s["display_sets"]]
    volume = max(sets, key=lambda entry: entry["count"])
    assert (volume["kind"], volume["count"], volume["rows"], volume["columns"]) == (
        "volume",
        24,
        128,
        128,
    )
    assert report["refused"] == []
    assert report["files"] == sum(1 for path in phantom_dir.rglob("*") if path.is_file())


def test_a_broken_file_is_listed_and_stops_nothing(run, phantom_dir: Path, tmp_path) -> None:
    first = min((phantom_dir / "CT").iterdir())
    shutil.copy(first, tmp_path / "good.dcm")
    (tmp_path / "cut.dcm").write_bytes(first.read_bytes()[:3000])
    (tmp_path / "letter.txt").write_text("no picture")
    report = json.loads(run("info", "--json", tmp_path).out)
    assert len(report["studies"]) == 1
    assert {Path(entry["path"]).name for entry in report["refused"]} == {"cut.dcm", "letter.txt"}
    assert report["files"] == 3


def test_a_folder_without_dicom_is_exit_code_4(run, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("no picture")
    done = run("info", tmp_path, "--lang", "en")
    assert done.code == 4
    assert "no DICOM" in done.err
    assert "letter.txt" in done.out


def test_a_missing_path_is_refused_by_name(run, tmp_path: Path) -> None:
    done = run("info", tmp_path / "nowhere", "--json", "--lang", "ro")
    assert done.code == 4
    assert json.loads(done.out)["refused"][0]["path"].endswith("nowhere")


def test_people_read_sentences(run, phantom_dir: Path) -> None:
    done = run("info", phantom_dir, "--lang", "en")
    assert "volume: 24 x 128 x 128" in done.out
