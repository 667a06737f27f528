"""What gateways say to the directory (``/h/v1``)."""

from pydantic import Field

from usmed_client.protocol.announcements import SignedAnnouncement
from usmed_client.protocol.message import Message


class Sites(Message):
    """All sites of the federation, each with its own signed announcement."""

    sites: tuple[SignedAnnouncement, ...]


class IndexUpdate(Message):
    """Pseudonyms that the calling site knows; ``complete`` replaces what it named before."""

    pseudonyms: tuple[str, ...] = Field(max_length=100_000)
    complete: bool = False


class LocateRequest(Message):
    """Asks who knows a pseudonym."""

    pseudonym: str = Field(min_length=16, max_length=64)


class Located(Message):
    """Sites that know a pseudonym, and sites that keep no index and must be asked."""

    knowing: tuple[str, ...]
    unindexed: tuple[str, ...]
