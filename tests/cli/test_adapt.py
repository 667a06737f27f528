"""``voice adapt``: from a folder of recordings to a pack of one's own, and back."""

import random
from pathlib import Path

import pytest

from surgery_assist.cli.adapt import guided
from surgery_assist.voice.audio import FileSource
from surgery_assist.voice.reading import keep
from tests.helpers.ears import phrase_books, said
from tests.helpers.speech import have_espeak, write_wav

pytestmark = pytest.mark.skipif(not have_espeak(), reason="espeak-ng is not installed")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SURGERY_ASSIST_DATA", str(tmp_path / "data"))
    return tmp_path


def recordings(folder: Path, count: int) -> Path:
    chance = random.Random(1)
    book = phrase_books()["ro"]
    texts = sorted({book.sample(chance)[0] for _ in range(2 * count)})[:count]
    keep(folder, [(text, said((0.3, text), length=4.0)) for text in texts])
    return folder


def test_a_reading_is_learnt_and_forgotten(run, home: Path) -> None:
    folder = recordings(home / "reading", 14)
    done = run("--lang", "en", "voice", "adapt", "Ana", "--audio", str(folder), "--lang", "ro")
    assert done.code == 0, done.err
    assert (home / "data" / "speakers" / "ana" / "pack.json").is_file()
    assert run("--lang", "en", "voice", "adapt", "Ana", "--remove").code == 0
    assert not (home / "data" / "speakers" / "ana").exists()
    assert "Ana" in run("--lang", "en", "voice", "adapt", "Ana", "--remove").err


def test_too_little_reading_is_refused(run, home: Path) -> None:
    folder = recordings(home / "reading", 3)
    done = run("--lang", "ro", "voice", "adapt", "Ana", "--audio", str(folder))
    assert done.code == 2
    assert "3" in done.err
    assert not (home / "data").exists()


def test_a_reader_is_guided(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound = said((0.6, "mărește"), (3.0, "stânga"), length=6.0)
    source = FileSource(write_wav(home / "a.wav", sound, rate=16000))
    heard = list(guided(source, phrase_books()["ro"], "ro", seconds=60.0))
    shown = capsys.readouterr().out.splitlines()
    assert len(heard) == 2
    assert [text in line for (text, _), line in zip(heard, shown, strict=False)] == [True, True]
