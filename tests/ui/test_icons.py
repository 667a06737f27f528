"""The program's own icons."""

import re
import struct

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage
from PySide6.QtSvg import QSvgRenderer

from surgery_assist.ui import icons

pytestmark = [pytest.mark.gui, pytest.mark.usefixtures("qapp")]
LINE_ICONS = [name for name in icons.icon_names() if name != icons.APPLICATION]


@pytest.mark.parametrize("name", LINE_ICONS)
def test_each_icon_keeps_to_the_grid_and_the_stroke(name) -> None:
    svg = (icons.icons_dir() / f"{name}.svg").read_text("utf-8")
    assert 'viewBox="0 0 24 24"' in svg
    assert 'stroke-width="1.75"' in svg
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}", svg)) == set()
    assert QSvgRenderer(str(icons.icons_dir() / f"{name}.svg")).isValid()


@pytest.mark.parametrize("name", LINE_ICONS)
def test_each_icon_is_drawn_in_the_colour_asked_for_and_inside_its_edges(name) -> None:
    image = icons.pixmap(name, "#38c6b4", 96).toImage()
    assert image.size() == QSize(96, 96)
    inked = [(x, y) for y in range(96) for x in range(96) if image.pixelColor(x, y).alpha() == 255]
    assert 150 < len(inked) < 4000
    assert {image.pixelColor(x, y).name() for x, y in inked} == {"#38c6b4"}
    assert min(min(x, y) for x, y in inked) >= 2
    assert max(max(x, y) for x, y in inked) <= 93


def test_a_sharp_screen_gets_more_pixels() -> None:
    one, two = icons.pixmap("check", "#ffffff", 24, 1.0), icons.pixmap("check", "#ffffff", 24, 2.0)
    assert (one.width(), two.width()) == (24, 48)
    assert two.deviceIndependentSize().width() == 24.0
    assert icons.pixmap("check", "#ffffff", 24, 1.0) is one


def test_the_application_icon_has_every_size(tmp_path) -> None:
    icons.write_application_icons(tmp_path)
    ico = (tmp_path / "surgery-assist.ico").read_bytes()
    reserved, kind, count = struct.unpack_from("<HHH", ico)
    assert (reserved, kind, count) == (0, 1, len(icons.ICO_SIZES))
    for place, size in enumerate(icons.ICO_SIZES):
        width, *_, length, offset = struct.unpack_from("<BBBBHHII", ico, 6 + 16 * place)
        assert width == size % 256
        picture = QImage.fromData(ico[offset : offset + length], "PNG")
        assert picture.size() == QSize(size, size)
    assert not icons.application_icon().isNull()


def test_the_committed_application_icons_are_those_of_the_svg(tmp_path) -> None:
    icons.write_application_icons(tmp_path)
    made = QImage(str(tmp_path / "surgery-assist.png"))
    kept = QImage(str(icons.icons_dir() / "surgery-assist.png"))
    assert kept.size() == made.size() == QSize(512, 512)
    for x, y in ((256, 40), (200, 256), (227, 222), (400, 256), (256, 500)):
        one, other = QColor(made.pixel(x, y)), QColor(kept.pixel(x, y))
        assert abs(one.red() - other.red()) <= 2
        assert abs(one.green() - other.green()) <= 2
        assert abs(one.blue() - other.blue()) <= 2
    assert (icons.icons_dir() / "surgery-assist.ico").stat().st_size > 5000
