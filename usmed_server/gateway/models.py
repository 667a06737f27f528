"""The gateway's tables; the same on SQLite and PostgreSQL."""

from datetime import datetime

from sqlalchemy import (
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """Base of all tables of the gateway."""


_Time = DateTime(timezone=True)


class ArchivedInstance(Base):
    """An instance in the embedded archive; the file lies under its hash."""

    __tablename__ = "archived_instance"

    sop_uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    sop_class_uid: Mapped[str] = mapped_column(String(64))
    transfer_syntax_uid: Mapped[str] = mapped_column(String(64))
    number: Mapped[int | None]
    series_uid: Mapped[str] = mapped_column(ForeignKey("archived_series.series_uid"), index=True)
    stored_at: Mapped[datetime] = mapped_column(_Time)

    series: Mapped["ArchivedSeries"] = relationship(back_populates="instances")


class ArchivedSeries(Base):
    """A series in the embedded archive."""

    __tablename__ = "archived_series"

    series_uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    study_uid: Mapped[str] = mapped_column(ForeignKey("archived_study.study_uid"), index=True)
    modality: Mapped[str] = mapped_column(String(16))
    number: Mapped[int | None]
    description: Mapped[str] = mapped_column(String(200), default="")

    study: Mapped["ArchivedStudy"] = relationship(back_populates="series")
    instances: Mapped[list[ArchivedInstance]] = relationship(back_populates="series")


class ArchivedStudy(Base):
    """A study in the embedded archive with its patient, as its first instance says.

    ``name_key`` is the folded name that searches look for.
    """

    __tablename__ = "archived_study"
    __table_args__ = (Index("archived_study_name", "name_key"),)

    study_uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    patient_id: Mapped[str] = mapped_column(String(64), index=True)
    issuer: Mapped[str] = mapped_column(String(64), default="")
    other_ids: Mapped[str] = mapped_column(Text, default="")
    """JSON list of [value, issuer]."""
    patient_name: Mapped[str] = mapped_column(String(324))
    name_key: Mapped[str] = mapped_column(String(324))
    birth_date: Mapped[str] = mapped_column(String(10), default="", index=True)
    sex: Mapped[str] = mapped_column(String(1), default="")
    study_date: Mapped[str] = mapped_column(String(10), default="")
    study_time: Mapped[str] = mapped_column(String(16), default="")
    description: Mapped[str] = mapped_column(String(200), default="")
    accession_number: Mapped[str] = mapped_column(String(64), default="")

    series: Mapped[list[ArchivedSeries]] = relationship(back_populates="study")


class Collection(Base):
    """A collection that this hospital asked for.

    ``request`` is the sealed CollectionRequest: a stolen database shows no patient.
    """

    __tablename__ = "collection"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(String(64), unique=True)
    request: Mapped[bytes] = mapped_column(LargeBinary)
    priority: Mapped[str] = mapped_column(String(16))
    requested_by: Mapped[str] = mapped_column(String(64))
    cancelled: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(_Time)

    sites: Mapped[list["CollectionSite"]] = relationship(
        back_populates="collection", order_by="CollectionSite.site"
    )


class CollectionSite(Base):
    """One site of a collection and how far it is."""

    __tablename__ = "collection_site"

    collection_id: Mapped[str] = mapped_column(ForeignKey("collection.id"), primary_key=True)
    site: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[str] = mapped_column(String(20))
    since: Mapped[datetime] = mapped_column(_Time)
    attempt: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None] = mapped_column(_Time)
    reason: Mapped[str] = mapped_column(String(64), default="")
    expected: Mapped[int] = mapped_column(default=0)
    instances: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(default=0)
    received_bytes: Mapped[int] = mapped_column(default=0)
    """All bytes that came, those that came twice too."""
    ticket: Mapped[str] = mapped_column(Text, default="")
    """The ticket of the running transfer with our one-time key, sealed."""

    collection: Mapped[Collection] = relationship(back_populates="sites")


class ReceivedInstance(Base):
    """An instance that came from another site, by the hash that its source announced.

    A second instance of the same UID and another hash is never stored: it is quarantined.
    """

    __tablename__ = "received_instance"

    sop_uid: Mapped[str] = mapped_column(String(64), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    study_uid: Mapped[str] = mapped_column(String(64), index=True)
    source: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    """``staged`` (verified, on disk), ``stored`` (given to the PACS), ``committed``."""
    at: Mapped[datetime] = mapped_column(_Time)


class Quarantined(Base):
    """What came and may not be shown: another patient, or other content under a known UID."""

    __tablename__ = "quarantined"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    sop_uid: Mapped[str] = mapped_column(String(64), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(_Time)


class OutgoingTransfer(Base):
    """A ticket that this hospital gave: enough to send any of its chunks again after a restart."""

    __tablename__ = "outgoing_transfer"

    ticket_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    destination: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(64), index=True)
    recipient_key: Mapped[str] = mapped_column(String(64))
    sender_key: Mapped[bytes] = mapped_column(LargeBinary)
    """Our one-time private key, sealed with the gateway's own key."""
    items: Mapped[str] = mapped_column(Text)
    """JSON list of [sop_uid, sha256, size] in the order of the stream."""
    priority: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(_Time)
    expires_at: Mapped[datetime] = mapped_column(_Time)


class AnsweredRequest(Base):
    """Requests of peers that were answered: a replayed one is refused."""

    __tablename__ = "answered_request"
    __table_args__ = (UniqueConstraint("peer", "request_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    peer: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(_Time, index=True)


class Review(Base):
    """A possible match: a person must say whether our patient is the one who is asked for."""

    __tablename__ = "review"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    asking_site: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str] = mapped_column(String(64))
    subject: Mapped[bytes] = mapped_column(LargeBinary)
    """Sealed JSON: the asked identity, our candidates and their scores."""
    person_key: Mapped[str] = mapped_column(String(64), index=True)
    """Keyed hash of the asked identity, so that a decision serves the next request too."""
    decision: Mapped[str] = mapped_column(String(16), default="")
    """``same``, ``other``, or "" while it waits."""
    local_patient_id: Mapped[bytes | None] = mapped_column(LargeBinary)
    decided_by: Mapped[str] = mapped_column(String(64), default="")
    at: Mapped[datetime] = mapped_column(_Time)
