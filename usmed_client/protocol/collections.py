"""Collections: what a hospital asks of all others on a patient's arrival, and how it goes."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from usmed_client.protocol.identity import Identity
from usmed_client.protocol.message import Message, PrivateMessage


class Priority(StrEnum):
    """Whose data go first."""

    OPERATING_ROOM = "or"
    WARD = "ward"
    PREFETCH = "prefetch"


class Purpose(StrEnum):
    """Why data are asked for (HL7 PurposeOfUse)."""

    TREATMENT = "TREAT"
    EMERGENCY = "ETREAT"


class SiteState(StrEnum):
    """How far one site of a collection is. The table of moves is the gateway's."""

    QUEUED = "QUEUED"
    QUERYING = "QUERYING"
    NO_DATA = "NO_DATA"
    AMBIGUOUS = "AMBIGUOUS"
    FOUND = "FOUND"
    AWAITING_RELEASE = "AWAITING_RELEASE"
    TRANSFERRING = "TRANSFERRING"
    VERIFYING = "VERIFYING"
    COMMITTED = "COMMITTED"
    RETRY_AT = "RETRY_AT"
    BREAKER_OPEN = "BREAKER_OPEN"
    REFUSED = "REFUSED"
    FAILED = "FAILED"

    @property
    def is_final(self) -> bool:
        """Nothing more comes of itself."""
        return self in _FINAL

    @property
    def has_answered(self) -> bool:
        """The site has said what it has, be it nothing."""
        return self in _ANSWERED


_FINAL = frozenset(
    (
        SiteState.NO_DATA,
        SiteState.AMBIGUOUS,
        SiteState.COMMITTED,
        SiteState.REFUSED,
        SiteState.FAILED,
    )
)
_ANSWERED = frozenset(
    (
        SiteState.NO_DATA, SiteState.AMBIGUOUS, SiteState.FOUND, SiteState.AWAITING_RELEASE,
        SiteState.TRANSFERRING, SiteState.VERIFYING, SiteState.COMMITTED, SiteState.REFUSED,
    )
)  # fmt: skip


class Outcome(StrEnum):
    """How a collection stands as a whole."""

    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    """All sites answered and all that they have is here."""
    NOTHING = "NOTHING"
    """All sites answered: there is nothing elsewhere."""
    PARTIAL = "PARTIAL"
    """Some sites did not answer or did not finish; it goes on by itself when they come back."""
    CANCELLED = "CANCELLED"


class CollectionRequest(PrivateMessage):
    """Collect all that the federation holds of a patient into the local PACS.

    Attributes
    ----------
    patient_id
        The local hospital's number of the patient: what arrives is filed under it.
    identity
        As a person at the asking hospital confirmed it; without it the gateway takes what the
        local PACS knows of ``patient_id``.
    """

    patient_id: str = Field(min_length=1, max_length=64)
    identity: Identity | None = None
    purpose: Purpose = Purpose.TREATMENT
    priority: Priority = Priority.OPERATING_ROOM


class SiteReport(Message):
    """How one site of a collection stands.

    Attributes
    ----------
    instances, expected
        Arrived and announced; ``expected`` is 0 until the site answered.
    size
        Bytes arrived and verified.
    reason
        Code of an error or "", see `usmed_client.errors`.
    since
        When it came into this state.
    """

    site: str
    name: str = ""
    state: SiteState = SiteState.QUEUED
    instances: int = 0
    expected: int = 0
    size: int = 0
    reason: str = ""
    since: datetime
    retry_at: datetime | None = None


class StudyArrival(Message):
    """A study of which something is in the local PACS."""

    study_uid: str
    site: str
    instances: int
    expected: int


class CollectionReport(Message):
    """A collection at one moment; sent as an event whenever something changes."""

    id: str
    outcome: Outcome
    sites: tuple[SiteReport, ...] = ()
    studies: tuple[StudyArrival, ...] = ()

    @property
    def answered(self) -> int:
        """How many sites have said what they have."""
        return sum(site.state.has_answered for site in self.sites)

    @property
    def silent(self) -> tuple[SiteReport, ...]:
        """Sites that have not answered: while there are any, nobody may say "nothing found"."""
        return tuple(site for site in self.sites if not site.state.has_answered)
