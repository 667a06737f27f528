"""Zip archives open like folders; what is hostile in them is refused."""

import io
import zipfile

import numpy as np
import pytest

from surgery_assist.imaging import archives
from surgery_assist.imaging.archives import open_file
from surgery_assist.imaging.cache import FrameStore
from surgery_assist.imaging.library import Library
from tests.helpers.dicom import ct_slice, save, sets_of


@pytest.fixture
def slices(tmp_path):
    return [
        save(ct_slice(n, 5.0 * n), tmp_path / "plain" / f"IM{n}").read_bytes() for n in range(4)
    ]


def archive(path, members, method=zipfile.ZIP_DEFLATED):
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", method) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return path


def opened(*paths):
    library = Library()
    *_, catalogue = library.scan(paths)
    return library, catalogue


def reasons(catalogue):
    return sorted(refusal.reason for refusal in catalogue.refused)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_archive_opens_like_a_folder(tmp_path, slices, method):
    members = {f"CT/IM{n}": data for n, data in enumerate(slices)} | {"__MACOSX/._x": b"x"}
    library, catalogue = opened(archive(tmp_path / "zips" / "a.zip", members, method).parent)
    (volume,) = sets_of(catalogue)
    assert (volume.kind, volume.count, catalogue.refused) == ("volume", 4, ())
    store = FrameStore(library, workers=1)
    try:
        for index in range(4):
            assert store.load(volume.uid, index).values[0, 0] == 100 * index
    finally:
        store.close()


def test_archive_in_an_archive(tmp_path, slices):
    inner = archive(tmp_path / "inner.zip", {"a": slices[0], "b": slices[1]}).read_bytes()
    deep = archive(tmp_path / "deep.zip", {"c.zip": inner}).read_bytes()
    outer = archive(tmp_path / "in" / "outer.zip", {"inner.zip": inner, "deep.zip": deep})
    _, catalogue = opened(outer)
    assert sum(entry.count for entry in sets_of(catalogue)) == 2
    assert reasons(catalogue) == ["refusal.zip_unreadable"]


@pytest.mark.parametrize("name", ["../../evil", "/etc/evil", "C:\\evil", "a/../../b", "a//b"])
def test_names_that_lead_elsewhere(tmp_path, slices, name):
    _, catalogue = opened(archive(tmp_path / "a.zip", {name: slices[0]}))
    assert reasons(catalogue) == ["refusal.zip_unreadable"]
    assert not catalogue.studies


def test_encrypted_archive(tmp_path, slices):
    data = bytearray(archive(tmp_path / "a.zip", {"a": slices[0]}).read_bytes())
    for magic, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + place] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    _, catalogue = opened(tmp_path / "a.zip")
    assert reasons(catalogue) == ["refusal.zip_encrypted"]


def test_bomb_is_not_inflated(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_HARMLESS_BYTES", 8 << 20)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as made, made.open("big", "w") as member:
        for _ in range(9):
            member.write(bytes(1 << 20))
    (tmp_path / "bomb.zip").write_bytes(data.getvalue())
    _, catalogue = opened(tmp_path / "bomb.zip")
    assert reasons(catalogue) == ["refusal.zip_bomb"]


def test_claim_beyond_what_deflate_can_do(tmp_path, slices):
    data = bytearray(archive(tmp_path / "a.zip", {"a": slices[0]}).read_bytes())
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = (500 << 20).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(data)
    _, catalogue = opened(tmp_path / "a.zip")
    assert reasons(catalogue) == ["refusal.zip_bomb"]


def test_broken_archives(tmp_path, slices):
    whole = archive(tmp_path / "a.zip", {"a": slices[0], "b": slices[1]}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[:-30])
    flipped = bytearray(whole)
    flipped[60] ^= 0xFF
    (tmp_path / "flipped.zip").write_bytes(flipped)
    _, catalogue = opened(tmp_path / "cut.zip", tmp_path / "flipped.zip")
    assert "refusal.zip_unreadable" in reasons(catalogue)
    assert len(catalogue.refused) >= 2


def test_members_are_read_at_any_place(tmp_path):
    content = np.random.default_rng(1).integers(0, 99, 3_000_000, np.uint8).tobytes()
    path = archive(tmp_path / "a.zip", {"x": content})
    with open_file(path / "x") as file, open_file(path / "x") as other:
        file.seek(2_000_000)
        assert file.read(1000) == content[2_000_000:2_001_000]
        assert other.read(10) == content[:10]
        assert file.seek(0, io.SEEK_END) == len(content)
        file.seek(1_000_000)
        assert file.read(5_000_000) == content[1_000_000:]


def test_no_such_member(tmp_path):
    path = archive(tmp_path / "a.zip", {"x": b"y"})
    with pytest.raises(FileNotFoundError):
        open_file(path / "z")
    with pytest.raises(FileNotFoundError):
        open_file(tmp_path / "nowhere")
