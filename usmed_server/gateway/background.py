"""What a gateway does without being asked: announce itself, name whom it knows, empty its mailbox."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import httpx
import structlog
from fastapi import FastAPI

from usmed_client.errors import UsmedError
from usmed_client.protocol.envelopes import Envelope
from usmed_server.core.certificates import Peer
from usmed_server.core.serving import calling
from usmed_server.gateway.collection.peers import DirectoryClient
from usmed_server.gateway.ports import Pacs, Pseudonyms

_ANNOUNCE_SECONDS: Final = 60.0
_INDEX_SECONDS: Final = 300.0
_AFTER_FAILURE: Final = 2.0
_TOGETHER: Final = 8

log = structlog.get_logger()


async def announce_forever(directory: DirectoryClient, name: str, url: str) -> None:
    """Tell the directory where we are, again and again."""
    while True:
        try:
            await directory.announce(name, url)
            # Alone at first: look again soon for those who come up beside us.
            wait = _ANNOUNCE_SECONDS if await directory.sites() else _AFTER_FAILURE
        except UsmedError as error:
            log.warning("announce_failed", code=error.code)
            wait = _AFTER_FAILURE
        await asyncio.sleep(wait)


async def index_forever(directory: DirectoryClient, pacs: Pacs, pseudonyms: Pseudonyms) -> None:
    """Name all patients that have a pseudonym, so that others need not ask everybody.

    A hospital some of whose patients have none is always asked: then it keeps no index.
    """
    while True:
        try:
            found = await asyncio.to_thread(lambda: list(pacs.patients()))
            named = [await pseudonyms.pseudonym(patient.identity) for patient in found]
            if named and all(named):
                await directory.index([name for name in named if name], complete=True)
            wait = _INDEX_SECONDS
        except UsmedError as error:
            log.warning("index_failed", code=error.code)
            wait = _AFTER_FAILURE
        await asyncio.sleep(wait)


class Inbox:
    """Answers requests that come through the directory's relay with our own program."""

    def __init__(self, app: FastAPI, directory: DirectoryClient) -> None:
        self._app = app
        self._directory = directory
        self._turns = asyncio.Semaphore(_TOGETHER)
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Look into the mailbox, again and again."""
        while True:
            try:
                envelopes: Sequence[Envelope] = await self._directory.inbox()
            except UsmedError as error:
                log.warning("inbox_failed", code=error.code)
                await asyncio.sleep(_AFTER_FAILURE)
                continue
            for envelope in envelopes:
                task = asyncio.create_task(self._answer(envelope))
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    async def _answer(self, envelope: Envelope) -> None:
        async with self._turns:
            try:
                request = await self._directory.opened_request(envelope)
                peer = Peer(envelope.sender, "gateway", "")
                transport = httpx.ASGITransport(_Calling(self._app, peer))  # type: ignore[arg-type]
                async with httpx.AsyncClient(
                    transport=transport, base_url="http://relay"
                ) as client:
                    response = await client.request(
                        request.method, request.path, content=request.content(),
                        headers={"content-type": "application/json"},
                    )  # fmt: skip
                with suppress(UsmedError):
                    await self._directory.reply(envelope, response.status_code, response.content)
            except UsmedError as error:
                log.warning("relayed_request_refused", peer=envelope.sender, code=error.code)


class _Calling:
    """The program, called by a site whose seal was checked."""

    def __init__(self, app: FastAPI, peer: Peer) -> None:
        self._app = app
        self._peer = peer

    async def __call__(self, scope: dict, receive: object, send: object) -> None:  # type: ignore[type-arg]
        await self._app(scope | calling(self._peer), receive, send)  # type: ignore[arg-type]
