"""``surgery-assist voice record``: a test set of a hospital's own voices, guided."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from surgery_assist.cli.parsing import Subparsers, add_subcommand, session_language, settings_of
from surgery_assist.errors import UsageError
from surgery_assist.messages import Language, translate

if TYPE_CHECKING:
    from surgery_assist.voice.audio import AudioSource
    from surgery_assist.voice.phrases import PhraseBook
    from surgery_assist.voice.record import TestSet

SENTENCES: Final = 60
TRIES: Final = 3
YES: Final = frozenset({"y", "yes", "d", "da"})


def add_parser(actions: Subparsers) -> None:
    """Add ``record`` to the actions of ``voice``."""
    parser = add_subcommand(actions, "record", record, "Record a test set of your own voices.")
    parser.add_argument("folder", type=Path, metavar="DIR", help="stays on this computer")
    parser.add_argument("--speaker", default="", metavar="ID", help="go on as this speaker")
    parser.add_argument("--sentences", type=int, default=SENTENCES, help="how many to say now")
    parser.add_argument("--noise", default="", help="what sounds in the room: quiet, suction...")
    parser.add_argument("--device", metavar="N", help="microphone by number or name")
    parser.add_argument(
        "--consent", choices=("test", "train"), help="answers the question about consent"
    )


def record(options: argparse.Namespace) -> int:
    """Ask for consent, show sentences, keep what was said well."""
    from surgery_assist.voice.microphone import MicrophoneSource
    from surgery_assist.voice.record import TestSet
    from surgery_assist.voice.speech import build_speech

    settings = settings_of(options)
    language = session_language(options, settings)
    train = False if options.speaker else _consent(options.consent, language)
    kept = TestSet(options.folder, language, options.speaker, train=train)
    print(translate("record.begin", language, speaker=kept.speaker, count=kept.recorded))
    source = MicrophoneSource(options.device or settings.voice.device)
    book = build_speech(settings).books[language]
    made = guided(source, kept, book, options.sentences, options.noise)
    print(translate("record.end", language, count=made, speaker=kept.speaker))
    return 0


def guided(
    source: "AudioSource", kept: "TestSet", book: "PhraseBook", sentences: int, noise: str = ""
) -> int:
    """Show sentences until so many are kept; the number that were.

    One that is silent, too quiet or clipped is asked for again, three times at most. Ends where the sound
    has an end.
    """
    from surgery_assist.voice.reading import listen
    from surgery_assist.voice.record import fault_of, level_dbfs

    made = 0
    fault = None
    with source:
        items = source.blocks()
        for prompt in kept.prompts(book):
            for _ in range(TRIES):
                if made >= sentences:
                    return made
                _say("status.read_aloud", kept.language, sentence=prompt.sentence)
                samples = listen(items)
                fault = fault_of(samples)
                if fault is None:
                    kept.add(prompt, samples, noise=noise)
                    made += 1
                    level = f"{level_dbfs(samples):.0f}"
                    _say("record.kept", kept.language, number=made, all=sentences, level=level)
                    break
                _say(fault, kept.language)
            else:
                if fault == "record.silent":
                    return made
    return made


def _consent(answer: str | None, language: Language) -> bool:
    """Whether training is agreed to as well.

    Raises
    ------
    UsageError
        Recording is not agreed to.
    """
    if answer is None:
        if input(translate("record.ask_test", language) + " ").strip().lower() not in YES:
            raise UsageError("error.no_consent")
        return input(translate("record.ask_train", language) + " ").strip().lower() in YES
    return answer == "train"


def _say(key: str, language: Language, **arguments: object) -> None:
    print(translate(key, language, **arguments), flush=True)
