"""The embedded archive as the local PACS."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from usmed_client.protocol.identity import Identifier, Identity
from usmed_server.gateway.archive.store import Archive
from usmed_server.gateway.identity.datasets import read_date
from usmed_server.gateway.models import ArchivedStudy
from usmed_server.gateway.ports import PacsInstance, PacsPatient, Stored


class EmbeddedPacs:
    """`Pacs` on the embedded archive: no network between."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    def echo(self) -> None:
        """Look whether the tables can be read."""
        self.archive.holds(())

    def patients(
        self, *, patient_id: str = "", family_name: str = "", birth_date: date | None = None
    ) -> Sequence[PacsPatient]:
        """Patients of matching studies; one record a different spelling."""
        studies = self.archive.studies(
            patient_id=patient_id, family_name=family_name, birth_date=birth_date
        )
        groups: dict[tuple[str, ...], list[ArchivedStudy]] = {}
        for study in studies:
            key = (study.patient_id, study.issuer, study.patient_name, study.birth_date, study.sex)
            groups.setdefault(key, []).append(study)
        return [
            PacsPatient(
                found[0].patient_id, found[0].issuer, _identity(found[0]),
                tuple(study.study_uid for study in found),
            )
            for found in groups.values()
        ]  # fmt: skip

    def instances(self, study_uid: str) -> Sequence[PacsInstance]:
        """Instances of a study."""
        return [
            PacsInstance(study_uid, series.series_uid, i.sop_uid, series.modality, i.number)
            for series in self.archive.series(study_uid)
            for i in series.instances
        ]

    def fetch(self, study_uid: str, into: Path) -> Iterator[Path]:
        """Links to the archived files (copies across disks)."""
        for series in self.archive.series(study_uid):
            for instance in series.instances:
                target = into / f"{instance.sop_uid}.dcm"
                source = self.archive.file_of(instance.sha256)
                try:
                    os.link(source, target)
                except OSError:
                    shutil.copyfile(source, target)
                yield target

    def store(self, files: Sequence[Path]) -> Iterator[Stored]:
        """Archive the files."""
        return self.archive.add(files)

    def digests(self, sop_uids: Sequence[str]) -> dict[str, str]:
        """Hashes of all that is archived."""
        return self.archive.holds(sop_uids)

    def commit(self, sop_uids: Sequence[str]) -> Sequence[str]:
        """Those that are not archived: what has a row is on disk."""
        held = self.archive.holds(sop_uids)
        return [sop_uid for sop_uid in sop_uids if sop_uid not in held]


def _identity(study: ArchivedStudy) -> Identity:
    family, _, rest = study.patient_name.split("=")[0].partition("^")
    given = " ".join(part for part in rest.split("^")[:2] if part)
    numbers = [(study.patient_id, study.issuer)] if study.patient_id else []
    numbers += [(value, issuer) for value, issuer in json.loads(study.other_ids or "[]")]
    sex = study.sex if study.sex in ("M", "F", "O") else ""
    return Identity(
        identifiers=tuple(Identifier(value=value, issuer=issuer) for value, issuer in numbers),
        family_name=family,
        given_name=given,
        birth_date=read_date(study.birth_date),
        sex=sex,  # type: ignore[arg-type]
    )
