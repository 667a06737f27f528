"""``surgery-assist voice``: measure, watch and question what the program hears."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surgery_assist.cli import adapt, calibrate, record
from surgery_assist.cli.output import as_json, emit_json, require_writable, write_whole
from surgery_assist.cli.parsing import Subparsers, add_subcommand, session_language, settings_of
from surgery_assist.messages import Language
from surgery_assist.settings import Settings

if TYPE_CHECKING:
    from surgery_assist.voice.pipeline import Ears


def add_parser(subparsers: Subparsers) -> None:
    """Add the subcommand and its own."""
    parser = subparsers.add_parser(
        "voice", help="What is heard.", description="Measure and watch what is heard."
    )
    actions: Subparsers = parser.add_subparsers(
        dest="action", metavar="eval|listen|words|adapt|calibrate|record", required=True
    )
    judge = add_subcommand(actions, "eval", evaluate, "Recordings through the real chain.")
    judge.add_argument("manifest", type=Path, metavar="MANIFEST.csv")
    judge.add_argument("--mode", choices=("always", "pedal"), default="always")
    judge.add_argument("--phrases", type=Path, metavar="FILE.yaml", help="another vocabulary")
    judge.add_argument("--json", type=Path, metavar="OUT", help="report, instead of a summary")
    judge.add_argument("--report", type=Path, metavar="OUT.html", help="report as a page")
    live = add_subcommand(actions, "listen", listen, "What is heard, line by line.")
    source = live.add_mutually_exclusive_group()
    source.add_argument("--device", metavar="N", help="microphone by number or name")
    source.add_argument("--audio", type=Path, metavar="FILE", help="a recording instead")
    asked = add_subcommand(actions, "words", words, "Which words of a text can be heard.")
    asked.add_argument("text", metavar="TEXT")
    adapt.add_parser(actions)
    calibrate.add_parser(actions)
    record.add_parser(actions)


def evaluate(options: argparse.Namespace) -> int:
    """Print the summary, or write the whole report."""
    from surgery_assist.voice.evaluate import run_eval

    settings = settings_of(options)
    for place in (options.json, options.report):
        if place is not None:
            require_writable(place)
    report = run_eval(
        options.manifest,
        ears_maker(settings),
        language=options.lang,
        mode=options.mode,
        phrases=options.phrases,
    )
    if options.json is not None:
        emit_json(report, options.json)
    if options.report is not None:
        page = _page(report, settings, session_language(options, settings), options.phrases)
        write_whole(options.report, lambda place: _write_page(place, page))
    print(as_json(report["summary"]))
    return 0


def _page(
    report: Mapping[str, Any], settings: Settings, language: Language, phrases: Path | None
) -> str:
    """The report as a page, with advice on the phrases of the languages that were spoken."""
    from surgery_assist.voice.assembly import pack_lexicon, voice_pack
    from surgery_assist.voice.closeness import close_pairs
    from surgery_assist.voice.phrases import load_phrases
    from surgery_assist.voice.report import render_report
    from surgery_assist.voice.speech import build_speech

    books = build_speech(settings).books
    models = [Path(settings.models)] if settings.models else []
    pairs, names = [], []
    for spoken in dict.fromkeys(row["lang"] for row in report["rows"]):
        chosen = settings.voice.model_ro if spoken == "ro" else settings.voice.model_en
        pack = voice_pack(spoken, models, chosen)
        names.append(pack.name)
        if pack.is_ours:
            book = load_phrases(phrases, language=spoken) if phrases else books[spoken]
            pairs += close_pairs(book, spoken, pack_lexicon(pack))
    return render_report(report, pairs, language, pack=", ".join(dict.fromkeys(names)))


def _write_page(place: Path, page: str) -> None:
    place.write_text(page, encoding="utf-8")


def ears_maker(settings: Settings) -> Callable[[Language, Path | None], "Ears"]:
    """Ears by language; with another phrase file, those of its vocabulary alone."""

    @cache
    def own() -> "Ears":
        from surgery_assist.voice.speech import build_speech

        return build_speech(settings).ears(patient=True)

    def make(language: Language, phrases: Path | None) -> "Ears":
        from surgery_assist.voice.assembly import load_trial_ears
        from surgery_assist.voice.whisper import choose_opinion

        if phrases is not None:
            models = [Path(settings.models)] if settings.models else []
            opinion = choose_opinion(settings.voice.second_opinion, models, patient=True)
            return load_trial_ears(phrases, language, models=models, opinion=opinion)
        return own()

    return make


def listen(options: argparse.Namespace) -> int:
    """Print what is heard and understood until Ctrl+C, or the recording ends."""
    from surgery_assist.voice.assembly import microphone
    from surgery_assist.voice.audio import AudioSource, FileSource
    from surgery_assist.voice.listen import listen_lines
    from surgery_assist.voice.speech import build_speech

    settings = settings_of(options)
    voice = replace(settings.voice, activation="always-on")
    if options.device is not None:
        voice = replace(voice, device=options.device)
    source: AudioSource = FileSource(options.audio) if options.audio else microphone(voice)
    speech = build_speech(settings)
    for line in listen_lines(speech.ears, source, session_language(options, settings), voice):
        print(line, flush=True)
    return 0


def words(options: argparse.Namespace) -> int:
    """Print each word: in the dictionary, made from its spelling, or not to be heard."""
    from surgery_assist.voice.assembly import pack_lexicon, voice_pack
    from surgery_assist.voice.recognizer import ModelCache
    from surgery_assist.voice.standard import knows_word
    from surgery_assist.voice.words import model_words_report, words_report

    settings = settings_of(options)
    language = session_language(options, settings)
    models = [Path(settings.models)] if settings.models else []
    chosen = settings.voice.model_ro if language == "ro" else settings.voice.model_en
    pack = voice_pack(language, models, chosen)
    if pack.is_ours:
        report = words_report(options.text, language, pack_lexicon(pack))
    else:
        knows = knows_word(ModelCache().load(pack.root))
        report = model_words_report(options.text, language, knows)
    print(as_json(report))
    return 0
