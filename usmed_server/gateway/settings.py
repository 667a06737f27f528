"""The gateway's configuration."""

from typing import Literal

from pydantic import Field

from usmed_server.core.settings import Section, ServerSettings


class PacsSettings(Section):
    """How to reach the local PACS; the embedded archive needs nothing."""

    kind: Literal["embedded", "dimse", "dicomweb"] = "embedded"
    host: str = "127.0.0.1"
    port: int = 104
    ae_title: str = "PACS"
    """Of the PACS."""
    retrieve: Literal["get", "move"] = "get"
    """C-GET needs no inbound port; C-MOVE works everywhere."""
    url: str = ""
    """DICOMweb root, such as ``https://pacs.hospital/dicom-web``; used first where it is given."""
    username: str = ""
    password_file: str = ""
    associations: int = Field(default=4, ge=1, le=16)
    timeout: float = Field(default=20.0, gt=0)


class DicomSettings(Section):
    """Our own DICOM listener; port 0 has none."""

    host: str = "127.0.0.1"
    port: int = 0
    ae_title: str = "USMED"
    callers: tuple[str, ...] = ()
    """AE titles that may call; empty lets nobody in."""
    destinations: dict[str, str] = Field(default_factory=dict)
    """AE title to ``host:port``, for C-MOVE."""


class GatewaySettings(ServerSettings):
    """A server's settings and what a gateway needs."""

    site: str
    """Our name in the federation, as the certificate has it."""
    name: str = ""
    """As people read it."""
    patient_id_issuer: str
    """Assigner of our patient numbers: what arrives is filed under them."""
    directory: str
    """URL of the directory."""
    url: str = ""
    """Our address for other gateways; empty when no connection may come in."""
    doors: Literal["closed", "demo"] = "closed"
    """Who gives pseudonyms and releases; ``demo`` releases everything and is refused unless
    the database and all addresses are on this machine."""
    pacs: PacsSettings = PacsSettings()
    dicom: DicomSettings = DicomSettings()
    rate_limit: int = Field(default=0, ge=0)
    """Bytes a second to each other site; 0 has none."""
