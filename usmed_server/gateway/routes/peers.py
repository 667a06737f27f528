"""``/n/v1``: what other gateways may ask us."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Response
from prometheus_client import CollectorRegistry, Counter

from usmed_client.protocol.collections import Priority
from usmed_client.protocol.peers import (
    DiscoverAnswer,
    DiscoverRequest,
    TransferRequest,
    TransferTicket,
)
from usmed_server.core.certificates import Peer
from usmed_server.core.serving import caller
from usmed_server.gateway.ports import ReleaseAuthority
from usmed_server.gateway.priorities import Turns
from usmed_server.gateway.source.discovery import Discovery
from usmed_server.gateway.source.outgoing import Outgoing

_READERS: Final = 4


def _gateway(peer: Annotated[Peer, Depends(caller)]) -> str:
    if peer.role != "gateway":
        raise HTTPException(403, "gateways_only")
    return peer.name


def peer_routes(
    site: str,
    discovery: Discovery,
    outgoing: Outgoing,
    releases: ReleaseAuthority,
    metrics: CollectorRegistry,
) -> APIRouter:
    """The routes; nothing is sent without a release that the authority confirms."""
    router = APIRouter(prefix="/n/v1")
    turns = Turns(_READERS)
    sent = Counter("usmed_sent_bytes", "Sealed bytes sent", ["peer"], registry=metrics)

    @router.post("/discover")
    async def discover(
        request: DiscoverRequest, peer: Annotated[str, Depends(_gateway)]
    ) -> DiscoverAnswer:
        return await asyncio.to_thread(discovery.answer, request, peer)

    @router.post("/transfers")
    async def transfers(
        request: TransferRequest, peer: Annotated[str, Depends(_gateway)]
    ) -> TransferTicket:
        purpose = request.purpose
        await releases.check(request.release, source=site, destination=peer, purpose=purpose)
        return await asyncio.to_thread(outgoing.ticket, request, peer)

    @router.get("/transfers/{ticket_id}/chunks/{number}")
    async def chunk(
        ticket_id: str, number: int, peer: Annotated[str, Depends(_gateway)]
    ) -> Response:
        priority = Priority(await asyncio.to_thread(outgoing.priority, ticket_id, peer))
        async with turns.turn(priority):
            sealed = await asyncio.to_thread(outgoing.chunk, ticket_id, number, peer)
        sent.labels(peer).inc(len(sealed))
        return Response(sealed, media_type="application/octet-stream")

    return router
