"""The directory's configuration."""

from usmed_server.core.settings import ServerSettings


class DirectorySettings(ServerSettings):
    """A server's settings and the sites of the federation."""

    sites: tuple[str, ...]
    """Names of the admitted sites, as their certificates give them."""
