"""Site configuration: a TOML file becomes a checked, frozen value. Unknown keys are refused."""

import tomllib
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from usmed_client.errors import ConfigError


class Section(BaseModel):
    """A table of the configuration; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerSettings(Section):
    """What every server has. Relative paths are relative to the configuration's folder."""

    data_dir: Path
    database: str = ""
    """SQLAlchemy URL; empty is SQLite in ``data_dir``."""
    host: str = "127.0.0.1"
    port: int = 8443
    certificate: Path
    private_key: Path
    authority: Path
    """Certificates of the authority that all sites trust, PEM."""
    log_level: str = "info"

    @property
    def database_url(self) -> str:
        """Where the tables are."""
        return self.database or f"sqlite:///{self.data_dir / 'usmed.sqlite'}"

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read and check a configuration.

        Raises
        ------
        ConfigError
            It can't be read, a key is unknown, or a value is wrong. Names the key.
        """
        try:
            found = tomllib.loads(path.read_text("utf-8"))
        except OSError as error:
            raise ConfigError("config_unreadable", f"{path.name}: {error.strerror}") from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigError("config_syntax", f"{path.name}: {error}") from error
        try:
            return cls.model_validate(_absolute(cls, found, path.resolve().parent))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ConfigError("config_value", f"{path.name}: {where}: {first['msg']}") from error


def _absolute(section: type[BaseModel], found: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The found values with paths made absolute, in nested tables too."""
    result = dict(found)
    for name, field in section.model_fields.items():
        value = result.get(name)
        if field.annotation is Path and isinstance(value, str):
            result[name] = folder / value
        elif (
            isinstance(value, dict)
            and isinstance(field.annotation, type)
            and issubclass(field.annotation, BaseModel)
        ):
            result[name] = _absolute(field.annotation, value, folder)
    return result
