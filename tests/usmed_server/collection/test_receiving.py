"""The receiver goes on at any byte, and takes nothing that was not announced."""

import asyncio
from hashlib import sha256
from pathlib import Path

import pytest

from usmed_client.errors import IntegrityError, UnreachableError
from usmed_client.protocol.peers import TransferTicket
from usmed_client.protocol.stream import CHUNK_SIZE, ChunkCipher, chunks_of
from usmed_server.gateway.collection.receiving import WINDOW, Arrived, Receiver

SIZES = (700_000, 0, 1_048_576, 5, 1_400_000)
BODIES = tuple(bytes([n + 1]) * size for n, size in enumerate(SIZES))
DIGESTS = {f"1.{n}": sha256(body).hexdigest() for n, body in enumerate(BODIES)}
CIPHER = ChunkCipher(b"x" * 64, "test")


class Source:
    """Seals chunks of ``stream``; breaks off after ``breaks`` chunks."""

    site = "source"

    def __init__(self, stream: bytes = b"".join(BODIES), breaks: int = 99) -> None:
        self.stream, self.left, self.asked = stream, breaks, []

    async def get(self, path: str) -> bytes:
        number = int(path.rpartition("/")[2])
        self.asked.append(number)
        if self.left <= 0:
            raise UnreachableError("cut")
        self.left -= 1
        data = self.stream[number * CHUNK_SIZE : (number + 1) * CHUNK_SIZE]
        return CIPHER.seal(number, data, last=number == ticket().chunks - 1)

    async def post(self, path: str, body: bytes) -> bytes:
        raise NotImplementedError


def ticket(**changes: object) -> TransferTicket:
    made = TransferTicket(
        ticket_id="t", sender_key="ab" * 32, order=tuple(DIGESTS), sizes=SIZES,
        chunk_size=CHUNK_SIZE, chunks=chunks_of(sum(SIZES)),
    )  # fmt: skip
    return made.model_copy(update=changes)


def receive(
    folder: Path, source: Source, *, taken: int = 0, digests: dict[str, str] | None = None
) -> list[Arrived]:
    receiver = Receiver(ticket(), digests or DIGESTS, CIPHER, folder, taken)

    async def run() -> list[Arrived]:
        found = list(receiver.left_over())
        found += [arrived async for arrived in receiver.receive(source)]
        return found

    return asyncio.run(run())


def whole(found: list[Arrived]) -> list[tuple[str, bytes]]:
    return [(arrived.sop_uid, arrived.path.read_bytes()) for arrived in found]


EVERYTHING = list(zip(DIGESTS, BODIES, strict=True))


def test_a_whole_stream(tmp_path: Path) -> None:
    source = Source()
    assert whole(receive(tmp_path, source)) == EVERYTHING
    assert source.asked == list(range(ticket().chunks))


@pytest.mark.parametrize("after", range(4))
def test_goes_on_after_a_lost_connection(tmp_path: Path, after: int) -> None:
    """All arrives, and no chunk that was written is asked for again."""
    with pytest.raises(UnreachableError):
        receive(tmp_path, Source(breaks=after))
    again = Source()
    assert whole(receive(tmp_path, again)) == EVERYTHING
    assert len(again.asked) <= ticket().chunks - max(0, after - WINDOW)


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("part", [0.0, 0.3, 0.99, 1.0])
def test_goes_on_after_a_kill_at_any_byte(tmp_path: Path, number: int, part: float) -> None:
    """Instances before are complete, of this one a part is on disk."""
    for earlier in range(number):
        (tmp_path / f"{earlier:06d}.dcm").write_bytes(BODIES[earlier])
    piece = BODIES[number][: int(SIZES[number] * part)]
    (tmp_path / f"{number:06d}.dcm").write_bytes(piece)
    source = Source()
    assert whole(receive(tmp_path, source)) == EVERYTHING
    there = sum(SIZES[:number]) + len(piece)
    assert source.asked == list(range(there // CHUNK_SIZE, ticket().chunks)) or there == sum(SIZES)


@pytest.mark.parametrize("taken", [0, 2])
def test_filed_instances_are_passed_over(tmp_path: Path, taken: int) -> None:
    """Killed between the PACS and our notes: their files may be there or gone."""
    (tmp_path / "000002.dcm").write_bytes(BODIES[2])
    lacking = {uid: DIGESTS[uid] for uid in ("1.3", "1.4")}
    source = Source()
    assert whole(receive(tmp_path, source, taken=taken, digests=lacking)) == EVERYTHING[3:]
    assert source.asked[0] == sum(SIZES[:3]) // CHUNK_SIZE
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000003.dcm", "000004.dcm"]


def test_an_instance_in_the_middle_that_is_here_is_thrown_away(tmp_path: Path) -> None:
    lacking = {uid: digest for uid, digest in DIGESTS.items() if uid != "1.2"}
    found = whole(receive(tmp_path, Source(), digests=lacking))
    assert found == [pair for pair in EVERYTHING if pair[0] != "1.2"]
    assert not (tmp_path / "000002.dcm").exists()


def test_spoiled_by_a_power_cut_is_our_fault(tmp_path: Path) -> None:
    """A partial file of zeros: asked for again, and nobody accuses the sender."""
    (tmp_path / "000000.dcm").write_bytes(bytes(600_000))
    with pytest.raises(UnreachableError):
        receive(tmp_path, Source())
    assert whole(receive(tmp_path, Source())) == EVERYTHING


def test_complete_but_spoiled_is_asked_for_again(tmp_path: Path) -> None:
    (tmp_path / "000000.dcm").write_bytes(bytes(700_000))
    assert whole(receive(tmp_path, Source())) == EVERYTHING


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (b"?" + b"".join(BODIES)[1:], "instance_changed"),
        (b"".join(BODIES)[:-1], "stream_short"),
        (b"".join(BODIES) + b"?", "stream_long"),
    ],
)
def test_other_bytes_than_announced(tmp_path: Path, stream: bytes, code: str) -> None:
    """Typed, and nothing wrong stays to be filed."""
    with pytest.raises(IntegrityError) as caught:
        receive(tmp_path, Source(stream))
    assert caught.value.code == code
    for number, body in enumerate(BODIES):
        path = tmp_path / f"{number:06d}.dcm"
        assert not path.exists() or body.startswith(path.read_bytes())
