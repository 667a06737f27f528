"""The gateway's configuration."""

from typing import Literal

from usmed_server.core.settings import ServerSettings


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
