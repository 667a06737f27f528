"""Answers "do you know this patient?", each question once, and only to a clock that agrees."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from usmed_client.errors import RefusedError
from usmed_client.protocol.identity import Identity
from usmed_client.protocol.manifests import StudyManifest
from usmed_client.protocol.peers import DiscoverAnswer, DiscoverRequest, Found
from usmed_server.core.database import Database
from usmed_server.gateway.identity.matching import Comparison, Verdict, compare
from usmed_server.gateway.keys import GatewayKeys
from usmed_server.gateway.models import AnsweredRequest, ReceivedInstance, Review
from usmed_server.gateway.ports import Pacs, PacsPatient
from usmed_server.gateway.source.manifests import Manifests

CLOCK_SKEW: Final = timedelta(seconds=60)
_REMEMBERED: Final = timedelta(hours=1)
_SUBJECT: Final = "review subject"


class Discovery:
    """Whom we know. All calls may block on the PACS: never call in the event loop."""

    def __init__(
        self, database: Database, pacs: Pacs, keys: GatewayKeys, manifests: Manifests
    ) -> None:
        self._database = database
        self._pacs = pacs
        self._keys = keys
        self._manifests = manifests

    def answer(self, request: DiscoverRequest, asking_site: str) -> DiscoverAnswer:
        """What we know of a patient, with manifests of what we would send.

        Raises
        ------
        RefusedError
            The request names another site than it comes from, was answered before, or comes from
            a clock that is more than a minute off.
        UnreachableError
            Our PACS does not answer.
        """
        if request.asking_site != asking_site:
            raise RefusedError("another_sites_request", asking_site)
        check_clock(request.issued_at)
        self._answer_once(asking_site, request.request_id)
        same, possible = self._known(request.identity)
        decisions = self._decisions(request.identity)
        same += [p for p, _ in possible if decisions.get(p.patient_id) == "same"]
        undecided = [(p, c) for p, c in possible if p.patient_id not in decisions]
        study_uids = list(dict.fromkeys(uid for patient in same for uid in patient.study_uids))
        if study_uids:
            studies, pending = self._manifests.of_studies(study_uids)
            own = self._own(studies)
            if own or pending:
                return DiscoverAnswer(found=Found.FOUND, pending=pending, studies=own)
        if undecided:
            self._ask_a_person(request, undecided)
            return DiscoverAnswer(found=Found.AMBIGUOUS)
        return DiscoverAnswer(found=Found.NO_DATA)

    def reviews(self) -> Sequence[Review]:
        """Possible matches that wait for a person."""
        with self._database.session() as session:
            return session.scalars(
                select(Review).where(Review.decision == "").order_by(Review.at)
            ).all()

    def subject(self, review: Review) -> dict[str, object]:
        """What a person must compare: the asked identity and our candidate."""
        found: dict[str, object] = json.loads(self._keys.unseal(review.subject, _SUBJECT))
        return found

    def decide(self, review_id: str, *, same: bool, by: str) -> None:
        """A person's decision; it also answers the next question for this person.

        Raises
        ------
        RefusedError
            There is no such review, or it was decided.
        """
        with self._database.session() as session:
            review = session.get(Review, review_id)
            if review is None or review.decision:
                raise RefusedError("no_such_review")
            review.decision = "same" if same else "other"
            review.decided_by = by
            review.at = datetime.now(UTC)

    def _known(
        self, identity: Identity
    ) -> tuple[list[PacsPatient], list[tuple[PacsPatient, Comparison]]]:
        candidates: dict[tuple[str, str, str], PacsPatient] = {}
        found: list[PacsPatient] = []
        for identifier in identity.identifiers:
            found += self._pacs.patients(patient_id=identifier.value)
        if identity.birth_date is not None:
            found += self._pacs.patients(birth_date=identity.birth_date)
        for name in (identity.family_name, identity.given_name, *identity.former_names):
            if name:
                found += self._pacs.patients(family_name=name)
        for patient in found:
            key = (patient.patient_id, patient.issuer, patient.identity.model_dump_json())
            candidates[key] = patient
        same, possible = [], []
        for patient in candidates.values():
            comparison = compare(identity, patient.identity)
            if comparison.verdict is Verdict.SAME:
                same.append(patient)
            elif comparison.verdict is Verdict.POSSIBLE:
                possible.append((patient, comparison))
        return same, possible

    def _own(self, studies: Sequence[StudyManifest]) -> tuple[StudyManifest, ...]:
        """Without what came from other sites: those announce it themselves, as it was.

        Our copies are filed under our number and so have other bytes under the same UID.
        """
        uids = [entry.sop_uid for study in studies for entry in study.instances]
        foreign: set[str] = set()
        with self._database.session() as session:
            for first in range(0, len(uids), 500):
                part = uids[first : first + 500]
                foreign |= set(
                    session.scalars(
                        select(ReceivedInstance.sop_uid).where(ReceivedInstance.sop_uid.in_(part))
                    )
                )
        if not foreign:
            return tuple(studies)
        own = (study.without(foreign) for study in studies)
        return tuple(study for study in own if study.series)

    def _answer_once(self, peer: str, request_id: str) -> None:
        now = datetime.now(UTC)
        try:
            with self._database.session() as session:
                session.execute(
                    delete(AnsweredRequest).where(AnsweredRequest.at < now - _REMEMBERED)
                )
                session.add(AnsweredRequest(peer=peer, request_id=request_id, at=now))
        except IntegrityError:
            raise RefusedError("replayed", peer) from None

    def _decisions(self, identity: Identity) -> dict[str, str]:
        """What persons decided about this identity, by our patient number."""
        with self._database.session() as session:
            rows = session.scalars(
                select(Review).where(
                    Review.person_key == self._person_key(identity), Review.decision != ""
                )
            ).all()
        return {
            self._keys.unseal(row.local_patient_id, _SUBJECT).decode(): row.decision
            for row in rows
            if row.local_patient_id is not None
        }

    def _ask_a_person(
        self, request: DiscoverRequest, candidates: list[tuple[PacsPatient, Comparison]]
    ) -> None:
        person = self._person_key(request.identity)
        with self._database.session() as session:
            waiting = session.scalars(select(Review).where(Review.person_key == person)).all()
            asked = {
                self._keys.unseal(row.local_patient_id, _SUBJECT).decode()
                for row in waiting
                if row.local_patient_id is not None
            }
            for patient, comparison in candidates:
                if patient.patient_id in asked:
                    continue
                subject = {
                    "asked": request.identity.model_dump(mode="json"),
                    "ours": patient.identity.model_dump(mode="json"),
                    "weight": round(comparison.weight, 1),
                    "reasons": comparison.reasons,
                }
                session.add(
                    Review(
                        id=uuid4().hex, asking_site=request.asking_site,
                        request_id=request.request_id, person_key=person,
                        subject=self._keys.seal(json.dumps(subject).encode(), _SUBJECT),
                        local_patient_id=self._keys.seal(patient.patient_id.encode(), _SUBJECT),
                        at=datetime.now(UTC),
                    )
                )  # fmt: skip

    def _person_key(self, identity: Identity) -> str:
        return self._keys.fingerprint(identity.model_dump_json())


def check_clock(issued_at: datetime) -> None:
    """Refuse a message from a clock that is more than `CLOCK_SKEW` off.

    Raises
    ------
    RefusedError
    """
    if issued_at.tzinfo is None or abs(datetime.now(UTC) - issued_at) > CLOCK_SKEW:
        raise RefusedError("clock_skew")
