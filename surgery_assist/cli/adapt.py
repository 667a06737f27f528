"""``surgery-assist voice adapt``: teach the pack one person's voice, or forget it."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from surgery_assist.cli.parsing import Subparsers, add_subcommand, session_language, settings_of
from surgery_assist.errors import PackError, UsageError
from surgery_assist.messages import Language, translate
from surgery_assist.settings import Settings

if TYPE_CHECKING:
    from surgery_assist.voice.adaptation import Quality
    from surgery_assist.voice.audio import AudioSource, Samples
    from surgery_assist.voice.phrases import PhraseBook

SECONDS: Final = 180.0
FEWEST_SENTENCES: Final = 12


def add_parser(actions: Subparsers) -> None:
    """Add ``adapt`` to the actions of ``voice``."""
    parser = add_subcommand(actions, "adapt", adapt, "Adapt the pack to one person's voice.")
    parser.add_argument("name", metavar="NAME", help="who reads")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--audio", type=Path, metavar="DIR", help="recordings and sentences.csv")
    source.add_argument("--device", metavar="N", help="microphone by number or name")
    source.add_argument("--remove", action="store_true", help="forget what was learnt")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the recordings there")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of reading")


def adapt(options: argparse.Namespace) -> int:
    """Read, learn, measure on what was left out, and keep it only where it helps."""
    from surgery_assist.voice.speakers import remove_speaker, save_speaker

    settings = settings_of(options)
    language = session_language(options, settings)
    if options.remove:
        remove_speaker(options.name)
        print(translate("status.speaker_removed", language, name=options.name))
        return 0
    from surgery_assist.voice.adaptation import Adapter
    from surgery_assist.voice.assembly import pack_lexicon, voice_pack
    from surgery_assist.voice.mfcc import Mfcc
    from surgery_assist.voice.network import Network
    from surgery_assist.voice.nnet3 import read_model
    from surgery_assist.voice.reading import keep, rivals
    from surgery_assist.voice.speech import build_speech

    pack = voice_pack(language, [Path(settings.models)] if settings.models else [])
    network = Network(read_model(pack.root / "am" / "final.mdl"))
    adapter = Adapter(network, pack_lexicon(pack), Mfcc.read(pack.root / "conf" / "mfcc.conf"))
    book = build_speech(settings).books[language]
    sounds = list(_sounds(options, settings, language, book))
    if options.keep is not None:
        keep(options.keep, sounds)
    readings = [adapter.reading(text, language, samples) for text, samples in sounds]
    usable = [reading for reading in readings if reading is not None]
    if len(usable) < FEWEST_SENTENCES:
        raise UsageError("error.too_little_read", count=len(usable), needed=FEWEST_SENTENCES)
    trial = adapter.try_out(usable, rivals(book))
    print(_measured("status.adapted_before", language, trial.before))
    print(_measured("status.adapted_after", language, trial.after))
    if not trial.helps:
        raise PackError("error.adaptation_no_help", name=options.name)
    saved = save_speaker(options.name, pack, network, adapter.adapt(usable), trial)
    print(translate("status.speaker_saved", language, name=options.name, path=saved.root))
    return 0


def _measured(key: str, language: Language, found: "Quality") -> str:
    lead = f"{found.lead:.3f}"
    return translate(key, language, right=found.right, sentences=found.sentences, lead=lead)


def _sounds(
    options: argparse.Namespace, settings: Settings, language: Language, book: "PhraseBook"
) -> Iterator[tuple[str, "Samples"]]:
    """Sentences and their sound, from a folder or a person in front of the microphone."""
    from surgery_assist.voice.microphone import MicrophoneSource
    from surgery_assist.voice.reading import read_file, recorded

    if options.audio is not None:
        for path, text in recorded(options.audio):
            yield text, read_file(path)
        return
    source = MicrophoneSource(options.device or settings.voice.device)
    yield from guided(source, book, language, options.seconds)


def guided(
    source: "AudioSource", book: "PhraseBook", language: Language, seconds: float
) -> Iterator[tuple[str, "Samples"]]:
    """Show a sentence, hear it, show the next, until so many seconds have been read."""
    from surgery_assist.voice.audio import SAMPLE_RATE
    from surgery_assist.voice.reading import listen, prompts

    read = 0.0
    with source:
        items = source.blocks()
        for sentence in prompts(book):
            print(translate("status.read_aloud", language, sentence=sentence), flush=True)
            samples = listen(items)
            if not len(samples):
                return
            read += len(samples) / SAMPLE_RATE
            yield sentence, samples
            if read >= seconds:
                return
