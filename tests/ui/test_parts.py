"""Small drawn parts."""

import pytest
from PySide6.QtCore import QSize

from surgery_assist.ui.parts import (
    Badge,
    Bar,
    Countdown,
    TextLine,
    fitting_font,
    line_height,
    shortened,
)
from surgery_assist.ui.theme import theme_for
from tests.helpers.panels import full_hd, share_of

pytestmark = [pytest.mark.gui, pytest.mark.usefixtures("qapp")]
COLOURS = full_hd().colours


def test_a_text_takes_the_largest_font_that_fits() -> None:
    theme = full_hd()
    room = QSize(600, line_height(theme, "essential"))
    sizes = [
        fitting_font(theme, "essential", "Ficat " * words, room, strong=True).pixelSize()
        for words in (2, 12, 200)
    ]
    assert sizes[0] == theme.type.size("essential")
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[2] == theme.type.size("small")


def test_a_text_that_never_fits_keeps_its_beginning() -> None:
    font = full_hd().font("small")
    text = "Microfonul nu a fost găsit. " * 40
    short = shortened(text, font, QSize(400, 60))
    assert short.startswith("Microfonul nu a fost găsit.")
    assert short.endswith("…")
    assert 20 < len(short) < 200
    assert shortened("scurt", font, QSize(400, 60)) == "scurt"
    assert shortened(text, font, QSize(5, 5)) == "…"


def test_a_line_is_drawn_in_its_colour(qtbot) -> None:
    line = TextLine(full_hd(), "essential", strong=True)
    qtbot.addWidget(line)
    line.resize(500, 60)
    line.show_text("Gata", COLOURS.success, "check")
    assert share_of(line, COLOURS.success) > 0.01
    assert line.accessibleName() == "Gata"


def test_a_bar_is_filled_by_its_value_and_clamped(qtbot) -> None:
    bar = Bar(full_hd())
    qtbot.addWidget(bar)
    bar.resize(200, 20)
    bar.show_value(0.5, COLOURS.accent)
    assert share_of(bar, COLOURS.accent) == pytest.approx(0.5, abs=0.06)
    bar.show_value(7.0, COLOURS.accent, mark=0.5)
    assert bar.value == 1.0
    assert share_of(bar, COLOURS.text) > 0.01


def test_a_badge_grows_with_the_theme(qtbot) -> None:
    badge = Badge(full_hd())
    qtbot.addWidget(badge)
    badge.show_text("RO", COLOURS.text)
    before = badge.sizeHint().height()
    badge.set_theme(theme_for(3840, 2160, 0.1814))
    assert badge.sizeHint().height() > before


def test_a_countdown_empties(qtbot) -> None:
    ring = Countdown(full_hd())
    qtbot.addWidget(ring)
    ring.resize(100, 100)
    ring.show_seconds(8.0, COLOURS.question)
    full = share_of(ring, COLOURS.question)
    ring.show_seconds(2.0, COLOURS.question)
    assert 0.0 < share_of(ring, COLOURS.question) < full / 2
    ring.show_seconds(None, COLOURS.question)
    assert share_of(ring, COLOURS.question) == 0.0
