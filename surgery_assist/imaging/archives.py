"""Files, and members of zip archives as if they were files.

A member has the path of its archive with its own name after it: ``/disc/study.zip/CT/IM0001``.
Nothing is unpacked into a folder: stored members are read where they lie, deflated ones are
inflated as far as they are read, into memory or, when large, into a nameless temporary file.
"""

import io
import struct
import tempfile
import threading
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from typing_extensions import Buffer, override

from surgery_assist.imaging.records import HeaderError

SUFFIX: Final = ".zip"
MAX_MEMBERS: Final = 200_000
MAX_DEPTH: Final = 2
"""An archive, and archives in it; no deeper."""
MAX_MEMBER_BYTES: Final = 16 << 30
_MAX_RATIO: Final = 1040
"""Deflate makes nothing more than 1032 times smaller."""
_MAX_TOTAL_RATIO: Final = 200
_HARMLESS_BYTES: Final = 1 << 30
_IN_MEMORY_BYTES: Final = 64 << 20
_PIECE: Final = 1 << 18
_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
_MAGIC: Final = b"PK\x03\x04"
_KEPT_MEMBERS: Final = 2
_KEPT_INDEXES: Final = 64
_STRANGE: Final = frozenset('\\:<>|"?*\0')


@dataclass(frozen=True, slots=True)
class _Member:
    """Where a member lies in its archive, or why it can't be read."""

    offset: int
    stored: int
    size: int
    deflated: bool
    crc: int
    refused: str = ""


_Index = dict[str, _Member]


class _Part(io.RawIOBase):
    """Some bytes that are read as a file of their own."""

    def __init__(self, size: int) -> None:
        self._size, self._at = size, 0

    def _fetched(self, start: int, length: int) -> bytes:
        raise NotImplementedError

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    @override
    def tell(self) -> int:
        return self._at

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer).cast("B")
        data = self._fetched(self._at, max(0, min(len(view), self._size - self._at)))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)


class _Slice(_Part):
    """A stored member; closes its archive with itself."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        super().__init__(size)
        self._file, self._start = file, start

    @override
    def _fetched(self, start: int, length: int) -> bytes:
        self._file.seek(self._start + start)
        return self._file.read(length)

    @override
    def close(self) -> None:
        self._file.close()
        super().close()


class _Inflated:
    """What was inflated of a member so far, for any number of readers."""

    def __init__(self, source: BinaryIO, member: _Member) -> None:
        self._source, self._member = source, member
        self._unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        # Without a name where the system can, else removed when it is closed.
        self._content = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115
        self._there, self._crc, self._ended = 0, 0, False
        self._lock = threading.Lock()

    def read(self, start: int, length: int) -> bytes:
        """Bytes from ``start`` on; fewer at the end."""
        with self._lock:
            end = min(start + length, self._member.size)
            while self._there < end and not self._ended:
                self._inflate()
            self._content.seek(start)
            return self._content.read(max(0, end - start))

    def _inflate(self) -> None:
        data = self._unpacker.unconsumed_tail or self._source.read(_PIECE)
        try:
            piece = self._unpacker.decompress(data, 4 * _PIECE)
        except zlib.error as error:
            raise OSError("corrupt zip member") from error
        piece = piece[: self._member.size - self._there]
        self._content.seek(self._there)
        self._content.write(piece)
        self._there += len(piece)
        self._crc = zlib.crc32(piece, self._crc)
        self._ended = self._unpacker.eof or (not data and not piece)
        if self._there == self._member.size and self._crc != self._member.crc:
            raise OSError("corrupt zip member")

    def __del__(self) -> None:
        """Give everything back when the last reader has ended."""
        self._source.close()
        self._content.close()


class _InflatedFile(_Part):
    """One reader's place in an inflated member."""

    def __init__(self, content: _Inflated, size: int) -> None:
        super().__init__(size)
        self._content = content

    @override
    def _fetched(self, start: int, length: int) -> bytes:
        return self._content.read(start, length)


class Archives:
    """Opens files, and members of archives; remembers a few indexes and inflated members."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._indexes: OrderedDict[tuple[str, int, int], _Index] = OrderedDict()
        self._inflated: OrderedDict[str, _Inflated] = OrderedDict()

    def open(self, path: Path, *, buffered: bool = True) -> BinaryIO:
        """Open a file or a member for reading.

        Raises
        ------
        OSError
            There is none, or it is corrupt.
        HeaderError
            It is a member that is refused: encrypted, a bomb, or with a name that leads elsewhere.
        """
        try:
            return path.open("rb", buffering=-1 if buffered else 0)
        except (FileNotFoundError, NotADirectoryError):
            if not any(_is_named_archive(parent) for parent in path.parents):
                raise
        return io.BufferedReader(self._open_member(path))

    def members(self, path: Path, depth: int = 1) -> Iterator[Path]:
        """Paths of all members of an archive; of archives in it, their members.

        An archive that can't be listed stands for itself, to be refused by the reader.
        """
        try:
            names = list(self._index(path))
        except (OSError, HeaderError):
            yield path
            return
        for name in names:
            member = path / name
            if depth < MAX_DEPTH and _is_named_archive(member):
                yield from self.members(member, depth + 1)
            else:
                yield member

    def forget(self) -> None:
        """Drop everything that was inflated; the case is closed."""
        with self._lock:
            self._inflated.clear()
            self._indexes.clear()

    def _open_member(self, path: Path) -> io.RawIOBase:
        for archive in reversed(path.parents):
            if not _is_named_archive(archive):
                continue
            member = self._index(archive).get(path.relative_to(archive).as_posix())
            if member is not None:
                return self._opened(archive, path, member)
        raise FileNotFoundError(2, "no such member")

    def _opened(self, archive: Path, path: Path, member: _Member) -> io.RawIOBase:
        if member.refused:
            raise HeaderError(member.refused)
        if not member.deflated:
            file = self.open(archive)
            return _Slice(file, _data_offset(file, member), member.size)
        with self._lock:
            content = self._inflated.pop(str(path), None)
            if content is None:
                file = self.open(archive)
                source = _Slice(file, _data_offset(file, member), member.stored)
                content = _Inflated(io.BufferedReader(source), member)
            self._inflated[str(path)] = content
            while len(self._inflated) > _KEPT_MEMBERS:
                self._inflated.popitem(last=False)
        return _InflatedFile(content, member.size)

    def _index(self, path: Path) -> _Index:
        with self.open(path) as file:
            size = file.seek(0, io.SEEK_END)
            changed = path.stat().st_mtime_ns if path.is_file() else 0
            key = (str(path), changed, size)
            with self._lock:
                if key not in self._indexes:
                    self._indexes[key] = _listed(file, size)
                    while len(self._indexes) > _KEPT_INDEXES:
                        self._indexes.popitem(last=False)
                return self._indexes[key]


def _is_named_archive(path: Path) -> bool:
    return path.suffix.lower() == SUFFIX


def is_archive(path: Path) -> bool:
    """Whether a file is a zip archive, by its content."""
    try:
        with path.open("rb") as file:
            return file.read(4) == _MAGIC
    except OSError:
        return False


def _listed(file: BinaryIO, size: int) -> _Index:
    """The members of an archive by name, each with why it is refused."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        raise HeaderError("zip_unreadable") from error
    total = sum(entry.file_size for entry in entries)
    is_bomb = total > max(_HARMLESS_BYTES, _MAX_TOTAL_RATIO * size)
    index: _Index = {}
    for number, entry in enumerate(entries[:MAX_MEMBERS]):
        name, refused = entry.filename, "zip_bomb" if is_bomb else _refusal(entry, size)
        if not _is_safe(name):
            name, refused = f"member-{number}", "zip_unreadable"
        index[name] = _Member(
            entry.header_offset,
            entry.compress_size,
            entry.file_size,
            deflated=entry.compress_type == zipfile.ZIP_DEFLATED,
            crc=entry.CRC,
            refused=refused,
        )
    return index


def _refusal(entry: zipfile.ZipInfo, size: int) -> str:
    if entry.flag_bits & 0x1:
        return "zip_encrypted"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "zip_unreadable"
    if entry.header_offset + entry.compress_size > size:
        return "truncated"
    claimed = entry.compress_size * (_MAX_RATIO if entry.compress_type else 1)
    if entry.file_size > min(claimed, MAX_MEMBER_BYTES):
        return "zip_bomb"
    return ""


def _is_safe(name: str) -> bool:
    """Whether a name stays within its archive, on any system."""
    path = PurePosixPath(name)
    return (
        not path.is_absolute()
        and ".." not in path.parts
        and path.as_posix() == name
        and not _STRANGE.intersection(name)
    )


def _data_offset(file: BinaryIO, member: _Member) -> int:
    """Where a member's bytes begin: its local header has a length of its own."""
    file.seek(member.offset)
    head = file.read(_LOCAL_HEADER.size)
    if len(head) < _LOCAL_HEADER.size or head[:4] != _MAGIC:
        raise OSError("corrupt zip member")
    _, name, extra = _LOCAL_HEADER.unpack(head)
    return member.offset + _LOCAL_HEADER.size + int(name) + int(extra)


_ARCHIVES: Final = Archives()
open_file = _ARCHIVES.open
archive_members = _ARCHIVES.members
forget_archives = _ARCHIVES.forget
