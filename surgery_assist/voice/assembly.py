"""Puts pack, phrases and graphs together into `Ears`.

The language lock is made here: a graph holds the sentences of its own language, and of the other
only those that switch the language, and "stop".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from surgery_assist.commands.registry import Risk
from surgery_assist.errors import PackError, VocabularyError, VoiceError
from surgery_assist.model.session import Language
from surgery_assist.settings import VoiceSettings, cache_dir, resources_dir
from surgery_assist.voice.automaton import Automaton
from surgery_assist.voice.chain import ChainPlan, plan_chains
from surgery_assist.voice.decision import WAKE, Interpreter, SecondOpinion
from surgery_assist.voice.graph import build_graph
from surgery_assist.voice.lexicon import Lexicon, load_lexicon
from surgery_assist.voice.microphone import MicrophoneSource
from surgery_assist.voice.packs import VoicePack, choose_pack
from surgery_assist.voice.parser import NotUnderstood, Parse, Parser, Progress
from surgery_assist.voice.phrases import PhraseBook, Wake, load_phrases
from surgery_assist.voice.pipeline import Ears
from surgery_assist.voice.recognizer import STOP, Ear, ModelCache, Scope
from surgery_assist.voice.standard import has_static_graph, knows_word, named, runtime_grammar
from surgery_assist.voice.thresholds import Thresholds, read_thresholds

SWITCHES: Final = frozenset({"language.romanian", "language.english", STOP})
"""What is understood in the language that is not spoken now."""


@dataclass(frozen=True, slots=True)
class JoinedParser:
    """Parses what any of its parsers can; the first goes first."""

    parsers: tuple[Parser, ...]

    def parse(self, text: str) -> Parse | NotUnderstood:
        """The command of the first parser that understands."""
        answers = [parser.parse(text) for parser in self.parsers]
        return next((answer for answer in answers if isinstance(answer, Parse)), answers[0])

    def progress(self, text: str) -> Progress:
        """Whole, or open, for any parser."""
        steps = [parser.progress(text) for parser in self.parsers]
        return Progress(
            complete=any(step.complete for step in steps),
            extendable=any(step.extendable for step in steps),
        )

    def suggest(self, text: str) -> str:
        """The sentence nearest to a text, of the first parser that has one."""
        return next((near for parser in self.parsers if (near := parser.suggest(text))), "")


def voice_pack(language: Language, models: Iterable[Path] = (), chosen: str = "") -> VoicePack:
    """The pack that was chosen for a language, or the first of ours; ``models`` go first.

    Raises
    ------
    PackError
        There is none.
    """
    return choose_pack(language, chosen, models)


def pack_lexicon(pack: VoicePack) -> Lexicon:
    """Pronunciations with a pack's dictionaries.

    Raises
    ------
    PackError
        One of them can't be read.
    """
    return load_lexicon(resources_dir() / "lexicon", pack.lexicons, accents=True)


def load_ears(
    books: Mapping[Language, PhraseBook],
    *,
    risks: Mapping[str, Risk] | None = None,
    models: Iterable[Path] = (),
    chosen: Mapping[Language, str] | None = None,
    thresholds: Thresholds | None = None,
    opinion: SecondOpinion | None = None,
) -> Ears:
    """Ears for every language that has a phrase book; graphs are made once and cached.

    Parameters
    ----------
    risks
        Class of each command, from the registry.
    models
        Folders that are searched for packs first.
    thresholds
        In place of those that come with the first language's pack.
    chosen
        Pack by language, by name or path, in place of the first of ours.

    Raises
    ------
    PackError
        No pack for a language, or it can't be loaded.
    VocabularyError
        A word of the phrases can't be heard.
    PhraseError
        The phrases are ambiguous.
    """
    folders = tuple(models)
    cache = ModelCache()
    means: dict[Path, _Means] = {}
    table: dict[tuple[Language, Scope], Ear] = {}
    for language, book in books.items():
        pack = voice_pack(language, folders, (chosen or {}).get(language, ""))
        if pack.root not in means:
            means[pack.root] = _Means(pack, pack_lexicon(pack), cache)
        switches = [
            other.automaton(SWITCHES & set(other.ids))
            for name, other in books.items()
            if name != language
        ]
        called = book.automaton({WAKE, STOP} & set(book.ids))
        decoys = book.decoys()
        silent = [decoys] if decoys else []
        chains = plan_chains(book, risks or {})
        awake = chains.automata if chains else (book.automaton(None, Wake.OPTIONAL),)
        asleep = [book.automaton(None, Wake.REQUIRED), called]
        table[language, Scope.AWAKE] = _ear(
            language,
            Scope.AWAKE,
            [*awake, *switches],
            means[pack.root],
            chains=chains,
            silent=silent,
        )
        table[language, Scope.ASLEEP] = _ear(
            language, Scope.ASLEEP, asleep, means[pack.root], silent=silent
        )
    if thresholds is None:
        thresholds = read_thresholds(next(iter(means)))
    interpreter = Interpreter(risks or {}, thresholds, opinion)
    return Ears(table, interpreter, cache, _warnings(table.values()))


def load_trial_ears(
    phrases: Path,
    language: Language,
    *,
    models: Iterable[Path] = (),
    chosen: str = "",
    thresholds: Thresholds | None = None,
    opinion: SecondOpinion | None = None,
) -> Ears:
    """Ears for a phrase file of any vocabulary, whose ids need not be commands.

    Raises
    ------
    PackError, VocabularyError, PhraseError
        As `load_ears`.
    """
    book = load_phrases(phrases, language=language)
    pack = voice_pack(language, models, chosen)
    cache = ModelCache()
    means = _Means(pack, pack_lexicon(pack), cache)
    ear = _ear(language, Scope.AWAKE, [book.automaton()], means)
    table = dict.fromkeys(((language, scope) for scope in Scope), ear)
    interpreter = Interpreter({}, thresholds or read_thresholds(pack.root), opinion)
    return Ears(table, interpreter, cache, _warnings([ear]))


@dataclass(frozen=True, slots=True)
class _Means:
    """What ears are made with: a pack, its pronunciations, and where models are loaded."""

    pack: VoicePack
    lexicon: Lexicon
    models: ModelCache


def _ear(
    language: Language,
    scope: Scope,
    automata: list[Automaton],
    means: _Means,
    *,
    chains: ChainPlan | None = None,
    silent: Sequence[Automaton] = (),
) -> Ear:
    """Ears for ``automata``; ``silent`` ones are heard too, but mean nothing."""
    pack = means.pack
    single = JoinedParser(tuple(Parser(automaton) for automaton in automata))
    parser = chains.parser(single) if chains else single
    if pack.is_ours:
        links = chains.links if chains else None
        model = build_graph(
            [*automata, *silent], means.lexicon, cache_dir() / "graphs", pack.root, links=links
        )
        return Ear(language, scope, model, parser)
    if has_static_graph(pack):
        raise PackError("error.pack_static_graph", path=pack.name)
    grammar = runtime_grammar(automata, knows_word(means.models.load(pack.root)))
    return Ear(language, scope, pack.root, parser, grammar.text, grammar.missing)


def _warnings(ears: Iterable[Ear]) -> tuple[VoiceError, ...]:
    """Words that a chosen model lacks, once for each model."""
    lacking: dict[str, set[str]] = {}
    for ear in ears:
        lacking.setdefault(ear.model.name, set()).update(ear.missing)
    return tuple(
        VocabularyError("error.words_missing", name=name, words=named(sorted(words)))
        for name, words in lacking.items()
        if words
    )


def microphone(settings: VoiceSettings) -> MicrophoneSource:
    """The microphone that a site has chosen."""
    return MicrophoneSource(settings.device)
