"""Files under their hash, rows in the database. Nothing is ever half there.

A file is complete and on disk before its row exists; a row is never replaced. Another file of a
known SOP Instance UID is a conflict, the same bytes again a duplicate.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from usmed_client.errors import ProtocolError, StoreError
from usmed_server.core.database import Database
from usmed_server.gateway.archive.entries import Entry, read_entry
from usmed_server.gateway.identity.names import fold
from usmed_server.gateway.models import ArchivedInstance, ArchivedSeries, ArchivedStudy, Base
from usmed_server.gateway.ports import Stored

_BATCH: Final = 64


class Archive:
    """The embedded archive.

    Parameters
    ----------
    folder
        Where the files lie; made with mode 0700.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.incoming = folder / "incoming"
        shutil.rmtree(self.incoming, ignore_errors=True)
        self.incoming.mkdir(mode=0o700)

    def add(self, files: Sequence[Path], *, move: bool = False) -> Iterator[Stored]:
        """Archive files, 64 in a transaction.

        Parameters
        ----------
        move
            Take the files over (they must lie on the same disk) in place of copying them.

        Raises
        ------
        StoreError
            The disk is full or can't be written; the files of this batch are not archived.
        """
        for first in range(0, len(files), _BATCH):
            yield from self._add_batch(files[first : first + _BATCH], move=move)

    def _add_batch(self, files: Sequence[Path], *, move: bool) -> list[Stored]:
        answers: list[Stored] = []
        entries: list[Entry] = []
        for path in files:
            try:
                entries.append(read_entry(path))
            except ProtocolError as error:
                answers.append(Stored(path.stem, "failed", error.code))
        try:
            with self._database.session() as session:
                known = self._known(session, [entry.instance["sop_uid"] for entry in entries])
                fresh = []
                for entry in entries:
                    sop_uid, digest = entry.instance["sop_uid"], entry.instance["sha256"]
                    if sop_uid in known:
                        outcome = "duplicate" if known[sop_uid] == digest else "conflict"
                        answers.append(Stored(sop_uid, outcome))
                        continue
                    known[sop_uid] = digest
                    self._place(entry, move=move)
                    fresh.append(entry)
                    answers.append(Stored(sop_uid, "stored"))
                self._insert(session, fresh)
        except OSError as error:
            raise StoreError("disk", error.strerror or type(error).__name__) from error
        return answers

    def path(self, sop_uid: str) -> Path | None:
        """The file of an instance."""
        with self._database.session() as session:
            digest = session.scalar(
                select(ArchivedInstance.sha256).where(ArchivedInstance.sop_uid == sop_uid)
            )
        return self.file_of(digest) if digest else None

    def file_of(self, digest: str) -> Path:
        """Where a file of this hash lies."""
        return self._folder / digest[:2] / f"{digest}.dcm"

    def studies(
        self,
        *,
        patient_id: str = "",
        family_name: str = "",
        birth_date: date | None = None,
        study_uid: str = "",
    ) -> Sequence[ArchivedStudy]:
        """Studies by the patient's number (main or other), name (its beginning), birth date, UID."""
        query = select(ArchivedStudy).order_by(
            ArchivedStudy.study_date.desc(), ArchivedStudy.study_uid
        )
        if patient_id:
            query = query.where(
                (ArchivedStudy.patient_id == patient_id)
                | ArchivedStudy.other_ids.contains(f'["{patient_id}",', autoescape=True)
            )
        if family_name:
            query = query.where(
                ArchivedStudy.name_key.startswith(fold(family_name), autoescape=True)
            )
        if birth_date is not None:
            query = query.where(ArchivedStudy.birth_date == birth_date.isoformat())
        if study_uid:
            query = query.where(ArchivedStudy.study_uid == study_uid)
        with self._database.session() as session:
            return session.scalars(query).all()

    def series(self, study_uid: str) -> Sequence[ArchivedSeries]:
        """Series of a study with their instances, in their order."""
        from sqlalchemy.orm import selectinload  # noqa: PLC0415

        query = (
            select(ArchivedSeries)
            .where(ArchivedSeries.study_uid == study_uid)
            .options(selectinload(ArchivedSeries.instances))
            .order_by(ArchivedSeries.number, ArchivedSeries.series_uid)
        )
        with self._database.session() as session:
            found = session.scalars(query).all()
        for series in found:
            series.instances.sort(key=lambda i: (i.number is None, i.number or 0, i.sop_uid))
        return found

    def holds(self, sop_uids: Sequence[str]) -> dict[str, str]:
        """Hashes of those instances that are here, by their UID."""
        with self._database.session() as session:
            return self._known(session, sop_uids)

    def _known(self, session: Session, sop_uids: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for first in range(0, len(sop_uids), 500):
            rows = session.execute(
                select(ArchivedInstance.sop_uid, ArchivedInstance.sha256).where(
                    ArchivedInstance.sop_uid.in_(sop_uids[first : first + 500])
                )
            )
            found.update((sop_uid, digest) for sop_uid, digest in rows)
        return found

    def _place(self, entry: Entry, *, move: bool) -> None:
        target = self.file_of(entry.instance["sha256"])
        target.parent.mkdir(exist_ok=True, mode=0o700)
        if move:
            _to_disk(entry.path)
            entry.path.replace(target)
            return
        partial = self.incoming / target.name
        try:
            shutil.copyfile(entry.path, partial)
            _to_disk(partial)
            partial.replace(target)
        except OSError:
            with suppress(OSError):
                partial.unlink()
            raise

    def _insert(self, session: Session, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        now = datetime.now(UTC)
        self._insert_new(session, ArchivedStudy, [entry.study for entry in entries])
        self._insert_new(session, ArchivedSeries, [entry.series for entry in entries])
        rows = [entry.instance | {"stored_at": now} for entry in entries]
        self._insert_new(session, ArchivedInstance, rows)

    def _insert_new(self, session: Session, table: type[Base], rows: list[dict[str, Any]]) -> None:
        """Insert rows whose key is new; two associations may bring one study at once."""
        dialect = session.get_bind().dialect.name
        insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
        session.execute(insert(table).on_conflict_do_nothing(), rows)


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
