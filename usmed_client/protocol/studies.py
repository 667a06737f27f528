"""What a workstation sees of its own hospital's gateway (``/v1``)."""

from datetime import date, datetime

from usmed_client.protocol.identity import Identity, PatientRecord
from usmed_client.protocol.message import Message, PrivateMessage


class Patients(PrivateMessage):
    """Patients of the local PACS."""

    patients: tuple[PatientRecord, ...]


class StudyRecord(PrivateMessage):
    """A study in the local PACS."""

    study_uid: str
    study_date: date | None = None
    description: str = ""
    modalities: tuple[str, ...] = ()
    instances: int = 0
    source: str = ""
    """Site that it came from, empty for our own."""


class InstanceRecord(Message):
    """An instance that can be retrieved from the local PACS."""

    sop_uid: str
    series_uid: str
    modality: str = ""
    number: int | None = None
    size: int = 0


class Studies(PrivateMessage):
    """Studies of one patient in the local PACS, newest first."""

    studies: tuple[StudyRecord, ...]


class Instances(Message):
    """Instances of a study in the order in which a viewer wants them."""

    instances: tuple[InstanceRecord, ...]


class Collected(Message):
    """Answer to a collection request."""

    id: str


class ReviewRecord(PrivateMessage):
    """A possible match that waits for a person."""

    id: str
    asking_site: str
    asked: Identity
    ours: Identity
    weight: float
    reasons: tuple[str, ...]
    at: datetime


class ReviewDecision(Message):
    """A person's answer: the same patient, or another."""

    same: bool
