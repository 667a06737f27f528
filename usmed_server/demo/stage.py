"""Certificates, configurations and archives of the demo's sites, in one folder."""

import json
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from usmed_server.core.certificates import Authority, Credential
from usmed_server.core.database import Database
from usmed_server.demo.people import PATIENTS
from usmed_server.demo.pictures import write_study
from usmed_server.gateway.app import MIGRATIONS
from usmed_server.gateway.archive.store import Archive

HOSPITALS: Final = (
    "Spitalul Clinic București", "Spitalul Județean Iași", "Spitalul Clinic Cluj",
    "Spitalul Municipal Brașov", "Spitalul Județean Timișoara", "Spitalul Clinic Craiova",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stage:
    """What the demo's programs are started with.

    ``gateways`` are configurations from the first hospital on; ``ports`` the gateways' own ports
    and, where there is a proxy before them, ``announced`` those that the others use.
    """

    directory: Path
    gateways: tuple[Path, ...]
    ports: tuple[int, ...]
    announced: tuple[int, ...]
    client: Path


def free_ports(count: int) -> tuple[int, ...]:
    """Ports of the loopback that nobody listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return tuple(one.getsockname()[1] for one in sockets)


def set_up(folder: Path, hospitals: int, proxied: set[int]) -> Stage:
    """Everything new in ``folder``.

    Parameters
    ----------
    proxied
        Hospitals (from 1) that a fault proxy stands before.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority = Authority(folder / "authority")
    names = [f"hospital-{number}" for number in range(1, hospitals + 1)]
    directory_port, *rest = free_ports(1 + 2 * hospitals)
    ports, second = tuple(rest[:hospitals]), tuple(rest[hospitals:])
    announced = tuple(second[n] if n + 1 in proxied else ports[n] for n in range(hospitals))
    directory = _write(
        folder / "directory" / "directory.toml", authority.issue("directory", "directory"),
        port=directory_port, sites=names,
    )  # fmt: skip
    gateways = []
    for number, name in enumerate(names, 1):
        # The last hospital accepts no inbound connections: it works through the relay.
        closed = number == hospitals and number > 1 and number not in proxied
        gateways.append(
            _write(
                folder / name / "gateway.toml", authority.issue(name, "gateway"),
                port=ports[number - 1], site=name, name=HOSPITALS[(number - 1) % len(HOSPITALS)],
                patient_id_issuer=issuer(number), doors="demo",
                directory=f"https://127.0.0.1:{directory_port}",
                url="" if closed else f"https://127.0.0.1:{announced[number - 1]}",
            )
        )  # fmt: skip
    workstation = authority.issue("or-1", "workstation")
    client = folder / "client.toml"
    client.write_text(
        _toml(
            gateway=f"https://127.0.0.1:{ports[0]}",
            certificate=str(workstation.certificate),
            private_key=str(workstation.private_key),
            authority=str(workstation.authority),
        ),
        "utf-8",
    )
    return Stage(directory, tuple(gateways), ports, announced, client)


def fill_archive(folder: Path, hospital: int) -> int:
    """Put the patients' studies of a hospital (from 1) into its embedded archive; how many files."""
    database = Database(f"sqlite:///{folder / 'usmed.sqlite'}")
    database.upgrade(MIGRATIONS)
    archive = Archive(database, folder / "archive")
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        files = list(write_all(hospital, Path(scratch)))
        stored = sum(1 for _ in archive.add(files, move=True))
    database.close()
    return stored


def write_all(hospital: int, folder: Path) -> Iterator[Path]:
    """Files of all studies that a hospital (from 1) has."""
    for patient in PATIENTS:
        for study in patient.studies:
            if study.hospital == hospital:
                yield from write_study(patient, study, issuer(hospital), folder)


def issuer(hospital: int) -> str:
    """Who gives the patient numbers of a hospital (from 1)."""
    return f"H{hospital}"


def _write(path: Path, credential: Credential, **values: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    values |= {
        "data_dir": ".",
        "certificate": str(credential.certificate),
        "private_key": str(credential.private_key),
        "authority": str(credential.authority),
    }
    path.write_text(_toml(**values), "utf-8")
    return path


def _toml(**values: object) -> str:
    """Strings, numbers and lists of strings are written alike in JSON and TOML."""
    return "".join(
        f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items()
    )
