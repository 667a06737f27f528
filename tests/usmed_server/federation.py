"""A whole federation in one process: real sockets, real TLS, real databases, small pictures."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
from sqlalchemy import select

from usmed_client.protocol.collections import CollectionReport, CollectionRequest, Outcome
from usmed_client.protocol.identity import Identifier, Identity
from usmed_client.protocol.tls import client_context
from usmed_server.core.certificates import Authority, Credential
from usmed_server.core.database import Database
from usmed_server.core.serving import Server
from usmed_server.demo.faults import Fault, FaultProxy
from usmed_server.demo.people import with_check_digit
from usmed_server.demo.stage import free_ports
from usmed_server.directory.app import MIGRATIONS as DIRECTORY_MIGRATIONS
from usmed_server.directory.app import build_app
from usmed_server.directory.settings import DirectorySettings
from usmed_server.gateway.app import MIGRATIONS, build_gateway
from usmed_server.gateway.models import ArchivedInstance, Quarantined
from usmed_server.gateway.settings import GatewaySettings

PATIENT_NUMBER = "B-1"
BIRTH = date(1958, 3, 14)
CNP = with_check_digit("158031422112")
STRANGER_CNP = with_check_digit("271110240205")
PERSON = Identity(
    identifiers=(Identifier(value=CNP, issuer="CNP"),),
    family_name="Ștefănescu",
    given_name="Marin",
    birth_date=BIRTH,
    sex="M",
)


def write_instance(
    folder: Path, uid: str, *, study: str = "1.2.1", size: int = 4000, **tags: str
) -> Path:
    """A small secondary capture of the test's patient, or of who ``tags`` says."""
    from pydicom import Dataset, FileMetaDataset, Sequence
    from pydicom.uid import ExplicitVRLittleEndian

    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName, dataset.PatientID, dataset.IssuerOfPatientID = (
        "Ștefănescu^Marin",
        "X-9",
        "X",
    )
    other = Dataset()
    other.PatientID, other.IssuerOfPatientID = tags.pop("cnp", CNP), "CNP"
    dataset.OtherPatientIDsSequence = Sequence([other])
    dataset.PatientBirthDate, dataset.PatientSex = f"{BIRTH:%Y%m%d}", "M"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, f"{study}.1"
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", uid
    dataset.Modality, dataset.StudyDate = "OT", "20250211"
    for name, value in tags.items():
        setattr(dataset, name, value)
    # Bytes that differ from instance to instance: a stream of zeros would hide mistakes.
    seed = sum(map(ord, uid))
    dataset.PixelData = bytes((seed + position * 31) % 251 for position in range(1000)) * (
        size // 1000
    )
    dataset["PixelData"].VR = "OB"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = uid
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{uid}.dcm"
    dataset.save_as(path, enforce_file_format=True)
    return path


@dataclass
class Hospital:
    """One gateway: its settings stay when it is stopped, so that it can come back."""

    number: int
    settings: GatewaySettings
    database: Database
    proxy: FaultProxy | None = None
    app: object = None
    gateway: object = None
    server: Server | None = None
    task: asyncio.Task | None = None

    @property
    def site(self) -> str:
        return self.settings.site

    def put(self, folder: Path, uids: list[str], **tags) -> None:
        """Put instances of the patient into the archive."""
        files = [write_instance(folder / self.site, uid, **tags) for uid in uids]
        assert [s.outcome for s in self.gateway.archive.add(files)] == ["stored"] * len(files)

    def counted(self) -> list[tuple[str, str]]:
        """Every instance row with its patient number as the PACS gives it."""
        found = []
        for study in self.gateway.archive.studies():
            for series in self.gateway.archive.series(study.study_uid):
                found += [(i.sop_uid, study.patient_id) for i in series.instances]
        return sorted(found)

    def files(self) -> int:
        """Files on the archive's disk."""
        return len(list((self.settings.data_dir / "archive").glob("??/*.dcm")))

    def quarantine(self) -> list[tuple[str, str]]:
        with self.database.session() as session:
            return sorted((q.sop_uid, q.reason) for q in session.scalars(select(Quarantined)))

    def hashes(self) -> dict[str, str]:
        with self.database.session() as session:
            return {i.sop_uid: i.sha256 for i in session.scalars(select(ArchivedInstance))}

    async def start(self) -> None:
        self.gateway = build_gateway(self.settings, self.database)
        credential = Credential(
            self.settings.certificate, self.settings.private_key, self.settings.authority
        )
        self.server = Server(self.gateway.app, "127.0.0.1", self.settings.port, credential)
        self.task = await serving(self.server)

    async def stop(self) -> None:
        if self.task is not None:
            await stopped(self.server, self.task)
            self.task = None


@dataclass
class Federation:
    """Directory and hospitals; the first asks."""

    folder: Path
    authority: Authority
    hospitals: list[Hospital]
    context: ssl.SSLContext
    directory: Server | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    def __getitem__(self, number: int) -> Hospital:
        return self.hospitals[number - 1]

    async def call(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> httpx.Response:
        """What a workstation asks the first hospital."""
        content = body.model_dump_json() if hasattr(body, "model_dump_json") else None
        async with httpx.AsyncClient(verify=self.context, timeout=20) as client:
            return await client.request(
                method, f"https://127.0.0.1:{self[1].settings.port}{path}", content=content,
                headers={"content-type": "application/json", **headers},
            )  # fmt: skip

    async def request(self, key: str = "", identity: Identity = PERSON) -> str:
        request = CollectionRequest(patient_id=PATIENT_NUMBER, identity=identity)
        answer = await self.call("POST", "/v1/collections", request, **{"idempotency-key": key})
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    async def report(self, collection_id: str) -> CollectionReport:
        answer = await self.call("GET", f"/v1/collections/{collection_id}")
        return CollectionReport.model_validate_json(answer.content)

    async def until(self, collection_id: str, wanted, seconds: float = 40) -> CollectionReport:
        """The first report that is as wanted: an outcome, or a test of the report."""
        test = (lambda r: r.outcome is wanted) if isinstance(wanted, Outcome) else wanted
        deadline = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < deadline:
            report = await self.report(collection_id)
            if test(report):
                return report
            await asyncio.sleep(0.1)
        raise AssertionError(f"never: {report}")

    async def known(self) -> None:
        """Until the first hospital knows all others."""
        engine_sites = 0
        for _ in range(200):
            answer = await self.call("GET", "/readyz")
            engine_sites = answer.status_code
            if engine_sites == 200 and await self._announced() == len(self.hospitals):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"the hospitals do not find one another: {engine_sites}")

    async def _announced(self) -> int:
        settings = self[1].settings
        context = client_context(settings.certificate, settings.private_key, settings.authority)
        async with httpx.AsyncClient(verify=context) as client:
            return len((await client.get(f"{settings.directory}/h/v1/sites")).json()["sites"])


async def serving(server: Server) -> asyncio.Task:
    """Run a server as a task; returns when it accepts connections."""
    task = asyncio.create_task(server._serve())  # without its signal handlers
    while not server.started:
        assert not task.done(), task.exception()
        await asyncio.sleep(0.01)
    return task


async def stopped(server: Server, task: asyncio.Task) -> None:
    """End a server in the middle of whatever it does: its connections break off."""
    server.should_exit = True
    while not task.done():
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        await asyncio.wait({task}, timeout=0.05)
    await asyncio.sleep(0.05)  # until asyncio has closed the sockets


@asynccontextmanager
async def federation(
    folder: Path,
    hospitals: int,
    *,
    relayed: tuple[int, ...] = (),
    faults: dict[int, Fault] | None = None,
    lifetimes: dict[int, timedelta] | None = None,
    database: str = "",
) -> AsyncIterator[Federation]:
    """Directory and hospitals 1 to n, started; those in ``relayed`` accept no connections."""
    faults, lifetimes = faults or {}, lifetimes or {}
    authority = Authority(_made(folder / "authority"))
    port, *ports = free_ports(1 + 2 * hospitals)
    names = [f"hospital-{number}" for number in range(1, hospitals + 1)]
    own = authority.issue("directory", "directory")
    directory = DirectorySettings(
        data_dir=_made(folder / "directory"), port=port, certificate=own.certificate,
        private_key=own.private_key, authority=own.authority, sites=tuple(names),
    )  # fmt: skip
    tables = Database(directory.database_url)
    tables.upgrade(DIRECTORY_MIGRATIONS)
    workstation = authority.issue("or-1", "workstation")
    context = client_context(workstation.certificate, workstation.private_key, own.authority)
    server = Server(build_app(directory, tables), "127.0.0.1", port, own)
    task = await serving(server)
    found: list[Hospital] = []
    try:
        for number, name in enumerate(names, 1):
            lifetime = lifetimes.get(number, timedelta(days=1))
            credential = authority.issue(
                name, "gateway", lifetime=lifetime, start=datetime.now(UTC) - timedelta(hours=1)
            )
            own_port, proxy_port = ports[2 * number - 2 : 2 * number]
            announced = proxy_port if number in faults else own_port
            settings = GatewaySettings(
                data_dir=_made(folder / name), port=own_port, site=name, name=f"Hospital {number}",
                certificate=credential.certificate, private_key=credential.private_key,
                authority=credential.authority, patient_id_issuer=f"H{number}", doors="demo",
                directory=f"https://127.0.0.1:{port}", database=database if number == 1 else "",
                url="" if number in relayed else f"https://127.0.0.1:{announced}",
            )  # fmt: skip
            base = Database(settings.database_url)
            base.upgrade(MIGRATIONS)
            hospital = Hospital(number, settings, base)
            found.append(hospital)
            if number in faults:
                hospital.proxy = FaultProxy(own_port, faults[number])
                await hospital.proxy.start(proxy_port)
            await hospital.start()
        made = Federation(folder, authority, found, context, server)
        yield made
    finally:
        for hospital in found:
            await hospital.stop()
            if hospital.proxy is not None:
                await hospital.proxy.stop()
            hospital.database.close()
        await stopped(server, task)
        tables.close()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
