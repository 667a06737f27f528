"""Takes a stream of chunks apart into instances on disk; goes on where it was killed.

Instances of a stream lie in the folder of its ticket as ``<number>.dcm``. What counts is what is
there: complete files with the announced hash are kept, the last one may be partial, and the next
chunk to ask for follows from their sizes.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from usmed_client.errors import IntegrityError, StoreError, UnreachableError
from usmed_client.protocol.peers import TransferTicket
from usmed_client.protocol.stream import CHUNK_SIZE, ChunkCipher
from usmed_server.gateway.archive.entries import file_sha256
from usmed_server.gateway.ports import Peer

WINDOW: Final = 2
"""Chunks under way: what a kill can cost."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """An instance that is complete, with the hash that was announced."""

    number: int
    sop_uid: str
    path: Path
    size: int


class Receiver:
    """Receives the instances of one ticket into a folder.

    Parameters
    ----------
    digests
        Announced SHA-256 by SOP Instance UID.
        Announced and no longer wanted instances of the ticket are passed over.
    taken
        How many instances, from the first on, were already taken out of the folder.
    """

    def __init__(
        self,
        ticket: TransferTicket,
        digests: dict[str, str],
        cipher: ChunkCipher,
        folder: Path,
        taken: int,
    ) -> None:
        self._ticket = ticket
        self._digests = digests
        self._cipher = cipher
        self._folder = folder
        self._number = taken
        self._hash = sha256()
        self._written = 0
        self._received = 0
        self._resumed = False
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def received_bytes(self) -> int:
        """All bytes of chunks that came in this run."""
        return self._received

    def left_over(self) -> Iterator[Arrived]:
        """Complete instances of an earlier run; then ready to go on within the first partial."""
        while self._number < len(self._ticket.order):
            path = self._path(self._number)
            if self._ticket.order[self._number] not in self._digests:  # filed before the kill
                path.unlink(missing_ok=True)
                self._number += 1
                continue
            size = self._ticket.sizes[self._number]
            if not path.is_file() or path.stat().st_size < size:
                break
            sop_uid = self._ticket.order[self._number]
            if path.stat().st_size > size or file_sha256(path) != self._digests[sop_uid]:
                path.unlink()  # of a crash in the middle of a write: ask again
                break
            yield Arrived(self._number, sop_uid, path, size)
            self._number += 1
        self._hash = sha256()
        self._written = 0
        if self._number < len(self._ticket.order) and self._path(self._number).is_file():
            with self._path(self._number).open("rb") as file:
                while block := file.read(1 << 20):
                    self._hash.update(block)
                    self._written += len(block)
            self._resumed = True

    async def receive(self, peer: Peer) -> AsyncIterator[Arrived]:
        """The rest of the instances, as they become complete.

        Raises
        ------
        IntegrityError
            A chunk or an instance is not what was announced.
        StoreError
            The disk is full.
        UnreachableError, RefusedError, ProtocolError
            Of the peer.
        """
        position = sum(self._ticket.sizes[: self._number]) + self._written
        first = position // CHUNK_SIZE
        skip = position % CHUNK_SIZE
        waiting: dict[int, asyncio.Task[bytes]] = {}
        try:
            for number in range(first, self._ticket.chunks):
                for ahead in range(number, min(number + WINDOW, self._ticket.chunks)):
                    if ahead not in waiting:
                        waiting[ahead] = asyncio.create_task(self._fetch(peer, ahead))
                data = await waiting.pop(number)
                for arrived in await asyncio.to_thread(self._take, data[skip:]):
                    yield arrived
                skip = 0
        finally:
            for task in waiting.values():
                task.cancel()
            await asyncio.gather(*waiting.values(), return_exceptions=True)
        if self._number < len(self._ticket.order):
            raise IntegrityError("stream_short", str(self._number))

    async def _fetch(self, peer: Peer, number: int) -> bytes:
        sealed = await peer.get(f"/n/v1/transfers/{self._ticket.ticket_id}/chunks/{number}")
        self._received += len(sealed)
        last = number == self._ticket.chunks - 1
        return await asyncio.to_thread(self._cipher.open, number, sealed, last=last)

    def _take(self, data: bytes) -> list[Arrived]:
        arrived = []
        rest = memoryview(data)
        try:
            while rest or self._is_empty_instance():
                if self._number >= len(self._ticket.order):
                    raise IntegrityError("stream_long")
                size = self._ticket.sizes[self._number]
                piece = rest[: size - self._written]
                with self._path(self._number).open("ab") as file:
                    file.write(piece)
                self._hash.update(piece)
                self._written += len(piece)
                rest = rest[len(piece) :]
                if self._written == size:
                    arrived += self._complete(size)
        except OSError as error:
            raise StoreError("disk", error.strerror or type(error).__name__) from error
        return arrived

    def _is_empty_instance(self) -> bool:
        return self._number < len(self._ticket.order) and not self._ticket.sizes[self._number]

    def _complete(self, size: int) -> list[Arrived]:
        path, sop_uid = self._path(self._number), self._ticket.order[self._number]
        announced = self._digests.get(sop_uid)
        found, resumed = self._hash.hexdigest(), self._resumed
        self._hash = sha256()
        self._written = 0
        self._resumed = False
        if announced is None:
            path.unlink()
        elif found != announced:
            path.unlink()
            if resumed:  # a power cut spoils the end of a file: our fault, not the sender's
                raise UnreachableError("partial_spoiled")
            raise IntegrityError("instance_changed")
        self._number += 1
        return [Arrived(self._number - 1, sop_uid, path, size)] if announced else []

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06d}.dcm"


def free_bytes(folder: Path) -> int:
    """Free space where a folder lies."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
