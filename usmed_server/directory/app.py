"""The directory's program: ``/h/v1`` for gateways, health for its administrators."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

from cryptography import x509
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Response
from prometheus_client import CollectorRegistry, Counter

from usmed_client.errors import RefusedError
from usmed_client.protocol.announcements import SignedAnnouncement
from usmed_client.protocol.directory import IndexUpdate, Located, LocateRequest, Sites
from usmed_client.protocol.envelopes import Envelope
from usmed_server.core.certificates import Peer
from usmed_server.core.database import Database
from usmed_server.core.health import health_routes
from usmed_server.core.refusals import answer_errors
from usmed_server.core.serving import caller
from usmed_server.directory.mailbox import Mailbox
from usmed_server.directory.registry import Registry
from usmed_server.directory.settings import DirectorySettings

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_Wait = Annotated[float, Query(ge=0, le=30)]
GatewayName = Callable[[Peer], str]


def build_app(settings: DirectorySettings, database: Database) -> FastAPI:
    """The program with its routes."""
    authority = x509.load_pem_x509_certificate(settings.authority.read_bytes())
    registry = Registry(database, settings.sites, authority)
    metrics = CollectorRegistry()

    def gateway(peer: Annotated[Peer, Depends(caller)]) -> str:
        if peer.role != "gateway":
            raise HTTPException(403, "gateways_only")
        registry.admit(peer.name)
        return peer.name

    app = FastAPI(title="USMED directory", openapi_url=None)
    answer_errors(app)
    app.include_router(health_routes({}, metrics))
    app.include_router(_site_routes(registry, gateway))
    app.include_router(_mail_routes(registry, gateway, metrics))
    return app


def _site_routes(registry: Registry, gateway: GatewayName) -> APIRouter:
    router = APIRouter(prefix="/h/v1")
    site_of = Annotated[str, Depends(gateway)]

    @router.get("/sites")
    def sites(_site: site_of) -> Sites:
        return Sites(sites=tuple(registry.sites()))

    @router.put("/sites", status_code=204)
    def announce(signed: SignedAnnouncement, site: site_of) -> None:
        if signed.announcement.site != site:
            raise RefusedError("announcement_forged", site)
        registry.announce(signed)

    @router.put("/locator", status_code=204)
    def index(update: IndexUpdate, site: site_of) -> None:
        registry.index(site, update.pseudonyms, complete=update.complete)

    @router.post("/locate")
    def locate(request: LocateRequest, _site: site_of) -> Located:
        knowing, unindexed = registry.locate(request.pseudonym)
        return Located(knowing=tuple(knowing), unindexed=tuple(unindexed))

    return router


def _mail_routes(registry: Registry, gateway: GatewayName, metrics: CollectorRegistry) -> APIRouter:
    router = APIRouter(prefix="/h/v1")
    site_of = Annotated[str, Depends(gateway)]
    mailbox = Mailbox()
    relayed = Counter("usmed_relayed_bytes", "Sealed bytes relayed", registry=metrics)

    @router.post("/mail", status_code=202)
    async def post(envelope: Envelope, site: site_of) -> None:
        if envelope.sender != site or envelope.direction != "request":
            raise RefusedError("envelope_forged", site)
        registry.admit(envelope.addressee)
        mailbox.post(envelope)
        relayed.inc(len(envelope.sealed))

    @router.get("/inbox")
    async def inbox(site: site_of, wait: _Wait = 25) -> list[Envelope]:
        return await mailbox.fetch(site, wait)

    @router.post("/replies", status_code=204)
    async def reply(envelope: Envelope, site: site_of) -> None:
        if envelope.sender != site or envelope.direction != "reply":
            raise RefusedError("envelope_forged", site)
        mailbox.reply(envelope)
        relayed.inc(len(envelope.sealed))

    @router.get("/replies/{message_id}", response_model=Envelope)
    async def reply_to(message_id: str, site: site_of, wait: _Wait = 25) -> Envelope | Response:
        found = await mailbox.reply_to(message_id, site, wait)
        return found if found is not None else Response(status_code=204)

    return router
