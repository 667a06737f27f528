"""``surgery-assist bench``: how fast the program is on this machine."""

import argparse
from pathlib import Path

from surgery_assist.cli.output import emit_json, require_writable
from surgery_assist.cli.parsing import (
    Subparsers,
    add_subcommand,
    session_language,
    settings_of,
    size,
)
from surgery_assist.cli.script import DEFAULT_SIZE, go_off_screen
from surgery_assist.errors import NothingToOpenError, UsageError

KINDS = ("load", "scroll", "mpr", "volume", "voice")
DESCRIPTION = """load: files to pixels, without a window. scroll: the real window, one image after the other,
each drawn before the next; "dropped" counts images that took longer than 1/30 s. mpr: oblique and
orthogonal images of the largest volume. volume: that one in three dimensions, from its slices being
loaded. voice: PATHs are recordings (.wav, .flac, .ogg) or their manifest (.csv), and a study to speak
to; the demo's where none is given. Measures from the end of speech to the decision, and to the drawn
screen."""
RECORDINGS = frozenset({".csv", ".flac", ".ogg", ".wav"})


def add_parser(subparsers: Subparsers) -> None:
    """Add the subcommand."""
    parser = add_subcommand(subparsers, "bench", run, "Measure loading, scrolling or voice.")
    parser.description = DESCRIPTION
    parser.add_argument("kind", choices=KINDS, metavar="|".join(KINDS))
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH")
    parser.add_argument("--size", type=size, default=DEFAULT_SIZE, metavar="WxH")
    parser.add_argument("--json", type=Path, metavar="OUT")


def run(options: argparse.Namespace) -> int:
    """Measure, and print or write JSON."""
    if not options.paths and options.kind != "voice":
        raise UsageError("error.option_required", name="PATH")
    if options.json is not None:
        require_writable(options.json)
    measure = {
        "load": _load,
        "scroll": _scroll,
        "mpr": _mpr,
        "volume": _volume,
        "voice": _voice,
    }[options.kind]
    emit_json(measure(options), options.json)
    return 0


def _load(options: argparse.Namespace) -> dict[str, object]:
    from surgery_assist.imaging.bench import bench_load

    return dict(bench_load(options.paths))


def _scroll(options: argparse.Namespace) -> dict[str, object]:
    go_off_screen()
    from surgery_assist.bootstrap import build_application
    from surgery_assist.cli.measure import scroll_times, shown_application, timing

    settings = settings_of(options)
    with build_application(settings, session_language(options, settings)) as application:
        shown_application(application, options.paths, options.size)
        return timing(scroll_times(application))


def _mpr(options: argparse.Namespace) -> dict[str, object]:
    from surgery_assist.imaging.volume.bench import bench_mpr

    return dict(bench_mpr(options.paths))


def _volume(options: argparse.Namespace) -> dict[str, object]:
    from surgery_assist.imaging.scene.bench import bench_volume

    return bench_volume(options.paths, options.size)


def _voice(options: argparse.Namespace) -> dict[str, object]:
    go_off_screen()
    from surgery_assist.bootstrap import build_application
    from surgery_assist.cli.demo import demo_study
    from surgery_assist.cli.measure import recordings_of, shown_application, speech_to_pixel
    from surgery_assist.voice.benchmark import bench_voice

    settings = settings_of(options)
    spoken = [path for path in options.paths if path.suffix.lower() in RECORDINGS]
    studies = [path for path in options.paths if path not in spoken]
    recordings = recordings_of(spoken, session_language(options, settings))
    if not recordings:
        raise NothingToOpenError("error.nothing_to_open", refused=0)
    language = recordings[0].language
    recordings = [entry for entry in recordings if entry.language == language]
    with build_application(settings, language) as application:
        heard = bench_voice(
            lambda: application.speech.ears(patient=True),
            [entry.path for entry in recordings],
            language,
        )
        shown_application(application, studies or demo_study(), options.size)
        return {"language": language, **heard, **speech_to_pixel(application, recordings)}
