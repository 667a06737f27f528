"""Sealed messages for the relay: it carries them and reads nothing.

The secret mixes a one-time key with both sites' own keys, so that only the addressee can open it
and it can only come from the sender (the idea of Noise's IK handshake, one message each way).
"""

import base64
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydantic import Field

from usmed_client.errors import IntegrityError
from usmed_client.protocol.message import Message
from usmed_client.protocol.stream import ChunkCipher, agree, new_private_key, public_hex

Direction = Literal["request", "reply"]


class Envelope(Message):
    """A message through the relay; ``sealed`` is base64."""

    id: str = Field(min_length=16, max_length=64)
    sender: str
    addressee: str
    direction: Direction
    one_time_key: str = Field(pattern="^[0-9a-f]{64}$")
    sealed: str


class RelayedRequest(Message):
    """What a sealed request says: a call of the addressee's ``/n/v1``."""

    method: Literal["GET", "POST"]
    path: str = Field(pattern="^/n/v1/[A-Za-z0-9/._-]+$")
    body: str = ""
    """Base64."""

    def content(self) -> bytes:
        """The body."""
        return base64.b64decode(self.body)


class RelayedReply(Message):
    """What a sealed reply says."""

    status: int
    body: str = ""
    """Base64."""


def seal(
    content: Message,
    *,
    message_id: str,
    sender: str,
    addressee: str,
    direction: Direction,
    own_key: X25519PrivateKey,
    addressee_key: str,
) -> Envelope:
    """Seal a message to a site."""
    one_time = new_private_key()
    secret = agree(one_time, addressee_key) + agree(own_key, addressee_key)
    cipher = ChunkCipher(
        secret, _context(message_id, sender, addressee, direction, public_hex(one_time))
    )
    sealed = cipher.seal(0, content.model_dump_json().encode(), last=True)
    return Envelope(
        id=message_id, sender=sender, addressee=addressee, direction=direction,
        one_time_key=public_hex(one_time), sealed=base64.b64encode(sealed).decode(),
    )  # fmt: skip


def unseal(envelope: Envelope, *, own_key: X25519PrivateKey, sender_key: str) -> bytes:
    """JSON of the message.

    Raises
    ------
    IntegrityError
        It is not for us, not from ``sender_key``'s owner, or was changed.
    """
    secret = agree(own_key, envelope.one_time_key) + agree(own_key, sender_key)
    context = _context(
        envelope.id, envelope.sender, envelope.addressee, envelope.direction, envelope.one_time_key
    )
    try:
        sealed = base64.b64decode(envelope.sealed, validate=True)
    except ValueError:
        raise IntegrityError("envelope_changed") from None
    return ChunkCipher(secret, context).open(0, sealed, last=True)


def _context(*parts: str) -> str:
    return "envelope|" + "|".join(parts)
