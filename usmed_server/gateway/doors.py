"""Which doors are open: closed by default; the demo's open ones only on this machine."""

import hmac
import ipaddress
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from usmed_client.errors import ConfigError, RefusedError
from usmed_client.protocol.collections import Purpose
from usmed_client.protocol.identity import Identity
from usmed_server.gateway.identity.cnp import cnp_of
from usmed_server.gateway.ports import Closed, Pseudonyms, ReleaseAuthority
from usmed_server.gateway.settings import GatewaySettings

_DEMO_KEY: Final = b"the demo hides nobody: its patients do not exist"


class DemoDoors:
    """Pseudonyms by a published key and releases for everybody: for patients who do not exist."""

    async def pseudonym(self, identity: Identity) -> str | None:
        """A hash of the CNP."""
        number = cnp_of(identity)
        if number is None:
            return None
        return hmac.new(_DEMO_KEY, number.value.encode(), sha256).hexdigest()

    async def release(
        self,
        *,
        pseudonym: str | None,
        source: str,
        destination: str,
        manifest_digest: str,
        purpose: Purpose,
    ) -> str:
        """A word that only this source and destination accept."""  # fmt: skip
        del pseudonym, manifest_digest
        return self._word(source, destination, purpose)

    async def check(self, release: str, *, source: str, destination: str, purpose: Purpose) -> None:
        """Refuse any other word."""
        if not hmac.compare_digest(release, self._word(source, destination, purpose)):
            raise RefusedError("release_wrong")

    def _word(self, source: str, destination: str, purpose: Purpose) -> str:
        text = f"{source}|{destination}|{purpose}"
        return hmac.new(_DEMO_KEY, text.encode(), sha256).hexdigest()


def open_doors(settings: GatewaySettings) -> tuple[Pseudonyms, ReleaseAuthority]:
    """The doors of a configuration.

    Raises
    ------
    ConfigError
        The demo's doors on a machine that others can reach.
    """
    if settings.doors == "closed":
        closed = Closed()
        return closed, closed
    hosts = [settings.host, urlsplit(settings.directory).hostname or ""]
    if settings.url:
        hosts.append(urlsplit(settings.url).hostname or "")
    if not all(_is_loopback(host) for host in hosts):
        raise ConfigError("demo_doors", "only on this machine's own addresses")
    demo = DemoDoors()
    return demo, demo


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
