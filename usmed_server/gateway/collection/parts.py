"""What the engine and its collectors work with."""

from collections.abc import Callable, Sequence
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
        """Note what came, or would have come, and may not be shown."""
        with self.database.session() as session:
            session.add(
                Quarantined(
                    sop_uid=sop_uid, sha256=digest, source=source, reason=reason,
                    at=datetime.now(UTC),
                )
            )  # fmt: skip

    def quarantined(self, sop_uids: Sequence[str]) -> set[str]:
        """Those of these that were set aside."""
        found: set[str] = set()
        with self.database.session() as session:
            for first in range(0, len(sop_uids), 500):
                part = sop_uids[first : first + 500]
                found |= set(
                    session.scalars(
                        select(Quarantined.sop_uid).where(Quarantined.sop_uid.in_(part))
                    )
                )
        return found
