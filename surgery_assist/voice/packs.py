"""Voice packs: Vosk model directories, ours with a ``pack.json`` beside the model.

A pack of ours says its languages, licences, measured accuracies and the SHA-256 of every file.
A standard Vosk model, zipped or unpacked, is a pack without a manifest: its language is read
from its name, and it can't be verified. Folders named first win when a language is looked for,
so a site's pack goes before the bundled one.
"""

import hashlib
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from surgery_assist.errors import OutputError, PackError
from surgery_assist.settings import models_dir, user_models_dir
from surgery_assist.voice.whisper_model import is_whisper_folder

MANIFEST: Final = "pack.json"
INSTALLED: Final = "installed.json"
"""Hashes of a model without a manifest, as they were when it was installed."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_STANDARD_NAME: Final = re.compile(r"vosk-model-(?:small-|spk-)?([a-z]{2})(?:-|$)")
_LARGEST_BYTES: Final = 8 * 2**30
_MOST_FILES: Final = 10_000


@dataclass(frozen=True, slots=True)
class VoicePack:
    """One voice model on the disk.

    Attributes
    ----------
    root
        The model directory, as ``vosk.Model`` takes it.
    manifest
        Content of ``pack.json``; empty for a standard Vosk model.
    languages
        Codes such as ``"ro"``.
    """

    root: Path
    manifest: Mapping[str, Any]
    languages: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of its folder."""
        return self.root.name

    @property
    def version(self) -> str:
        """Version of the manifest; empty for a standard model."""
        return str(self.manifest.get("version", ""))

    @property
    def is_ours(self) -> bool:
        """True if it has our phones, so that graphs and new words can be made for it."""
        return self.manifest.get("phones") == "surgery-assist-1"

    @property
    def lexicons(self) -> dict[str, Path]:
        """Dictionary files by language."""
        found = sorted((self.root / "lexicon").glob("*.txt.gz"))
        return {path.name.removesuffix(".txt.gz"): path for path in found}


def read_pack(root: Path) -> VoicePack:
    """The pack in a folder.

    Raises
    ------
    PackError
        It is no Vosk model, or its manifest is damaged.
    """
    if not _is_model(root):
        raise PackError("error.pack_no_model", path=root.name)
    path = root / MANIFEST
    if not path.is_file():
        match = _STANDARD_NAME.search(root.name)
        return VoicePack(root, {}, (match.group(1),) if match else ())
    try:
        manifest = json.loads(path.read_text("utf-8"))
        languages = tuple(str(language) for language in manifest["languages"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PackError("error.pack_manifest", path=root.name, detail=str(error)) from error
    return VoicePack(root, manifest, languages)


def installed_packs(extra: Iterable[Path] = ()) -> list[VoicePack]:
    """Packs of the extra folders, the user's folder, then the bundled ones.

    Damaged packs are passed over: `verify_all` names them.
    """
    packs: dict[Path, VoicePack] = {}
    for root in _roots((*extra, user_models_dir(), models_dir())):
        try:
            pack = read_pack(root)
        except PackError:
            continue
        packs.setdefault(root.resolve(), pack)
    return list(packs.values())


def choose_pack(language: str, wanted: str = "", extra: Iterable[Path] = ()) -> VoicePack:
    """The pack that hears a language.

    Parameters
    ----------
    wanted
        Name of an installed pack, or the path of one; it need not be ours. Empty takes the first
        pack of ours: a standard model serves only where somebody chose it.

    Raises
    ------
    PackError
        There is none, or it can't be read.
    """
    if not wanted:
        for pack in installed_packs(extra):
            if language in pack.languages and pack.is_ours:
                return pack
        raise PackError("error.pack_missing", language=language)
    for pack in installed_packs(extra):
        if pack.name == wanted and is_vosk_model(pack.root):
            return pack
    if is_vosk_model(Path(wanted)):
        return read_pack(Path(wanted))
    raise PackError("error.pack_unknown", name=Path(wanted).name)


def verify(pack: VoicePack) -> int:
    """Compare every file with the manifest; answers how many were compared.

    A standard model is compared with what was installed.

    Raises
    ------
    PackError
        A file is missing, changed or not in the manifest, or there is nothing to compare with.
    """
    expected = pack.manifest.get("files") or _installed_hashes(pack.root)
    if not isinstance(expected, dict) or not expected:
        raise PackError("error.pack_no_hashes", path=pack.name)
    present = {
        path.relative_to(pack.root).as_posix() for path in pack.root.rglob("*") if path.is_file()
    }
    for name in sorted(present - expected.keys() - {MANIFEST, INSTALLED}):
        raise PackError("error.pack_extra_file", path=pack.name, file=name)
    for name, digest in expected.items():
        if name not in present:
            raise PackError("error.pack_file_missing", path=pack.name, file=name)
        if sha256_of(pack.root / name) != digest:
            raise PackError("error.pack_file_changed", path=pack.name, file=name)
    return len(expected)


def install(source: Path, into: Path | None = None) -> VoicePack:
    """Install a pack or a standard Vosk model from a zip or a folder.

    Nothing is left half-installed: the pack is made beside its place and moved there at the
    end. A pack with a manifest is verified first; an older one of the same name is replaced.

    Raises
    ------
    PackError
        It is no model, damaged, tampered with, or its zip writes outside its folder.
    OutputError
        The folder can't be written.
    """
    into = user_models_dir() if into is None else into
    try:
        into.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".installing-", dir=into))
    except OSError as error:
        raise OutputError("error.pack_not_written", path=str(into)) from error
    try:
        unpacked = staging / "unpacked"
        if source.is_dir():
            # A link keeps its own name: the name tells a standard model's language.
            name = source.name if source.name not in ("", "..") else source.resolve().name
            shutil.copytree(source, unpacked / name)
        else:
            _unzip(source, unpacked)
        root = _model_root(unpacked, source)
        pack = read_pack(root)
        if pack.manifest:
            verify(pack)
        else:
            _note_hashes(root)
        name = source.stem if root == unpacked else root.name
        if not _NAME.fullmatch(name):
            raise PackError("error.pack_name", path=name)
        target = into / name
        if target.exists():
            target.rename(staging / "replaced")
        root.rename(target)
    except OSError as error:
        raise OutputError("error.pack_not_written", path=str(into)) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return read_pack(target)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hashes_of(root: Path) -> dict[str, str]:
    """What `verify` compares: SHA-256 by path of every file but the manifest."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    names = {path.relative_to(root).as_posix(): path for path in files}
    return {
        name: sha256_of(path) for name, path in names.items() if name not in (MANIFEST, INSTALLED)
    }


def _note_hashes(root: Path) -> None:
    """Remember what was installed, in place of what came with it."""
    text = json.dumps({"files": hashes_of(root)}, indent=1) + "\n"
    (root / INSTALLED).write_text(text, "utf-8")


def _installed_hashes(root: Path) -> object:
    try:
        return json.loads((root / INSTALLED).read_text("utf-8")).get("files")
    except (OSError, ValueError, AttributeError):
        return None


def _roots(folders: Iterable[Path]) -> Iterable[Path]:
    for folder in folders:
        if not folder.is_dir():
            continue
        if _is_model(folder):
            yield folder
        yield from sorted(
            path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
        )


def _is_model(root: Path) -> bool:
    """A Whisper model for second opinions is kept like a pack that serves no language."""
    return is_vosk_model(root) or is_whisper_folder(root)


def is_vosk_model(root: Path) -> bool:
    """Whether Vosk could load the folder (today's layout, or the flat one of old models)."""
    new = (root / "am" / "final.mdl").is_file() and (root / "conf" / "model.conf").is_file()
    old = (root / "final.mdl").is_file() and (root / "mfcc.conf").is_file()
    return new or old


def _model_root(unpacked: Path, source: Path) -> Path:
    """The model's folder: what was unpacked, or the only folder in it."""
    if _is_model(unpacked):
        return unpacked
    inside = [path for path in unpacked.iterdir() if path.is_dir() and _is_model(path)]
    if len(inside) != 1:
        raise PackError("error.pack_no_model", path=source.name)
    return inside[0]


def _unzip(archive: Path, into: Path) -> None:
    """Unpack, but never outside ``into``, no links, and no more than a model can hold."""
    try:
        with zipfile.ZipFile(archive) as file:
            entries = file.infolist()
            if (
                len(entries) > _MOST_FILES
                or sum(entry.file_size for entry in entries) > _LARGEST_BYTES
            ):
                raise PackError("error.pack_archive_large", path=archive.name)
            for entry in entries:
                _refuse_unsafe(entry, archive)
            file.extractall(into)
    except FileNotFoundError as error:
        raise PackError("error.pack_archive_missing", path=archive.name) from error
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise PackError("error.pack_archive_damaged", path=archive.name) from error


def _refuse_unsafe(entry: zipfile.ZipInfo, archive: Path) -> None:
    name = entry.filename
    parts = PurePosixPath(name.replace("\\", "/")).parts
    link = (entry.external_attr >> 16) & 0o170000 == 0o120000
    if link or ".." in parts or name.startswith(("/", "\\")) or ":" in name:
        raise PackError("error.pack_archive_unsafe", path=archive.name, file=name)
