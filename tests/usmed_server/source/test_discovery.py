"""The asked side: each question once, to an honest clock, and only for its own site."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.usmed_server.federation import PERSON, write_instance
from usmed_client.errors import ProtocolError, RefusedError, StoreError
from usmed_client.protocol.collections import Purpose
from usmed_client.protocol.identity import Identity
from usmed_client.protocol.peers import DiscoverRequest, Found, TransferRequest
from usmed_client.protocol.stream import ChunkCipher, new_private_key, public_hex
from usmed_server.core.database import Database
from usmed_server.gateway.app import MIGRATIONS
from usmed_server.gateway.archive.store import Archive
from usmed_server.gateway.keys import GatewayKeys
from usmed_server.gateway.models import ReceivedInstance
from usmed_server.gateway.pacs.embedded import EmbeddedPacs
from usmed_server.gateway.source import outgoing as outgoing_module
from usmed_server.gateway.source.discovery import Discovery
from usmed_server.gateway.source.manifests import Manifests
from usmed_server.gateway.source.outgoing import Outgoing


class Source:
    """A hospital that has three instances."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.keys = database, GatewayKeys(folder / "key")
        self.archive = Archive(database, folder / "archive")
        pacs = EmbeddedPacs(self.archive)
        self.files = [write_instance(folder / "in", f"1.{n}", size=900_000) for n in range(3)]
        list(self.archive.add(self.files))
        manifests = Manifests(pacs, self.archive, folder / "scratch")
        self.discovery = Discovery(database, pacs, self.keys, manifests)
        self.outgoing = self.fresh_outgoing()

    def fresh_outgoing(self) -> Outgoing:
        return Outgoing(self.database, self.archive, self.keys)


@pytest.fixture
def source(database: Database, tmp_path: Path) -> Iterator[Source]:
    database.upgrade(MIGRATIONS)
    return Source(database, tmp_path)


def question(number: int = 0, identity: Identity = PERSON, **changes: object) -> DiscoverRequest:
    values = {
        "request_id": f"{number:016d}", "asking_site": "h1", "identity": identity,
        "purpose": Purpose.TREATMENT, "issued_at": datetime.now(UTC),
    }  # fmt: skip
    return DiscoverRequest(**(values | changes))


def test_found_with_true_hashes(source: Source) -> None:
    from usmed_server.gateway.archive.entries import file_sha256

    answer = source.discovery.answer(question(), "h1")
    assert answer.found is Found.FOUND
    told = {entry.sop_uid: (entry.size, entry.sha256) for entry in answer.studies[0].instances}
    assert told == {p.stem: (p.stat().st_size, file_sha256(p)) for p in source.files}


def test_a_question_is_answered_once(source: Source) -> None:
    source.discovery.answer(question(1), "h1")
    with pytest.raises(RefusedError, match="replayed"):
        source.discovery.answer(question(1), "h1")
    source.discovery.answer(question(1, asking_site="h3"), "h3")  # another site's own number
    source.discovery.answer(question(2), "h1")


@pytest.mark.parametrize("seconds", [-3600, -61, 61, 3600])
def test_a_clock_that_is_off_is_told(source: Source, seconds: int) -> None:
    late = datetime.now(UTC) + timedelta(seconds=seconds)
    with pytest.raises(RefusedError, match="clock_skew"):
        source.discovery.answer(question(issued_at=late), "h1")


def test_a_time_without_zone_is_refused(source: Source) -> None:
    with pytest.raises(RefusedError, match="clock_skew"):
        source.discovery.answer(question(issued_at=datetime(2026, 1, 1)), "h1")  # noqa: DTZ001


def test_nobody_asks_in_anothers_name(source: Source) -> None:
    with pytest.raises(RefusedError, match="another_sites_request"):
        source.discovery.answer(question(), "h9")


def test_what_came_from_elsewhere_is_not_announced(source: Source) -> None:
    with source.database.session() as session:
        session.add(
            ReceivedInstance(
                sop_uid="1.1", sha256="a" * 64, study_uid="1.2.1", source="h3", state="stored",
                at=datetime.now(UTC),
            )
        )  # fmt: skip
    answer = source.discovery.answer(question(), "h1")
    assert [entry.sop_uid for entry in answer.studies[0].instances] == ["1.0", "1.2"]


def test_an_unsure_match_tells_nothing_until_decided(source: Source) -> None:
    """The answer shows no study; one review a person, however often they ask; "no" stays no."""
    unsure = PERSON.model_copy(update={"identifiers": ()})
    for number in range(3):
        answer = source.discovery.answer(question(number, unsure), "h1")
        assert (answer.found, answer.studies) == (Found.AMBIGUOUS, ())
    (review,) = source.discovery.reviews()
    assert "tef" not in str(vars(review))  # sealed
    source.discovery.decide(review.id, same=False, by="dr-1")
    assert source.discovery.answer(question(7, unsure), "h1").found is Found.NO_DATA
    with pytest.raises(RefusedError, match="no_such_review"):
        source.discovery.decide(review.id, same=True, by="dr-1")


def transfer(own, **changes: object) -> TransferRequest:
    values = {
        "request_id": "r", "asking_site": "h1", "wanted": ("1.2", "1.0"), "release": "",
        "recipient_key": public_hex(own), "purpose": Purpose.TREATMENT,
        "issued_at": datetime.now(UTC),
    }  # fmt: skip
    return TransferRequest(**(values | changes))


def test_chunks_are_the_files_in_the_wanted_order(source: Source) -> None:
    """And again the same after a restart: any chunk can be had twice."""
    own = new_private_key()
    ticket = source.outgoing.ticket(transfer(own), "h1")
    cipher = ChunkCipher.agreed(own, ticket.sender_key, "transfer", sender=False)
    wanted = source.files[2].read_bytes() + source.files[0].read_bytes()
    for outgoing in (source.outgoing, source.fresh_outgoing()):
        stream = b"".join(
            cipher.open(n, outgoing.chunk(ticket.ticket_id, n, "h1"), last=n == ticket.chunks - 1)
            for n in range(ticket.chunks)
        )
        assert stream == wanted


def test_tickets_are_their_owners_and_run_out(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = source.outgoing.ticket(transfer(new_private_key()), "h1")
    source.outgoing.chunk(ticket.ticket_id, 0, "h1")
    with pytest.raises(RefusedError, match="no_such_ticket"):
        source.outgoing.chunk(ticket.ticket_id, 0, "h3")
    for number in (-1, ticket.chunks):
        with pytest.raises(ProtocolError, match="no_such_chunk"):
            source.outgoing.chunk(ticket.ticket_id, number, "h1")

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(hours=25)

    monkeypatch.setattr(outgoing_module, "datetime", Later)
    for outgoing in (source.outgoing, source.fresh_outgoing()):  # remembered or read again
        with pytest.raises(RefusedError, match="no_such_ticket"):
            outgoing.chunk(ticket.ticket_id, 0, "h1")


def test_what_is_not_here_is_refused(source: Source) -> None:
    own = new_private_key()
    with pytest.raises(RefusedError, match="no_such_instance"):
        source.outgoing.ticket(transfer(own, wanted=("9.9",)), "h1")
    with pytest.raises(RefusedError, match="another_sites_request"):
        source.outgoing.ticket(transfer(own), "h3")


def test_a_file_that_is_gone_is_told(source: Source) -> None:
    ticket = source.outgoing.ticket(transfer(new_private_key()), "h1")
    path = source.archive.path("1.2")
    assert path is not None
    path.unlink()
    with pytest.raises(StoreError):
        source.outgoing.chunk(ticket.ticket_id, 0, "h1")
