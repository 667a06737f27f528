"""Drives every site of every collection through its states, all sites at once.

One task a site. Whatever happens to a task is an event of `states`; a killed gateway starts again
from the rows. The slowest site never keeps the others waiting.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final
from uuid import uuid4

import structlog
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from usmed_client.errors import (
    IdentityMismatchError,
    ProtocolError,
    RefusedError,
    StoreError,
    UnreachableError,
)
from usmed_client.protocol.collections import CollectionReport, CollectionRequest, SiteState
from usmed_client.protocol.identity import Identity
from usmed_server.gateway.collection.breaker import Breaker, pause
from usmed_server.gateway.collection.parts import EngineParts
from usmed_server.gateway.collection.record import Record
from usmed_server.gateway.collection.site import SiteCollector
from usmed_server.gateway.collection.states import SiteEvent
from usmed_server.gateway.priorities import Turns

_TOGETHER: Final = 8
"""Sites that are asked at once; more wait their turn, the most urgent first."""

_UNSETTLED: Final = frozenset((SiteState.AMBIGUOUS, SiteState.REFUSED, SiteState.FAILED))
_FINISHED: Final = _UNSETTLED | {SiteState.NO_DATA, SiteState.COMMITTED}

log = structlog.get_logger()


class Engine:
    """All collections of this hospital, and their progress as events."""

    def __init__(self, parts: EngineParts) -> None:
        self._parts = parts
        self.record = Record(parts.database, parts.keys)
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._breakers: dict[str, Breaker] = {}
        self._changed: dict[str, set[asyncio.Event]] = {}
        self._turns = Turns(_TOGETHER)

    async def start(self) -> None:
        """Go on with what an earlier run left unfinished."""
        for collection_id, site in await asyncio.to_thread(self.record.unfinished):
            self._drive(collection_id, site)

    async def stop(self) -> None:
        """Stop all tasks; rows and files say where to go on."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def request(self, request: CollectionRequest, idempotency_key: str, by: str) -> str:
        """Begin a collection, or take up the one that was asked for before; its id.

        Raises
        ------
        RefusedError
            The patient is not known here and the request does not say who it is.
        UnreachableError
            Nobody knows the sites: the directory has never answered.
        """
        if request.identity is None:
            identity = await asyncio.to_thread(self._local_identity, request.patient_id)
            request = request.model_copy(update={"identity": identity})
        sites = await self._sites(request.identity)
        collection_id, new = await asyncio.to_thread(
            self.record.begin, request, idempotency_key, by, sites
        )
        if not new:
            # The same key is the same request again; without one somebody asks anew, and what a
            # site has may have grown since.
            again = _UNSETTLED if idempotency_key else _FINISHED
            await asyncio.to_thread(self.record.add_sites, collection_id, sites)
            await asyncio.to_thread(self.record.reopen, collection_id, again)
        log.info("collection_requested", collection=collection_id, count=len(sites))
        await self._go_on(collection_id)
        return collection_id

    async def retry(self, collection_id: str) -> None:
        """Go on at once with all sites of a collection that have not brought what they have.

        Raises
        ------
        RefusedError
            There is no such collection.
        """
        await asyncio.to_thread(self.record.reopen, collection_id, _UNSETTLED)
        await self._go_on(collection_id)

    async def _go_on(self, collection_id: str) -> None:
        report = await self.report(collection_id)
        for site in report.sites:
            key = (collection_id, site.site)
            waiting = site.state in (SiteState.RETRY_AT, SiteState.BREAKER_OPEN)
            if waiting and key in self._tasks:
                self._tasks.pop(key).cancel()
                self._breakers.pop(site.site, None)
            if not site.state.is_final:
                self._drive(collection_id, site.site)

    async def cancel(self, collection_id: str) -> None:
        """Ask for nothing more; what has arrived stays.

        Raises
        ------
        RefusedError
            There is no such collection.
        """
        await asyncio.to_thread(self.record.cancel, collection_id)
        tasks = [task for (id_, _), task in self._tasks.items() if id_ == collection_id]
        for task in tasks:
            task.cancel()
        # Whoever takes it up again must find nobody at work.
        await asyncio.gather(*tasks, return_exceptions=True)
        self._notify(collection_id)

    async def report(self, collection_id: str) -> CollectionReport:
        """How a collection stands."""
        return await asyncio.to_thread(self.record.report, collection_id)

    async def watch(self, collection_id: str) -> AsyncIterator[CollectionReport]:
        """Reports now and whenever something changes, at most five a second."""
        changed = asyncio.Event()
        self._changed.setdefault(collection_id, set()).add(changed)
        try:
            while True:
                changed.clear()
                yield await self.report(collection_id)
                with suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), 15)
                await asyncio.sleep(0.2)
        finally:
            self._changed[collection_id].discard(changed)

    def _local_identity(self, patient_id: str) -> Identity:
        found = [
            patient for patient in self._parts.pacs.patients(patient_id=patient_id)
            if patient.patient_id == patient_id
        ]  # fmt: skip
        if len(found) != 1:
            raise RefusedError("patient_unknown" if not found else "patient_ambiguous")
        return found[0].identity

    async def _sites(self, identity: Identity | None) -> dict[str, str]:
        """Sites to ask: those that know the pseudonym and those that keep no index.

        Without a pseudonym, or when nobody can say who knows it, all.
        """
        announcements = await self._parts.directory.sites()
        names = {site: a.name for site, a in announcements.items()}
        pseudonym = await self._parts.pseudonyms.pseudonym(identity) if identity else None
        if pseudonym is None:
            return names
        try:
            located = await self._parts.directory.locate(pseudonym)
        except UnreachableError:
            return names
        # Sites that never announced themselves count as silent, not as "no data".
        asked = dict.fromkeys((*located.knowing, *located.unindexed), "")
        asked.pop(self._parts.site, None)
        return {site: names.get(site, "") for site in asked}

    def _drive(self, collection_id: str, site: str) -> None:
        key = (collection_id, site)
        if key in self._tasks and not self._tasks[key].done():
            return
        task = asyncio.create_task(self._run(collection_id, site), name=f"collect-{site}")
        self._tasks[key] = task
        task.add_done_callback(lambda done: self._ended(key, done))

    def _ended(self, key: tuple[str, str], task: asyncio.Task[None]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
        if not task.cancelled() and task.exception() is not None:
            log.error("collector_failed", detail_type=type(task.exception()).__name__)
            self._parts.alarm("collector_failed")
        self._notify(key[0])

    async def _run(self, collection_id: str, site: str) -> None:
        breaker = self._breakers.setdefault(site, Breaker())
        priority = (await asyncio.to_thread(self.record.request, collection_id)).priority
        while True:
            state = await asyncio.to_thread(self.record.state, collection_id, site)
            if state in (SiteState.RETRY_AT, SiteState.BREAKER_OPEN):
                await self._move(collection_id, site, SiteEvent.DUE)
            elif state is SiteState.QUEUED:
                await self._move(collection_id, site, SiteEvent.ASKED)
            else:
                return
            try:
                async with self._turns.turn(priority):
                    await self._collect(collection_id, site)
                breaker.succeeded()
            except UnreachableError as error:
                opened = breaker.failed()
                attempt = await asyncio.to_thread(self.record.attempts, collection_id, site)
                wait = breaker.rest if opened else pause(attempt)
                event = SiteEvent.TOO_OFTEN_LOST if opened else SiteEvent.LOST
                await self._move(collection_id, site, event, reason=error.code, wait=wait)
                await asyncio.sleep(wait)

    async def _collect(self, collection_id: str, site: str) -> None:
        """One try; everything but a lost site ends it for good."""
        parts = self._parts
        request = await asyncio.to_thread(self.record.request, collection_id)
        try:
            announcement = (await parts.directory.sites()).get(site)
            if announcement is None:
                raise UnreachableError("site_silent", site)
            collector = SiteCollector(
                parts=parts,
                record=self.record,
                peer=parts.directory.peer(announcement),
                collection_id=collection_id,
                request=request,
                request_id=uuid4().hex,
                notify=lambda: self._notify(collection_id),
            )
            await collector.collect()
        except (RefusedError, IdentityMismatchError) as error:
            await self._move(collection_id, site, SiteEvent.SAYS_NO, reason=error.code)
        except StoreError as error:
            # Our own disk or PACS: worth another try when somebody has made room.
            parts.alarm(error.code)
            raise UnreachableError(error.code, error.detail) from error
        except ProtocolError as error:
            await self._give_up(collection_id, site, error.code)
        except ValidationError:
            await self._give_up(collection_id, site, "invalid_message")
        except (OSError, SQLAlchemyError) as error:
            # A full or broken disk: nothing is lost, and it goes on when there is room again.
            parts.alarm("disk")
            raise UnreachableError("disk", type(error).__name__) from error

    async def _give_up(self, collection_id: str, site: str, code: str) -> None:
        """The site breaks the rules: nothing more of it, until a person asks again."""
        self._parts.alarm(code)
        await asyncio.to_thread(self.record.drop_ticket, collection_id, site)
        shutil.rmtree(self._parts.folder / collection_id / site, ignore_errors=True)
        await self._move(collection_id, site, SiteEvent.BROKEN, reason=code)

    async def _move(
        self, collection_id: str, site: str, event: SiteEvent, *, reason: str = "", wait: float = 0
    ) -> None:
        state = await asyncio.to_thread(
            self.record.move, collection_id, site, event, reason=reason, wait=wait
        )
        log.info("site_moved", collection=collection_id, site=site, after=state, reason=reason)
        self._notify(collection_id)

    def _notify(self, collection_id: str) -> None:
        for changed in self._changed.get(collection_id, ()):
            changed.set()
