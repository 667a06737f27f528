import pytest

from surgery_assist.errors import SettingsError
from surgery_assist.settings import Settings, load_settings


def write(tmp_path, text):
    path = tmp_path / "settings.toml"
    path.write_text(text, "utf-8")
    return path


def test_values_are_read_over_the_defaults(tmp_path):
    settings = load_settings(
        write(tmp_path, 'language = "en"\n[voice]\nwindow_seconds = 6\n[display]\ndistance_m = 2.5')
    )
    assert settings.language == "en"
    assert settings.voice.window_seconds == 6.0
    assert settings.display.distance_m == 2.5
    assert settings.confirm_seconds == Settings().confirm_seconds


@pytest.mark.parametrize(
    "text",
    [
        "langauge = 'en'",
        "language = 'fr'",
        "voice = 3",
        "[voice]\nactivation = 'shouting'",
        "[voice]\nearcons = 1",
        "confirm_seconds = -1",
        "confirm_seconds = true",
        "memory_mb = 1.5",
        "not toml",
    ],
)
def test_mistakes_are_refused(tmp_path, text):
    with pytest.raises(SettingsError):
        load_settings(write(tmp_path, text))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(SettingsError):
        load_settings(tmp_path / "none.toml")
