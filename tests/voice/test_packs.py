"""Packs are found, verified and installed; tampered and hostile ones are refused."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from surgery_assist.errors import OutputError, PackError
from surgery_assist.settings import models_dir
from surgery_assist.voice import packs

BUNDLED = models_dir() / "ro-en-command"


@pytest.fixture
def copy(tmp_path) -> Path:
    return Path(shutil.copytree(BUNDLED, tmp_path / "ro-en-command"))


def make_model(folder: Path, *, flat: bool = False) -> Path:
    names = ("final.mdl", "mfcc.conf") if flat else ("am/final.mdl", "conf/model.conf")
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


def zip_of(folder: Path, archive: Path, prefix: str) -> Path:
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                file.write(path, f"{prefix}{path.relative_to(folder).as_posix()}")
    return archive


def test_the_bundled_pack_serves_both_languages():
    assert BUNDLED == packs.choose_pack("ro").root == packs.choose_pack("en").root
    assert packs.read_pack(BUNDLED).is_ours


def test_the_bundled_pack_is_whole():
    assert packs.verify(packs.read_pack(BUNDLED)) >= 8


def test_a_site_pack_of_ours_goes_before_the_bundled_one(tmp_path, copy):
    assert packs.choose_pack("en", "", [tmp_path]).root == copy
    assert packs.choose_pack("ro").root == BUNDLED


def test_a_standard_model_serves_only_where_it_is_chosen(tmp_path):
    site = make_model(tmp_path / "vosk-model-small-en-us-0.15")
    assert packs.choose_pack("en", "", [tmp_path]).root == BUNDLED
    assert packs.choose_pack("en", site.name, [tmp_path]).root == site
    assert packs.choose_pack("en", str(site)).root == site
    with pytest.raises(PackError, match="pack_unknown"):
        packs.choose_pack("en", "vosk-model-of-dreams", [tmp_path])


def test_a_language_that_nobody_hears_is_named():
    with pytest.raises(PackError) as caught:
        packs.choose_pack("xx")
    assert caught.value.arguments == {"language": "xx"}


@pytest.mark.parametrize(
    ("name", "languages"),
    [
        ("vosk-model-small-en-us-0.15", ("en",)),
        ("vosk-model-ro-0.1", ("ro",)),
        ("whatever", ()),
    ],
)
def test_a_standard_model_tells_its_language_by_name(tmp_path, name, languages):
    pack = packs.read_pack(make_model(tmp_path / name))
    assert pack.languages == languages
    assert not pack.is_ours
    with pytest.raises(PackError, match="no_hashes"):
        packs.verify(pack)


def test_a_changed_byte_is_found(copy):
    model = copy / "am" / "final.mdl"
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 1
    model.write_bytes(data)
    with pytest.raises(PackError, match="file_changed"):
        packs.verify(packs.read_pack(copy))


def test_a_truncated_file_is_found(copy):
    graph = copy / "graph" / "HCLG.fst"
    graph.write_bytes(graph.read_bytes()[:-1])
    with pytest.raises(PackError, match="file_changed"):
        packs.verify(packs.read_pack(copy))


def test_a_missing_and_a_foreign_file_are_found(copy):
    (copy / "conf" / "mfcc.conf").rename(copy / "conf" / "mfcc.conf.old")
    with pytest.raises(PackError, match="extra_file"):
        packs.verify(packs.read_pack(copy))
    (copy / "conf" / "mfcc.conf.old").unlink()
    with pytest.raises(PackError, match="file_missing"):
        packs.verify(packs.read_pack(copy))


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"languages": 3}', "\0"])
def test_a_damaged_manifest_is_refused(copy, text):
    (copy / packs.MANIFEST).write_text(text)
    with pytest.raises(PackError, match="pack_manifest"):
        packs.read_pack(copy)


@pytest.mark.parametrize("prefix", ["", "ro-en-command/"])
def test_a_zip_is_installed(tmp_path, prefix):
    archive = zip_of(BUNDLED, tmp_path / "ro-en-command.zip", prefix)
    pack = packs.install(archive, tmp_path / "models")
    assert pack.root == tmp_path / "models" / "ro-en-command"
    assert packs.verify(pack) >= 8
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["ro-en-command"]


@pytest.mark.parametrize("flat", [False, True])
def test_a_standard_model_is_installed_from_a_folder(tmp_path, flat):
    source = make_model(tmp_path / "vosk-model-small-en-us-0.15", flat=flat)
    pack = packs.install(source, tmp_path / "models")
    assert pack.languages == ("en",)
    assert source.is_dir()


@pytest.mark.parametrize("damage", ["changed", "truncated", "missing", "added"])
def test_a_standard_model_is_compared_with_what_was_installed(tmp_path, damage):
    source = make_model(tmp_path / "vosk-model-small-en-us-0.15")
    root = packs.install(source, tmp_path / "models").root
    assert packs.verify(packs.read_pack(root)) == 2
    model = root / "am" / "final.mdl"
    match damage:
        case "changed":
            model.write_bytes(b"y")
        case "truncated":
            model.write_bytes(b"")
        case "missing":
            (root / "conf" / "model.conf").unlink()
            (root / "conf" / "mfcc.conf").write_bytes(b"x")
        case "added":
            (root / "virus.exe").write_bytes(b"x")
    with pytest.raises(PackError, match=r"file_changed|file_missing|extra_file"):
        packs.verify(packs.VoicePack(root, {}, ("en",)))


def test_a_program_that_is_killed_half_way_leaves_nothing_half_installed(tmp_path):
    """It dies after the copy, before the pack stands at its place; the old one serves on."""
    models = tmp_path / "models"
    packs.install(BUNDLED, models)
    script = (
        "import os, sys, pathlib; from surgery_assist.voice import packs; "
        "packs.verify = lambda pack: os._exit(9); "
        "packs.install(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))"
    )
    command = [sys.executable, "-c", script, str(BUNDLED), str(models)]
    assert subprocess.run(command, check=False, timeout=60).returncode == 9
    assert len(list(models.iterdir())) == 2
    assert [pack.name for pack in packs.installed_packs([models])][:1] == ["ro-en-command"]
    assert packs.verify(packs.read_pack(models / "ro-en-command")) >= 8
    packs.install(BUNDLED, models)
    assert packs.verify(packs.read_pack(models / "ro-en-command")) >= 8


def test_installing_again_replaces(tmp_path, copy):
    packs.install(copy, tmp_path / "models")
    (copy / "MODEL_CARD.md").write_text("new")
    manifest = json.loads((copy / packs.MANIFEST).read_text("utf-8"))
    manifest["files"] = packs.hashes_of(copy)
    (copy / packs.MANIFEST).write_text(json.dumps(manifest))
    pack = packs.install(copy, tmp_path / "models")
    assert (pack.root / "MODEL_CARD.md").read_text() == "new"


def test_a_tampered_pack_leaves_the_old_one_in_place(tmp_path, copy):
    old = packs.install(copy, tmp_path / "models")
    (copy / "conf" / "model.conf").write_text("--beam=1\n")
    with pytest.raises(PackError, match="file_changed"):
        packs.install(copy, tmp_path / "models")
    assert packs.verify(old) >= 8
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["ro-en-command"]


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/evil.txt", "a/../../evil.txt", "..\\evil.txt", "C:\\evil.txt"]
)
def test_a_zip_that_writes_outside_is_refused(tmp_path, name):
    archive = tmp_path / "pack.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("model/am/final.mdl", b"x")
        file.writestr("model/conf/model.conf", b"x")
        file.writestr(name, b"evil")
    with pytest.raises(PackError, match="archive_unsafe"):
        packs.install(archive, tmp_path / "models")
    assert not list(tmp_path.rglob("evil*"))
    assert list((tmp_path / "models").iterdir()) == []


def test_a_zip_with_a_link_is_refused(tmp_path):
    archive = tmp_path / "pack.zip"
    link = zipfile.ZipInfo("model/am/final.mdl")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(link, "/etc/passwd")
    with pytest.raises(PackError, match="archive_unsafe"):
        packs.install(archive, tmp_path / "models")


def test_a_zip_that_claims_too_much_is_refused(tmp_path, monkeypatch):
    archive = zip_of(BUNDLED, tmp_path / "pack.zip", "")
    monkeypatch.setattr(packs, "_LARGEST_BYTES", 1000)
    with pytest.raises(PackError, match="archive_large"):
        packs.install(archive, tmp_path / "models")


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04"])
def test_a_damaged_zip_is_refused(tmp_path, content):
    archive = tmp_path / "pack.zip"
    archive.write_bytes(content)
    with pytest.raises(PackError, match="archive_damaged"):
        packs.install(archive, tmp_path / "models")


def test_a_zip_that_breaks_off_is_refused(tmp_path):
    archive = zip_of(BUNDLED, tmp_path / "pack.zip", "")
    data = bytearray(archive.read_bytes())
    data[len(data) // 2] ^= 0xFF
    archive.write_bytes(data)
    with pytest.raises(PackError):
        packs.install(archive, tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def test_what_is_no_model_is_refused(tmp_path):
    (tmp_path / "holiday").mkdir()
    with pytest.raises(PackError, match="pack_no_model"):
        packs.install(tmp_path / "holiday", tmp_path / "models")
    with pytest.raises(PackError, match="archive_missing"):
        packs.install(tmp_path / "missing.zip", tmp_path / "models")


def test_a_folder_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        packs.install(BUNDLED, tmp_path / "file" / "models")
