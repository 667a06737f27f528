"""``voice``: eval, listen and words from the shell."""

import json
from pathlib import Path

from surgery_assist.settings import resources_dir

DEMO = resources_dir() / "demo"


def test_the_demo_recordings_are_judged_and_reported(run, tmp_path: Path) -> None:
    done = run(
        *("voice", "eval", DEMO / "manifest.csv", "--lang", "ro"),
        *("--json", tmp_path / "report.json", "--report", tmp_path / "report.html"),
    )
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert done.code == 0
    assert json.loads(done.out) == report["summary"]
    assert report["summary"]["right"] == 4
    wanted = {"path", "group", "heard", "id", "slots", "confidence", "accepted", "latency_ms"}
    assert all(wanted <= set(row) for row in report["rows"])
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "100.0%" in page
    assert "ro-en-command" in page


def test_any_vocabulary_can_be_tried(run, tmp_path: Path) -> None:
    phrases = tmp_path / "other.yaml"
    phrases.write_text("coffee: ['împarte în patru']\ntea: ['fereastră osoasă']\n", "utf-8")
    manifest = tmp_path / "m.csv"
    clip = DEMO / "ro_split.ogg"
    manifest.write_text(
        f"path,expected_id,expected_slots,lang,group\n{clip},coffee,{{}},ro,own\n", "utf-8"
    )
    done = run("voice", "eval", manifest, "--phrases", phrases)
    assert (done.code, json.loads(done.out)["right"]) == (0, 1)


def test_a_missing_manifest_is_bad_usage(run, tmp_path: Path) -> None:
    done = run("voice", "eval", tmp_path / "none.csv", "--lang", "en")
    assert (done.code, "none.csv" in done.err) == (2, True)


def test_a_recording_is_written_down_as_it_is_heard(run) -> None:
    done = run("voice", "listen", "--audio", DEMO / "ro_bone.ogg", "--lang", "ro")
    assert done.code == 0
    assert "fereastră osoasă" in done.out
    assert "window.preset" in done.out


def test_words_are_known_or_made_from_their_spelling(run) -> None:
    words = json.loads(run("voice", "words", "window xilofonat", "--lang", "en").out)["words"]
    assert [(entry["word"], entry["from_spelling"]) for entry in words] == [
        ("window", False),
        ("xilofonat", True),
    ]
    assert all(entry["pronunciations"] for entry in words)
