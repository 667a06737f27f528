"""The recogniser's graph: it holds the sentences of the automaton and nothing else."""

import json
import random
import struct
from itertools import pairwise

import numpy as np
import pytest

from surgery_assist.errors import PackError, VocabularyError
from surgery_assist.settings import resources_dir
from surgery_assist.voice.fst import NOT_FINAL, FstArc, FstState, encode_fst
from surgery_assist.voice.graph import Graph, GraphCosts, build_graph, compose_graph
from surgery_assist.voice.lexicon import load_lexicon
from surgery_assist.voice.parser import UNKNOWN_WORD, Parse
from surgery_assist.voice.phones import (
    BEGIN,
    END,
    FILLER_INDEX,
    INTERNAL,
    SINGLETON,
    base_phone,
    transition_ids,
)
from surgery_assist.voice.phrases import PhraseBook, Wake, load_phrases
from tests.voice.pack_for_tests import write_pack

LANGUAGES = ("ro", "en")


@pytest.fixture(scope="module")
def lexicon():
    return load_lexicon(resources_dir() / "lexicon")


@pytest.fixture(scope="module")
def books() -> dict[str, PhraseBook]:
    return {
        language: load_phrases(resources_dir() / "phrases" / f"{language}.yaml")
        for language in LANGUAGES
    }


@pytest.fixture(scope="module")
def graphs(books, lexicon) -> dict[str, Graph]:
    return {
        language: compose_graph([book.automaton(wake=Wake.OPTIONAL)], lexicon)
        for language, book in books.items()
    }


def is_loop(arc: FstArc) -> bool:
    return arc.input % 2 == 1


def kaldi_phone(arc: FstArc) -> int:
    return (arc.input + 1) // 2


def random_path(graph: Graph, rng: random.Random) -> list[FstArc]:
    state, path = graph.states[0], []
    while True:
        arcs = [arc for arc in state.arcs if not is_loop(arc)]
        if state.final != NOT_FINAL and (not arcs or rng.random() < 0.3):
            return path
        path.append(rng.choice(arcs))
        state = graph.states[path[-1].target]


def read_sentences(graph: Graph, phones: list[int]) -> set[str]:
    """What the graph says for a sequence of Kaldi phone ids."""
    paths = {(0, "")}
    for phone in phones:
        paths = {
            (arc.target, f"{said} {graph.words[arc.output]}" if arc.output else said)
            for index, said in paths
            for arc in graph.states[index].arcs
            if not is_loop(arc) and kaldi_phone(arc) == phone
        }
    return {said.strip() for index, said in paths if graph.states[index].final != NOT_FINAL}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_path_is_a_sentence(graphs, books, language):
    """Any walk through the graph says a sentence that the parser accepts, nothing, or [unk]."""
    graph, rng = graphs[language], random.Random(3)
    parser = books[language].parser(wake=Wake.OPTIONAL)
    heard = set()
    for _ in range(1500):
        words = [graph.words[arc.output] for arc in random_path(graph, rng) if arc.output]
        sentence = " ".join(words)
        heard.add(sentence)
        if sentence not in ("", UNKNOWN_WORD):
            assert isinstance(parser.parse(sentence), Parse), sentence
    assert {"", UNKNOWN_WORD} <= heard
    assert len(heard) > 300


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_a_path(graphs, books, lexicon, language):
    """Any sentence in any pronunciation, with and without pauses, is in the graph."""
    from surgery_assist.voice.graph import place_phones
    from surgery_assist.voice.phones import PHONE_INDEX

    rng = random.Random(4)
    for _ in range(300):
        sentence, _, _ = books[language].sample(rng)
        phones = [1] if rng.random() < 0.5 else []
        for word in sentence.split():
            chosen = rng.choice(lexicon.pronunciations(word, language))
            phones.extend(place_phones([PHONE_INDEX[phone] for phone in chosen.phones]))
            phones.extend([1] if rng.random() < 0.3 else [])
        assert sentence in read_sentences(graphs[language], phones)


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_placed_as_word_boundary_says(graphs, language):
    """Begin, internal..., end; or a singleton: one label for each word, given within the word."""
    graph, rng = graphs[language], random.Random(9)
    follow = {
        None: {BEGIN, SINGLETON},
        BEGIN: {INTERNAL, END},
        INTERNAL: {INTERNAL, END},
        END: {None, BEGIN, SINGLETON},
        SINGLETON: {None, BEGIN, SINGLETON},
    }
    for _ in range(500):
        places, labels = [], 0
        for arc in random_path(graph, rng):
            phone = kaldi_phone(arc)
            place = None if phone == 1 else (phone - 2) % 4
            labels += bool(arc.output)
            if place in (END, SINGLETON):
                assert labels == 1
                labels = 0
            places.append(place)
        assert labels == 0
        for before, after in pairwise([None, *places, None]):
            assert after in follow[before] or (before, after) == (None, None)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_graph_is_small_and_has_no_empty_arc(graphs, language):
    graph = graphs[language]
    assert len(graph.states) < 6000
    assert graph.arc_count() < 20000
    assert all(arc.input > 0 for state in graph.states for arc in state.arcs)
    loops = [[arc for arc in state.arcs if is_loop(arc)] for state in graph.states[1:]]
    for number, found in enumerate(loops, start=1):
        assert [arc.target for arc in found] == [number]


def test_the_filler_is_a_whole_utterance_of_some_length(graphs):
    graph, rng = graphs["ro"], random.Random(2)
    for _ in range(2000):
        path = random_path(graph, rng)
        fillers = [base_phone(kaldi_phone(arc)) == FILLER_INDEX for arc in path]
        if any(fillers):
            assert sum(fillers) == 6
            assert [graph.words[arc.output] for arc in path if arc.output] == [UNKNOWN_WORD]


def test_without_filler_there_is_no_unknown(books, lexicon):
    automaton = books["en"].automaton(["stop"])
    graph = compose_graph([automaton], lexicon, GraphCosts(unknown=None))
    assert {graph.words[a.output] for s in graph.states for a in s.arcs if a.output} == set(
        automaton.words()
    )


def test_words_that_sound_alike_keep_their_own_labels(tmp_path, lexicon):
    (tmp_path / "en.yaml").write_text("a: ['sea one']\nb: ['see two']\n", "utf-8")
    graph = compose_graph([load_phrases(tmp_path / "en.yaml").automaton()], lexicon)
    rng = random.Random(1)
    said = {
        " ".join(graph.words[arc.output] for arc in random_path(graph, rng) if arc.output)
        for _ in range(100)
    }
    assert said == {"", UNKNOWN_WORD, "sea one", "see two"}


def test_a_word_that_cannot_be_said_fails_loudly(tmp_path, lexicon):
    (tmp_path / "en.yaml").write_text("a: ['日本']\n", "utf-8")
    with pytest.raises(VocabularyError):
        compose_graph([load_phrases(tmp_path / "en.yaml").automaton()], lexicon)


def test_the_file_has_openfst_layout():
    states = [FstState([FstArc(2, 7, 0.5, 1)]), FstState([], 1.25)]
    data = encode_fst(states)
    magic, length = struct.unpack_from("<ii", data)
    assert (magic, data[8 : 8 + length]) == (2125659606, b"vector")
    assert data[-4 - 8 - 16 - 12 :] == struct.pack("<fq", NOT_FINAL, 1) + struct.pack(
        "<iifi", 2, 7, 0.5, 1
    ) + struct.pack("<fq", 1.25, 0)


def noise(seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    coloured = np.convolve(rng.normal(0, 3000, 32000), rng.normal(0, 1, 8), "same")
    loudness = np.repeat(rng.uniform(0.05, 1, 20), 1600)
    return (coloured * loudness).clip(-32000, 32000).astype("<i2").tobytes()


def hear(model, sound: bytes) -> list[str]:
    import vosk

    recognizer = vosk.KaldiRecognizer(model, 16000)
    recognizer.SetMaxAlternatives(8)
    recognizer.SetWords(True)
    recognizer.AcceptWaveform(sound)
    return [found["text"] for found in json.loads(recognizer.FinalResult())["alternatives"]]


@pytest.mark.parametrize("languages", [("ro",), ("en",), ("ro", "en")])
def test_vosk_hears_only_sentences_of_the_grammar(tmp_path, books, lexicon, languages):
    """The real Vosk loads the graph; with a network that knows nothing it still says sentences.

    Where the sound breaks off within one, Vosk gives its beginning.
    """
    import vosk

    vosk.SetLogLevel(-1)
    automata = [books[language].automaton() for language in languages]
    pack = write_pack(tmp_path / "pack")
    model = vosk.Model(str(build_graph(automata, lexicon, tmp_path / "cache", pack)))
    heard = {text for seed in range(12) for text in hear(model, noise(seed))}
    assert len(heard) > 1
    parsers = [books[language].parser() for language in languages]
    assert any(isinstance(parser.parse(text), Parse) for text in heard for parser in parsers)
    for text in heard - {""}:
        found = [parser.progress(text) for parser in parsers]
        assert any(progress.complete or progress.extendable for progress in found), text


def test_vosk_says_unknown_where_the_filler_wins(tmp_path, books, lexicon):
    import vosk

    vosk.SetLogLevel(-1)
    pack = write_pack(tmp_path / "pack", filler=3.0)
    path = build_graph([books["ro"].automaton()], lexicon, tmp_path / "cache", pack)
    model = vosk.Model(str(path))
    assert {hear(model, noise(seed))[0] for seed in range(4)} == {UNKNOWN_WORD}


def test_a_graph_is_made_once(tmp_path, books, lexicon):
    pack = write_pack(tmp_path / "pack")
    automaton = books["en"].automaton(["stop"])
    first = build_graph([automaton], lexicon, tmp_path / "cache", pack)
    made = (first / "graph" / "HCLG.fst").stat().st_mtime_ns
    assert build_graph([automaton], lexicon, tmp_path / "cache", pack) == first
    assert (first / "graph" / "HCLG.fst").stat().st_mtime_ns == made
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [first.name]
    assert (first / "am" / "final.mdl").samefile(pack / "am" / "final.mdl")
    costs = GraphCosts(unknown=1.0)
    other = build_graph([automaton], lexicon, tmp_path / "cache", pack, costs=costs)
    assert other != first


def test_the_cache_keeps_what_was_used_last(tmp_path, books, lexicon, monkeypatch):
    import os

    from surgery_assist.voice import graph

    monkeypatch.setattr(graph, "_MOST_KEPT", 2)
    pack = write_pack(tmp_path / "pack")
    made = []
    for number, command in enumerate(("stop", "undo", "redo")):
        made.append(
            build_graph([books["en"].automaton([command])], lexicon, tmp_path / "cache", pack)
        )
        os.utime(made[-1], (number, number))
        build_graph([books["en"].automaton(["stop"])], lexicon, tmp_path / "cache", pack)
    assert [path.is_dir() for path in made] == [True, False, True]


def test_a_pack_without_model_is_refused(tmp_path, books, lexicon):
    with pytest.raises(PackError):
        build_graph([books["en"].automaton(["stop"])], lexicon, tmp_path, tmp_path / "none")


def test_a_cache_that_cannot_be_written_is_refused(tmp_path, books, lexicon):
    pack = write_pack(tmp_path / "pack")
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(PackError):
        build_graph([books["en"].automaton(["stop"])], lexicon, tmp_path / "file" / "c", pack)


def test_forward_and_loop_ids():
    assert transition_ids(1) == (1, 2)
