"""`voice record`: what is kept, what is asked for again, and that a session can go on."""

import csv
from pathlib import Path

import numpy as np
import pytest

from models.recipe.corpus import recorded_utterances
from surgery_assist.cli.record import guided
from surgery_assist.errors import UsageError
from surgery_assist.settings import Settings
from surgery_assist.voice.audio import FileSource
from surgery_assist.voice.manifest import read_manifest
from surgery_assist.voice.phrases import PhraseBook
from surgery_assist.voice.record import CONSENT, INDEX, MANIFEST, TestSet, fault_of
from surgery_assist.voice.speech import build_speech
from tests.helpers.ears import said
from tests.helpers.speech import have_espeak, write_wav

needs_speech = pytest.mark.skipif(not have_espeak(), reason="lacks espeak-ng")
TONE = (8000 * np.sin(np.arange(16000) / 8)).astype(np.int16)


@pytest.fixture(scope="module")
def book() -> PhraseBook:
    return build_speech(Settings()).books["ro"]


@pytest.mark.parametrize(
    ("samples", "fault"),
    [
        (TONE, None),
        (TONE[:0], "record.silent"),
        (TONE[:3000], "record.short"),
        (TONE // 400, "record.quiet"),
        (np.clip(TONE.astype(int) * 9, -32768, 32767).astype(np.int16), "record.clipped"),
    ],
)
def test_what_is_no_use_is_asked_for_again(samples: np.ndarray, fault: str | None) -> None:
    assert fault_of(samples) == fault


@needs_speech
def test_a_session_is_kept_and_goes_on(
    tmp_path: Path, book: PhraseBook, capsys: pytest.CaptureFixture[str]
) -> None:
    sound = said(*((2.0 + 4 * n, "imaginea următoare") for n in range(3)), length=14.0)
    write_wav(tmp_path / "room.wav", sound, rate=16000)
    folder = tmp_path / "set"
    first = TestSet(folder, "ro")
    assert guided(FileSource(tmp_path / "room.wav"), first, book, 2, "suction") == 2
    shown = [line for line in capsys.readouterr().out.splitlines() if ": " in line]
    recordings = read_manifest(folder / MANIFEST)
    assert [entry.path.is_file() for entry in recordings] == [True, True]
    assert {(r.speaker, r.noise, r.voices) for r in recordings} == {
        (first.speaker, "suction", "people")
    }
    assert all(entry.expected_id in book.ids for entry in recordings)

    again = TestSet(folder, "ro", first.speaker)
    assert again.recorded == 2
    upcoming = next(again.prompts(book)).sentence
    assert upcoming not in " ".join(shown[:2])
    assert guided(FileSource(tmp_path / "room.wav"), again, book, 1) == 1
    with (folder / INDEX).open(encoding="utf-8", newline="") as file:
        transcripts = [row["transcript"] for row in csv.DictReader(file)]
    assert len(set(transcripts)) == 3
    assert transcripts[2] == upcoming
    assert len((folder / CONSENT).read_text("utf-8").splitlines()) == 2


@pytest.mark.parametrize("train", [False, True])
def test_only_who_agreed_trains(tmp_path: Path, book: PhraseBook, *, train: bool) -> None:
    kept = TestSet(tmp_path, "ro", train=train)
    kept.add(next(kept.prompts(book)), TONE)
    trained = list(recorded_utterances(tmp_path, lambda _word, _language: ("a",)))
    assert [entry.speaker for entry in trained] == ([kept.speaker] if train else [])


@pytest.mark.parametrize("name", ["s-unknown", "../x"])
def test_an_unknown_speaker_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError) as refusal:
        TestSet(tmp_path, "ro", name)
    assert refusal.value.key == "error.recorded_speaker"
    assert list(tmp_path.iterdir()) == []
