"""Bad command lines: one clear line in the user's language, exit code 2, nothing done."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("PySide6", "vtkmodules", "vosk", "numpy", "pydicom", "imagecodecs", "yaml")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--bogus"], "--bogus"),
        (["nosuch"], "nosuch"),
        (["script", "--say"], "--say"),
        (["script", "--size", "big"], "big"),
        (["script", "--wait", "-3"], "--wait"),
        (["script", "--wait", "soon"], "soon"),
        (["--lang", "fr"], "fr"),
        (["info"], "PATH"),
        (["voice"], "eval|listen|words"),
        (["voice", "eval", "m.csv", "--mode", "loud"], "loud"),
        (["--fullscreen", "--windowed"], "--fullscreen"),
        (["--patient-id", "1001"], "--open"),
        (["script", "--patient-id", "1001"], "--open"),
        (["bench", "nosuch", "x"], "nosuch"),
        (["bench", "load"], "PATH"),
    ],
)
def test_a_wrong_command_line_is_explained_in_one_line(run, arguments, said) -> None:
    done = run("--lang", "en", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert len(done.err.splitlines()) == 1


def test_errors_come_in_the_chosen_language(run) -> None:
    romanian, english = run("--bogus", "--lang", "ro"), run("--bogus", "--lang=en")
    assert romanian.err.startswith("Opțiune")
    assert english.err.startswith("Unknown")


def test_the_settings_choose_the_language_of_errors(run, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('language = "en"\n')
    assert run("--bogus", "--config", settings).err.startswith("Unknown")


@pytest.mark.parametrize(
    ("text", "said"),
    [("langauge = 'ro'", "langauge"), ("memory_mb = 'much'", "memory_mb"), ("[", "settings.toml")],
)
def test_a_broken_settings_file_is_named_and_nothing_starts(run, tmp_path, text, said) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(text)
    done = run("script", "--lang", "en", "--config", settings, "--state", tmp_path / "s.json")
    assert done.code == 2
    assert said in done.err
    assert not (tmp_path / "s.json").exists()


def test_a_missing_settings_file_is_named(run, tmp_path: Path) -> None:
    done = run("self-test", "--lang", "en", "--config", tmp_path / "none.toml")
    assert done.code == 2
    assert "none.toml" in done.err


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    script = (
        "import sys; from surgery_assist.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        f"heavy = {HEAVY!r}\n"
        "sys.exit(','.join(name for name in heavy if name in sys.modules) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_without_a_screen_the_program_says_so(run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    done = run("--lang", "en")
    assert done.code == 2
    assert "no screen" in done.err


def test_a_screen_that_does_not_answer_is_no_screen(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.setenv("DISPLAY", ":7654")
    monkeypatch.setattr(sys, "platform", "linux")
    done = run("--lang", "en")
    assert (done.code, "no screen" in done.err) == (2, True)


def test_what_nobody_expected_is_said_in_one_line(run, monkeypatch: pytest.MonkeyPatch) -> None:
    from surgery_assist.cli import commands

    def fail(_options: object) -> int:
        raise RuntimeError("Popescu Ion")

    monkeypatch.delenv("SURGERY_ASSIST_DEBUG", raising=False)
    monkeypatch.setattr(commands, "run", fail)
    done = run("commands", "--lang", "en")
    assert done.code == 1
    assert "RuntimeError" in done.err
    assert "Popescu" not in done.err


def test_a_reader_that_leaves_is_no_error() -> None:
    program = f"{sys.executable} -m surgery_assist commands --lang en | head -n 1"
    done = subprocess.run(["bash", "-c", program], check=False, capture_output=True, text=True)
    assert (done.stderr, len(done.stdout.splitlines())) == ("", 1)
