"""Collections in the database: every move of a site is a row before it is an action."""

import json
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from usmed_client.errors import RefusedError
from usmed_client.protocol.collections import (
    CollectionReport,
    CollectionRequest,
    Outcome,
    Priority,
    SiteReport,
    SiteState,
    StudyArrival,
)
from usmed_client.protocol.peers import TransferTicket
from usmed_server.core.database import Database, aware
from usmed_server.gateway.collection.states import SiteEvent, after, resumed
from usmed_server.gateway.keys import GatewayKeys
from usmed_server.gateway.models import Collection, CollectionSite, ReceivedInstance

_REQUEST: Final = "collection request"
_TICKET: Final = "collection ticket"


class Record:
    """All collections of this hospital."""

    def __init__(self, database: Database, keys: GatewayKeys) -> None:
        self._database = database
        self._keys = keys

    def begin(
        self, request: CollectionRequest, idempotency_key: str, by: str, sites: dict[str, str]
    ) -> tuple[str, bool]:
        """The collection's id and whether it is new.

        The same key, and without one the same patient, purpose and day, is the same collection.
        """
        named = idempotency_key or self._keys.fingerprint(
            f"{request.patient_id}|{request.purpose}|{datetime.now(UTC).date()}"
        )
        key = sha256(f"{by if idempotency_key else ''}|{named}".encode()).hexdigest()
        try:
            return self._begin(request, key, by, sites)
        except IntegrityError:  # asked twice at the same moment: the other one has begun it
            return self._begin(request, key, by, sites)

    def _begin(
        self, request: CollectionRequest, key: str, by: str, sites: dict[str, str]
    ) -> tuple[str, bool]:
        now = datetime.now(UTC)
        with self._database.session() as session:
            known = session.scalar(select(Collection.id).where(Collection.idempotency_key == key))
            if known is not None:
                return known, False
            collection = Collection(
                id=uuid4().hex, idempotency_key=key, priority=request.priority, requested_by=by,
                request=self._keys.seal(request.model_dump_json().encode(), _REQUEST),
                created_at=now,
            )  # fmt: skip
            session.add(collection)
            for site, name in sites.items():
                session.add(
                    CollectionSite(
                        collection_id=collection.id, site=site, name=name,
                        state=SiteState.QUEUED, since=now,
                    )
                )  # fmt: skip
        return collection.id, True

    def add_sites(self, collection_id: str, sites: dict[str, str]) -> list[str]:
        """Sites that joined the federation since; returns the new ones."""
        with self._database.session() as session:
            known = set(
                session.scalars(
                    select(CollectionSite.site).where(CollectionSite.collection_id == collection_id)
                )
            )
            new = [site for site in sites if site not in known]
            for site in new:
                session.add(
                    CollectionSite(
                        collection_id=collection_id, site=site, name=sites[site],
                        state=SiteState.QUEUED, since=datetime.now(UTC),
                    )
                )  # fmt: skip
        return new

    def request(self, collection_id: str) -> CollectionRequest:
        """What was asked.

        Raises
        ------
        RefusedError
            There is no such collection.
        """
        with self._database.session() as session:
            row = _collection(session, collection_id)
        return CollectionRequest.model_validate_json(self._keys.unseal(row.request, _REQUEST))

    def unfinished(self) -> list[tuple[str, str]]:
        """Collection and site of all that must go on after a start, most urgent first."""
        order = {priority: place for place, priority in enumerate(Priority)}
        with self._database.session() as session:
            rows = session.execute(
                select(CollectionSite, Collection.priority)
                .join(Collection)
                .where(Collection.cancelled.is_(False))
                .order_by(Collection.created_at)
            ).all()
            found = []
            for site, priority in rows:
                state = resumed(SiteState(site.state))
                if state.is_final:
                    continue
                site.state = state
                found.append((order.get(Priority(priority), 9), site.collection_id, site.site))
        return [(collection, site) for _, collection, site in sorted(found, key=lambda f: f[0])]

    def state(self, collection_id: str, site: str) -> SiteState:
        """Where a site is."""
        with self.site(collection_id, site) as row:
            return SiteState(row.state)

    def move(
        self, collection_id: str, site: str, event: SiteEvent, *, reason: str = "", wait: float = 0
    ) -> SiteState:
        """Move a site by the table.

        Parameters
        ----------
        wait
            Seconds until the next try.

        Raises
        ------
        ProtocolError
            The event can't happen in its state.
        """
        with self.site(collection_id, site) as row:
            state = after(SiteState(row.state), event)
            row.state = state
            row.since = datetime.now(UTC)
            row.reason = reason
            row.retry_at = datetime.now(UTC) + timedelta(seconds=wait) if wait else None
            if event in (SiteEvent.LOST, SiteEvent.TOO_OFTEN_LOST):
                row.attempt += 1
            elif event is SiteEvent.STORED:
                row.attempt = 0
        return state

    def attempts(self, collection_id: str, site: str) -> int:
        """How often a site was lost in a row."""
        with self.site(collection_id, site) as row:
            return row.attempt

    def announced(self, collection_id: str, site: str, expected: int, held: int) -> None:
        """A site said what it has; ``held`` of it is here."""
        with self.site(collection_id, site) as row:
            row.expected = expected
            row.instances = held

    def progressed(
        self, collection_id: str, site: str, *, instances: int, size: int, received: int
    ) -> None:
        """More has arrived: all values are what came on top."""
        with self.site(collection_id, site) as row:
            row.instances += instances
            row.size += size
            row.received_bytes += received

    def keep_ticket(
        self, collection_id: str, site: str, ticket: TransferTicket, key: bytes, taken: int
    ) -> None:
        """Remember a running transfer for the time after a kill."""
        kept = {"ticket": ticket.model_dump(mode="json"), "key": key.hex(), "taken": taken}
        with self.site(collection_id, site) as row:
            row.ticket = self._keys.seal(json.dumps(kept).encode(), _TICKET).hex()

    def ticket(self, collection_id: str, site: str) -> tuple[TransferTicket, bytes, int] | None:
        """The running transfer: ticket, our one-time key, instances taken out of its folder."""
        with self.site(collection_id, site) as row:
            sealed = row.ticket
        if not sealed:
            return None
        kept = json.loads(self._keys.unseal(bytes.fromhex(sealed), _TICKET))
        ticket = TransferTicket.model_validate(kept["ticket"])
        return ticket, bytes.fromhex(kept["key"]), kept["taken"]

    def drop_ticket(self, collection_id: str, site: str) -> None:
        """The transfer is over."""
        with self.site(collection_id, site) as row:
            row.ticket = ""

    def cancel(self, collection_id: str) -> None:
        """Nothing more is asked for; what arrived stays."""
        with self._database.session() as session:
            row = _collection(session, collection_id)
            row.cancelled = True

    def reopen(self, collection_id: str, again: Container[SiteState]) -> None:
        """Take a collection up again, with sites in the states ``again`` from the question on.

        Only while nothing of it is being driven: states of a stopped try are those after a kill.

        Raises
        ------
        RefusedError
            There is no such collection.
        """
        with self._database.session() as session:
            row = _collection(session, collection_id)
            was_cancelled, row.cancelled = row.cancelled, False
            for site in row.sites:
                state = SiteState(site.state)
                if state in again:
                    site.state = after(state, SiteEvent.ASKED_AGAIN)
                    site.since, site.reason = datetime.now(UTC), ""
                elif was_cancelled:
                    site.state = resumed(state)

    def report(self, collection_id: str) -> CollectionReport:
        """How a collection stands.

        Raises
        ------
        RefusedError
            There is no such collection.
        """
        with self._database.session() as session:
            row = _collection(session, collection_id)
            sites = tuple(_site_report(site) for site in row.sites)
            cancelled = row.cancelled
        return CollectionReport(
            id=collection_id,
            outcome=_outcome(sites, cancelled=cancelled),
            sites=sites,
        )

    def arrivals(self, study_uids: dict[str, tuple[str, int]]) -> tuple[StudyArrival, ...]:
        """How much of announced studies (UID to site and count) is here."""
        with self._database.session() as session:
            rows = session.execute(
                select(ReceivedInstance.study_uid, func.count())
                .where(ReceivedInstance.study_uid.in_(list(study_uids)))
                .group_by(ReceivedInstance.study_uid)
            )
            here = {uid: count for uid, count in rows}  # noqa: C416  (rows are no tuples)
        return tuple(
            StudyArrival(study_uid=uid, site=site, instances=here.get(uid, 0), expected=expected)
            for uid, (site, expected) in study_uids.items()
        )

    @contextmanager
    def site(self, collection_id: str, site: str) -> Iterator[CollectionSite]:
        """One site's row, in a transaction."""
        with self._database.session() as session:
            row = session.get(CollectionSite, (collection_id, site))
            if row is None:
                raise RefusedError("no_such_collection")
            yield row


def _collection(session: Session, collection_id: str) -> Collection:
    row = session.get(Collection, collection_id)
    if row is None:
        raise RefusedError("no_such_collection")
    return row


def _site_report(row: CollectionSite) -> SiteReport:
    return SiteReport(
        site=row.site, name=row.name, state=SiteState(row.state), instances=row.instances,
        expected=row.expected, size=row.size, reason=row.reason, since=aware(row.since),
        retry_at=aware(row.retry_at) if row.retry_at else None,
    )  # fmt: skip


def _outcome(sites: Sequence[SiteReport], *, cancelled: bool) -> Outcome:
    states = [site.state for site in sites]
    if cancelled:
        return Outcome.CANCELLED
    waiting = (SiteState.RETRY_AT, SiteState.BREAKER_OPEN)
    if all(state is SiteState.NO_DATA for state in states):
        return Outcome.NOTHING
    if all(state in (SiteState.NO_DATA, SiteState.COMMITTED) for state in states):
        return Outcome.COMPLETE
    if all(state.is_final or state in waiting for state in states):
        return Outcome.PARTIAL
    return Outcome.RUNNING
