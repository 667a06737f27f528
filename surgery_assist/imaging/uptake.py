"""Units of PET: activity to the standardised uptake value by body weight (SUVbw).

Source: PS3.3 C.8.9.1 and C.8.9.2, and the QIBA FDG-PET profile's formula, which Philips' private
factor (7053,1000) stands in for when the pixels are counts.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from surgery_assist.imaging.elements import Elements

_UNITS: Final = 0x00541001
_MAX_DECAY_HOURS: Final = 48.0


@dataclass(frozen=True, slots=True)
class Uptake:
    """Factor from modality values to ``unit``; ``missing`` names what SUV would need."""

    unit: str
    factor: float = 1.0
    missing: str = ""


def uptake_of(header: Elements) -> Uptake:
    """What the values of a PET image mean."""
    units = header.code(_UNITS, 16)
    if units == "GML":
        kind = header.code(0x00541006, 16)
        return Uptake("SUVbw" if kind in ("", "BW") else f"SUV{kind.lower()}")
    philips = header.number(0x70531000)
    if units == "CNTS" and philips is not None and philips > 0:
        return Uptake("SUVbw", philips)
    if units != "BQML":
        return Uptake(units, missing="Units")
    corrections = header.texts(0x00280051)
    if "DECY" not in corrections or "ATTN" not in corrections:
        return Uptake(units, missing="CorrectedImage")
    weight = header.number(0x00101030)
    if weight is None or not 0.0 < weight < 1000.0:
        return Uptake(units, missing="PatientWeight")
    dose = header.item(0x00540016)
    if dose is None:
        return Uptake(units, missing="RadiopharmaceuticalInformationSequence")
    total = dose.number(0x00181074)
    if total is None or total <= 0:
        return Uptake(units, missing="RadionuclideTotalDose")
    if header.code(0x00541102, 16) == "ADMIN":
        return Uptake("SUVbw", weight * 1000.0 / total)
    return _decayed(header, dose, weight, total)


def _decayed(header: Elements, dose: Elements, weight: float, total: float) -> Uptake:
    """The values are corrected to the start of the scan: so must the dose be."""
    units = header.code(_UNITS, 16)
    if header.code(0x00541102, 16) != "START":
        return Uptake(units, missing="DecayCorrection")
    half_life = dose.number(0x00181075)
    if half_life is None or half_life <= 0:
        return Uptake(units, missing="RadionuclideHalfLife")
    scanned = _scan_start(header)
    if scanned is None:
        return Uptake(units, missing="SeriesTime")
    given = _injection(dose, scanned)
    if given is None:
        return Uptake(units, missing="RadiopharmaceuticalStartTime")
    seconds = (scanned - given).total_seconds()
    if not 0.0 <= seconds <= _MAX_DECAY_HOURS * 3600.0:
        return Uptake(units, missing="RadiopharmaceuticalStartTime")
    left: float = total * 2.0 ** (-seconds / half_life)
    return Uptake("SUVbw", weight * 1000.0 / left)


def _scan_start(header: Elements) -> datetime | None:
    """Start of the series, unless it was processed later than it was acquired."""
    series = _moment(header.code(0x00080021), header.code(0x00080031))
    acquired = _moment(header.code(0x00080022), header.code(0x00080032))
    if series is None:
        return acquired
    if acquired is not None and acquired < series:
        return acquired
    return series


def _injection(dose: Elements, scanned: datetime) -> datetime | None:
    full = dose.code(0x00181078, 32)
    if len(full) >= 12:
        return _moment(full[:8], full[8:])
    clock = dose.code(0x00181072, 16)
    given = _moment(scanned.strftime("%Y%m%d"), clock)
    if given is not None and given > scanned:  # before midnight
        given -= timedelta(days=1)
    return given


def _moment(day: str, clock: str) -> datetime | None:
    """A DICOM date and time as one; zones are left out, as both ends are on one scanner's clock."""
    clock = re.split("[+-]", clock)[0].replace(":", "")
    digits, _, fraction = clock.partition(".")
    try:
        on = date(int(day[:4]), int(day[4:6]), int(day[6:8]))
        at = time(int(digits[:2]), int(digits[2:4] or 0), min(int(digits[4:6] or 0), 59))
        micro = int((fraction + "000000")[:6]) if fraction else 0
    except ValueError:
        return None
    return datetime.combine(on, at.replace(microsecond=micro))
