"""Other gateways: found through the directory, reached directly or through its relay."""

import asyncio
import base64
import json
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, cast
from uuid import uuid4

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from usmed_client.errors import (
    IntegrityError,
    ProtocolError,
    RefusedError,
    UnreachableError,
)
from usmed_client.protocol.announcements import Announcement, SignedAnnouncement, sign
from usmed_client.protocol.directory import IndexUpdate, Located, LocateRequest, Sites
from usmed_client.protocol.envelopes import Envelope, RelayedReply, RelayedRequest, seal, unseal
from usmed_client.protocol.message import Message
from usmed_client.protocol.stream import public_hex
from usmed_server.core.certificates import Credential, peer_of
from usmed_server.gateway.ports import Peer

_CONNECT_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 20.0
_RELAY_WAIT: Final = 10.0


def raise_for(response: httpx.Response) -> None:
    """Turn an answer that is no success into the error that the other side raised."""
    if response.is_success:
        return
    try:
        code = str(response.json().get("code", ""))
    except (ValueError, AttributeError):
        code = ""
    code = code or f"http_{response.status_code}"
    if response.status_code in (401, 403, 404):
        raise RefusedError(code)
    if response.status_code == 422:
        raise ProtocolError(code)
    raise UnreachableError(code)


class DirectPeer:
    """A gateway that accepts connections."""

    def __init__(self, site: str, url: str, client: httpx.AsyncClient) -> None:
        self.site = site
        self._url = url.rstrip("/")
        self._client = client

    async def post(self, path: str, body: bytes) -> bytes:
        """Answer to a JSON message; see `ports.Peer`."""
        return await self._call("POST", path, body)

    async def get(self, path: str) -> bytes:
        """Bytes of a resource."""
        return await self._call("GET", path, b"")

    async def _call(self, method: str, path: str, body: bytes) -> bytes:
        request = self._client.build_request(
            method, self._url + path, content=body, headers={"content-type": "application/json"}
        )
        try:
            response = await self._client.send(request, stream=True)
            try:
                self._check(response)
                await response.aread()
            finally:
                await response.aclose()
        except (httpx.TransportError, httpx.StreamError) as error:
            raise UnreachableError("unreachable", type(error).__name__) from error
        raise_for(response)
        return response.content

    def _check(self, response: httpx.Response) -> None:
        """The certificate must be of the site that we mean: addresses can be taken over."""
        stream = response.extensions.get("network_stream")
        tls = stream.get_extra_info("ssl_object") if stream is not None else None
        der = cast(ssl.SSLObject, tls).getpeercert(binary_form=True) if tls else None
        if der is None or peer_of(der).name != self.site:
            raise RefusedError("another_sites_certificate", self.site)


class RelayedPeer:
    """A gateway that only looks into its mailbox at the directory."""

    def __init__(self, announcement: Announcement, relay: "DirectoryClient") -> None:
        self.site = announcement.site
        self._announcement = announcement
        self._relay = relay

    async def post(self, path: str, body: bytes) -> bytes:
        """Answer to a JSON message; see `ports.Peer`."""
        return await self._relay.call(self._announcement, "POST", path, body)

    async def get(self, path: str) -> bytes:
        """Bytes of a resource."""
        return await self._relay.call(self._announcement, "GET", path, b"")


class DirectoryClient:
    """The directory, as one gateway uses it.

    Parameters
    ----------
    context
        Our certificate and the authority, for TLS.
    """

    def __init__(
        self,
        url: str,
        site: str,
        credential: Credential,
        context: ssl.SSLContext,
        box: X25519PrivateKey,
    ) -> None:
        self._site = site
        self._credential = credential
        self._box = box
        self._authority = x509.load_pem_x509_certificate(credential.authority.read_bytes())
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=16)
        timeout = httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS)
        self._peers = httpx.AsyncClient(verify=context, timeout=timeout, limits=limits)
        self._client = httpx.AsyncClient(
            base_url=url, verify=context, limits=limits,
            timeout=httpx.Timeout(_RELAY_WAIT + 20, connect=_CONNECT_SECONDS),
        )  # fmt: skip
        self._known: dict[str, Announcement] = {}
        self._announced = False

    @property
    def trouble(self) -> str:
        """Code of what keeps us from knowing the sites, or ""."""
        return "" if self._announced and self._known else "directory_unreachable"

    async def close(self) -> None:
        """Close all connections."""
        await self._peers.aclose()
        await self._client.aclose()

    async def announce(self, name: str, url: str) -> None:
        """Tell where we are."""
        announcement = Announcement(
            site=self._site, name=name, url=url, box_key=public_hex(self._box),
            issued_at=datetime.now(UTC),
        )  # fmt: skip
        signed = sign(
            announcement,
            self._credential.certificate.read_bytes(),
            self._credential.private_key.read_bytes(),
        )
        await self._send("PUT", "/h/v1/sites", signed)
        self._announced = True

    async def sites(self) -> dict[str, Announcement]:
        """All other sites; what can't be verified is left out.

        When the directory is silent, the sites that it named last.
        """
        try:
            answer = await self._send("GET", "/h/v1/sites")
        except UnreachableError:
            if not self._known:
                raise
            return self._known
        found = {}
        for signed in Sites.model_validate_json(answer).sites:
            announcement = self._verified(signed)
            if announcement is not None and announcement.site != self._site:
                found[announcement.site] = announcement
        self._known = found
        return found

    def _verified(self, signed: SignedAnnouncement) -> Announcement | None:
        try:
            return signed.verified(self._authority)
        except RefusedError:
            return None

    async def index(self, pseudonyms: Sequence[str], *, complete: bool) -> None:
        """Tell whom we know, by pseudonym."""
        await self._send(
            "PUT", "/h/v1/locator", IndexUpdate(pseudonyms=tuple(pseudonyms), complete=complete)
        )

    async def locate(self, pseudonym: str) -> Located:
        """Who knows a pseudonym."""
        answer = await self._send("POST", "/h/v1/locate", LocateRequest(pseudonym=pseudonym))
        return Located.model_validate_json(answer)

    def peer(self, announcement: Announcement) -> Peer:
        """A site, directly where it has an address, else through the relay."""
        if announcement.url:
            return DirectPeer(announcement.site, announcement.url, self._peers)
        return RelayedPeer(announcement, self)

    async def call(self, addressee: Announcement, method: str, path: str, body: bytes) -> bytes:
        """Call a gateway through the relay."""
        message_id = uuid4().hex
        request = RelayedRequest(
            method="POST" if method == "POST" else "GET", path=path,
            body=base64.b64encode(body).decode(),
        )  # fmt: skip
        envelope = seal(
            request, message_id=message_id, sender=self._site, addressee=addressee.site,
            direction="request", own_key=self._box, addressee_key=addressee.box_key,
        )  # fmt: skip
        answer = await self._relayed(envelope)
        if not answer:
            raise UnreachableError("no_answer", addressee.site)
        return self._opened(Envelope.model_validate_json(answer), message_id, addressee)

    async def _relayed(self, envelope: Envelope) -> bytes:
        """The reply, empty when none came in time."""
        deadline = asyncio.get_running_loop().time() + _ANSWER_SECONDS
        answer = b""
        try:
            await self._send("POST", "/h/v1/mail", envelope)
            while not answer and asyncio.get_running_loop().time() < deadline:
                answer = await self._send("GET", f"/h/v1/replies/{envelope.id}?wait={_RELAY_WAIT}")
        except RefusedError as error:
            # A full box, or a directory that was restarted meanwhile: another try may help.
            if error.code in ("mailbox_full", "no_such_request"):
                raise UnreachableError(error.code, envelope.addressee) from error
            raise
        return answer

    def _opened(self, envelope: Envelope, message_id: str, sender: Announcement) -> bytes:
        if (envelope.id, envelope.sender, envelope.direction) != (message_id, sender.site, "reply"):
            raise IntegrityError("envelope_changed")
        content = unseal(envelope, own_key=self._box, sender_key=sender.box_key)
        reply = RelayedReply.model_validate_json(content)
        body = base64.b64decode(reply.body)
        raise_for(httpx.Response(reply.status, content=body))
        return body

    async def inbox(self) -> list[Envelope]:
        """Requests that wait for us; comes back after a while even without any."""
        answer = await self._send("GET", f"/h/v1/inbox?wait={_RELAY_WAIT}")
        return [Envelope.model_validate(item) for item in json.loads(answer)]

    async def opened_request(self, envelope: Envelope) -> RelayedRequest:
        """What a site asks us through the relay.

        Raises
        ------
        RefusedError
            No such site.
        IntegrityError
            It was not sealed by that site for us.
        """
        sender = self._known.get(envelope.sender) or (await self.sites()).get(envelope.sender)
        if sender is None or envelope.addressee != self._site or envelope.direction != "request":
            raise RefusedError("unknown_site", envelope.sender)
        content = unseal(envelope, own_key=self._box, sender_key=sender.box_key)
        return RelayedRequest.model_validate_json(content)

    async def reply(self, request: Envelope, status: int, body: bytes) -> None:
        """Answer a request of the relay."""
        sender = self._known[request.sender]
        envelope = seal(
            RelayedReply(status=status, body=base64.b64encode(body).decode()),
            message_id=request.id, sender=self._site, addressee=request.sender,
            direction="reply", own_key=self._box, addressee_key=sender.box_key,
        )  # fmt: skip
        await self._send("POST", "/h/v1/replies", envelope)

    async def _send(self, method: str, path: str, message: Message | None = None) -> bytes:
        content = message.model_dump_json().encode() if message is not None else None
        headers = {"content-type": "application/json"}
        try:
            response = await self._client.request(method, path, content=content, headers=headers)
        except httpx.TransportError as error:
            raise UnreachableError("directory_unreachable", type(error).__name__) from error
        raise_for(response)
        return response.content
