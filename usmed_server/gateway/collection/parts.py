"""What the engine and its collectors work with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from usmed_server.core.database import Database
from usmed_server.gateway.collection.peers import DirectoryClient
from usmed_server.gateway.keys import GatewayKeys
from usmed_server.gateway.models import Quarantined
from usmed_server.gateway.ports import Pacs, Pseudonyms, ReleaseAuthority


@dataclass(frozen=True, slots=True)
class EngineParts:
    """What the engine works with."""

    site: str
    issuer: str
    database: Database
    pacs: Pacs
    keys: GatewayKeys
    directory: DirectoryClient
    pseudonyms: Pseudonyms
    releases: ReleaseAuthority
    folder: Path
    alarm: Callable[[str], None]
    """Called with the code of what somebody must look at."""

    def set_aside(self, sop_uid: str, digest: str, source: str, reason: str) -> None:
        """Note what came, or would have come, and may not be shown; once, however often it comes."""
        with self.database.session() as session:
            known = session.scalar(
                select(Quarantined.id).where(
                    Quarantined.sop_uid == sop_uid,
                    Quarantined.sha256 == digest,
                    Quarantined.source == source,
                )
            )
            if known is not None:
                return
            session.add(
                Quarantined(
                    sop_uid=sop_uid, sha256=digest, source=source, reason=reason,
                    at=datetime.now(UTC),
                )
            )  # fmt: skip

    def quarantined(self, digests: Mapping[str, str], source: str) -> dict[str, str]:
        """Those of these (UID to hash) that were set aside as this source sent them, with why."""
        found: dict[str, str] = {}
        uids = list(digests)
        with self.database.session() as session:
            for first in range(0, len(uids), 500):
                rows = session.execute(
                    select(Quarantined.sop_uid, Quarantined.sha256, Quarantined.reason).where(
                        Quarantined.sop_uid.in_(uids[first : first + 500]),
                        Quarantined.source == source,
                    )
                )
                found.update((uid, why) for uid, sha256, why in rows if digests[uid] == sha256)
        return found
