"""The bundle works on a machine that has nothing: what breaks it must show the day it breaks."""

import json
from pathlib import Path

import pytest

from surgery_assist.settings import resources_dir
from tests.helpers.bundle import run_bundle

pytestmark = [pytest.mark.frozen, pytest.mark.timeout(1500)]


def test_the_bundle_finds_everything_that_it_needs(tmp_path: Path) -> None:
    done = run_bundle(tmp_path, "self-test", "--json")
    report = json.loads(done.stdout)
    failed = [check for check in report["checks"] if check["state"] == "failed"]
    assert (failed, done.returncode) == ([], 0)
    states = {check["name"]: check["state"] for check in report["checks"]}
    assert states["second opinion"] == "ok", report


def test_the_bundle_hears_a_sentence_and_obeys(tmp_path: Path, phantom_dir: Path) -> None:
    clip = resources_dir() / "demo" / "ro_split.ogg"
    done = run_bundle(
        tmp_path,
        *("script", "--lang", "ro", "--open", phantom_dir / "CT"),
        *("--screenshot", "before.png", "--audio", clip),
        *("--screenshot", "after.png", "--state", "state.json"),
    )
    assert (done.stderr, done.returncode) == ("", 0)
    state = json.loads((tmp_path / "state.json").read_text("utf-8"))
    assert (state["layout"]["rows"], state["layout"]["columns"]) == (2, 2)
    assert (tmp_path / "before.png").read_bytes() != (tmp_path / "after.png").read_bytes()


def test_the_bundle_cannot_train_and_says_so(tmp_path: Path) -> None:
    done = run_bundle(tmp_path, "models", "build", "--lang", "en")
    assert done.returncode == 2
    assert "checkout" in done.stderr
