"""The look: sizes follow the distance, the font has our letters, the sheet has every token."""

from dataclasses import fields
from math import atan, degrees

import pytest
from PySide6.QtGui import QColor, QFontMetricsF, QRawFont

from surgery_assist.ui.theme import (
    CAP_HEIGHT,
    Colours,
    colour,
    font_family,
    sized_font,
    theme_for,
)

ROLES = ("display", "essential", "secondary", "small")


@pytest.mark.parametrize(("distance", "mm"), [(3.0, 0.3), (0.7, 0.25)])
def test_ideal_size_has_its_visual_angle(distance, mm):
    scale = theme_for(3840, 2160, mm, distance).type
    capital_mm = scale.ideal("essential") * CAP_HEIGHT * mm
    assert degrees(atan(capital_mm / (distance * 1000))) == pytest.approx(0.30, abs=1e-3)


def test_near_screens_have_smaller_type_than_far_ones():
    near = theme_for(1920, 1080, 0.25, 0.5).type
    far = theme_for(1920, 1080, 0.25, 3.0).type
    assert all(near.size(role) < far.size(role) for role in ROLES)


@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160), (1024, 600), (640, 360)])
def test_roles_are_ordered_and_bounded(size):
    scale = theme_for(*size, 0.3).type
    sizes = [scale.size(role) for role in ROLES]
    assert sizes == sorted(sizes, reverse=True)
    assert all(9 < value < size[1] / 15 for value in sizes)


def test_type_in_a_ninth_of_the_screen_is_smaller_but_not_by_nine():
    scale = theme_for(1920, 1080, 0.3).type
    small = scale.in_area(640, 360)
    assert scale.size("essential") / 3 < small.size("essential") < scale.size("essential")
    assert scale.in_area(1920, 1080) == scale


def test_unknown_pixel_size_is_taken_for_an_ordinary_screen():
    assert theme_for(1920, 1080, None) == theme_for(1920, 1080, 25.4 / 96)


@pytest.mark.usefixtures("qapp")
def test_the_bundled_font_has_every_romanian_letter():
    assert font_family() == "Inter"
    for strong in (False, True):
        font = QRawFont.fromFont(sized_font(32, strong=strong))
        missing = [c for c in "șțăâîȘȚĂÂÎ„”“×·°…−" if not font.supportsCharacter(ord(c))]
        assert missing == []
        assert font.weight() == (600 if strong else 400)


@pytest.mark.usefixtures("qapp")
def test_figures_are_equally_wide():
    metrics = QFontMetricsF(sized_font(40))
    assert len({round(metrics.horizontalAdvance(digit), 2) for digit in "0123456789"}) == 1


def test_text_stands_out_from_its_surface():
    colours = Colours()
    for text in (colours.text, colours.muted, colours.accent, colours.question, colours.danger):
        for surface in (colours.background, colours.surface, colours.raised):
            assert _contrast(text, surface) >= 4.5


@pytest.mark.usefixtures("qapp")
def test_the_style_sheet_is_accepted_and_made_of_tokens(qtbot, capfd):
    from PySide6.QtWidgets import QWidget

    sheet = theme_for(1920, 1080, 0.3).style_sheet()
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.setStyleSheet(sheet)
    widget.ensurePolished()
    assert "Could not parse" not in capfd.readouterr().err
    tokens = {getattr(Colours(), entry.name) for entry in fields(Colours)}
    used = {word.strip(";,") for word in sheet.split() if word.startswith("#") and len(word) < 9}
    assert {word for word in used if QColor(word).isValid()} <= tokens


@pytest.mark.usefixtures("qapp")
def test_opacity():
    assert colour("#ffffff", 0.5).alpha() == 128


def _contrast(one: str, other: str) -> float:
    """Contrast ratio (WCAG 2.2)."""
    lights = sorted((_luminance(QColor(one)), _luminance(QColor(other))))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _luminance(value: QColor) -> float:
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value.redF(), value.greenF(), value.blueF())
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
