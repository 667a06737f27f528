"""What others would do with the same recordings: four recognisers without our decision chain.

All take (n,) int16 samples, 16 kHz, and answer with the sentence on which they would act, empty for none.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from surgery_assist.model.session import Language
from surgery_assist.settings import cache_dir
from surgery_assist.voice.assembly import pack_lexicon, voice_pack
from surgery_assist.voice.audio import Samples
from surgery_assist.voice.automaton import Arc, Automaton, State
from surgery_assist.voice.graph import build_graph
from surgery_assist.voice.parser import UNKNOWN_WORD
from surgery_assist.voice.recognizer import ModelCache
from surgery_assist.voice.whisper_scorer import WhisperScorer

CONFIDENCE = 0.6
"""Mean of Vosk's word confidences from which a phrase list acts; what its users choose."""
BLOCK = 8000
Rival = Callable[[Samples], str]


def bigrams(sentences: Sequence[Sequence[str]], language: Language) -> Automaton:
    """Vosk's phrase list as a machine: any word may follow that follows it in some sentence.

    Vosk builds this model itself where a pack has a dynamic graph; ours has none, so the same is made
    for it, no longer than the longest sentence, since our graphs have no loops. No pair is likelier
    than another.
    """
    after: dict[str, set[str]] = {}
    for words in sentences:
        for one, other in zip(("", *words), words, strict=False):
            after.setdefault(one, set()).add(other)
    last = {words[-1] for words in sentences}
    longest = max(len(words) for words in sentences)
    index = {(0, ""): 0}
    states: list[State] = []
    queue = [(0, "")]
    for length, name in queue:
        arcs: dict[str, Arc] = {}
        for word in sorted(after.get(name, ())) if length < longest else ():
            node = (length + 1, word)
            if node not in index:
                index[node] = len(index)
                queue.append(node)
            arcs[word] = Arc(word, (), 0.0, index[node])
        states.append(State(arcs, ((), 0.0) if name in last else None))
    return Automaton(tuple(states), language)


def phrase_list(sentences: Sequence[Sequence[str]], language: Language) -> Rival:
    """Vosk's phrase list on our pack, with its confidence and its default endpointing."""
    import vosk

    pack = voice_pack(language)
    machine = bigrams(sentences, language)
    graph = build_graph([machine], pack_lexicon(pack), cache_dir() / "graphs", pack.root)
    model = ModelCache().load(graph)

    def hear(samples: Samples) -> str:
        recognizer = vosk.KaldiRecognizer(model, 16000.0)
        recognizer.SetWords(True)
        results: list[dict[str, Any]] = [
            json.loads(recognizer.Result())
            for start in range(0, len(samples), BLOCK)
            if recognizer.AcceptWaveform(samples[start : start + BLOCK].tobytes())
        ]
        results.append(json.loads(recognizer.FinalResult()))
        for result in results:
            words = result.get("result", [])
            sure = sum(word["conf"] for word in words) / max(1, len(words))
            if words and sure >= CONFIDENCE and UNKNOWN_WORD not in result["text"]:
                return str(result["text"])
        return ""

    return hear


def whisper_alone(
    scorer: WhisperScorer, nearest: Callable[[str], str], language: Language
) -> Rival:
    """Whisper base writes what it hears; the nearest sentence acts, if one is near."""

    def hear(samples: Samples) -> str:
        text = scorer.write(scorer.encode(samples), language).strip(" .,;:!?…")
        return nearest(text) if text else ""

    return hear


def pocketsphinx(sentences: Sequence[Sequence[str]]) -> Rival:
    """Pocketsphinx with its own English model and a grammar of the sentences.

    Raises
    ------
    ImportError
        It is not installed.
    """
    from pocketsphinx import Decoder

    decoder = Decoder(lm=None, loglevel="FATAL", samprate=16000)
    known = {word for words in sentences for word in words if decoder.lookup_word(word)}
    usable = sorted({" ".join(words) for words in sentences if set(words) <= known})
    grammar = f"#JSGF V1.0;\ngrammar all;\npublic <all> = {' | '.join(usable)};\n"
    decoder.add_jsgf_string("all", grammar)
    decoder.activate_search("all")

    def hear(samples: Samples) -> str:
        decoder.start_utt()
        decoder.process_raw(samples.tobytes(), full_utt=True)
        decoder.end_utt()
        found = decoder.hyp()
        return str(found.hypstr) if found else ""

    return hear
