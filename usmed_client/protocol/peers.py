"""What gateways say to each other (``/n/v1``), directly or sealed through the directory's relay."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from usmed_client.protocol.collections import Priority, Purpose
from usmed_client.protocol.identity import Identity
from usmed_client.protocol.manifests import StudyManifest
from usmed_client.protocol.message import Message, PrivateMessage


class Found(StrEnum):
    """What a site answers to "do you know this patient?"."""

    NO_DATA = "NO_DATA"
    """None, or none that it may tell of: both look alike."""
    AMBIGUOUS = "AMBIGUOUS"
    """Somebody there must compare first."""
    FOUND = "FOUND"


class DiscoverRequest(PrivateMessage):
    """Do you know this patient? A ``request_id`` is answered once, repeats are refused."""

    request_id: str = Field(min_length=16, max_length=64)
    asking_site: str
    identity: Identity
    purpose: Purpose
    issued_at: datetime


class DiscoverAnswer(Message):
    """What a site knows, with the manifests of all that it would send."""

    found: Found
    pending: bool = False
    """Known here, but still being read from the PACS: ask again with a new ``request_id``."""
    studies: tuple[StudyManifest, ...] = ()


class TransferRequest(Message):
    """Send me these instances: what the destination lacks of the manifests.

    Attributes
    ----------
    request_id
        Of the discovery that it follows.
    release
        What the release authority gave, for the source to check; opaque here.
    recipient_key
        One-time X25519 public key, hexadecimal: only its owner can read the stream.
    """

    request_id: str
    asking_site: str
    wanted: tuple[str, ...] = Field(min_length=1)
    """SOP Instance UIDs, in the order in which they are wanted."""
    release: str
    recipient_key: str = Field(pattern="^[0-9a-f]{64}$")
    purpose: Purpose
    priority: Priority = Priority.OPERATING_ROOM
    issued_at: datetime


class TransferTicket(Message):
    """A stream of ``chunks`` encrypted chunks, each of which can be asked for again at any time.

    The stream is the instances one after the other in ``order``; see `protocol.stream`.
    """

    ticket_id: str
    sender_key: str = Field(pattern="^[0-9a-f]{64}$")
    order: tuple[str, ...]
    sizes: tuple[int, ...]
    chunk_size: int
    chunks: int
