"""Whisper's second opinion: features, tokens, weights, judgements and their time limit."""

import importlib.util
import json
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from surgery_assist.errors import PackError
from surgery_assist.voice import packs, whisper, whisper_model
from surgery_assist.voice.audio import AudioBlock, FileSource
from surgery_assist.voice.mel import log_mel
from surgery_assist.voice.whisper import WhisperOpinion, choose_opinion
from surgery_assist.voice.whisper_scorer import WhisperScorer, once, written
from surgery_assist.voice.whisper_tokens import Vocabulary

needs_whisper = pytest.mark.skipif(
    not whisper_model.is_available(), reason="lacks ctranslate2 or the packages with the weights"
)
SILENCE = np.zeros(16000, np.int16)


@pytest.fixture(scope="module")
def scorer() -> WhisperScorer:
    return WhisperScorer(whisper_model.load_whisper(threads=1))


def read(path: Path) -> np.ndarray:
    with FileSource(path) as source:
        blocks = [item.samples for item in source.blocks() if isinstance(item, AudioBlock)]
    return np.concatenate(blocks)


@pytest.mark.parametrize(
    ("band", "frame", "level"),
    [(0, 0, 1.0102), (5, 0, 1.1227), (20, 40, -0.7087), (50, 99, -0.0679), (30, 150, -0.7087)],
)
def test_features_are_those_of_faster_whisper(band: int, frame: int, level: float) -> None:
    """A rising tone, then silence; levels by faster_whisper.feature_extractor 1.x."""
    moments = np.arange(16000) / 16000
    sound = (8000 * np.sin(2 * np.pi * (200 + 1500 * moments) * moments)).astype(np.int16)
    features = log_mel(sound, 200)
    assert features.shape == (80, 200)
    assert features.dtype == np.float32
    assert features[band, frame] == pytest.approx(level, abs=2e-4)


def test_features_of_digital_silence_are_flat() -> None:
    assert np.ptp(log_mel(SILENCE, 200)) == 0.0


@needs_whisper
@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        (
            " Mergi la imaginea douăzeci și cinci.",
            [6124, 7834, 635, 3811, 64, 2482, 4089, 1381, 537, 17060, 6539, 537, 13],
        ),
        (" Next image.", [3087, 3256, 13]),
        (
            " It's 42% — nu-i așa?",
            [467, 311, 14034, 4, 3466, 3822, 12, 72, 257, 10355, 64, 30],
        ),
    ],
)
def test_tokens_are_those_of_the_tokenizers_package(text: str, numbers: list[int]) -> None:
    vocabulary = Vocabulary(json.loads(whisper_model.packaged_files()["vocabulary.json"]))
    assert vocabulary.encode(text) == numbers
    assert vocabulary.decode(numbers) == text


def test_another_vocabulary_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^$"):
        Vocabulary(["a", "b"])


def test_sentences_are_written_as_whisper_writes() -> None:
    assert written("oprește te") == "Oprește-te"
    assert written("calculator ascultă mă") == "Calculator ascultă-mă"
    assert written("next image") == "Next image"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Left left, left left.", "Left."),
        ("check answer check answer check answer", "check answer"),
        ("mergi la imaginea douăzeci și doi", "mergi la imaginea douăzeci și doi"),
        ("9 9 9", "9"),
        ("", ""),
    ],
)
def test_what_is_written_again_and_again_is_written_once(text: str, kept: str) -> None:
    assert once(text) == kept


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two importable packages with a model that is not the one that was chosen."""
    folders = []
    for number, name in enumerate(("weights_one", "weights_two"), start=1):
        folder = tmp_path / name / "data"
        folder.mkdir(parents=True)
        (folder.parent / "__init__.py").write_text("")
        (folder / f"model.bin.part{number}").write_bytes(b"part")
        folders.append(folder)
    for name in ("config.json", "vocabulary.json"):
        (folders[1] / name).write_text("{}")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(whisper_model, "PACKAGES", ("weights_one", "weights_two"))
    return folders


@pytest.mark.usefixtures("packages")
def test_changed_weights_are_refused() -> None:
    with pytest.raises(PackError) as caught:
        whisper_model.packaged_files()
    assert caught.value.key == "error.pack_file_changed"


def test_a_missing_part_is_named(packages: list[Path]) -> None:
    (packages[1] / "model.bin.part2").unlink()
    with pytest.raises(PackError) as caught:
        whisper_model.packaged_files()
    assert caught.value.key == "error.pack_file_missing"
    assert caught.value.arguments["file"] == "model.bin.part2"


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whisper_model, "PACKAGES", ("no_such_weights_1", "no_such_weights_2"))
    assert not whisper_model.is_available()
    assert choose_opinion("auto") is None
    with pytest.raises(PackError) as caught:
        whisper_model.load_whisper()
    assert caught.value.key == "error.opinion_missing"
    assert caught.value.arguments["name"] == "no-such-weights-1"


def make_folder(folder: Path) -> Path:
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"no model")
    (folder / "config.json").write_text('{"lang_ids": [1]}')
    (folder / "vocabulary.json").write_text('["<|endoftext|>", "<|ro|>"]')
    return folder


def test_any_whisper_folder_can_be_installed_and_serves_no_language(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "whisper-small")
    pack = packs.install(folder, tmp_path / "installed")
    assert whisper_model.is_whisper_folder(pack.root)
    assert pack.languages == ()
    assert pack.root in [entry.root for entry in packs.installed_packs([tmp_path / "installed"])]


@needs_whisper
def test_a_folder_of_an_older_converter_is_loaded(tmp_path: Path) -> None:
    """With ``vocabulary.txt`` in place of ``vocabulary.json``, as most shared models have."""
    files = whisper_model.packaged_files()
    folder = tmp_path / "whisper-base"
    folder.mkdir()
    (folder / "model.bin").write_bytes(files["model.bin"])
    (folder / "config.json").write_bytes(files["config.json"])
    tokens = json.loads(files["vocabulary.json"])
    (folder / "vocabulary.txt").write_text("\n".join(tokens), "utf-8", newline="\n")
    loaded = whisper_model.load_whisper(packs.install(folder, tmp_path / "installed").root)
    assert loaded.name == "whisper-base"
    assert loaded.vocabulary.encode("next image") == Vocabulary(tokens).encode("next image")


def test_a_folder_that_is_no_whisper_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError) as caught:
        choose_opinion(str(tmp_path))
    assert caught.value.key == "error.opinion_folder"
    assert choose_opinion("off") is None


@needs_whisper
@pytest.mark.expects_log_warnings
def test_a_damaged_model_says_so_and_gives_no_opinion(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    opinion = WhisperOpinion(make_folder(tmp_path / "damaged"))
    with pytest.raises(PackError) as caught:
        opinion.load()
    assert caught.value.key == "error.model_unloadable"
    assert opinion.judge(SILENCE, ["stop"], "en") == []
    deadline = time.monotonic() + 5.0
    while "second opinion not loaded" not in caplog.text and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "second opinion not loaded" in caplog.text


class SlowScorer:
    """Stands for a machine that is too slow, until it is released."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def practise(self) -> None: ...

    def encode(self, _: np.ndarray) -> None:
        assert self.released.wait(20.0)

    def score(self, _: None, sentences: list[str], __: str) -> list[list[float]]:
        return [[-1.0, -3.0] for _ in sentences]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> SlowScorer:
    made = SlowScorer()
    monkeypatch.setattr(whisper, "load_whisper", lambda *_, **__: None)
    monkeypatch.setattr(whisper, "WhisperScorer", lambda _: made)
    return made


def test_a_slow_answer_is_not_waited_for(slow: SlowScorer) -> None:
    opinion = WhisperOpinion(budget_seconds=0.05)
    opinion.load()
    begun = time.monotonic()
    assert opinion.judge(SILENCE, ["stop"], "en") == []
    assert opinion.judge(SILENCE, ["stop"], "en") == []  # still busy: not even asked
    assert time.monotonic() - begun < 10.0
    slow.released.set()
    deadline = time.monotonic() + 5.0
    while not (answer := opinion.judge(SILENCE, ["stop"], "en")) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [(entry.sentence, entry.score, entry.per_token) for entry in answer] == [
        ("stop", -4.0, -2.0)
    ]


def test_while_it_loads_there_is_no_opinion(
    slow: SlowScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = threading.Event()
    monkeypatch.setattr(whisper, "load_whisper", lambda *_, **__: loaded.wait(20.0))
    opinion = WhisperOpinion()
    opinion.warm_up()
    assert opinion.judge(SILENCE, ["stop"], "en") == []
    loaded.set()
    slow.released.set()
    opinion.load()
    assert opinion.judge(SILENCE, ["stop"], "en")


@needs_whisper
@pytest.mark.shared
@pytest.mark.parametrize(
    ("clip", "language", "said"),
    [
        ("gcompris_ro/words/left.ogg", "ro", "stânga"),
        ("gcompris_ro/words/right.ogg", "ro", "dreapta"),
        ("gcompris_en/words/left.ogg", "en", "left"),
    ],
)
def test_people_are_heard(
    scorer: WhisperScorer, shared_dir: Path, clip: str, language: str, said: str
) -> None:
    sound = scorer.encode(read(shared_dir / "speech" / clip))
    sentences = ["stânga", "dreapta", "imaginea următoare", "left", "right", "next image"]
    scores = scorer.score(sound, sentences, language)  # type: ignore[arg-type]
    best = max(range(len(sentences)), key=lambda index: sum(scores[index]))
    assert sentences[best] == said
    assert np.mean(scores[best]) > -3.5


@needs_whisper
@pytest.mark.shared
def test_its_own_text_brings_in_a_sentence(shared_dir: Path) -> None:
    opinion = choose_opinion("auto", patient=True)
    assert opinion is not None
    audio = read(shared_dir / "speech" / "gcompris_en" / "words" / "left.ogg")
    heard: list[str] = []

    def nearest(text: str) -> str:
        heard.append(text)
        return "left"

    answer = opinion.judge(audio, ["next image"], "en", nearest)
    assert heard[0].strip(" .").lower() == "left"
    assert [entry.sentence for entry in answer] == ["next image", "left"]
    assert answer[1].score > answer[0].score + 5.0


def test_nothing_heavy_is_imported_early() -> None:
    assert importlib.util.find_spec("surgery_assist.voice.whisper") is not None
    source = Path(str(whisper_model.__file__)).read_text("utf-8")
    assert "\nimport ctranslate2" not in source
    assert "tokenizers" not in sys.modules
