"""``surgery-assist`` alone: the program on the screen."""

import argparse
import os
import re
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from surgery_assist.cli.parsing import session_language, settings_of
from surgery_assist.cli.script import add_opening, refuse_patient_id
from surgery_assist.errors import UsageError


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of the program without a subcommand."""
    add_opening(parser)
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument(
        "--fullscreen", action="store_true", help="without frame (this is how it starts)"
    )
    shape.add_argument("--windowed", action="store_true", help="in a window")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Open the window and what ``--open`` names; ends when the window is closed."""
    refuse_patient_id(options)
    return show(options, options.open, windowed=options.windowed)


def show(options: argparse.Namespace, paths: Sequence[Path], *, windowed: bool) -> int:
    """The program on the screen.

    Raises
    ------
    UsageError
        There is no screen.
    """
    settings = settings_of(options)
    if not has_screen():
        raise UsageError("error.no_screen")
    from surgery_assist.bootstrap import build_application

    language = session_language(options, settings)
    with build_application(settings, language, sounds=True) as application:
        # Ctrl+C in the terminal: Qt's loop would only notice it at the next event.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        application.window.present(windowed=windowed)
        if paths:
            application.open(paths)
        application.listen()
        from PySide6.QtWidgets import QApplication

        return QApplication.exec()


def has_screen() -> bool:
    """Whether a window can be shown; without this Qt would abort the whole process."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("WAYLAND_DISPLAY")) or _x_answers(os.environ.get("DISPLAY", ""))


def _x_answers(display: str) -> bool:
    """Whether there is an X server behind ``:0``; one on another host is taken at its word."""
    local = re.fullmatch(r":(\d+)(\.\d+)?", display)
    if local is None:
        return bool(display)
    path = f"/tmp/.X11-unix/X{local[1]}"  # noqa: S108  (where every X server listens)
    for address in (path, "\0" + path):
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(address) == 0:
                return True
    return False
