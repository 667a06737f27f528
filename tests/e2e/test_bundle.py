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


def test_the_bundle_draws_planes_and_volumes(tmp_path: Path, phantom_dir: Path) -> None:
    done = run_bundle(
        tmp_path,
        *("script", "--lang", "en", "--size", "800x600", "--open", phantom_dir / "CT"),
        *("--do", "plane.three", "--screenshot", "planes.png"),
        *("--do", "volume.preset preset=bone", "--screenshot", "volume.png", "--state", "s.json"),
    )
    assert (done.stderr, done.returncode) == ("", 0)
    state = json.loads((tmp_path / "s.json").read_text("utf-8"))
    assert [v["plane"] for v in state["viewports"]][1:3] == ["coronal", "sagittal"]
    assert (tmp_path / "planes.png").read_bytes() != (tmp_path / "volume.png").read_bytes()


def test_the_bundles_workers_read_what_is_compressed(tmp_path: Path, phantom_dir: Path) -> None:
    from pydicom import dcmread
    from pydicom.uid import RLELossless

    plain = next((phantom_dir / "CR").rglob("*.dcm"))
    dataset = dcmread(plain)
    dataset.compress(RLELossless)
    dataset.save_as(tmp_path / "packed.dcm")
    done = run_bundle(
        tmp_path,
        *("script", "--lang", "en", "--open", tmp_path / "packed.dcm"),
        *("--screenshot", "packed.png", "--state", "s.json"),
    )
    assert (done.stderr, done.returncode) == ("", 0)
    state = json.loads((tmp_path / "s.json").read_text("utf-8"))
    assert state["viewports"][0]["count"] == 1


def test_the_bundle_cannot_train_and_says_so(tmp_path: Path) -> None:
    done = run_bundle(tmp_path, "models", "build", "--lang", "en")
    assert done.returncode == 2
    assert "checkout" in done.stderr
