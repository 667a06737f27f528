"""One database, SQLite or PostgreSQL by its URL, brought to the newest schema at start."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool

from usmed_client.errors import ConfigError


class Database:
    """Engine and sessions.

    Parameters
    ----------
    url
        SQLAlchemy URL: ``sqlite:///file`` or ``postgresql+psycopg://...``.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session whose work is committed at the end, or undone as a whole by an error."""
        with self._sessions.begin() as session:
            yield session

    def upgrade(self, migrations: Path) -> None:
        """Bring the schema to the newest revision of an Alembic folder.

        Raises
        ------
        ConfigError
            The database can't be reached or its schema is newer than the program.
        """
        from alembic import command  # noqa: PLC0415  (only at start)
        from alembic.config import Config  # noqa: PLC0415
        from alembic.util import CommandError  # noqa: PLC0415
        from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

        config = Config()
        config.set_main_option("script_location", str(migrations))
        try:
            with self.engine.begin() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except (SQLAlchemyError, CommandError) as error:
            raise ConfigError("database", type(error).__name__) from error

    def close(self) -> None:
        """Let all connections go."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, poolclass=NullPool if ":memory:" not in url else None)

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        # WAL lets readers go on while one writes; FULL survives a power cut.
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "busy_timeout=10000",
            "foreign_keys=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def aware(moment: datetime) -> datetime:
    """A stored time with its zone: SQLite forgets it, and we always store UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
