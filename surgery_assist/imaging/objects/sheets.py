"""A tiny writer of PDF pages: lines, filled boxes and plain text, for pictures drawn by pdfium."""

from typing import Final

_POINT: Final = 72 / 25.4
"""PDF's unit (1/72 inch) in a millimetre."""
Rgb = tuple[float, float, float]
"""0 to 1."""


class Sheet:
    """One page; coordinates in mm from its upper left corner."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self._content: list[str] = []

    def _at(self, x: float, y: float) -> str:
        return f"{x * _POINT:.3f} {(self.height - y) * _POINT:.3f}"

    def line(self, points: list[tuple[float, float]], colour: Rgb, width: float) -> None:
        """Draw a line through points."""
        if len(points) < 2:
            return
        red, green, blue = colour
        path = " ".join(
            f"{self._at(x, y)} {'l' if place else 'm'}" for place, (x, y) in enumerate(points)
        )
        self._content.append(f"{red} {green} {blue} RG {width * _POINT:.3f} w 1 j 1 J {path} S")

    def text(self, x: float, y: float, text: str, colour: Rgb, height: float) -> None:
        """Write plain text whose baseline begins at a point; ``height`` is the font's size."""
        plain = text.encode("cp1252", "replace").decode("latin-1")
        escaped = plain.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        red, green, blue = colour
        self._content.append(
            f"{red} {green} {blue} rg BT /F {height * _POINT:.2f} Tf {self._at(x, y)} Td"
            f" ({escaped}) Tj ET"
        )

    def content(self) -> bytes:
        """The page's content stream."""
        return "\n".join(self._content).encode("latin-1")


def document(sheets: list[Sheet]) -> bytes:
    """A PDF file (version 1.4) of the sheets, uncompressed."""
    kids = " ".join(f"{4 + 2 * place} 0 R" for place in range(len(sheets)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(sheets)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for place, sheet in enumerate(sheets):
        box = f"0 0 {sheet.width * _POINT:.2f} {sheet.height * _POINT:.2f}"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Contents {5 + 2 * place} 0 R"
            " /Resources << /Font << /F 3 0 R >> >> >>".encode()
        )
        content = sheet.content()
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    data = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        data += b"%010d 00000 n \n" % place
    data += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        table,
    )
    return bytes(data)
