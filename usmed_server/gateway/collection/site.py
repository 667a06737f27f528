"""One try to collect one site: ask, compare, have it released, receive, file, make sure."""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import uuid4

import structlog
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from usmed_client.errors import (
    IdentityMismatchError,
    ProtocolError,
    RefusedError,
    StoreError,
    UnreachableError,
)
from usmed_client.protocol.collections import CollectionRequest
from usmed_client.protocol.manifests import StudyManifest
from usmed_client.protocol.message import Message
from usmed_client.protocol.peers import (
    DiscoverAnswer,
    DiscoverRequest,
    Found,
    TransferRequest,
    TransferTicket,
)
from usmed_client.protocol.stream import ChunkCipher, chunks_of, new_private_key, public_hex
from usmed_server.gateway.collection.filing import Filing
from usmed_server.gateway.collection.parts import EngineParts
from usmed_server.gateway.collection.planning import Plan, plan
from usmed_server.gateway.collection.receiving import Arrived, Receiver, free_bytes
from usmed_server.gateway.collection.record import Record
from usmed_server.gateway.collection.states import SiteEvent
from usmed_server.gateway.ports import Peer

_BATCH: Final = 16
_BATCH_BYTES: Final = 16 << 20
_PENDING_SECONDS: Final = 1.0
_RESERVE: Final = 256 << 20
"""Bytes that stay free on the disk."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCollector:
    """Collects one site once; every step is a move of the table.

    ``collect`` raises `UnreachableError` for what another try may mend, `RefusedError` where the
    site says no, `ProtocolError` where it breaks the rules, `StoreError` for our own disk.
    """

    parts: EngineParts
    record: Record
    peer: Peer
    collection_id: str
    request: CollectionRequest
    request_id: str
    notify: Callable[[], None]

    async def collect(self) -> None:
        """Ask the site and take all that it has and we lack."""
        answer = await self._discover()
        if answer.found is Found.NO_DATA:
            await self._move(SiteEvent.SAYS_NOTHING)
            return
        if answer.found is Found.AMBIGUOUS:
            await self._move(SiteEvent.SAYS_AMBIGUOUS)
            return
        wanted = await asyncio.to_thread(plan, answer.studies, self.parts.database, self.parts.pacs)
        expected = len(wanted.wanted) + len(wanted.held) + len(wanted.conflicts)
        await asyncio.to_thread(
            self.record.announced, self.collection_id, self.peer.site, expected, len(wanted.held)
        )
        await self._move(SiteEvent.SAYS_FOUND)
        await self._move(SiteEvent.RELEASE_ASKED)
        release = await self._release(answer.studies)
        await self._move(SiteEvent.RELEASED)
        trouble = await self._transfer(wanted, release) if wanted.wanted else ""
        await self._move(SiteEvent.RECEIVED_ALL)
        trouble = await self._make_sure(wanted) or trouble
        if wanted.conflicts:
            await asyncio.to_thread(self._quarantine, wanted)
            trouble = "content_differs"
        if trouble:
            raise ProtocolError(trouble, "some instances were set aside")
        await self._move(SiteEvent.STORED)

    async def _discover(self) -> DiscoverAnswer:
        if self.request.identity is None:
            raise RefusedError("patient_unknown")
        request_id = self.request_id
        while True:
            request = DiscoverRequest(
                request_id=request_id, asking_site=self.parts.site, issued_at=datetime.now(UTC),
                identity=self.request.identity, purpose=self.request.purpose,
            )  # fmt: skip
            answer = DiscoverAnswer.model_validate_json(await self._post("discover", request))
            if not answer.pending:
                return answer
            await asyncio.sleep(_PENDING_SECONDS)
            request_id = uuid4().hex

    async def _release(self, studies: Sequence[StudyManifest]) -> str:
        identity = self.request.identity
        pseudonym = await self.parts.pseudonyms.pseudonym(identity) if identity else None
        digest = sha256("".join(study.digest() for study in studies).encode()).hexdigest()
        return await self.parts.releases.release(
            pseudonym=pseudonym, source=self.peer.site, destination=self.parts.site,
            manifest_digest=digest, purpose=self.request.purpose,
        )  # fmt: skip

    async def _transfer(self, wanted: Plan, release: str) -> str:
        """Receive and file all that is wanted; code of what was set aside, or ""."""
        needed = sum(entry.size for entry in wanted.wanted)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if free_bytes(self._folder) < 2 * _BATCH_BYTES + needed + _RESERVE:
            raise StoreError("disk_full")
        digests = wanted.digests
        ticket, own, taken = await self._ticket(wanted, release)
        cipher = ChunkCipher.agreed(own, ticket.sender_key, "transfer", sender=False)
        receiver = Receiver(ticket, digests, cipher, self._folder / ticket.ticket_id, taken)
        filer = _Filer(self, ticket, own, digests, taken)
        try:
            for arrived in await asyncio.to_thread(lambda: list(receiver.left_over())):
                await filer.add(arrived)
            async for arrived in receiver.receive(self.peer):
                await filer.add(arrived)
            await filer.finish()
        except RefusedError as error:
            if error.code != "no_such_ticket":
                raise
            await asyncio.to_thread(self._forget_transfer)
            raise UnreachableError("ticket_expired") from error
        finally:
            await filer.close(receiver.received_bytes)
        await asyncio.to_thread(self._forget_transfer)
        return filer.trouble

    async def _ticket(
        self, wanted: Plan, release: str
    ) -> tuple[TransferTicket, X25519PrivateKey, int]:
        """The running transfer of an earlier try when it still fits, else a new one."""
        kept = await asyncio.to_thread(self.record.ticket, self.collection_id, self.peer.site)
        if kept is not None:
            ticket, key, taken = kept
            if set(wanted.digests) <= set(ticket.order):
                return ticket, X25519PrivateKey.from_private_bytes(key), taken
            await asyncio.to_thread(self._forget_transfer)
        own = new_private_key()
        request = TransferRequest(
            request_id=self.request_id, asking_site=self.parts.site, release=release,
            wanted=tuple(entry.sop_uid for entry in wanted.wanted),
            recipient_key=public_hex(own), purpose=self.request.purpose,
            priority=self.request.priority,
            issued_at=datetime.now(UTC),
        )  # fmt: skip
        answer = await self._post("transfers", request)
        ticket = TransferTicket.model_validate_json(answer)
        sizes = {entry.sop_uid: entry.size for entry in wanted.wanted}
        announced = tuple(sizes[uid] for uid in request.wanted)
        if (ticket.order, ticket.sizes, ticket.chunks) != (
            request.wanted, announced, chunks_of(sum(announced)),
        ):  # fmt: skip
            raise ProtocolError("manifest_lies")
        await asyncio.to_thread(self.keep_ticket, ticket, own, 0)
        return ticket, own, 0

    def keep_ticket(self, ticket: TransferTicket, own: X25519PrivateKey, taken: int) -> None:
        """Remember the transfer for the time after a kill."""
        self.record.keep_ticket(
            self.collection_id, self.peer.site, ticket, own.private_bytes_raw(), taken
        )

    async def _make_sure(self, wanted: Plan) -> str:
        """Ask the PACS whether it holds all for good (storage commitment).

        Returns
        -------
        Why something was set aside, in this or an earlier try, or "".
        """
        uids = [entry.sop_uid for entry in (*wanted.wanted, *wanted.held)]
        lacking = await asyncio.to_thread(self.parts.pacs.commit, uids)
        aside = await asyncio.to_thread(self.parts.quarantined, wanted.digests, self.peer.site)
        if set(lacking) - set(aside):
            raise UnreachableError("pacs_lost_instances", str(len(lacking)))
        return next(iter(aside.values()), "")

    def _quarantine(self, wanted: Plan) -> None:
        for entry in wanted.conflicts:
            self.parts.set_aside(entry.sop_uid, entry.sha256, self.peer.site, "content_differs")
        self.parts.alarm("content_differs")

    def _forget_transfer(self) -> None:
        self.record.drop_ticket(self.collection_id, self.peer.site)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _post(self, name: str, message: Message) -> bytes:
        return await self.peer.post(f"/n/v1/{name}", message.model_dump_json().encode())

    async def _move(self, event: SiteEvent) -> None:
        state = await asyncio.to_thread(self.record.move, self.collection_id, self.peer.site, event)
        log.info("site_moved", collection=self.collection_id, site=self.peer.site, after=state)
        self.notify()

    @property
    def _folder(self) -> Path:
        return self.parts.folder / self.collection_id / self.peer.site


class _Filer:
    """Files instances in batches beside the network, one batch at a time."""

    def __init__(
        self, collector: SiteCollector, ticket: TransferTicket, own: X25519PrivateKey,
        digests: dict[str, str], taken: int,
    ) -> None:  # fmt: skip
        self._collector = collector
        self._ticket = ticket
        self._own = own
        self._digests = digests
        self._taken = taken
        self._batch: list[Arrived] = []
        self._running: asyncio.Task[None] | None = None
        self.trouble = ""
        request = collector.request
        if request.identity is None:
            raise IdentityMismatchError("patient_unknown")
        self._filing = Filing(
            collector.parts, collector.peer.site, request.identity, request.patient_id
        )

    async def add(self, arrived: Arrived) -> None:
        """Take an instance; waits while two batches are under way (the disk is slower)."""
        self._batch.append(arrived)
        full = len(self._batch) >= _BATCH
        if full or sum(a.size for a in self._batch) >= _BATCH_BYTES:
            await self._flush()

    async def finish(self) -> None:
        """File the rest."""
        await self._flush()
        if self._running is not None:
            await self._running

    async def close(self, received: int) -> None:
        """After success or failure: wait for what runs, note the bytes that came."""
        if self._running is not None:
            await asyncio.gather(self._running, return_exceptions=True)
        collector = self._collector
        await asyncio.to_thread(
            collector.record.progressed, collector.collection_id, collector.peer.site,
            instances=0, size=0, received=received,
        )  # fmt: skip

    async def _flush(self) -> None:
        if self._running is not None:
            await self._running
            self._running = None
        if self._batch:
            batch, self._batch = self._batch, []
            self._running = asyncio.create_task(self._file(batch))

    async def _file(self, batch: list[Arrived]) -> None:
        collector = self._collector
        filed = await asyncio.to_thread(self._filing.file, batch, self._digests)
        for _, reason in filed.quarantined:
            collector.parts.alarm(reason)
            self.trouble = reason
        self._taken = batch[-1].number + 1
        await asyncio.to_thread(self._note, batch, len(filed.stored))
        collector.notify()

    def _note(self, batch: list[Arrived], stored: int) -> None:
        collector = self._collector
        collector.keep_ticket(self._ticket, self._own, self._taken)
        collector.record.progressed(
            collector.collection_id, collector.peer.site, instances=stored,
            size=sum(arrived.size for arrived in batch), received=0,
        )  # fmt: skip
