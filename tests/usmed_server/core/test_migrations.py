"""The migrations make the tables that the models describe, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.orm import DeclarativeBase

from usmed_client.errors import ConfigError
from usmed_server.core.database import Database
from usmed_server.directory.app import MIGRATIONS as DIRECTORY_MIGRATIONS
from usmed_server.directory.models import Base as DirectoryBase
from usmed_server.gateway.app import MIGRATIONS
from usmed_server.gateway.models import Base


@pytest.mark.parametrize(
    ("migrations", "base"), [(MIGRATIONS, Base), (DIRECTORY_MIGRATIONS, DirectoryBase)]
)
def test_migrations_and_models_agree(
    database: Database, migrations: Path, base: type[DeclarativeBase]
) -> None:
    """Nothing is left for Alembic to generate; and again is no harm."""
    database.upgrade(migrations)
    database.upgrade(migrations)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, base.metadata) == []


def test_a_database_of_a_newer_program_is_refused(database: Database) -> None:
    database.upgrade(MIGRATIONS)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigError):
        database.upgrade(MIGRATIONS)


def test_an_error_undoes_the_whole_session(database: Database) -> None:
    from sqlalchemy import func, select

    from usmed_server.directory.models import Located

    database.upgrade(DIRECTORY_MIGRATIONS)

    @contextmanager
    def broken() -> Iterator[None]:
        with database.session() as session:
            session.add(Located(pseudonym="p" * 16, site="h1"))
            session.flush()
            yield
            raise OSError

    with pytest.raises(OSError, match=r"^$"), broken():
        pass
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(Located)) == 0
