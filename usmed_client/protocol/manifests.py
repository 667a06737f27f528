"""Manifests: what a source has, down to the hash of every instance (manifest-first transfer)."""

from collections.abc import Container
from datetime import date
from hashlib import sha256

from pydantic import Field

from usmed_client.protocol.message import Message

Sha256 = str
"""64 hexadecimal digits."""


class InstanceEntry(Message):
    """One SOP Instance.

    Attributes
    ----------
    size
        Bytes of the DICOM file as it is sent.
    sha256
        Of the same bytes.
    """

    sop_uid: str = Field(min_length=1, max_length=64)
    sop_class_uid: str = ""
    transfer_syntax_uid: str = ""
    number: int | None = None
    size: int = Field(ge=0)
    sha256: Sha256 = Field(pattern="^[0-9a-f]{64}$")


class SeriesEntry(Message):
    """One Series of a study."""

    series_uid: str
    modality: str = ""
    description: str = ""
    key_images: bool = False
    """Holds Key Object Selections or presentation states: sent first."""
    instances: tuple[InstanceEntry, ...]


class StudyManifest(Message):
    """One Study as the source has it at this moment."""

    study_uid: str
    study_date: date | None = None
    description: str = ""
    series: tuple[SeriesEntry, ...]

    @property
    def instances(self) -> tuple[InstanceEntry, ...]:
        """All instances, series by series."""
        return tuple(entry for series in self.series for entry in series.instances)

    @property
    def size(self) -> int:
        """Bytes of all instances."""
        return sum(entry.size for entry in self.instances)

    def without(self, sop_uids: Container[str]) -> "StudyManifest":
        """The manifest without these instances, and without series that are empty then."""
        series = [
            one.model_copy(
                update={"instances": tuple(i for i in one.instances if i.sop_uid not in sop_uids)}
            )
            for one in self.series
        ]
        return self.model_copy(update={"series": tuple(one for one in series if one.instances)})

    def digest(self) -> Sha256:
        """Hash of the manifest: what a release is given for."""
        return sha256(self.model_dump_json().encode()).hexdigest()
