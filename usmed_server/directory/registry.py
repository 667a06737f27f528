"""Which sites there are and who knows a pseudonym."""

from collections.abc import Iterable
from datetime import UTC, datetime

from cryptography import x509
from sqlalchemy import delete, select

from usmed_client.errors import RefusedError
from usmed_client.protocol.announcements import SignedAnnouncement
from usmed_server.core.database import Database
from usmed_server.directory.models import Indexed, Located, Site


class Registry:
    """Sites and locator.

    Parameters
    ----------
    admitted
        Names of the sites of this federation; others are refused whatever they show.
    authority
        Whose certificates count.
    """

    def __init__(
        self, database: Database, admitted: Iterable[str], authority: x509.Certificate
    ) -> None:
        self._database = database
        self._admitted = frozenset(admitted)
        self._authority = authority

    def admit(self, site: str) -> None:
        """Raise `RefusedError` for a site that is not of this federation."""
        if site not in self._admitted:
            raise RefusedError("unknown_site", site)

    def announce(self, signed: SignedAnnouncement) -> None:
        """Take a site's announcement; an older one than is known is refused (replay).

        Raises
        ------
        RefusedError
        """
        announcement = signed.verified(self._authority)
        self.admit(announcement.site)
        with self._database.session() as session:
            known = session.get(Site, announcement.site)
            if known is not None:
                last = SignedAnnouncement.model_validate_json(known.announcement)
                if last.announcement.issued_at > announcement.issued_at:
                    raise RefusedError("announcement_old", announcement.site)
            session.merge(
                Site(
                    site=announcement.site,
                    announcement=signed.model_dump_json(),
                    seen_at=datetime.now(UTC),
                )
            )

    def sites(self) -> list[SignedAnnouncement]:
        """What all sites announced last; each gateway verifies them itself."""
        with self._database.session() as session:
            rows = session.scalars(select(Site).order_by(Site.site)).all()
        return [SignedAnnouncement.model_validate_json(row.announcement) for row in rows]

    def index(self, site: str, pseudonyms: Iterable[str], *, complete: bool) -> None:
        """A site names pseudonyms that it knows; ``complete`` replaces what it named before."""
        with self._database.session() as session:
            if complete:
                session.execute(delete(Located).where(Located.site == site))
                session.merge(Indexed(site=site, at=datetime.now(UTC)))
            for pseudonym in pseudonyms:
                session.merge(Located(pseudonym=pseudonym, site=site))

    def locate(self, pseudonym: str) -> tuple[list[str], list[str]]:
        """Sites that know a pseudonym, and sites that must be asked since they keep no index."""
        with self._database.session() as session:
            knowing = session.scalars(
                select(Located.site).where(Located.pseudonym == pseudonym).order_by(Located.site)
            ).all()
            indexed = set(session.scalars(select(Indexed.site)).all())
        return list(knowing), sorted(self._admitted - indexed - set(knowing))
