"""Structured reports as text (PS3.3 C.17.3)."""

from collections.abc import Callable, Iterator
from typing import Final

from surgery_assist.imaging.elements import Elements
from surgery_assist.imaging.headers import iso_date, iso_time
from surgery_assist.imaging.names import person_name
from surgery_assist.model.annotations import Report, ReportItem

MAX_DEPTH: Final = 32
MAX_ITEMS: Final = 10_000
_CONTENT: Final = 0x0040A730
_CONCEPT_NAME: Final = 0x0040A043
_CODE_MEANING: Final = 0x00080104
_CODE_VALUE: Final = 0x00080100


def report_from(header: Elements) -> Report:
    """The content tree of an SR or a key object selection, depth first."""
    items: list[ReportItem] = []
    for item in _walk(header, 0):
        items.append(item)
        if len(items) >= MAX_ITEMS:
            break
    title = _meaning(header, _CONCEPT_NAME) or header.text(0x0008103E) or header.code(0x00080060)
    return Report(title, tuple(items))


def _walk(header: Elements, level: int) -> Iterator[ReportItem]:
    if level >= MAX_DEPTH:
        return
    for item in header.items(_CONTENT):
        name, value = _meaning(item, _CONCEPT_NAME), _value(item)
        shown = bool(name or value)
        if shown:
            yield ReportItem(level, name, value)
        yield from _walk(item, level + shown)


def _meaning(header: Elements, tag: int) -> str:
    code = header.item(tag)
    if code is None:
        return ""
    return code.text(_CODE_MEANING) or code.code(_CODE_VALUE)


def _value(item: Elements) -> str:
    read = _READERS.get(item.code(0x0040A040, 16))
    return read(item) if read is not None else ""


def _measured(item: Elements) -> str:
    measured = item.item(0x0040A300)
    if measured is None:
        return _meaning(item, 0x0040A301)  # why there is no number
    number, unit = measured.code(0x0040A30A), _unit(measured)
    return f"{number} {unit}".strip()


def _moment(item: Elements) -> str:
    text = item.code(0x0040A120)
    return f"{iso_date(text[:8])} {iso_time(text[8:14])}".strip()


def _referenced(item: Elements) -> str:
    reference = item.item(0x00081199)
    return reference.code(0x00081155) if reference is not None else ""


def _unit(measured: Elements) -> str:
    """The unit's symbol (UCUM code), without braces; ``1`` is no unit."""
    unit = measured.item(0x004008EA)
    code = unit.code(_CODE_VALUE) if unit is not None else ""
    return "" if code in ("1", "{}", "ratio") else code.strip("{}")


_READERS: Final[dict[str, Callable[[Elements], str]]] = {
    "TEXT": lambda item: item.lines(0x0040A160),
    "CODE": lambda item: _meaning(item, 0x0040A168),
    "NUM": _measured,
    "PNAME": lambda item: person_name(item.text(0x0040A123)),
    "DATE": lambda item: iso_date(item.code(0x0040A121)),
    "TIME": lambda item: iso_time(item.code(0x0040A122)),
    "DATETIME": _moment,
    "UIDREF": lambda item: item.code(0x0040A124),
    "SCOORD": lambda item: item.code(0x00700023).lower(),
    "SCOORD3D": lambda item: item.code(0x00700023).lower(),
    "IMAGE": _referenced,
    "COMPOSITE": _referenced,
    "WAVEFORM": _referenced,
}
"""How the value of each ValueType (0040,A040) is read."""
