"""What the gateway needs of others: a PACS, pseudonyms, and somebody who may release data.

Key servers and consent come in issues of their own. Until then the doors are here, and closed:
the defaults refuse. Only the demo and tests open them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NoReturn, Protocol

from usmed_client.errors import NoReleaseAuthorityError
from usmed_client.protocol.collections import Purpose
from usmed_client.protocol.identity import Identity


@dataclass(frozen=True, slots=True)
class PacsPatient:
    """A patient as the PACS has it; ``patient_ids`` holds OtherPatientIDs too."""

    patient_id: str
    issuer: str
    identity: Identity
    study_uids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PacsInstance:
    """One instance that a PACS can give."""

    study_uid: str
    series_uid: str
    sop_uid: str
    modality: str = ""
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of one instance that was given to a PACS."""

    sop_uid: str
    outcome: str
    """``stored``, ``duplicate`` (the same bytes were there), ``conflict`` or ``failed``."""
    detail: str = ""


class Pacs(Protocol):
    """A PACS, by whatever protocol it speaks. All calls may block: never call in the event loop.

    All methods raise `UnreachableError` when the PACS does not answer, aborts or hangs, and
    `ProtocolError` when it answers what it may not.
    """

    def echo(self) -> None:
        """Whether it answers."""

    def patients(
        self, *, patient_id: str = "", family_name: str = "", birth_date: date | None = None
    ) -> Sequence[PacsPatient]:
        """Patients by number, or by the beginning of a name, or by birth date."""

    def instances(self, study_uid: str) -> Sequence[PacsInstance]:
        """Instances of a study."""

    def fetch(self, study_uid: str, into: Path) -> Iterator[Path]:
        """DICOM files of a study, as they come; in ``into``, named by their SOP Instance UID."""

    def store(self, files: Sequence[Path]) -> Iterator[Stored]:
        """Give it files; answers as they come."""

    def digests(self, sop_uids: Sequence[str]) -> dict[str, str]:
        """SHA-256 of those of these that it holds, as far as it can tell."""

    def commit(self, sop_uids: Sequence[str]) -> Sequence[str]:
        """Those of these that it does not (yet) hold for good: storage commitment or a query."""


class Pseudonyms(Protocol):
    """Names a patient so that sites can find one another and the directory learns nothing."""

    async def pseudonym(self, identity: Identity) -> str | None:
        """The same for the same person at every site; None when nothing identifies them."""


class ReleaseAuthority(Protocol):
    """Who says that data of a patient may go to a hospital: consent and key servers."""

    async def release(
        self,
        *,
        pseudonym: str | None,
        source: str,
        destination: str,
        manifest_digest: str,
        purpose: Purpose,
    ) -> str:
        """What the source will accept as permission.

        Raises
        ------
        RefusedError
            No.
        """  # fmt: skip
        ...

    async def check(self, release: str, *, source: str, destination: str, purpose: Purpose) -> None:
        """Whether this permission is good for this destination; the source asks.

        Raises
        ------
        RefusedError
            No.
        """


class Closed:
    """Both doors closed: nothing has a pseudonym, nothing is released."""

    async def pseudonym(self, identity: Identity) -> str | None:
        """None: all sites are asked directly."""
        del identity
        return None

    async def release(
        self,
        *,
        pseudonym: str | None,
        source: str,
        destination: str,
        manifest_digest: str,
        purpose: Purpose,
    ) -> NoReturn:
        """Refuse."""  # fmt: skip
        del pseudonym, source, destination, manifest_digest, purpose
        raise NoReleaseAuthorityError("no_release_authority")

    async def check(self, release: str, *, source: str, destination: str, purpose: Purpose) -> None:
        """Refuse."""
        del release, source, destination, purpose
        raise NoReleaseAuthorityError("no_release_authority")


class Peer(Protocol):
    """Another hospital's gateway, reached directly or through the relay.

    Both calls raise `UnreachableError`, `RefusedError` or `ProtocolError`.
    """

    site: str

    async def post(self, path: str, body: bytes) -> bytes:
        """Answer to a JSON message."""

    async def get(self, path: str) -> bytes:
        """Bytes of a resource."""
