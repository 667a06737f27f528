"""Widgets beside the images in tests: a real dispatcher, a theme, and what a picture holds."""

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from surgery_assist.commands.catalogue import build_registry
from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.commands.effects import Effect
from surgery_assist.model.session import Session
from surgery_assist.ui.theme import Theme, theme_for

FULL_HD = (1920, 1080, 0.2766)
"""Width, height and mm per pixel of a 24 inch screen."""


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def full_hd() -> Theme:
    """The theme of a 24 inch screen seen from three metres."""
    return theme_for(*FULL_HD)


def make_dispatcher(
    session: Session | None = None,
    effects: list[Effect] | None = None,
    clock: Clock | None = None,
) -> Dispatcher:
    """A dispatcher with all commands; effects are only written down."""
    return Dispatcher(
        build_registry(),
        session or Session(),
        run_effect=(effects if effects is not None else []).append,
        clock=clock or Clock(),
    )


def share_of(widget: QWidget, token: str) -> float:
    """Share of a widget's pixels, from 0 to 1, that have a colour token's exact colour."""
    image = widget.grab().toImage()
    wanted = QColor(token).rgb() & 0xFFFFFF
    pixels = [
        image.pixel(x, y) & 0xFFFFFF
        for y in range(0, image.height(), 2)
        for x in range(0, image.width(), 2)
    ]
    return pixels.count(wanted) / max(1, len(pixels))
