"""Locator and mailbox: who is asked, and whose mail is whose."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from usmed_client.errors import RefusedError
from usmed_client.protocol.announcements import Announcement, SignedAnnouncement, sign
from usmed_client.protocol.envelopes import Envelope
from usmed_server.core.certificates import Authority, Credential
from usmed_server.core.database import Database
from usmed_server.directory import mailbox as mailboxes
from usmed_server.directory.app import MIGRATIONS
from usmed_server.directory.mailbox import Mailbox
from usmed_server.directory.registry import Registry


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    (tmp_path / "authority").mkdir()
    return Authority(tmp_path / "authority")


@pytest.fixture
def registry(database: Database, authority: Authority) -> Registry:
    database.upgrade(MIGRATIONS)
    root = x509.load_pem_x509_certificate(authority.certificate_file.read_bytes())
    return Registry(database, ("h1", "h2", "h3"), root)


def test_who_keeps_no_index_is_always_asked(registry: Registry) -> None:
    """Only a site that names all whom it knows may be left out."""
    assert registry.locate("p" * 16) == ([], ["h1", "h2", "h3"])
    registry.index("h1", ["p" * 16, "q" * 16], complete=True)
    registry.index("h2", ["p" * 16], complete=False)
    assert registry.locate("p" * 16) == (["h1", "h2"], ["h3"])
    assert registry.locate("q" * 16) == (["h1"], ["h2", "h3"])
    registry.index("h1", ["q" * 16], complete=True)
    assert registry.locate("p" * 16) == (["h2"], ["h3"])


def announced(own: Credential, at: datetime, url: str) -> SignedAnnouncement:
    made = Announcement(site="h1", url=url, box_key="ab" * 32, issued_at=at)
    return sign(made, own.certificate.read_bytes(), own.private_key.read_bytes())


def test_an_old_announcement_is_refused(registry: Registry, authority: Authority) -> None:
    own = authority.issue("h1", "gateway")
    now = datetime.now(UTC)
    registry.announce(announced(own, now, "https://new"))
    with pytest.raises(RefusedError, match="announcement_old"):
        registry.announce(announced(own, now - timedelta(hours=1), "https://old"))
    assert [one.announcement.url for one in registry.sites()] == ["https://new"]


def test_only_admitted_sites(registry: Registry, authority: Authority) -> None:
    own = authority.issue("h9", "gateway")
    made = Announcement(site="h9", url="", box_key="ab" * 32, issued_at=datetime.now(UTC))
    signed = sign(made, own.certificate.read_bytes(), own.private_key.read_bytes())
    with pytest.raises(RefusedError, match="unknown_site"):
        registry.announce(signed)


def letter(number: int = 0, size: int = 4, **changes: str) -> Envelope:
    values = {
        "id": f"{number:016d}", "sender": "h1", "addressee": "h3", "direction": "request",
        "one_time_key": "ab" * 32, "sealed": "A" * size,
    }  # fmt: skip
    return Envelope(**(values | changes))


def reply(number: int = 0, **changes: str) -> Envelope:
    return letter(number, sender="h3", addressee="h1", direction="reply", **changes)


def test_mail_and_reply() -> None:
    async def run() -> None:
        box = Mailbox()
        fetching = asyncio.create_task(box.fetch("h3", 5))
        await asyncio.sleep(0.01)
        box.post(letter())
        assert await fetching == [letter()]  # came while it waited
        assert await box.fetch("h3", 0.01) == []  # and only once
        assert await box.reply_to("0" * 16, "h1", 0.01) is None
        with pytest.raises(RefusedError):
            box.reply(letter(sender="h2", addressee="h1", direction="reply"))  # not asked
        box.reply(reply())
        with pytest.raises(RefusedError):
            await box.reply_to("0" * 16, "h2", 0.01)  # not theirs
        assert await box.reply_to("0" * 16, "h1", 0.01) == reply()
        with pytest.raises(RefusedError):
            await box.reply_to("0" * 16, "h1", 0.01)

    asyncio.run(run())


def test_a_box_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """In number and size; what is old makes room."""
    now = [100.0]
    monkeypatch.setattr(mailboxes.time, "monotonic", lambda: now[0])

    async def run() -> None:
        box = Mailbox()
        for number in range(256):
            box.post(letter(number))
        with pytest.raises(RefusedError, match="mailbox_full"):
            box.post(letter(256))
        box.post(letter(257, addressee="h2"))  # others are not kept waiting
        now[0] += mailboxes.TERM_SECONDS + 1
        box.post(letter(258, size=mailboxes.SITE_BYTES))
        with pytest.raises(RefusedError, match="mailbox_full"):
            box.post(letter(259))
        assert [one.id for one in await box.fetch("h3", 1)] == [f"{258:016d}"]

    asyncio.run(run())
