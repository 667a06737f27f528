"""Electrocardiograms as sheets of ECG paper (PS3.3 A.34, C.10.9)."""

from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.elements import Elements
from surgery_assist.imaging.objects.sheets import Rgb, Sheet, document

MM_PER_SECOND: Final = 25.0
MM_PER_MILLIVOLT: Final = 10.0
SECONDS_ON_A_SHEET: Final = 10.0
DOTS_PER_INCH: Final = 203.2
"""Eight pixels in a millimetre."""
MAX_SAMPLES: Final = 20_000_000
_LEAD_MM: Final = 20.0
_MARGIN_MM: Final = 10.0
_PAPER: Final[Rgb] = (0.96, 0.80, 0.80)
_PAPER_STRONG: Final[Rgb] = (0.90, 0.58, 0.58)
_INK: Final[Rgb] = (0.05, 0.05, 0.1)
_MILLIVOLTS: Final = {"V": 1000.0, "mV": 1.0, "uV": 1e-3, "nV": 1e-6}


class WaveformError(ValueError):
    """There is no curve that can be drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Lead:
    """One channel: its name and its values in millivolts."""

    name: str
    millivolts: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """Channels that were recorded together (a multiplex group)."""

    hertz: float
    leads: tuple[Lead, ...]

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return max(len(lead.millivolts) for lead in self.leads) / self.hertz


def recordings_from(header: Elements) -> tuple[Recording, ...]:
    """All groups of a waveform object whose channels are voltages."""
    found = []
    for group in header.items(0x54000100):
        recording = _recording(group)
        if recording is not None:
            found.append(recording)
    return tuple(found)


def _recording(group: Elements) -> Recording | None:
    channels = group.short(0x003A0005) or 0
    samples = int((group.doubles(0x003A0010) or (0.0,))[0])
    hertz = group.number(0x003A001A) or 0.0
    kind = {"SS": "i2", "US": "u2", "SB": "i1", "UB": "u1", "SL": "i4", "UL": "u4"}.get(
        group.code(0x54001006, 2)
    )
    data = group.raw(0x54001010)
    if kind is None or data is None or not 0 < channels * samples <= MAX_SAMPLES or hertz <= 0:
        return None
    values = np.frombuffer(
        data[0][: len(data[0]) // int(kind[1]) * int(kind[1])],
        np.dtype(("<" if data[1] else ">") + kind),
    )
    samples = min(samples, len(values) // channels)
    if samples < 2:
        return None
    table = values[: channels * samples].reshape(samples, channels).astype(np.float64)
    leads = []
    for place, channel in enumerate(group.items(0x003A0200)):
        if place >= channels:
            break
        factor = _millivolts(channel)
        if factor is not None:
            baseline = channel.number(0x003A0213) or 0.0
            leads.append(Lead(_lead_name(channel, place), (table[:, place] + baseline) * factor))
    return Recording(hertz, tuple(leads)) if leads else None


def _millivolts(channel: Elements) -> float | None:
    """Millivolts of one unit of a sample; ``None`` when it is no voltage."""
    unit = channel.item(0x003A0211)
    factor = _MILLIVOLTS.get(unit.code(0x00080100, 16)) if unit is not None else None
    sensitivity = channel.number(0x003A0210)
    if factor is None or sensitivity is None:
        return None
    return sensitivity * (channel.number(0x003A0212) or 1.0) * factor


def _lead_name(channel: Elements, place: int) -> str:
    source = channel.item(0x003A0208)
    meaning = source.text(0x00080104, 32) if source is not None else ""
    name = meaning or channel.text(0x003A0203, 16) or str(place + 1)
    return name.removeprefix("Lead ").split(" (")[0]


def ecg_document(recordings: tuple[Recording, ...]) -> bytes:
    """Sheets of ECG paper, one for ten seconds of a recording, as a PDF.

    Raises
    ------
    WaveformError
        There is nothing to draw.
    """
    sheets = []
    leads = max((len(recording.leads) for recording in recordings), default=0)
    for recording in recordings:
        count = max(1, ceil(recording.seconds / SECONDS_ON_A_SHEET - 0.01))
        sheets += [_sheet(recording, part * SECONDS_ON_A_SHEET, leads) for part in range(count)]
    if not sheets:
        raise WaveformError("no voltage was recorded")
    return document(sheets)


def _sheet(recording: Recording, begin: float, leads: int) -> Sheet:
    width = SECONDS_ON_A_SHEET * MM_PER_SECOND + 2 * _MARGIN_MM
    height = leads * _LEAD_MM + 2 * _MARGIN_MM
    sheet = Sheet(width, height)
    for strong in (False, True):
        step = 5 if strong else 1
        colour, pen = (_PAPER_STRONG, 0.2) if strong else (_PAPER, 0.12)
        for x in range(0, int(width) + 1, step):
            sheet.line([(x, 0.0), (x, height)], colour, pen)
        for y in range(0, int(height) + 1, step):
            sheet.line([(0.0, y), (width, y)], colour, pen)
    first = round(begin * recording.hertz)
    last = first + round(SECONDS_ON_A_SHEET * recording.hertz) + 1
    for place, lead in enumerate(recording.leads):
        middle = _MARGIN_MM + (place + 0.5) * _LEAD_MM
        part = lead.millivolts[first:last]
        across = _MARGIN_MM + np.arange(len(part)) / recording.hertz * MM_PER_SECOND
        down = np.clip(middle - part * MM_PER_MILLIVOLT, 0.0, height)
        finite = np.isfinite(down)
        line = list(zip(across[finite].tolist(), down[finite].tolist(), strict=True))
        sheet.line(line, _INK, 0.3)
        sheet.text(_MARGIN_MM - 8.0, middle - 5.0, lead.name, _INK, 5.0)
    scale = f"{MM_PER_SECOND:g} mm/s   {MM_PER_MILLIVOLT:g} mm/mV   {recording.hertz:g} Hz"
    end = min(begin + SECONDS_ON_A_SHEET, recording.seconds)
    sheet.text(_MARGIN_MM, height - 3.0, f"{scale}   {begin:g} - {end:g} s", _INK, 5.0)
    return sheet
