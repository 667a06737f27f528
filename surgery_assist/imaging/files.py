"""Which files to read: folders walked, archives listed, discs' indexes followed."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from surgery_assist.imaging.archives import SUFFIX, archive_members, is_archive
from surgery_assist.imaging.elements import Elements
from surgery_assist.imaging.quiet import quiet_pydicom

_SYSTEM_FILES: Final = frozenset({"thumbs.db", "desktop.ini", "__macosx", "autorun.inf"})
MAX_REFERENCES: Final = 200_000


def _natural(name: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key in which ``IM2`` comes before ``IM10``."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in parts if part)


def _is_system(name: str) -> bool:
    return name.startswith(".") or name.casefold() in _SYSTEM_FILES


def walk(paths: Iterable[Path]) -> Iterator[Path]:
    """Files under the paths, each once; hidden and system files are left out.

    Zip archives are like folders, see `archives`. A DICOMDIR that is named itself stands for the files that it lists, or, if none of them is
    there, for its folder. A path that does not exist is passed on, to be refused by the reader.
    """
    seen: set[str] = set()
    folders: dict[Path, str] = {}
    for path in paths:
        for file in _files(Path(path)):
            folder = file.parent
            if folder not in folders:
                folders[folder] = os.path.realpath(folder)
            # Resolving every link of every path would take longer than reading the headers.
            is_link = file.is_symlink()
            identity = os.path.realpath(file) if is_link else f"{folders[folder]}/{file.name}"
            if identity not in seen:
                seen.add(identity)
                yield file


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from _walk_folder(path)
        return
    if path.suffix.lower() == SUFFIX and is_archive(path):
        yield from _archived(path)
        return
    yield path
    if path.name.upper().startswith("DICOMDIR"):
        listed = [file for file in referenced_files(path) if file.is_file()]
        yield from listed or _walk_folder(path.parent)


def _walk_folder(folder: Path) -> Iterator[Path]:
    for where, folders, names in os.walk(folder):
        folders[:] = sorted((name for name in folders if not _is_system(name)), key=_natural)
        for name in sorted((name for name in names if not _is_system(name)), key=_natural):
            file = Path(where) / name
            if file.suffix.lower() == SUFFIX and is_archive(file):
                yield from _archived(file)
            else:
                yield file


def _archived(archive: Path) -> Iterator[Path]:
    for member in archive_members(archive):
        if not any(map(_is_system, member.relative_to(archive.parent).parts)):
            yield member


def referenced_files(dicomdir: Path) -> list[Path]:
    """Files that a DICOMDIR lists (PS3.3 F.3); none when it can't be read.

    References that would lead out of the DICOMDIR's folder are ignored.
    """
    quiet_pydicom()
    from pydicom.filereader import dcmread  # noqa: PLC0415  (start-up time)

    try:
        dataset = dcmread(dicomdir, force=True, specific_tags=[0x00041220])
    except Exception:  # noqa: BLE001  (pydicom raises almost anything on hostile files)
        return []
    files = []
    for record in Elements(dataset).items(0x00041220):
        parts = record.texts(0x00041500)
        if parts and not any(part in ("", ".", "..") or "/" in part for part in parts):
            files.append(_ignoring_case(dicomdir.parent, parts))
        if len(files) >= MAX_REFERENCES:
            break
    return files


def _ignoring_case(folder: Path, parts: tuple[str, ...]) -> Path:
    """The file on disk; discs copied by other systems often come with lower-case names."""
    path = folder.joinpath(*parts)
    if path.exists():
        return path
    lower = folder.joinpath(*(part.lower() for part in parts))
    return lower if lower.exists() else path
