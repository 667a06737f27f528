"""Tickets and their sealed chunks. A ticket survives restarts, so any chunk can be had again."""

import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Final
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import delete

from usmed_client.errors import ProtocolError, RefusedError, StoreError
from usmed_client.protocol.peers import TransferRequest, TransferTicket
from usmed_client.protocol.stream import (
    CHUNK_SIZE,
    ChunkCipher,
    chunks_of,
    new_private_key,
    public_hex,
)
from usmed_server.core.database import Database, aware
from usmed_server.gateway.archive.store import Archive
from usmed_server.gateway.keys import GatewayKeys
from usmed_server.gateway.models import OutgoingTransfer
from usmed_server.gateway.source.discovery import check_clock

_TERM: Final = timedelta(hours=24)
_KEY: Final = "transfer key"
_CACHED: Final = 32


@dataclass(frozen=True, slots=True)
class _Stream:
    """What is needed to send chunks of one ticket."""

    destination: str
    priority: str
    expires_at: datetime
    cipher: ChunkCipher
    digests: tuple[str, ...]
    ends: tuple[int, ...]
    """Where each instance ends in the stream."""

    @property
    def size(self) -> int:
        return self.ends[-1] if self.ends else 0


class Outgoing:
    """Gives tickets and seals chunks; calls read files and block."""

    def __init__(self, database: Database, archive: Archive, keys: GatewayKeys) -> None:
        self._database = database
        self._archive = archive
        self._keys = keys
        self._streams: dict[str, _Stream] = {}

    def ticket(self, request: TransferRequest, destination: str) -> TransferTicket:
        """A stream of the wanted instances, in the wanted order.

        Raises
        ------
        RefusedError
            The request names another site than it comes from, or an instance is not here.
        """
        if request.asking_site != destination:
            raise RefusedError("another_sites_request", destination)
        check_clock(request.issued_at)
        held = self._archive.holds(request.wanted)
        if any(sop_uid not in held for sop_uid in request.wanted):
            raise RefusedError("no_such_instance")
        sizes = tuple(self._archive.file_of(held[uid]).stat().st_size for uid in request.wanted)
        items = [[uid, held[uid], size] for uid, size in zip(request.wanted, sizes, strict=True)]
        own = new_private_key()
        now = datetime.now(UTC)
        row = OutgoingTransfer(
            ticket_id=uuid4().hex, destination=destination, request_id=request.request_id,
            recipient_key=request.recipient_key,
            sender_key=self._keys.seal(own.private_bytes_raw(), _KEY),
            items=json.dumps(items), priority=request.priority, created_at=now,
            expires_at=now + _TERM,
        )  # fmt: skip
        with self._database.session() as session:
            session.execute(delete(OutgoingTransfer).where(OutgoingTransfer.expires_at < now))
            session.add(row)
        return TransferTicket(
            ticket_id=row.ticket_id, sender_key=public_hex(own), order=request.wanted,
            sizes=sizes, chunk_size=CHUNK_SIZE, chunks=chunks_of(sum(sizes)),
        )  # fmt: skip

    def priority(self, ticket_id: str, destination: str) -> str:
        """How urgent a ticket is."""
        return self._stream(ticket_id, destination).priority

    def chunk(self, ticket_id: str, number: int, destination: str) -> bytes:
        """A sealed chunk.

        Raises
        ------
        RefusedError
            No such ticket of this destination, or it has run out.
        ProtocolError
            There is no such chunk.
        StoreError
            A file can't be read any more.
        """
        stream = self._stream(ticket_id, destination)
        last = chunks_of(stream.size) - 1
        if not 0 <= number <= last:
            raise ProtocolError("no_such_chunk", str(number))
        data = self._read(stream, number * CHUNK_SIZE, min(stream.size, (number + 1) * CHUNK_SIZE))
        return stream.cipher.seal(number, data, last=number == last)

    def _read(self, stream: _Stream, start: int, end: int) -> bytes:
        pieces = []
        position = start
        try:
            while position < end:
                item = bisect_right(stream.ends, position)
                begin = stream.ends[item - 1] if item else 0
                path = self._archive.file_of(stream.digests[item])
                with path.open("rb") as file:
                    size = min(end, stream.ends[item]) - position
                    file.seek(position - begin)
                    piece = file.read(size)
                if len(piece) != size:
                    raise StoreError("file_changed")
                pieces.append(piece)
                position += size
        except OSError as error:
            raise StoreError("disk", error.strerror or "") from error
        return b"".join(pieces)

    def _stream(self, ticket_id: str, destination: str) -> _Stream:
        stream = self._streams.get(ticket_id) or self._load(ticket_id)
        if (
            stream is None
            or stream.destination != destination
            or stream.expires_at < datetime.now(UTC)
        ):
            raise RefusedError("no_such_ticket")
        return stream

    def _load(self, ticket_id: str) -> _Stream | None:
        with self._database.session() as session:
            row = session.get(OutgoingTransfer, ticket_id)
        if row is None:
            return None
        own = X25519PrivateKey.from_private_bytes(self._keys.unseal(row.sender_key, _KEY))
        items: Sequence[tuple[str, str, int]] = json.loads(row.items)
        stream = _Stream(
            destination=row.destination,
            priority=row.priority,
            expires_at=aware(row.expires_at),
            cipher=ChunkCipher.agreed(own, row.recipient_key, "transfer", sender=True),
            digests=tuple(digest for _, digest, _ in items),
            ends=tuple(accumulate(size for _, _, size in items)),
        )
        while len(self._streams) >= _CACHED:
            del self._streams[next(iter(self._streams))]
        self._streams[ticket_id] = stream
        return stream
