"""A FastAPI program behind mutual TLS that knows who calls.

Uvicorn does not hand the client's certificate to the program; the protocol class below puts it
into the request's scope, after TLS has verified it.
"""

import asyncio
import ssl
from typing import Any, cast

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol

from usmed_server.core.certificates import Credential, Peer, peer_of, server_context

_SCOPE_KEY = "usmed_peer"


class _PeerProtocol(H11Protocol):
    """HTTP/1.1 whose scope says who calls."""

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        der = cast(ssl.SSLObject, tls).getpeercert(binary_form=True) if tls else None
        peer = peer_of(der) if der else None
        app = self.app

        async def with_peer(scope: Any, receive: Any, send: Any) -> None:
            await app(scope | {_SCOPE_KEY: peer}, receive, send)

        self.app = with_peer


def caller(request: Request) -> Peer:
    """Who calls; 401 for a caller without a certificate (only possible without TLS)."""
    peer = request.scope.get(_SCOPE_KEY)
    if not isinstance(peer, Peer):
        raise HTTPException(401, "certificate_needed")
    return peer


def calling(peer: Peer) -> dict[str, Peer]:
    """What goes into the scope of a request that came another way (the relay, tests)."""
    return {_SCOPE_KEY: peer}


class Server(uvicorn.Server):
    """Uvicorn with our TLS; stops cleanly on SIGTERM."""

    def __init__(self, app: FastAPI, host: str, port: int, credential: Credential) -> None:
        config = uvicorn.Config(
            app, host=host, port=port, http=_PeerProtocol, log_config=None, access_log=False,
            timeout_graceful_shutdown=3, lifespan="on", server_header=False,
        )  # fmt: skip
        config.load()
        config.ssl = server_context(credential)
        super().__init__(config)
