"""The bundled pack in the real recogniser: spoken sentences become commands."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from surgery_assist.errors import PackError, VocabularyError
from surgery_assist.settings import VoiceSettings, models_dir
from surgery_assist.voice.assembly import load_ears, load_trial_ears, voice_pack
from surgery_assist.voice.audio import FileSource
from surgery_assist.voice.benchmark import bench_voice
from surgery_assist.voice.events import (
    ReadyEvent,
    RejectedEvent,
    SourceFoundEvent,
    SourceLostEvent,
    UnderstoodEvent,
)
from surgery_assist.voice.listen import listen_lines
from surgery_assist.voice.listening import VoiceContext
from surgery_assist.voice.microphone import MicrophoneSource
from surgery_assist.voice.offline import transcribe_file
from surgery_assist.voice.pipeline import Ears
from surgery_assist.voice.recognizer import ModelCache, Scope
from surgery_assist.voice.service import VoiceService
from tests.helpers.ears import phrase_books, said
from tests.helpers.events import Log, wait_until
from tests.helpers.pulse import PulseServer, missing_tools
from tests.helpers.speech import have_espeak, resampled, write_wav
from tests.helpers.threads import no_thread_left

PACK = models_dir() / "ro-en-command"
pytestmark = [
    pytest.mark.skipif(not have_espeak(), reason="lacks espeak-ng"),
    pytest.mark.skipif(not (PACK / "am" / "final.mdl").is_file(), reason="the pack is not built"),
]


@pytest.fixture(scope="module")
def ears() -> Ears:
    made = load_ears(phrase_books())  # type: ignore[arg-type]
    made.load()
    return made


def understood(path: Path, ears: Ears, language: str) -> list[tuple[str, dict[str, object]]]:
    return [
        (event.invocation.command_id, dict(event.invocation.arguments))
        for event in transcribe_file(path, ears, language)  # type: ignore[arg-type]
        if isinstance(event, UnderstoodEvent)
    ]


SPOKEN = [
    ("ro", "împarte în patru", "layout.set", {"rows": 2, "columns": 2}),
    ("ro", "fereastră osoasă", "window.preset", {"preset": "bone"}),
    ("ro", "rotește la dreapta", "rotate", {"side": "right"}),
    ("ro", "imaginea următoare", "image.next", {}),
    ("ro", "stop", "stop", {}),
    ("en", "split in four", "layout.set", {"rows": 2, "columns": 2}),
    ("en", "bone window", "window.preset", {"preset": "bone"}),
    ("en", "rotate right", "rotate", {"side": "right"}),
    ("en", "next image", "image.next", {}),
    ("en", "stop", "stop", {}),
]


@pytest.mark.parametrize("sentence", SPOKEN, ids=lambda sentence: sentence[1])
def test_a_spoken_sentence_becomes_its_command(
    tmp_path: Path, ears: Ears, sentence: tuple[str, str, str, dict[str, object]]
) -> None:
    language, text, command, slots = sentence
    path = write_wav(tmp_path / "a.wav", said((0.5, text), language=language), rate=16000)
    assert understood(path, ears, language) == [(command, slots)]


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 1), (48000, 2)])
def test_other_rates_and_stereo_are_understood(
    tmp_path: Path, ears: Ears, rate: int, channels: int
) -> None:
    sound = resampled(said((0.5, "fereastră osoasă")), rate, was=16000)
    path = write_wav(tmp_path / "a.wav", sound, rate=rate, channels=channels)
    assert understood(path, ears, "ro") == [("window.preset", {"preset": "bone"})]


def test_several_sentences_in_one_file_with_digital_silence(tmp_path: Path, ears: Ears) -> None:
    sound = said((0.5, "bone window"), (3.0, "next image"), language="en", length=6.0)
    sound[np.abs(sound) < 40] = 0
    path = write_wav(tmp_path / "a.wav", sound, rate=16000)
    assert [name for name, _ in understood(path, ears, "en")] == ["window.preset", "image.next"]


def test_the_other_language_does_not_act_but_can_be_switched_to(tmp_path: Path, ears: Ears) -> None:
    path = tmp_path / "a.wav"
    write_wav(path, said((0.5, "switch to english"), language="en"), rate=16000)
    assert understood(path, ears, "ro") == [("language.english", {})]


def test_silence_and_noise_do_nothing(tmp_path: Path, ears: Ears) -> None:
    rng = np.random.default_rng(3)
    for level in (0, 30, 1000):
        sound = np.asarray(rng.normal(0, level, 16000 * 20), np.int16)
        path = write_wav(tmp_path / "a.wav", sound, rate=16000)
        assert understood(path, ears, "ro") == []


def test_other_speech_is_rejected_visibly(tmp_path: Path, ears: Ears) -> None:
    sound = said((0.5, "what a lovely day it is outside today"), language="en", length=4.5)
    path = write_wav(tmp_path / "a.wav", sound, rate=16000)
    events = transcribe_file(path, ears, "en")
    assert not [event for event in events if isinstance(event, UnderstoodEvent)]
    assert [event for event in events if isinstance(event, RejectedEvent)]


def test_any_vocabulary_can_be_tried(tmp_path: Path) -> None:
    phrases = tmp_path / "words.yaml"
    phrases.write_text(
        'colour.red: ["purple elephant"]\ncolour.blue: ["yellow submarine"]\n', "utf-8"
    )
    ears = load_trial_ears(phrases, "en")
    path = tmp_path / "a.wav"
    write_wav(path, said((0.5, "yellow submarine"), language="en"), rate=16000)
    assert understood(path, ears, "en") == [("colour.blue", {})]


def test_listening_writes_lines(tmp_path: Path, ears: Ears) -> None:
    path = write_wav(tmp_path / "a.wav", said((0.5, "fereastră osoasă")), rate=16000)
    with no_thread_left():
        lines = list(listen_lines(lambda: ears, FileSource(path), "ro"))
    assert lines[0] == "a.wav, 16000 Hz"
    assert "fereastră osoasă  ->  window.preset preset=bone" in lines[1]


def test_the_benchmark_has_its_figures(tmp_path: Path, ears: Ears) -> None:
    path = write_wav(tmp_path / "a.wav", said((0.5, "next image"), language="en"), rate=16000)
    figures = bench_voice(lambda: ears, [path], "en")
    assert figures["understood"] == 1
    assert 0 < figures["rtf"] < 1  # type: ignore[operator]
    assert 150 < figures["speech_to_decision_ms_p95"] < 1500  # type: ignore[operator]


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "noise"])
def test_a_damaged_model_is_refused(tmp_path: Path, damage: str) -> None:
    from shutil import copytree

    root = tmp_path / "model"
    copytree(PACK, root)
    final = root / "am" / "final.mdl"
    data = final.read_bytes()
    final.unlink()
    contents = {"empty": b"", "cut": data[: len(data) // 2], "noise": bytes(range(256)) * 400}
    if damage != "missing":
        final.write_bytes(contents[damage])
    with pytest.raises(PackError) as refusal:
        ModelCache().load(root)
    assert refusal.value.key == "error.model_unloadable"


def test_without_a_pack_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("surgery_assist.voice.packs.models_dir", lambda: tmp_path)
    monkeypatch.setenv("SURGERY_ASSIST_DATA", str(tmp_path))
    with pytest.raises(PackError) as refusal:
        voice_pack("ro")
    assert refusal.value.key == "error.pack_missing"


def test_a_word_that_can_not_be_said_is_named(tmp_path: Path) -> None:
    phrases = tmp_path / "words.yaml"
    phrases.write_text('one: ["next 本"]\n', "utf-8")
    with pytest.raises(VocabularyError) as refusal:
        load_trial_ears(phrases, "en")
    assert "本" in str(refusal.value.arguments)


def test_every_language_and_scope_has_ears(ears: Ears) -> None:
    assert set(ears.table) == {(lang, scope) for lang in ("ro", "en") for scope in Scope}


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[PulseServer]:
    with PulseServer() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.mark.e2e
@pytest.mark.skipif(bool(missing_tools()), reason=f"lacks {missing_tools()}")
def test_speech_in_a_room_is_heard_before_and_after_the_microphone_was_pulled_out(
    room: PulseServer, tmp_path: Path, ears: Ears
) -> None:
    ro = write_wav(tmp_path / "ro.wav", said((0.3, "fereastră osoasă")), rate=16000)
    en = write_wav(
        tmp_path / "en.wav", said((0.3, "next image"), language="en", length=2.0), rate=16000
    )
    log = Log()
    service = VoiceService(VoiceSettings(), lambda: ears, MicrophoneSource("pulse"), log)
    service.set_context(VoiceContext("ro", "awake"))
    with no_thread_left(), service:
        log.wait(ReadyEvent)
        room.play(ro)
        wait_until(lambda: len(log.of(UnderstoodEvent)) >= 1, 15.0)
        room.kill()
        log.wait(SourceLostEvent)
        service.set_context(VoiceContext("en", "awake"))
        room.start()
        log.wait(SourceFoundEvent, 20.0)
        room.play(en)
        wait_until(lambda: len(log.of(UnderstoodEvent)) >= 2, 15.0)
    acts = [event for event in log.events if isinstance(event, UnderstoodEvent)]
    assert [act.invocation.command_id for act in acts] == ["window.preset", "image.next"]
