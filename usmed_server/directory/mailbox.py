"""Mailboxes for hospitals that accept no inbound connections: they come and ask.

Envelopes stay in memory, bounded in number, size and time. After a restart of the directory
senders time out and try again, as with any lost connection.
"""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from usmed_client.errors import RefusedError
from usmed_client.protocol.envelopes import Envelope

TERM_SECONDS: Final = 60.0
SITE_BYTES: Final = 64 << 20
_PENDING: Final = 256


@dataclass(slots=True)
class _Box:
    envelopes: deque[tuple[float, Envelope]] = field(default_factory=deque)
    size: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)


class Mailbox:
    """Requests by addressee, replies by request; all sealed."""

    def __init__(self) -> None:
        self._boxes: dict[str, _Box] = {}
        self._replies: dict[str, tuple[float, str, asyncio.Future[Envelope]]] = {}

    def post(self, envelope: Envelope) -> None:
        """Put a request into its addressee's box.

        Raises
        ------
        RefusedError
            The box is full: nobody fetches, or somebody floods it.
        """
        box = self._boxes.setdefault(envelope.addressee, _Box())
        self._forget(box)
        if box.size + len(envelope.sealed) > SITE_BYTES or len(box.envelopes) >= _PENDING:
            raise RefusedError("mailbox_full", envelope.addressee)
        waiting = asyncio.get_running_loop().create_future()
        self._replies[envelope.id] = (time.monotonic(), envelope.addressee, waiting)
        box.envelopes.append((time.monotonic(), envelope))
        box.size += len(envelope.sealed)
        box.arrived.set()

    async def fetch(self, site: str, wait: float) -> list[Envelope]:
        """All requests for a site; waits up to ``wait`` seconds for the first."""
        box = self._boxes.setdefault(site, _Box())
        self._forget(box)
        if not box.envelopes:
            box.arrived.clear()
            try:
                await asyncio.wait_for(box.arrived.wait(), wait)
            except TimeoutError:
                return []
        taken = [envelope for _, envelope in box.envelopes]
        box.envelopes.clear()
        box.size = 0
        return taken

    def reply(self, envelope: Envelope) -> None:
        """Answer a request, as its addressee.

        Raises
        ------
        RefusedError
            Nobody waits for it, or the request went to another site.
        """
        found = self._replies.get(envelope.id)
        if found is None or found[1] != envelope.sender:
            raise RefusedError("no_such_request")
        if not found[2].done():
            found[2].set_result(envelope)

    async def reply_to(self, message_id: str, asking_site: str, wait: float) -> Envelope | None:
        """The reply to a request of ours, None after ``wait`` seconds."""
        found = self._replies.get(message_id)
        if found is None:
            raise RefusedError("no_such_request")
        try:
            reply = await asyncio.wait_for(asyncio.shield(found[2]), wait)
        except TimeoutError:
            return None
        if reply.addressee != asking_site:
            raise RefusedError("no_such_request")
        self._replies.pop(message_id, None)
        return reply

    def _forget(self, box: _Box) -> None:
        oldest = time.monotonic() - TERM_SECONDS
        while box.envelopes and box.envelopes[0][0] < oldest:
            _, envelope = box.envelopes.popleft()
            box.size -= len(envelope.sealed)
        for message_id, (posted, _, _) in list(self._replies.items()):
            if posted < oldest:
                del self._replies[message_id]
