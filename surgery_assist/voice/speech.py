"""Sentences typed or spoken, in both languages: the phrase books and what hears them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from surgery_assist.commands.catalogue import build_registry
from surgery_assist.commands.registry import Registry
from surgery_assist.errors import NotUnderstoodError, PackError, VoiceError
from surgery_assist.messages import LANGUAGES, Language
from surgery_assist.model.invocation import Invocation
from surgery_assist.settings import Settings, resources_dir
from surgery_assist.voice.assembly import SWITCHES, load_ears, voice_pack
from surgery_assist.voice.parser import Parse
from surgery_assist.voice.phrases import PhraseBook, Wake, load_phrases
from surgery_assist.voice.pipeline import Ears
from surgery_assist.voice.speakers import speaker_pack
from surgery_assist.voice.whisper import choose_opinion


@dataclass(frozen=True)
class Speech:
    """What can be said, and what hears it."""

    settings: Settings
    registry: Registry
    books: Mapping[Language, PhraseBook]

    def understand(self, text: str, language: Language) -> Invocation:
        """A typed sentence as a command, by the strict rules that speech obeys.

        The other language is understood only where it switches the language, and for "stop".

        Raises
        ------
        NotUnderstoodError
            It is no command; names the nearest sentence.
        """
        answer = self.books[language].parser(None, Wake.OPTIONAL).parse_typed(text)
        others = (book for name, book in self.books.items() if name != language)
        if not isinstance(answer, Parse):
            for book in others:
                switch = book.parser(SWITCHES & set(book.ids)).parse_typed(text)
                if isinstance(switch, Parse):
                    answer = switch
        if isinstance(answer, Parse):
            return Invocation(answer.command_id, dict(answer.slots), "text", heard=text)
        near = answer.suggestion or "-"
        raise NotUnderstoodError("error.not_understood", text=text, near=near)

    def ears(self, *, patient: bool = False) -> Ears:
        """Graphs and models of both languages; takes a moment, may be called in any thread.

        With ``patient`` every second opinion is waited for, as suits recordings.

        Raises
        ------
        PackError, VocabularyError, PhraseError
            There is nothing to hear with.
        """
        models = [Path(self.settings.models)] if self.settings.models else []
        risks = {command.id: command.risk for command in self.registry}
        opinion = choose_opinion(self.settings.voice.second_opinion, models, patient=patient)
        voice = self.settings.voice
        chosen: dict[Language, str] = {"ro": voice.model_ro, "en": voice.model_en}
        warnings = self._choose_speaker(chosen, models)
        ears = load_ears(self.books, risks=risks, models=models, chosen=chosen, opinion=opinion)
        ears = replace(ears, warnings=(*warnings, *ears.warnings))
        if opinion is not None:
            opinion.warm_up()
        return ears

    def _choose_speaker(
        self, chosen: dict[Language, str], models: Sequence[Path]
    ) -> tuple[VoiceError, ...]:
        """Put the speaker's adapted pack in the place of the one it was made from.

        One that can't be used is no reason to hear nothing: it is said, and the base serves.
        """
        speaker = self.settings.voice.speaker
        if not speaker:
            return ()
        warnings: dict[str, VoiceError] = {}
        for language, wanted in chosen.items():
            base = voice_pack(language, models, wanted)
            if not base.is_ours:
                continue
            try:
                chosen[language] = str(speaker_pack(speaker, base).root)
            except PackError as error:
                warnings[error.key] = error
        return tuple(warnings.values())


def build_speech(settings: Settings, registry: Registry | None = None) -> Speech:
    """Phrase books of both languages."""
    known = registry or build_registry()
    folder = resources_dir() / "phrases"
    site = settings.voice.phrases
    books: dict[Language, PhraseBook] = {
        language: load_phrases(
            folder / f"{language}.yaml",
            known.ranges(),
            site=Path(site) / f"{language}.yaml" if site else None,
        )
        for language in LANGUAGES
    }
    return Speech(settings, known, books)
