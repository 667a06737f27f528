"""Files arrived instances under the local patient: checked, refiled, given to the PACS."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError as DatabaseIntegrityError

from usmed_client.errors import (
    IdentityMismatchError,
    IntegrityError,
    ProtocolError,
    UnreachableError,
)
from usmed_client.protocol.identity import Identity
from usmed_server.gateway.collection.parts import EngineParts
from usmed_server.gateway.collection.receiving import Arrived
from usmed_server.gateway.identity.datasets import identity_of, refile
from usmed_server.gateway.identity.matching import Verdict, compare
from usmed_server.gateway.identity.names import fold
from usmed_server.gateway.models import ReceivedInstance

_PIXELS: Final = 0x7FE00010
_DEFLATED: Final = "1.2.840.10008.1.2.1.99"


@dataclass(slots=True)
class Filed:
    """What became of a batch."""

    stored: list[str] = field(default_factory=list)
    quarantined: list[tuple[str, str]] = field(default_factory=list)
    """SOP Instance UID and reason."""


class Filing:
    """Files what arrives for one patient from one site.

    Parameters
    ----------
    source
        The site that it comes from.
    identity
        The patient as confirmed at this hospital.
    patient_id
        Our number of the patient.
    """

    def __init__(
        self, parts: EngineParts, source: str, identity: Identity, patient_id: str
    ) -> None:
        self._parts = parts
        self._quarantine = parts.folder.parent / "quarantine"
        self._source = source
        self._identity = identity
        self._patient_id = patient_id
        self._first: dict[str, tuple[object, ...]] = {}
        """By study: who its first instance said it is of."""

    def file(self, batch: Sequence[Arrived], digests: dict[str, str]) -> Filed:
        """Check, refile and store a batch; blocks.

        A wrong instance is set aside with an alarm and the others go on.

        Raises
        ------
        UnreachableError
            The PACS does not take the batch; nothing of it counts as stored.
        """
        filed = Filed()
        ready = self._ready(batch, digests, filed)
        ours, differing = self._stage(
            {uid: (digests[uid], study) for uid, (_, study) in ready.items()}
        )
        arrivals = {arrived.sop_uid: arrived for arrived in batch}
        for sop_uid in differing:
            del ready[sop_uid]
            self._refuse(arrivals[sop_uid], digests, "content_differs", filed)
        failed = ""
        for stored in self._parts.pacs.store([path for path, _ in ready.values()]):
            if stored.outcome == "failed" or stored.sop_uid not in ready:
                failed = stored.detail or "pacs_refused"
            elif stored.outcome == "conflict" and stored.sop_uid not in ours:
                # The PACS has it with other content and could not tell us so before.
                self._refuse(arrivals[stored.sop_uid], digests, "content_differs", filed)
            else:
                filed.stored.append(stored.sop_uid)
        self._settle(filed)
        if failed:
            raise UnreachableError("pacs_refused", failed)
        for arrived in batch:
            for path in (arrived.path, _refiled(arrived.path)):
                path.unlink(missing_ok=True)
        return filed

    def _ready(
        self, batch: Sequence[Arrived], digests: dict[str, str], filed: Filed
    ) -> dict[str, tuple[Path, str]]:
        """Refiled files and their studies, by UID; what is wrong is set aside."""
        ready = {}
        for arrived in batch:
            try:
                study_uid, path = self._checked(arrived)
            except (IdentityMismatchError, ProtocolError) as error:
                self._refuse(arrived, digests, error.code, filed)
            else:
                ready[arrived.sop_uid] = (path, study_uid)
        return ready

    def _refuse(self, arrived: Arrived, digests: dict[str, str], reason: str, filed: Filed) -> None:
        self._set_aside(arrived, digests[arrived.sop_uid], reason)
        filed.quarantined.append((arrived.sop_uid, reason))

    def _checked(self, arrived: Arrived) -> tuple[str, Path]:
        """Study UID, and the file under the local number.

        Raises
        ------
        IdentityMismatchError
            Another patient's.
        ProtocolError
            No DICOM file, or not the instance that was announced.
        """
        from pydicom import dcmread, dcmwrite  # noqa: PLC0415  (slow to import)
        from pydicom.errors import InvalidDicomError  # noqa: PLC0415

        try:
            with arrived.path.open("rb") as file:
                dataset = dcmread(file, stop_before_pixels=True)
                header_end = file.tell()
            if str(dataset.SOPInstanceUID) != arrived.sop_uid:
                raise IntegrityError("another_instance")
            study_uid = str(dataset.StudyInstanceUID)
            if not (study_uid and dataset.SeriesInstanceUID and dataset.SOPClassUID):
                raise ProtocolError("not_dicom", "empty UID")
            self._check_patient(identity_of(dataset), study_uid)
            if str(dataset.file_meta.TransferSyntaxUID) == _DEFLATED:
                dataset = dcmread(arrived.path)
                header_end = arrived.path.stat().st_size
            refile(dataset, self._patient_id, self._parts.issuer, self._source)
            target = _refiled(arrived.path)
            with arrived.path.open("rb") as original, target.open("wb") as file:
                dcmwrite(file, dataset)
                # The pixels follow as they came: never decoded, never copied through objects.
                original.seek(header_end)
                shutil.copyfileobj(original, file, 1 << 20)
        except (InvalidDicomError, AttributeError, ValueError, KeyError, EOFError) as error:
            raise ProtocolError("not_dicom", type(error).__name__) from error
        return study_uid, target

    def _check_patient(self, found: Identity, study_uid: str) -> None:
        if compare(self._identity, found).verdict is Verdict.OTHER:
            raise IdentityMismatchError("another_patient")
        person = (
            fold(f"{found.family_name} {found.given_name}"), found.birth_date, found.sex,
        )  # fmt: skip
        if self._first.setdefault(study_uid, person) != person:
            raise IdentityMismatchError("mixed_patients")

    def _set_aside(self, arrived: Arrived, digest: str, reason: str) -> None:
        self._quarantine.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = self._quarantine / f"{digest}.dcm"
        if arrived.path.is_file():
            shutil.copyfile(arrived.path, target)
        self._parts.set_aside(arrived.sop_uid, digest, self._source, reason)

    def _stage(self, found: dict[str, tuple[str, str]]) -> tuple[set[str], set[str]]:
        """Write down what the PACS is about to get, by UID: hash and study.

        After a kill between the PACS and us, that tells our own copy from somebody else's.

        Returns
        -------
        UIDs that were written down before, and those that came with another hash then.
        """
        try:
            return self._stage_once(found)
        except DatabaseIntegrityError:  # another site brings the same at this moment
            return self._stage_once(found)

    def _stage_once(self, found: dict[str, tuple[str, str]]) -> tuple[set[str], set[str]]:
        now = datetime.now(UTC)
        with self._parts.database.session() as session:
            known = {
                row.sop_uid: row.sha256
                for row in session.scalars(
                    select(ReceivedInstance).where(ReceivedInstance.sop_uid.in_(list(found)))
                )
            }
            for sop_uid, (digest, study_uid) in found.items():
                if sop_uid not in known:
                    session.add(
                        ReceivedInstance(
                            sop_uid=sop_uid, sha256=digest, study_uid=study_uid,
                            source=self._source, state="staged", at=now,
                        )
                    )  # fmt: skip
        return set(known), {uid for uid in known if known[uid] != found[uid][0]}

    def _settle(self, filed: Filed) -> None:
        """Mark what is stored; forget what was not ours to write down."""
        refused = [uid for uid, _ in filed.quarantined]
        with self._parts.database.session() as session:
            session.execute(
                update(ReceivedInstance)
                .where(ReceivedInstance.sop_uid.in_(filed.stored))
                .values(state="stored", at=datetime.now(UTC))
            )
            session.execute(
                delete(ReceivedInstance).where(
                    ReceivedInstance.sop_uid.in_(refused), ReceivedInstance.state == "staged",
                    ReceivedInstance.source == self._source,
                )
            )  # fmt: skip


def _refiled(path: Path) -> Path:
    return path.with_suffix(".refiled.dcm")
