"""Planning and filing on both databases, with the embedded archive as the PACS."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from tests.usmed_server.federation import PERSON, STRANGER_CNP, write_instance
from usmed_client.errors import UnreachableError
from usmed_client.protocol.manifests import InstanceEntry, SeriesEntry, StudyManifest
from usmed_server.core.database import Database
from usmed_server.gateway.app import MIGRATIONS
from usmed_server.gateway.archive.entries import file_sha256
from usmed_server.gateway.archive.store import Archive
from usmed_server.gateway.collection.filing import Filing
from usmed_server.gateway.collection.parts import EngineParts
from usmed_server.gateway.collection.planning import plan
from usmed_server.gateway.collection.receiving import Arrived
from usmed_server.gateway.models import Quarantined, ReceivedInstance
from usmed_server.gateway.pacs.embedded import EmbeddedPacs
from usmed_server.gateway.ports import Stored


@dataclass
class Desk:
    """One hospital's filing."""

    database: Database
    folder: Path
    pacs: EmbeddedPacs
    alarms: list[str] = field(default_factory=list)

    def filing(self, source: str = "h2", pacs: object = None) -> Filing:
        parts = EngineParts(
            site="h1", issuer="H1", database=self.database, pacs=pacs or self.pacs, keys=None,
            directory=None, pseudonyms=None, releases=None, folder=self.folder / "incoming",
            alarm=self.alarms.append,
        )  # fmt: skip
        return Filing(parts, source, PERSON, "B-1")

    def arrived(self, uid: str, source: str = "h2", **tags) -> tuple[list[Arrived], dict[str, str]]:
        path = write_instance(self.folder / source, uid, **tags)
        digests = {uid: file_sha256(path)}
        return [Arrived(0, uid, path, path.stat().st_size)], digests

    def received(self) -> dict[str, str]:
        with self.database.session() as session:
            return {r.sop_uid: r.state for r in session.scalars(select(ReceivedInstance))}

    def quarantine(self) -> list[str]:
        with self.database.session() as session:
            return [q.reason for q in session.scalars(select(Quarantined))]


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    database.upgrade(MIGRATIONS)
    return Desk(database, tmp_path, EmbeddedPacs(Archive(database, tmp_path / "archive")))


def manifest(digests: dict[str, str], study: str = "1.2.1", **values) -> StudyManifest:
    entries = tuple(InstanceEntry(sop_uid=u, size=1, sha256=h) for u, h in digests.items())
    series = SeriesEntry(series_uid=f"{study}.1", instances=entries)
    return StudyManifest(**({"study_uid": study, "series": (series,)} | values))


def test_filed_under_our_number_with_the_former_one_kept(desk: Desk) -> None:
    from pydicom import dcmread

    batch, digests = desk.arrived("1.5")
    pixels = dcmread(batch[0].path).PixelData
    filed = desk.filing().file(batch, digests)
    assert filed.stored == ["1.5"]
    assert not batch[0].path.exists()
    dataset = dcmread(desk.pacs.archive.path("1.5"))
    assert (dataset.PatientID, dataset.IssuerOfPatientID) == ("B-1", "H1")
    original = dataset.OriginalAttributesSequence[0]
    assert original.ModifiedAttributesSequence[0].PatientID == "X-9"
    assert original.SourceOfPreviousValues == "h2"
    assert {other.PatientID for other in dataset.OtherPatientIDsSequence} >= {"X-9"}
    assert dataset.PixelData == pixels
    assert desk.received() == {"1.5": "stored"}


def test_killed_between_the_pacs_and_our_notes(desk: Desk) -> None:
    """Our own refiled copy is neither wanted again nor taken for other content."""
    batch, digests = desk.arrived("1.5")

    class KilledError(Exception):
        pass

    class Pacs:
        def store(self, files):
            list(desk.pacs.store(files))
            raise KilledError

    with pytest.raises(KilledError):
        desk.filing(pacs=Pacs()).file(batch, digests)
    made = plan([manifest(digests)], desk.database, desk.pacs)
    assert (made.wanted, made.conflicts) == ((), ())
    assert [entry.sop_uid for entry in made.held] == ["1.5"]
    assert desk.filing().file(batch, digests).stored == ["1.5"]  # and again is no harm
    assert desk.quarantine() == []


def test_killed_before_the_pacs_had_it(desk: Desk) -> None:
    batch, digests = desk.arrived("1.5")

    class Pacs:
        def store(self, files):
            return [Stored("1.5", "failed", "aborted") for _ in files]

    with pytest.raises(UnreachableError):
        desk.filing(pacs=Pacs()).file(batch, digests)
    assert batch[0].path.exists()
    made = plan([manifest(digests)], desk.database, desk.pacs)
    assert [entry.sop_uid for entry in made.wanted] == ["1.5"]
    assert desk.filing().file(batch, digests).stored == ["1.5"]


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"PatientName": "Tănase^Ana", "cnp": STRANGER_CNP}, "another_patient"),
        ({"cnp": STRANGER_CNP}, "another_patient"),  # a namesake of the same day
        ({"PatientName": "Stefanescu^Maria"}, "mixed_patients"),
        ({"StudyInstanceUID": ""}, "not_dicom"),
        ({"SeriesInstanceUID": ""}, "not_dicom"),
    ],
)
def test_wrong_instances_are_set_aside(desk: Desk, tags: dict[str, str], reason: str) -> None:
    """The right one before it and the right one after it arrive."""
    filing = desk.filing()
    for uid, wrong in (("1.1", {}), ("1.2", tags), ("1.3", {})):
        batch, digests = desk.arrived(uid, **wrong)
        filed = filing.file(batch, digests)
        assert [why for _, why in filed.quarantined] == ([reason] if wrong else [])
    assert sorted(desk.pacs.archive.holds(["1.1", "1.2", "1.3"])) == ["1.1", "1.3"]
    assert desk.quarantine() == [reason]
    assert "1.2" not in desk.received()
    assert len(list((desk.folder / "quarantine").iterdir())) == 1


@pytest.mark.expects_log_warnings  # pydicom's, about the broken ones
@pytest.mark.filterwarnings("ignore:End of file reached:UserWarning")
@pytest.mark.parametrize("content", [b"", b"no DICOM", b"\0" * 128 + b"DICM" + b"\xff" * 90])
def test_what_is_no_dicom_is_set_aside(desk: Desk, content: bytes) -> None:
    batch, digests = desk.arrived("1.5")
    batch[0].path.write_bytes(content)
    filed = desk.filing().file(batch, digests)
    assert filed.quarantined == [("1.5", "not_dicom")]


def test_another_instance_than_announced(desk: Desk) -> None:
    batch, _ = desk.arrived("1.5")
    moved = [Arrived(0, "1.6", batch[0].path, batch[0].size)]
    filed = desk.filing().file(moved, {"1.6": "00" * 32})
    assert filed.quarantined == [("1.6", "another_instance")]


def test_two_sites_bring_one_uid(desk: Desk) -> None:
    """The same bytes are one instance; other bytes are set aside, the first stay."""
    first, digests = desk.arrived("1.5", "h2")
    assert desk.filing("h2").file(first, digests).stored == ["1.5"]
    same, digests = desk.arrived("1.5", "h3")
    assert desk.filing("h3").file(same, digests).stored == ["1.5"]
    before = desk.pacs.archive.holds(["1.5"])
    other, digests = desk.arrived("1.5", "h4", StudyDescription="other")
    assert desk.filing("h4").file(other, digests).quarantined == [("1.5", "content_differs")]
    assert desk.pacs.archive.holds(["1.5"]) == before
    assert desk.received() == {"1.5": "stored"}


def test_a_pacs_that_had_it_with_other_content(desk: Desk) -> None:
    """It tells no hashes, so that only storing shows it."""
    mine = write_instance(desk.folder / "own", "1.5", StudyDescription="ours")
    list(desk.pacs.archive.add([mine]))
    batch, digests = desk.arrived("1.5")
    filed = desk.filing().file(batch, digests)
    assert filed.quarantined == [("1.5", "content_differs")]
    assert desk.received() == {}


def test_what_the_pacs_lost_is_wanted_again(desk: Desk) -> None:
    batch, digests = desk.arrived("1.5")
    desk.filing().file(batch, digests)
    from usmed_server.gateway.models import ArchivedInstance

    with desk.database.session() as session:
        session.execute(delete(ArchivedInstance))
    made = plan([manifest(digests)], desk.database, desk.pacs)
    assert [entry.sop_uid for entry in made.wanted] == ["1.5"]


def test_order_and_lies_of_manifests(desk: Desk) -> None:
    """Newest first, key images before the rest, one UID with two hashes is a lie."""

    def entry(uid: str, letter: str = "a") -> InstanceEntry:
        return InstanceEntry(sop_uid=uid, size=1, sha256=letter * 64)

    old = manifest({}, "1", study_date=date(2020, 1, 1), series=(
        SeriesEntry(series_uid="1.1", instances=(entry("o1"), entry("o1"), entry("o1", "b"))),
    ))  # fmt: skip
    new = manifest({}, "2", study_date=date(2026, 1, 1), series=(
        SeriesEntry(series_uid="2.1", instances=(entry("n1"),)),
        SeriesEntry(series_uid="2.2", key_images=True, instances=(entry("n2"),)),
    ))  # fmt: skip
    made = plan([old, new], desk.database, desk.pacs)
    assert [one.sop_uid for one in made.wanted] == ["n2", "n1", "o1"]
    assert [(one.sop_uid, one.sha256[0]) for one in made.conflicts] == [("o1", "b")]
