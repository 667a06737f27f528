"""Site configuration and the places where things lie.

The configuration is one TOML file; unknown keys are refused, so that a misspelt safety setting
does not silently stay at its default.
"""

import os
import sys
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_type_hints

from surgery_assist.errors import SettingsError

LanguageName = Literal["ro", "en"]
Activation = Literal["push-to-talk", "wake-word", "always-on"]
APP_NAME = "surgery-assist"


@dataclass(frozen=True, slots=True)
class VoiceSettings:
    """How the program listens."""

    activation: Activation = "always-on"
    device: str = ""
    """Microphone by number or part of its name; empty is the system's default."""
    push_to_talk_key: str = "F9"
    window_seconds: float = 8.0
    """How long the program listens after the wake word."""
    earcons: bool = True
    phrases: str = ""
    """Folder with ``ro.yaml`` and ``en.yaml``: a site's own words for the same commands."""
    second_opinion: str = "auto"
    """Whisper judges what Vosk proposes: ``"auto"`` where it is installed, ``"off"``, or the path
    of a CTranslate2 Whisper folder or a standard Vosk model."""
    model_ro: str = ""
    """Pack or standard Vosk model that hears Romanian, by name or path; empty is ours."""
    model_en: str = ""
    """The same for English."""
    speaker: str = ""
    """Whose adapted pack is used, see ``surgery-assist voice adapt``; empty is nobody's."""


@dataclass(frozen=True, slots=True)
class DisplaySettings:
    """How the picture is shown."""

    distance_m: float = 3.0
    """From the eyes to the screen; texts are sized for it."""
    diagonal_inch: float = 0.0
    """Of the screen, when the system reports a wrong size; 0 trusts the system."""
    calibration: str = ""
    """CSV file of driving level and measured luminance in cd/m2 (DICOM PS3.14); empty for a screen
    that is set to the greyscale standard display function itself."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a site can choose."""

    language: LanguageName = "ro"
    models: str = ""
    """Extra folder with voice packs."""
    confirm_seconds: float = 5.0
    """How long a read-back question waits for its answer."""
    memory_mb: int = 0
    """Budget for decoded pixels; 0 takes half of the machine's memory."""
    voice: VoiceSettings = field(default_factory=VoiceSettings)
    display: DisplaySettings = field(default_factory=DisplaySettings)


Section = TypeVar("Section", "Settings", VoiceSettings, DisplaySettings)


def load_settings(path: Path | None = None) -> Settings:
    """Settings from a TOML file, or the defaults.

    Raises
    ------
    SettingsError
        The file can't be read, is no TOML, or holds an unknown key or a wrong type.
    """
    if path is None:
        default = config_dir() / "settings.toml"
        if not default.is_file():
            return Settings()
        path = default
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError("error.settings_unreadable", path=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError("error.settings_syntax", path=str(path), detail=str(error)) from error
    return _filled(Settings(), values, "")


def _filled(default: Section, values: dict[str, Any], prefix: str) -> Section:
    known = {entry.name: entry for entry in fields(default)}
    hints = get_type_hints(type(default))
    changes: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        if key not in known:
            raise SettingsError("error.settings_unknown", name=name, known=", ".join(known))
        current = getattr(default, key)
        if isinstance(current, VoiceSettings | DisplaySettings):
            if not isinstance(value, dict):
                raise SettingsError("error.settings_value", name=name, value=str(value))
            section: Any = current
            changes[key] = _filled(section, value, f"{name}.")
            continue
        allowed = get_args(hints[key])
        fits = value in allowed if allowed else _fits(value, current)
        if not fits:
            raise SettingsError("error.settings_value", name=name, value=str(value))
        changes[key] = float(value) if isinstance(current, float) else value
    return replace(default, **changes)


def _fits(value: object, current: object) -> bool:
    if isinstance(current, bool) or isinstance(value, bool):
        return isinstance(current, bool) and isinstance(value, bool)
    if isinstance(current, int | float):
        return (
            isinstance(value, int | float)
            and (isinstance(current, float) or isinstance(value, int))
            and value >= 0
        )
    return isinstance(value, type(current))


def root_dir() -> Path:
    """Folder that holds ``resources`` and ``models``: the checkout, or the bundle."""
    frozen = getattr(sys, "_MEIPASS", None)
    return Path(frozen) if frozen else Path(__file__).resolve().parent.parent


def resources_dir() -> Path:
    """Phrases, translations, bindings, icons and presets."""
    return root_dir() / "resources"


def models_dir() -> Path:
    """Voice packs that ship with the program."""
    return root_dir() / "models"


def config_dir() -> Path:
    """The user's configuration folder (may not exist)."""
    from platformdirs import user_config_path  # noqa: PLC0415  (start-up time)

    return user_config_path(APP_NAME, appauthor=False)


def user_models_dir() -> Path:
    """Where ``models install`` puts packs."""
    return data_dir() / "models"


def data_dir() -> Path:
    """What the program keeps for the user; ``SURGERY_ASSIST_DATA`` overrides it."""
    override = os.environ.get("SURGERY_ASSIST_DATA")
    if override:
        return Path(override)
    from platformdirs import user_data_path  # noqa: PLC0415  (start-up time)

    return user_data_path(APP_NAME, appauthor=False)


def cache_dir() -> Path:
    """What can be made again at any time; ``SURGERY_ASSIST_CACHE`` overrides it."""
    override = os.environ.get("SURGERY_ASSIST_CACHE")
    if override:
        return Path(override)
    from platformdirs import user_cache_path  # noqa: PLC0415  (start-up time)

    return user_cache_path(APP_NAME, appauthor=False)
