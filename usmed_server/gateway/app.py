"""Builds the gateway: the only file of it that knows all parts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter

from usmed_client.errors import UsmedError
from usmed_client.protocol.tls import client_context
from usmed_server.core.certificates import Credential
from usmed_server.core.database import Database
from usmed_server.core.health import health_routes
from usmed_server.core.refusals import answer_errors
from usmed_server.gateway.archive.store import Archive
from usmed_server.gateway.background import Inbox, announce_forever, index_forever
from usmed_server.gateway.collection.engine import Engine
from usmed_server.gateway.collection.parts import EngineParts
from usmed_server.gateway.collection.peers import DirectoryClient
from usmed_server.gateway.doors import open_doors
from usmed_server.gateway.keys import GatewayKeys
from usmed_server.gateway.local import LocalStudies
from usmed_server.gateway.pacs.embedded import EmbeddedPacs
from usmed_server.gateway.ports import Pacs
from usmed_server.gateway.routes.clients import collection_routes, patient_routes, review_routes
from usmed_server.gateway.routes.peers import peer_routes
from usmed_server.gateway.settings import GatewaySettings
from usmed_server.gateway.source.discovery import Discovery
from usmed_server.gateway.source.manifests import Manifests
from usmed_server.gateway.source.outgoing import Outgoing

MIGRATIONS: Final = Path(__file__).parent / "migrations"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that is ready to serve."""

    app: FastAPI
    archive: Archive
    pacs: Pacs


def build_gateway(settings: GatewaySettings, database: Database) -> Gateway:
    """All parts of a gateway, joined.

    Raises
    ------
    ConfigError
        The configuration does not fit this machine.
    """
    pseudonyms, releases = open_doors(settings)
    credential = Credential(settings.certificate, settings.private_key, settings.authority)
    keys = GatewayKeys(settings.data_dir / "gateway.key")
    archive = Archive(database, settings.data_dir / "archive")
    pacs: Pacs = EmbeddedPacs(archive)
    context = client_context(settings.certificate, settings.private_key, settings.authority)
    directory = DirectoryClient(settings.directory, settings.site, credential, context, keys.box)
    metrics = CollectorRegistry()
    alarms = Counter("usmed_alarms", "What somebody must look at", ["code"], registry=metrics)

    def alarm(code: str) -> None:
        alarms.labels(code).inc()
        log.error("alarm", code=code)

    manifests = Manifests(pacs, archive, settings.data_dir / "scratch")
    discovery = Discovery(database, pacs, keys, manifests)
    outgoing = Outgoing(database, archive, keys)
    local = LocalStudies(database, pacs, archive, manifests)
    engine = Engine(
        EngineParts(
            site=settings.site, issuer=settings.patient_id_issuer, database=database, pacs=pacs,
            keys=keys, directory=directory, pseudonyms=pseudonyms, releases=releases,
            folder=settings.data_dir / "incoming", alarm=alarm,
        )
    )  # fmt: skip

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(announce_forever(directory, settings.name, settings.url)),
            asyncio.create_task(index_forever(directory, pacs, pseudonyms)),
        ]
        if not settings.url:
            tasks.append(asyncio.create_task(Inbox(app, directory).run()))
        await engine.start()
        yield
        await engine.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await directory.close()

    app = FastAPI(title="USMED gateway", openapi_url=None, lifespan=life)
    answer_errors(app)
    app.include_router(
        health_routes(
            {"pacs": lambda: _check(pacs), "federation": lambda: directory.trouble}, metrics
        )
    )
    app.include_router(peer_routes(settings.site, discovery, outgoing, releases, metrics))
    app.include_router(collection_routes(engine))
    app.include_router(patient_routes(pacs, local))
    app.include_router(review_routes(discovery))
    return Gateway(app, archive, pacs)


def _check(pacs: Pacs) -> str:
    try:
        pacs.echo()
    except UsmedError as error:
        return error.code
    return ""
