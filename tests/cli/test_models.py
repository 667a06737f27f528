"""``models``: list, verify, install; what is damaged or missing is named."""

import shutil
from pathlib import Path

import pytest

from surgery_assist.settings import models_dir

PACK = "ro-en-command"


@pytest.fixture
def site_pack(tmp_path: Path) -> Path:
    """A copy of the bundled pack in a folder of the site."""
    return Path(shutil.copytree(models_dir() / PACK, tmp_path / "site" / PACK))


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(f"models = '{tmp_path / 'site'}'\n")
    return path


def test_the_bundled_pack_is_listed_and_whole(run) -> None:
    listed, verified = run("models", "list"), run("models", "verify", "--lang", "en")
    assert PACK in listed.out
    assert "ro,en" in listed.out
    assert (verified.code, "whole" in verified.out) == (0, True)


def test_a_changed_file_is_found(run, site_pack: Path, settings: Path) -> None:
    with (site_pack / "am" / "final.mdl").open("r+b") as file:
        file.seek(1000)
        file.write(b"tampered")
    done = run("models", "verify", "--config", settings, "--lang", "en")
    assert done.code == 1
    assert "final.mdl" in done.out


def test_no_pack_at_all_is_said(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("surgery_assist.voice.packs.models_dir", lambda: tmp_path / "none")
    for command in ("list", "verify"):
        done = run("models", command, "--lang", "en")
        assert (done.code, len(done.err.splitlines())) == (1, 1)


def test_a_pack_is_installed_for_the_user(
    run, site_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SURGERY_ASSIST_DATA", str(tmp_path / "data"))
    done = run("models", "install", site_pack, "--lang", "en")
    assert done.code == 0
    assert str(tmp_path / "data" / "models" / PACK) in run("models", "list").out


def test_what_is_no_model_is_not_installed(run, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    done = run("models", "install", tmp_path / "letters", "--lang", "en")
    assert done.code == 1
    assert "letters" in done.err
