"""The program's own icons: SVG files on one grid, tinted and scaled for the place they stand in.

Run as a module it makes the application icon's PNG and ICO files from its SVG.
"""

import struct
from functools import cache
from pathlib import Path
from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from surgery_assist.settings import resources_dir

APPLICATION: Final = "surgery-assist"
ICO_SIZES: Final = (16, 24, 32, 48, 64, 128, 256)
PNG_SIZE: Final = 512


def icons_dir() -> Path:
    """Where the SVG files lie."""
    return resources_dir() / "icons"


def icon_names() -> tuple[str, ...]:
    """Every icon that there is."""
    return tuple(sorted(path.stem for path in icons_dir().glob("*.svg")))


@cache
def pixmap(name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
    """An icon in one colour.

    Parameters
    ----------
    colour
        As ``#rrggbb``; takes the place of ``currentColor``.
    size
        Edge in logical pixels.
    ratio
        Device pixels per logical pixel.
    """
    picture = QPixmap.fromImage(_image(name, colour, max(1, round(size * ratio))))
    picture.setDevicePixelRatio(ratio)
    return picture


def icon(name: str, colour: str, size: int) -> QIcon:
    """An icon for a button, sharp on screens of one and of two device pixels per pixel."""
    result = QIcon()
    for ratio in (1.0, 2.0):
        result.addPixmap(pixmap(name, colour, size, ratio))
    return result


def application_icon() -> QIcon:
    """The icon of the window and the taskbar."""
    result = QIcon()
    for size in ICO_SIZES:
        result.addPixmap(pixmap(APPLICATION, "#ffffff", size))
    return result


def draw_icon(painter: QPainter, name: str, colour: str, rect: QRectF) -> None:
    """Draw an icon into a square of the painter's device."""
    ratio = painter.device().devicePixelRatioF()
    painter.drawPixmap(rect.topLeft(), pixmap(name, colour, round(rect.width()), ratio))


def _image(name: str, colour: str, edge: int) -> QImage:
    svg = (icons_dir() / f"{name}.svg").read_text("utf-8").replace("currentColor", colour)
    image = QImage(QSize(edge, edge), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(svg.encode())).render(painter)
    painter.end()
    return image


def write_application_icons(folder: Path) -> None:
    """Make ``surgery-assist.png`` and ``surgery-assist.ico`` for packages."""
    (folder / f"{APPLICATION}.png").write_bytes(_png(PNG_SIZE))
    pictures = [(size, _png(size)) for size in ICO_SIZES]
    # ICO: a header, one entry of 16 bytes per size, then the pictures as PNG.
    offset = 6 + 16 * len(pictures)
    entries = b""
    for size, data in pictures:
        entries += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(data), offset)
        offset += len(data)
    header = struct.pack("<HHH", 0, 1, len(pictures))
    content = header + entries + b"".join(data for _, data in pictures)
    (folder / f"{APPLICATION}.ico").write_bytes(content)


def _png(size: int) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    _image(APPLICATION, "#ffffff", size).save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


if __name__ == "__main__":
    write_application_icons(icons_dir())
