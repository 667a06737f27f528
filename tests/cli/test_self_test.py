"""``self-test``: says of each part whether it works here."""

import json
from pathlib import Path

import pytest

from surgery_assist.cli.checks import CHECKS


@pytest.mark.gui
def test_everything_that_is_needed_works_here(run) -> None:
    done = run("self-test", "--json")
    report = json.loads(done.out)
    assert [check["name"] for check in report["checks"]] == [check.name for check in CHECKS]
    assert [c for c in report["checks"] if c["state"] == "failed"] == []
    assert (report["ok"], done.code) == (True, 0)


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch):
    """Look at some parts alone."""

    def choose(*names: str) -> None:
        chosen = tuple(check for check in CHECKS if check.name in names)
        monkeypatch.setattr("surgery_assist.cli.checks.CHECKS", chosen)

    return choose


def test_a_needed_part_that_fails_is_exit_code_1(
    run, only, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only("folders", "resources")
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SURGERY_ASSIST_DATA", str(tmp_path / "file" / "data"))
    done = run("self-test", "--lang", "en")
    assert done.code == 1
    assert [line.split()[:2] for line in done.out.splitlines()] == [
        ["ok", "resources"],
        ["failed", "folders"],
    ]


def test_no_voice_pack_is_a_failure_in_words(
    run, only, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only("voice pack", "hearing")
    monkeypatch.setattr("surgery_assist.voice.packs.models_dir", lambda: tmp_path)
    done = run("self-test", "--lang", "en", "--json")
    checks = json.loads(done.out)["checks"]
    assert (done.code, [check["state"] for check in checks]) == (1, ["failed", "failed"])


def test_a_missing_microphone_is_only_a_warning(run, only, monkeypatch: pytest.MonkeyPatch) -> None:
    only("microphone")
    monkeypatch.setattr("surgery_assist.voice.portaudio.devices", lambda _: [])
    done = run("self-test", "--lang", "en")
    assert done.code == 0
    assert done.out.startswith("warning")


def test_codecs_are_tried_with_pixels(run, only) -> None:
    only("codecs")
    assert "JPEG 2000" in run("self-test").out
