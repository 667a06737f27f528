"""Manifests of local studies, with the hash of every instance.

A foreign PACS tells no hashes: what is asked for is read into the embedded archive first, which
then serves as the gateway's cache.
"""

import shutil
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from usmed_client.errors import UsmedError
from usmed_client.protocol.manifests import InstanceEntry, SeriesEntry, StudyManifest
from usmed_server.gateway.archive.store import Archive
from usmed_server.gateway.identity.datasets import read_date
from usmed_server.gateway.pacs.embedded import EmbeddedPacs
from usmed_server.gateway.ports import Pacs

_KEY_MODALITIES = frozenset(("KO", "PR", "SR"))


class Manifests:
    """Makes manifests; reads from a foreign PACS in the background.

    Parameters
    ----------
    archive
        The PACS itself, or the cache of a foreign one.
    """

    def __init__(self, pacs: Pacs, archive: Archive, scratch: Path) -> None:
        self._pacs = pacs
        self._archive = archive
        self._scratch = scratch
        self._reading: dict[str, threading.Thread] = {}
        self._failed: dict[str, UsmedError] = {}
        self._lock = threading.Lock()

    def of_studies(self, study_uids: Sequence[str]) -> tuple[list[StudyManifest], bool]:
        """Manifests of studies that are ready, and whether others are still being read.

        Raises
        ------
        UsmedError
            A study could not be read from the PACS.
        """
        ready, pending = [], False
        for study_uid in study_uids:
            if isinstance(self._pacs, EmbeddedPacs) or self._is_cached(study_uid):
                ready.append(self._manifest(study_uid))
            else:
                pending = True
                self._read(study_uid)
        return ready, pending

    def _is_cached(self, study_uid: str) -> bool:
        with self._lock:
            failed = self._failed.pop(study_uid, None)
            if failed is not None:
                raise failed
            if study_uid in self._reading:
                return False
        there = [instance.sop_uid for instance in self._pacs.instances(study_uid)]
        held = self._archive.holds(there)
        return bool(there) and all(sop_uid in held for sop_uid in there)

    def _read(self, study_uid: str) -> None:
        with self._lock:
            if study_uid in self._reading:
                return
            reader = threading.Thread(
                target=self._read_study, args=(study_uid,), name="pacs-reader", daemon=True
            )
            self._reading[study_uid] = reader
        reader.start()

    def _read_study(self, study_uid: str) -> None:
        self._scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = Path(tempfile.mkdtemp(dir=self._scratch))
        try:
            batch: list[Path] = []
            for path in self._pacs.fetch(study_uid, folder):
                batch.append(path)
                if len(batch) == 32:
                    list(self._archive.add(batch, move=True))
                    batch = []
            list(self._archive.add(batch, move=True))
        except UsmedError as error:
            with self._lock:
                self._failed[study_uid] = error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            with self._lock:
                del self._reading[study_uid]

    def _manifest(self, study_uid: str) -> StudyManifest:
        study = self._archive.studies(study_uid=study_uid)[0]
        return StudyManifest(
            study_uid=study_uid,
            study_date=read_date(study.study_date),
            description=study.description,
            series=tuple(
                SeriesEntry(
                    series_uid=series.series_uid,
                    modality=series.modality,
                    description=series.description,
                    key_images=series.modality in _KEY_MODALITIES,
                    instances=tuple(
                        InstanceEntry(
                            sop_uid=i.sop_uid, sop_class_uid=i.sop_class_uid,
                            transfer_syntax_uid=i.transfer_syntax_uid, number=i.number,
                            size=i.size, sha256=i.sha256,
                        )
                        for i in series.instances
                    ),
                )
                for series in self._archive.series(study_uid)
            ),
        )  # fmt: skip
