"""Documents as pictures: pages of encapsulated PDF (PS3.3 A.45.1), drawn by pdfium."""

from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pypdfium2

DOTS_PER_INCH: Final = 200.0
MAX_SIDE: Final = 4096
"""Pixels; larger pages are drawn smaller."""
MAX_PAGES: Final = 2000
_lock = Lock()
"""pdfium is not safe in threads."""


class DocumentError(ValueError):
    """The document is locked, broken or has no page."""


class PageFormat(NamedTuple):
    """Pages of a document; all are drawn into a picture of the first one's size."""

    pages: int
    rows: int
    columns: int
    scale: float
    """Pixels in a point of 1/72 inch."""


def page_format(data: bytes, dots_per_inch: float = DOTS_PER_INCH) -> PageFormat:
    """How many pages there are and how large they are drawn.

    Raises
    ------
    DocumentError
        It can't be opened.
    """
    with _lock:
        document = _opened(data)
        try:
            return _format(document, dots_per_inch)
        finally:
            document.close()


def drawn_page(data: bytes, number: int, dots_per_inch: float = DOTS_PER_INCH) -> NDArray[np.uint8]:
    """One page as RGB, ``(rows, columns, 3)`` uint8, white where there is nothing.

    Raises
    ------
    DocumentError
        It can't be opened or has no such page.
    """
    import pypdfium2  # noqa: PLC0415  (start-up time)

    with _lock:
        document = _opened(data)
        try:
            wanted = _format(document, dots_per_inch)
            if not 0 <= number < wanted.pages:
                raise DocumentError(f"page {number + 1} of {wanted.pages}")
            page = document[number]
            width, height = page.get_size()
            fit = min(wanted.columns / max(width, 1.0), wanted.rows / max(height, 1.0))
            bitmap = page.render(scale=fit, rev_byteorder=True, prefer_bgrx=False)
            drawn = np.array(bitmap.to_numpy()[:, :, :3])
        except pypdfium2.PdfiumError as error:
            raise DocumentError(str(error)[:80]) from error
        finally:
            document.close()
    picture = np.full((wanted.rows, wanted.columns, 3), 255, np.uint8)
    rows, columns = min(wanted.rows, drawn.shape[0]), min(wanted.columns, drawn.shape[1])
    picture[:rows, :columns] = drawn[:rows, :columns]
    return picture


def _opened(data: bytes) -> "pypdfium2.PdfDocument":
    import pypdfium2  # noqa: PLC0415  (start-up time)

    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise DocumentError(str(error)[:80]) from error


def _format(document: "pypdfium2.PdfDocument", dots_per_inch: float) -> PageFormat:
    pages = min(len(document), MAX_PAGES)
    if pages == 0:
        raise DocumentError("no page")
    width, height = document.get_page_size(0)
    longest = max(width, height)
    if not 1.0 <= longest < 1e6:
        raise DocumentError(f"page of {width:.0f} x {height:.0f} points")
    scale = min(dots_per_inch / 72.0, MAX_SIDE / longest)
    rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    return PageFormat(pages, rows, columns, scale)
