"""`voice eval`: what is counted as right, and reports of recordings."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from surgery_assist.errors import UsageError
from surgery_assist.voice.evaluate import run_eval
from surgery_assist.voice.manifest import COLUMNS, read_manifest
from tests.helpers.ears import said, scripted_ears
from tests.helpers.speech import have_espeak, write_wav

needs_speech = pytest.mark.skipif(not have_espeak(), reason="lacks espeak-ng")
NEXT = "imaginea următoare"
GO = "mergi la imaginea cinci"


def manifest(folder: Path, *rows: tuple[str, ...]) -> Path:
    path = folder / "manifest.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return path


def recording(folder: Path, name: str, text: str, length: float = 3.0) -> str:
    write_wav(folder / name, said((0.5, text), length=length), rate=16000)
    return name


@needs_speech
@pytest.mark.parametrize("mode", ["always", "pedal"])
def test_each_way_to_be_wrong_is_counted_as_that(tmp_path: Path, mode: str) -> None:
    heard = {
        "right.wav": NEXT,
        "slots.wav": GO,
        "wrong.wav": "imaginea precedentă",
        "miss.wav": "[unk]",
        "other.wav": "[unk]",
        "false.wav": NEXT,
    }
    for name in heard:
        recording(tmp_path, name, NEXT)
    reports = {}
    for name, expected, slots in (
        ("right.wav", "image.next", ""),
        ("slots.wav", "image.goto", '{"n": 5}'),
        ("wrong.wav", "image.next", "{}"),
        ("miss.wav", "image.next", ""),
        ("other.wav", "", ""),
        ("false.wav", "", ""),
    ):
        path = manifest(tmp_path, (name, expected, slots, "ro", "robot"))
        ears = scripted_ears([(0.8, heard[name])])
        reports[name] = run_eval(path, lambda *_, ears=ears: ears, mode=mode)  # type: ignore[arg-type]
        json.dumps(reports[name])
    verdicts = {name: report["rows"][0]["verdict"] for name, report in reports.items()}
    assert verdicts == {
        "right.wav": "right",
        "slots.wav": "right",
        "wrong.wav": "wrong",
        "miss.wav": "miss",
        "other.wav": "right",
        "false.wav": "false accept",
    }
    row = reports["slots.wav"]["rows"][0]
    assert row["path"] == "slots.wav"
    assert row["group"] == "robot"
    assert row["heard"] == GO
    assert row["id"] == "image.goto"
    assert row["slots"] == {"n": 5}
    assert row["accepted"] is True
    assert 0.9 < row["confidence"] <= 1.0
    assert 150 < row["latency_ms"] < 900
    assert reports["false.wav"]["summary"]["false_accepts"] == 1
    assert reports["false.wav"]["summary"]["by_group"]["robot"]["false_accepts"] == 1
    assert reports["false.wav"]["summary"]["false_actions_per_hour"] > 0
    assert reports["wrong.wav"]["summary"]["accuracy"] == 0.0
    assert reports["right.wav"]["summary"]["by_language"]["ro"]["accuracy"] == 1.0


@needs_speech
@pytest.mark.parametrize("slots", ['{"side": "right"}', '{"side": "right", "degrees": 90}'])
def test_a_slot_that_nobody_said_has_its_default(tmp_path: Path, slots: str) -> None:
    path = manifest(tmp_path, (recording(tmp_path, "a.wav", NEXT), "rotate", slots, "ro", "x"))
    ears = scripted_ears([(0.8, "rotește la dreapta")])
    row = run_eval(path, lambda *_: ears)["rows"][0]
    assert row["verdict"] == "right"
    assert row["slots"] == {"side": "right", "degrees": 90}


@needs_speech
def test_a_long_file_lists_all_that_happened(tmp_path: Path) -> None:
    sound = said((0.5, NEXT), (3.0, NEXT), length=6.0)
    write_wav(tmp_path / "long.wav", sound, rate=16000)
    path = manifest(tmp_path, ("long.wav", "", "", "ro", "talk"))
    ears = scripted_ears([(0.8, NEXT), (3.3, NEXT)])
    report = run_eval(path, lambda *_: ears)
    (row,) = report["rows"]
    assert [event["id"] for event in row["events"]] == ["image.next", "image.next"]
    assert row["events"][1]["time"] == pytest.approx(4.4, abs=0.5)


def test_a_file_that_is_missing_is_reported_and_stops_nothing(tmp_path: Path) -> None:
    write_wav(tmp_path / "b.wav", np.zeros(16000, np.int16), rate=16000)
    path = manifest(tmp_path, ("a.wav", "image.next", "", "ro", "x"), ("b.wav", "", "", "ro", "x"))
    ears = scripted_ears([])
    report = run_eval(path, lambda *_: ears)
    first, second = report["rows"]
    assert "error.audio_missing" in first["error"]
    assert second["verdict"] == "right"
    assert report["summary"]["unreadable"] == 1
    assert report["summary"]["misses"] == 1


def test_only_one_language_is_evaluated_and_asked_for(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.zeros(1600, np.int16), rate=16000)
    path = manifest(tmp_path, ("a.wav", "", "", "ro", "x"), ("a.wav", "", "", "en", "x"))
    asked = []

    def ears_for(language: str, phrases: Path | None) -> object:
        asked.append((language, phrases))
        return scripted_ears([])

    phrases = tmp_path / "words.yaml"
    report = run_eval(path, ears_for, language="en", phrases=phrases)  # type: ignore[arg-type]
    assert asked == [("en", phrases)]
    assert len(report["rows"]) == 1


@pytest.mark.parametrize(
    ("text", "key", "said_why"),
    [
        (None, "error.manifest_unreadable", ""),
        ("path,lang\na.wav,ro\n", "error.manifest_row", "expected_id"),
        ("{header}\na.wav,x,[1],ro,g\n", "error.manifest_row", "expected_slots"),
        ("{header}\na.wav,x,nonsense,ro,g\n", "error.manifest_row", ""),
        ("{header}\na.wav,x,,de,g\n", "error.manifest_row", "lang"),
        ("{header}\n,x,,ro,g\n", "error.manifest_row", "path"),
    ],
)
def test_a_wrong_manifest_says_where(
    tmp_path: Path, text: str | None, key: str, said_why: str
) -> None:
    path = tmp_path / "m.csv"
    if text is not None:
        path.write_text(text.replace("{header}", ",".join(COLUMNS)), "utf-8")
    with pytest.raises(UsageError) as refusal:
        read_manifest(path)
    assert refusal.value.key == key
    assert said_why in str(refusal.value.arguments["detail"])


def test_a_spreadsheet_manifest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    row = 'a b.wav,image.goto,"{""n"": 5}",ro,"one, two"'
    path.write_text(",".join(COLUMNS) + "\r\n" + row + "\r\n", "utf-8-sig")
    (entry,) = read_manifest(path)
    assert entry.expected_slots == {"n": 5}
    assert entry.path == tmp_path / "a b.wav"
    assert entry.group == "one, two"
