"""Databases of the servers' tests: SQLite always, PostgreSQL where it is installed."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from usmed_server.core.database import Database
from usmed_server.demo.stage import free_ports


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL of our own, in memory-like settings, gone at the end."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = str(programs[-1]) if programs else shutil.which("initdb")
    if not found:
        pytest.skip("no PostgreSQL: apt-get install postgresql")
    programs_dir = Path(found).parent
    folder = Path(tempfile.mkdtemp(prefix="usmed-pg-"))
    as_user: dict[str, object] = {}
    if os.geteuid() == 0:  # it refuses to run as root
        user = pwd.getpwnam("nobody")
        os.chown(folder, user.pw_uid, user.pw_gid)
        as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    data, (port,) = folder / "data", free_ports(1)
    try:
        subprocess.run(
            [programs_dir / "initdb", "-D", data, "-U", "usmed", "-A", "trust", "-E", "UTF8",
             "--locale=C", "--no-sync"],
            check=True, timeout=120, cwd=folder, stdout=subprocess.DEVNULL, **as_user,
        )  # fmt: skip
        options = f"-p {port} -k {folder} -h 127.0.0.1 -F"
        log = folder / "log"
        subprocess.run(
            [programs_dir / "pg_ctl", "-D", data, "-o", options, "-l", log, "-w", "start"],
            check=True, timeout=120, cwd=folder, stdout=subprocess.DEVNULL, **as_user,
        )  # fmt: skip
        try:
            yield f"postgresql+psycopg://usmed@127.0.0.1:{port}/postgres"
        finally:
            subprocess.run(
                [programs_dir / "pg_ctl", "-D", data, "-m", "immediate", "stop"],
                check=True, timeout=60, cwd=folder, stdout=subprocess.DEVNULL, **as_user,
            )  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of each kind, not yet with tables."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'test.sqlite'}"
    else:
        url = request.getfixturevalue("postgres")
    made = Database(url)
    if request.param == "postgresql":
        with made.engine.begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE")
            connection.exec_driver_sql("CREATE SCHEMA public")
    yield made
    made.close()
