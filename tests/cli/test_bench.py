"""``bench``: the figures that other programs compare."""

import json
from pathlib import Path

import pytest

from surgery_assist.cli.measure import percentile, timing


def test_loading_is_measured(run, phantom_dir: Path, tmp_path: Path) -> None:
    done = run("bench", "load", phantom_dir, "--json", tmp_path / "load.json")
    figures = json.loads((tmp_path / "load.json").read_text())
    assert done.code == 0
    assert set(figures) == {
        "first_image_ms",
        "full_ms",
        "instances",
        "volume_bytes",
        "rss_peak_bytes",
    }
    assert 0 < figures["first_image_ms"] <= figures["full_ms"]
    assert figures["instances"] >= 24


@pytest.mark.gui
def test_scrolling_is_measured_in_the_real_window(run, phantom_dir: Path) -> None:
    figures = json.loads(run("bench", "scroll", phantom_dir / "CT", "--size", "640x360").out)
    assert set(figures) == {"frames", "ms_p50", "ms_p95", "dropped"}
    assert figures["frames"] == 300
    assert 0 < figures["ms_p50"] <= figures["ms_p95"]


@pytest.mark.gui
def test_one_image_cannot_be_scrolled(run, phantom_dir: Path) -> None:
    first = min((phantom_dir / "CT").iterdir())
    done = run("bench", "scroll", first, "--lang", "en")
    assert (done.code, "several images" in done.err) == (4, True)


def test_nothing_to_load_is_exit_code_4(run, tmp_path: Path) -> None:
    assert run("bench", "load", tmp_path, "--lang", "en").code == 4


@pytest.mark.gui
def test_speech_is_measured_up_to_the_pixel(
    run, phantom_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("surgery_assist.cli.demo.demo_study", lambda: [phantom_dir / "CT"])
    figures = json.loads(run("bench", "voice", "--lang", "ro", "--size", "640x360").out)
    assert figures["understood"] == figures["clips"] == 4
    assert figures["rtf"] > 0
    assert figures["speech_to_pixel_ms_p95"] >= figures["speech_to_decision_ms_p50"] > 0


def test_percentiles_are_values_that_were_measured() -> None:
    times = [float(n) for n in range(1, 101)]
    assert (percentile(times, 0.5), percentile(times, 0.95)) == (51.0, 96.0)
    assert timing([1.0, 2.0, 40.0]) == {"frames": 3, "ms_p50": 2.0, "ms_p95": 40.0, "dropped": 1}
