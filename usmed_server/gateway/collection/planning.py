"""What a site announced, what of it is lacking here, and in which order it is wanted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from usmed_client.protocol.manifests import InstanceEntry, StudyManifest
from usmed_server.core.database import Database
from usmed_server.gateway.models import ReceivedInstance
from usmed_server.gateway.ports import Pacs


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask a site for.

    Attributes
    ----------
    wanted
        In the order in which they are wanted: newest study first, key images before the rest.
    held
        Announced and here already.
    conflicts
        Here with other content: never asked for, quarantined with an alarm.
    """

    wanted: tuple[InstanceEntry, ...]
    held: tuple[InstanceEntry, ...]
    conflicts: tuple[InstanceEntry, ...]

    @property
    def digests(self) -> dict[str, str]:
        """Announced hashes of the wanted instances."""
        return {entry.sop_uid: entry.sha256 for entry in self.wanted}


def plan(studies: Sequence[StudyManifest], database: Database, pacs: Pacs) -> Plan:
    """Compare manifests with what is here; blocks on the PACS."""
    ordered = sorted(studies, key=lambda study: study.study_date or date.min, reverse=True)
    entries = [
        entry
        for study in ordered
        for series in sorted(study.series, key=lambda series: not series.key_images)
        for entry in series.instances
    ]
    uids = list(dict.fromkeys(entry.sop_uid for entry in entries))
    received = _received(database, uids)
    unknown = [uid for uid in uids if uid not in received]
    native = pacs.digests(unknown)
    lacking = set(pacs.commit(unknown)) | (set(pacs.commit(list(received))) if received else set())
    wanted, held, conflicts = [], [], []
    seen: dict[str, str] = {}
    for entry in entries:
        if entry.sop_uid in seen:
            # A manifest that names one UID twice with different content lies.
            if seen[entry.sop_uid] != entry.sha256:
                conflicts.append(entry)
            continue
        seen[entry.sop_uid] = entry.sha256
        known = received.get(entry.sop_uid) or native.get(entry.sop_uid, entry.sha256)
        if known != entry.sha256:
            conflicts.append(entry)
        elif entry.sop_uid in lacking:
            wanted.append(entry)
        else:
            held.append(entry)
    return Plan(tuple(wanted), tuple(held), tuple(conflicts))


def _received(database: Database, uids: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    with database.session() as session:
        for first in range(0, len(uids), 500):
            rows = session.execute(
                select(ReceivedInstance.sop_uid, ReceivedInstance.sha256).where(
                    ReceivedInstance.sop_uid.in_(uids[first : first + 500])
                )
            )
            found.update((uid, digest) for uid, digest in rows)
    return found
