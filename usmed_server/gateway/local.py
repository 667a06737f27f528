"""The local PACS as workstations read it: studies of a patient, files of a study.

A foreign PACS is read through the embedded archive, which then serves as a cache.
"""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select

from usmed_client.errors import RefusedError
from usmed_client.protocol.studies import InstanceRecord, Instances, Studies, StudyRecord
from usmed_server.core.database import Database
from usmed_server.gateway.archive.store import Archive
from usmed_server.gateway.identity.datasets import read_date
from usmed_server.gateway.models import ReceivedInstance
from usmed_server.gateway.pacs.embedded import EmbeddedPacs
from usmed_server.gateway.ports import Pacs
from usmed_server.gateway.source.manifests import Manifests

_KEY_MODALITIES = ("KO", "PR")


class LocalStudies:
    """What the local PACS has, for viewers. Calls block."""

    def __init__(
        self, database: Database, pacs: Pacs, archive: Archive, manifests: Manifests
    ) -> None:
        self._database = database
        self._pacs = pacs
        self._archive = archive
        self._manifests = manifests

    def studies(self, patient_id: str) -> Studies:
        """Studies of a patient, newest first."""
        uids = [
            uid
            for patient in self._pacs.patients(patient_id=patient_id)
            for uid in patient.study_uids
        ]
        sources = self._sources(uids)
        records = []
        for uid in dict.fromkeys(uids):
            found = self._pacs.instances(uid)
            rows = self._archive.studies(study_uid=uid)
            records.append(
                StudyRecord(
                    study_uid=uid,
                    study_date=read_date(rows[0].study_date) if rows else None,
                    description=rows[0].description if rows else "",
                    modalities=tuple(sorted({i.modality for i in found if i.modality})),
                    instances=len(found),
                    source=sources.get(uid, ""),
                )
            )
        records.sort(key=lambda r: (r.study_date is not None, r.study_date), reverse=True)
        return Studies(studies=tuple(records))

    def instances(self, study_uid: str) -> Instances:
        """Instances of a study that can be had now: key series first, then by number."""
        if not isinstance(self._pacs, EmbeddedPacs):
            self._manifests.of_studies([study_uid])
        records = [
            InstanceRecord(
                sop_uid=i.sop_uid, series_uid=series.series_uid, modality=series.modality,
                number=i.number, size=i.size,
            )
            for series in sorted(
                self._archive.series(study_uid), key=lambda s: s.modality not in _KEY_MODALITIES
            )
            for i in series.instances
        ]  # fmt: skip
        return Instances(instances=tuple(records))

    def file(self, sop_uid: str) -> Path:
        """The file of an instance.

        Raises
        ------
        RefusedError
            It is not here.
        """
        path = self._archive.path(sop_uid)
        if path is None or not path.is_file():
            raise RefusedError("no_such_instance")
        return path

    def _sources(self, study_uids: Sequence[str]) -> dict[str, str]:
        with self._database.session() as session:
            rows = session.execute(
                select(ReceivedInstance.study_uid, ReceivedInstance.source)
                .where(ReceivedInstance.study_uid.in_(study_uids))
                .distinct()
            )
            return {uid: source for uid, source in rows}  # noqa: C416  (rows are no tuples)
