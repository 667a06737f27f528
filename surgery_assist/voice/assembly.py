"""Puts pack, phrases and graphs together into `Ears`.

The language lock is made here: a graph holds the sentences of its own language, and of the other
only those that switch the language, and "stop".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from surgery_assist.commands.registry import Risk
from surgery_assist.errors import PackError
from surgery_assist.model.session import Language
from surgery_assist.settings import VoiceSettings, cache_dir, resources_dir
from surgery_assist.voice.automaton import Automaton
from surgery_assist.voice.decision import STOP, WAKE, Interpreter, SecondOpinion, Thresholds
from surgery_assist.voice.graph import build_graph
from surgery_assist.voice.lexicon import Lexicon, load_lexicon
from surgery_assist.voice.microphone import MicrophoneSource
from surgery_assist.voice.packs import VoicePack, installed_packs
from surgery_assist.voice.parser import NotUnderstood, Parse, Parser, Progress
from surgery_assist.voice.phrases import PhraseBook, Wake, load_phrases
from surgery_assist.voice.pipeline import Ears
from surgery_assist.voice.recognizer import Ear, Scope

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


def voice_pack(language: Language, models: Iterable[Path] = ()) -> VoicePack:
    """The first pack of ours for a language; ``models`` are looked through first.

    A standard Vosk model has other phones: our graphs can't be made for it.

    Raises
    ------
    PackError
        There is none.
    """
    for pack in installed_packs(models):
        if language in pack.languages and pack.is_ours:
            return pack
    raise PackError("error.pack_missing", language=language)


def pack_lexicon(pack: VoicePack) -> Lexicon:
    """Pronunciations with a pack's dictionaries.

    Raises
    ------
    PackError
        One of them can't be read.
    """
    return load_lexicon(resources_dir() / "lexicon", pack.lexicons)


def load_ears(
    books: Mapping[Language, PhraseBook],
    *,
    risks: Mapping[str, Risk] | None = None,
    models: Iterable[Path] = (),
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
    lexicons: dict[Path, Lexicon] = {}
    table: dict[tuple[Language, Scope], Ear] = {}
    for language, book in books.items():
        pack = voice_pack(language, folders)
        if pack.root not in lexicons:
            lexicons[pack.root] = pack_lexicon(pack)
        lexicon = lexicons[pack.root]
        switches = [
            other.automaton(SWITCHES & set(other.ids))
            for name, other in books.items()
            if name != language
        ]
        called = book.automaton({WAKE, STOP} & set(book.ids))
        scopes = {
            Scope.AWAKE: [book.automaton(None, Wake.OPTIONAL), *switches],
            Scope.ASLEEP: [book.automaton(None, Wake.REQUIRED), called],
        }
        for scope, automata in scopes.items():
            table[language, scope] = _ear(language, scope, automata, pack, lexicon)
    return Ears(table, Interpreter(risks or {}, thresholds or Thresholds(), opinion))


def load_trial_ears(
    phrases: Path,
    language: Language,
    *,
    models: Iterable[Path] = (),
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
    pack = voice_pack(language, models)
    ear = _ear(language, Scope.AWAKE, [book.automaton()], pack, pack_lexicon(pack))
    table = dict.fromkeys(((language, scope) for scope in Scope), ear)
    return Ears(table, Interpreter({}, thresholds or Thresholds(), opinion))


def _ear(
    language: Language,
    scope: Scope,
    automata: list[Automaton],
    pack: VoicePack,
    lexicon: Lexicon,
) -> Ear:
    model = build_graph(automata, lexicon, cache_dir() / "graphs", pack.model_dir)
    parser = JoinedParser(tuple(Parser(automaton) for automaton in automata))
    return Ear(language, scope, model, parser)


def microphone(settings: VoiceSettings) -> MicrophoneSource:
    """The microphone that a site has chosen."""
    return MicrophoneSource(settings.device)
