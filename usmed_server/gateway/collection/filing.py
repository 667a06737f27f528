"""Files arrived instances under the local patient: checked, refiled, given to the PACS."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

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
        ready: dict[str, tuple[Path, str]] = {}
        for arrived in batch:
            try:
                study_uid, path = self._checked(arrived)
            except (IdentityMismatchError, ProtocolError) as error:
                self._set_aside(arrived, digests[arrived.sop_uid], error.code)
                filed.quarantined.append((arrived.sop_uid, error.code))
                continue
            ready[arrived.sop_uid] = (path, study_uid)
        failed = ""
        for stored in self._parts.pacs.store([path for path, _ in ready.values()]):
            path, study_uid = ready[stored.sop_uid]
            # A conflict is our own copy of an earlier try: `planning` never asks for other content.
            if stored.outcome == "failed":
                failed = stored.detail or "pacs_refused"
                continue
            self._note(stored.sop_uid, digests[stored.sop_uid], study_uid)
            filed.stored.append(stored.sop_uid)
        if failed:
            raise UnreachableError("pacs_refused", failed)
        for arrived in batch:
            for path in (arrived.path, _refiled(arrived.path)):
                path.unlink(missing_ok=True)
        return filed

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

    def _note(self, sop_uid: str, digest: str, study_uid: str) -> None:
        with self._parts.database.session() as session:
            session.merge(
                ReceivedInstance(
                    sop_uid=sop_uid, sha256=digest, study_uid=study_uid, source=self._source,
                    state="stored", at=datetime.now(UTC),
                )
            )  # fmt: skip


def _refiled(path: Path) -> Path:
    return path.with_suffix(".refiled.dcm")
