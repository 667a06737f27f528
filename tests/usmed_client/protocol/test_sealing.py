"""Streams, envelopes and announcements: what was changed, moved or forged is not read."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from usmed_client.errors import IntegrityError, RefusedError
from usmed_client.protocol.announcements import Announcement, sign
from usmed_client.protocol.envelopes import RelayedRequest, seal, unseal
from usmed_client.protocol.stream import (
    CHUNK_SIZE,
    ChunkCipher,
    chunks_of,
    new_private_key,
    public_hex,
)
from usmed_server.core.certificates import Authority


def test_chunks_are_read_only_in_their_place() -> None:
    """Neither order, stream, end nor a single bit can be changed."""
    mine, theirs = new_private_key(), new_private_key()
    sender = ChunkCipher.agreed(mine, public_hex(theirs), "transfer", sender=True)
    receiver = ChunkCipher.agreed(theirs, public_hex(mine), "transfer", sender=False)
    sealed = sender.seal(3, b"picture", last=False)
    assert receiver.open(3, sealed, last=False) == b"picture"
    changed = bytes([sealed[0] ^ 1]) + sealed[1:]
    foreign = ChunkCipher.agreed(mine, public_hex(theirs), "other", sender=True)
    for number, data, last in (
        (4, sealed, False), (3, sealed, True), (3, changed, False), (3, sealed[:-1], False),
        (3, b"", False), (3, foreign.seal(3, b"picture", last=False), False),
    ):  # fmt: skip
        with pytest.raises(IntegrityError):
            receiver.open(number, data, last=last)


@pytest.mark.parametrize(
    ("size", "chunks"), [(0, 1), (1, 1), (CHUNK_SIZE, 1), (CHUNK_SIZE + 1, 2), (5 << 20, 5)]
)
def test_chunks_of(size: int, chunks: int) -> None:
    assert chunks_of(size) == chunks


@pytest.mark.parametrize("key", ["00" * 32, "01" + "00" * 31])
def test_keys_that_agree_with_everybody_are_refused(key: str) -> None:
    """Points of low order would make the secret known (RFC 7748, 6.1)."""
    with pytest.raises(IntegrityError):
        ChunkCipher.agreed(new_private_key(), key, "transfer", sender=True)


def test_envelopes_open_for_their_addressee_only() -> None:
    """Not for another, not from another, not under another name or direction."""
    ours, theirs, stranger = new_private_key(), new_private_key(), new_private_key()
    content = RelayedRequest(method="GET", path="/n/v1/transfers/1/chunks/0")
    envelope = seal(
        content, message_id="m" * 32, sender="a", addressee="b", direction="request",
        own_key=ours, addressee_key=public_hex(theirs),
    )  # fmt: skip
    opened = unseal(envelope, own_key=theirs, sender_key=public_hex(ours))
    assert RelayedRequest.model_validate_json(opened) == content
    assert "transfers" not in envelope.model_dump_json()
    with pytest.raises(IntegrityError):
        unseal(envelope, own_key=stranger, sender_key=public_hex(ours))
    with pytest.raises(IntegrityError):
        unseal(envelope, own_key=theirs, sender_key=public_hex(stranger))
    for change in (
        {"sender": "c"}, {"addressee": "c"}, {"direction": "reply"}, {"id": "n" * 32},
        {"sealed": "AAAA"}, {"sealed": "no base64!"}, {"one_time_key": "00" * 32},
    ):  # fmt: skip
        with pytest.raises(IntegrityError):
            unseal(envelope.model_copy(update=change), own_key=theirs, sender_key=public_hex(ours))


def test_announcements_prove_who_made_them(tmp_path: Path) -> None:
    """Only a gateway's own, valid certificate of the right authority counts."""
    (tmp_path / "ours").mkdir()
    (tmp_path / "foreign").mkdir()
    ours, foreign = Authority(tmp_path / "ours"), Authority(tmp_path / "foreign")
    root = x509.load_pem_x509_certificate(ours.certificate_file.read_bytes())
    announcement = Announcement(
        site="h1", url="https://h1", box_key="ab" * 32, issued_at=datetime.now(UTC)
    )

    def signed(authority: Authority, name: str, role: str, **options):
        credential = authority.issue(name, role, **options)
        return sign(
            announcement, credential.certificate.read_bytes(), credential.private_key.read_bytes()
        )

    good = signed(ours, "h1", "gateway")
    assert good.verified(root) == announcement
    old = datetime.now(UTC) - timedelta(days=9)
    bad = {
        "another authority": signed(foreign, "h1", "gateway"),
        "another site": signed(ours, "h2", "gateway"),
        "a workstation": signed(ours, "h1", "workstation"),
        "expired": signed(ours, "h1", "gateway", start=old, lifetime=timedelta(days=1)),
        "changed": good.model_copy(
            update={"announcement": announcement.model_copy(update={"url": "https://evil"})}
        ),
        "no signature": good.model_copy(update={"signature": "zz"}),
    }
    for forged in bad.values():
        with pytest.raises(RefusedError):
            forged.verified(root)
