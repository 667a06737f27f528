"""Standard Vosk models: their own phones and words, so Vosk makes the graph at run time.

Our static graphs need our phones. A standard model takes a list of sentences instead, of which
Vosk makes a bigram model: it hears mixtures of them too, which the strict parser then refuses.
The list holds every pair of neighbouring words of the phrases once; it need not hold every
sentence. A word that the model does not know can't be heard, and with it no sentence that needs it.
"""

import heapq
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from surgery_assist.errors import VocabularyError
from surgery_assist.voice.automaton import Arc, Automaton
from surgery_assist.voice.packs import VoicePack
from surgery_assist.voice.parser import UNKNOWN_WORD

_EDGE: Final = ""
"""Stands before the first word and after the last one."""
_MOST_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class RuntimeGrammar:
    """What a standard model is given to listen for.

    Attributes
    ----------
    sentences
        Enough of them that each pair of neighbouring words stands in one.
    missing
        Words of the phrases that the model does not know, sorted.
    """

    sentences: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def text(self) -> str:
        """As ``vosk.KaldiRecognizer`` takes it."""
        return json.dumps(self.sentences, ensure_ascii=False)


def knows_word(model: Any) -> Callable[[str], bool]:
    """Whether a ``vosk.Model`` can hear a word."""
    return lambda word: model.vosk_model_find_word(word) >= 0


def has_static_graph(pack: VoicePack) -> bool:
    """Whether a model brings one graph for all speech.

    Vosk then ignores every grammar, so it would hear anything but the commands.
    """
    return (pack.root / "graph" / "HCLG.fst").is_file() or (pack.root / "HCLG.fst").is_file()


def runtime_grammar(automata: Sequence[Automaton], knows: Callable[[str], bool]) -> RuntimeGrammar:
    """Sentences for a model that knows only some words.

    Parameters
    ----------
    knows
        Whether the model has a word, see `knows_word`.

    Raises
    ------
    VocabularyError
        No sentence is left; names words that are missing.
    """
    words = sorted({word for automaton in automata for word in automaton.words()})
    missing = tuple(word for word in words if not knows(word))
    known = frozenset(words) - set(missing)
    seen: set[tuple[str, str]] = set()
    sentences = [
        sentence for automaton in automata for sentence in _covering(automaton, known, seen)
    ]
    if not sentences:
        raise VocabularyError("error.vocabulary", words=named(missing))
    unknown = [UNKNOWN_WORD] if knows(UNKNOWN_WORD) else []
    return RuntimeGrammar((*dict.fromkeys(sentences), *unknown), missing)


def named(words: Sequence[str]) -> str:
    """Words for a message, not all of very many."""
    more = f" ... ({len(words)})" if len(words) > _MOST_NAMED else ""
    return ", ".join(words[:_MOST_NAMED]) + more


def _covering(
    automaton: Automaton, known: frozenset[str], seen: set[tuple[str, str]]
) -> Iterator[str]:
    """Short sentences of known words with every pair that no sentence has had yet."""
    arcs = [[arc for arc in state.arcs.values() if arc.word in known] for state in automaton.states]
    before = _shortest_from_start(arcs)
    after = _shortest_to_end(automaton, arcs)
    for index, beginning in before.items():
        for first in arcs[index]:
            ending = after.get(first.target)
            if ending is None:
                continue
            options = [(*beginning, first.word, *ending)]
            options += [
                (*beginning, first.word, second.word, *after[second.target])
                for second in arcs[first.target]
                if second.target in after
            ]
            for sentence in options:
                pairs = set(zip((_EDGE, *sentence), (*sentence, _EDGE), strict=True))
                if not pairs <= seen:
                    seen |= pairs
                    yield " ".join(sentence)


def _shortest_from_start(arcs: Sequence[Sequence[Arc]]) -> dict[int, tuple[str, ...]]:
    """Fewest words to each state that can be reached."""
    found: dict[int, tuple[str, ...]] = {0: ()}
    queue = [0]
    for index in queue:
        for arc in arcs[index]:
            if arc.target not in found:
                found[arc.target] = (*found[index], arc.word)
                queue.append(arc.target)
    return found


def _shortest_to_end(
    automaton: Automaton, arcs: Sequence[Sequence[Arc]]
) -> dict[int, tuple[str, ...]]:
    """Fewest words from each state to the end of a sentence, where there is one."""
    into: dict[int, list[tuple[int, str]]] = {}
    for index, leaving in enumerate(arcs):
        for arc in leaving:
            into.setdefault(arc.target, []).append((index, arc.word))
    queue = [
        (0, index, ()) for index, state in enumerate(automaton.states) if state.final is not None
    ]
    heap: list[tuple[int, int, tuple[str, ...]]] = list(queue)
    heapq.heapify(heap)
    found: dict[int, tuple[str, ...]] = {}
    while heap:
        length, index, ending = heapq.heappop(heap)
        if index in found:
            continue
        found[index] = ending
        for source, word in into.get(index, ()):
            if source not in found:
                heapq.heappush(heap, (length + 1, source, (word, *ending)))
    return found
