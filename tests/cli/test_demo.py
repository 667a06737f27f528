"""The demo off screen: recorded sentences in both languages drive the program on its own study."""

from pathlib import Path

import pytest

from surgery_assist.settings import data_dir

pytestmark = pytest.mark.gui


@pytest.mark.slow
def test_every_sentence_does_what_it_should_and_leaves_a_picture(run, tmp_path: Path) -> None:
    done = run("demo", "--headless", "--out", tmp_path, "--size", "960x540")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[-1].startswith("8 ")
    assert sum(" ro " in line for line in lines) == sum(" en " in line for line in lines) == 4
    pictures = sorted(tmp_path.glob("*.png"))
    assert len(pictures) == 9
    assert len({picture.read_bytes() for picture in pictures}) == 9


@pytest.mark.slow
def test_the_demo_study_is_written_once() -> None:
    from surgery_assist.cli.demo import demo_study

    ct, folder = demo_study()
    assert folder.parent == data_dir()
    assert len(list(ct.iterdir())) >= 200
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    demo_study()
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_sentence_that_does_not_do_what_it_should_is_exit_code_3(
    run, tmp_path: Path, phantom_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The small phantom has no image 42, which one of the sentences asks for.
    study = [phantom_dir / "CT"]
    monkeypatch.setattr("surgery_assist.cli.demo.demo_study", lambda: study)
    done = run("demo", "--headless", "--lang", "ro", "--out", tmp_path, "--size", "640x360")
    assert done.code == 3
    assert "refused.no_such_image" in done.out
    assert done.out.splitlines()[-1].startswith("3 din 4")


def test_a_place_that_cannot_be_written_is_named(
    run, tmp_path: Path, phantom_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("surgery_assist.cli.demo.demo_study", lambda: [phantom_dir])
    (tmp_path / "file").write_text("in the way")
    done = run("demo", "--headless", "--lang", "en", "--out", tmp_path / "file" / "out")
    assert done.code == 1
    assert "file" in done.err
