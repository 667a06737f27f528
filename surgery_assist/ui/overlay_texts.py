"""What is written over an image: words only, no drawing.

The corners follow the habit of radiology: who (top left), what (top right), where (bottom
left), how (bottom right). Every line has a rank; a small pane keeps the low ranks.
"""

from dataclasses import dataclass
from datetime import date
from math import floor
from typing import Final, Literal

from surgery_assist.messages import Language, translate
from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet, Patient, Series, Study
from surgery_assist.model.viewport import Viewport
from surgery_assist.ui.facts import CineRate, Facts
from surgery_assist.ui.theme import Role
from surgery_assist.ui.translate import counted, study_date

Tone = Literal["text", "muted", "warning", "accent"]
ALWAYS: Final = 0
"""Rank of the lines that stay when texts are hidden: who it is, and which side."""
IMPORTANT: Final = 1
LEAST: Final = 9
_SIDES: Final = frozenset({"L", "R", "B"})
"""Values of ImageLaterality that name a side; U says that the body part has none."""
_HIDDEN_FINDINGS: Final = frozenset({"oblique_stack"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a corner."""

    text: str
    role: Role = "small"
    rank: int = 2
    strong: bool = False
    tone: Tone = "text"
    badge: bool = False
    """Drawn in a frame of its own colour."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The lines of the four corners, each from the top down."""

    top_left: tuple[Line, ...]
    top_right: tuple[Line, ...]
    bottom_left: tuple[Line, ...]
    bottom_right: tuple[Line, ...]


def overlay_texts(
    session: Session,
    shown: tuple[Viewport, DisplaySet, Series, Study],
    facts: Facts,
    *,
    crowded: bool = False,
) -> Texts:
    """The words for a viewport.

    Parameters
    ----------
    shown
        The viewport and what it shows.
    facts
        What is true of the picture that is on the screen.
    crowded
        The grid lies over this viewport: only what matters most stays beside it.
    """
    viewport, display_set, series, study = shown
    language = session.control.language
    what = _what(display_set, series, study, language)
    corners = (
        _who(study, language),
        (*what, *_badges(facts, language)),
        _where(display_set, facts, language),
        _how(viewport, facts, language),
    )
    lowest = ALWAYS if not session.view.texts else IMPORTANT if crowded else LEAST
    return Texts(*(tuple(line for line in lines if line.rank <= lowest) for lines in corners))


def _who(study: Study, language: Language) -> tuple[Line, ...]:
    patient = study.patient
    name = patient.name or translate("patient.unknown", language)
    lines = [Line(name, "essential", ALWAYS, strong=True)]
    if patient.patient_id:
        identity = translate("overlay.id", language, id=patient.patient_id)
        lines.append(Line(identity, "secondary", ALWAYS))
    life = _life(patient, study, language)
    return (*lines, Line(life, "small", 1)) if life else tuple(lines)


def _life(patient: Patient, study: Study, language: Language) -> str:
    parts = []
    if patient.birth_date:
        born = study_date(patient.birth_date, language)
        age = age_at(patient.birth_date, study.date)
        parts.append(born if age is None else _with_age(born, age, language))
    if patient.sex:
        parts.append(translate(f"overlay.sex.{patient.sex}", language))
    return "  ·  ".join(parts)


def _with_age(born: str, age: int, language: Language) -> str:
    # Romanian counts "20 de ani", "101 ani", "120 de ani".
    last = age % 100
    key = "age_one" if age == 1 else "age_of" if age and (last == 0 or last >= 20) else "age"
    return translate(f"overlay.{key}", language, date=born, age=age)


def age_at(birth_date: str, study_date_: str) -> int | None:
    """Whole years from birth to the day of the study; ``None`` when either is unknown."""
    try:
        born, then = date.fromisoformat(birth_date), date.fromisoformat(study_date_)
    except ValueError:
        return None
    age = then.year - born.year - ((then.month, then.day) < (born.month, born.day))
    return age if 0 <= age <= 130 else None


def _what(
    display_set: DisplaySet, series: Series, study: Study, language: Language
) -> tuple[Line, ...]:
    lines = []
    if display_set.laterality in _SIDES:
        side = translate(f"overlay.laterality.{display_set.laterality}", language)
        lines.append(Line(side, "essential", ALWAYS, strong=True, tone="warning"))
    number = translate("overlay.series", language, n=series.number) if series.number else ""
    name = "  ".join(part for part in (number, series.description, display_set.label) if part)
    lines.append(Line(name or series.modality, "secondary", 1, strong=True))
    when = study_date(study.date, language)
    clock = study.time[:5] if study.time else ""
    lines.append(Line("  ".join(part for part in (when, clock) if part), "small", 1))
    if study.description:
        lines.append(Line(study.description, "small", 3, tone="muted"))
    return tuple(line for line in lines if line.text)


def _where(display_set: DisplaySet, facts: Facts, language: Language) -> tuple[Line, ...]:
    lines = [Line(note, "small", 1) for note in facts.notes]
    source = translate(f"overlay.spacing.{display_set.spacing_source}", language)
    lines.append(Line(source, "small", 4, tone="muted"))
    if facts.position_mm is not None:
        written = _signed(facts.position_mm)
        lines.append(Line(translate("overlay.position", language, mm=written), "small", 2))
    if facts.number is not None:
        number, count = facts.number
        lines.append(Line(f"{number} / {count}", "essential", 1, strong=True))
    return tuple(lines)


def slice_position(viewport: Viewport, display_set: DisplaySet) -> float | None:
    """Where the frame lies along its normal, mm; ``None`` when it lies in no space."""
    if not display_set.frames:
        return None
    plane = display_set.frames[min(viewport.index, display_set.count - 1)].plane
    if plane is None:
        return None
    normal = plane.normal
    strongest = max(range(3), key=lambda axis: abs(normal[axis]))
    # An axis of the patient, when the frame lies square to it: as scanners write it.
    sign = 1.0 if normal[strongest] > 0 else -1.0
    return sign * sum(a * b for a, b in zip(plane.position, normal, strict=True))


def _signed(value: float) -> str:
    # A true minus sign is as wide as a plus: the number does not jump at zero.
    rounded = round(value, 1) + 0.0
    return f"−{-rounded:.1f}" if rounded < 0 else f"{rounded:.1f}"


def _how(viewport: Viewport, facts: Facts, language: Language) -> tuple[Line, ...]:
    lines = []
    if facts.value:
        lines.append(Line(facts.value, "secondary", 1, strong=True, tone="accent"))
    turned = round(viewport.rotation_deg, 1)
    if turned:
        lines.append(
            Line(translate("overlay.rotated", language, degrees=f"{turned:g}"), "small", 3)
        )
    if viewport.invert:
        lines.append(Line(translate("overlay.inverted", language), "small", 2, tone="accent"))
    lines.append(Line(_zoom(viewport, language), "small", 3))
    if facts.window is not None:
        width, center = _number(facts.window.width), _number(facts.window.center)
        text = translate("overlay.window", language, width=width, center=center)
        lines.append(Line(text, "secondary", 1))
    return tuple(lines)


def _zoom(viewport: Viewport, language: Language) -> str:
    if viewport.scale == "fit":
        return translate("overlay.zoom", language, percent=round(viewport.zoom * 100))
    if abs(viewport.zoom - 1.0) < 0.005:
        return translate("overlay.actual", language)
    return translate("overlay.actual_zoom", language, factor=f"{viewport.zoom:.1f}")


def rate_text(rate: CineRate, language: Language) -> str:
    """How fast a viewport plays, and how many images were left out."""
    text = translate("badge.playing", language, fps=f"{rate.fps:.0f}")
    if not rate.left_out:
        return text
    return f"{text}  ·  {counted('count.left_out', rate.left_out, language)}"


def value_text(value: float, unit: str) -> str:
    """A modality value as it is read out: whole HU, two places for SUV and Gy."""
    places = 2 if unit.startswith("SUV") or unit == "Gy" else 0 if unit == "HU" else None
    figures = f"{value:.4g}" if places is None else f"{value + 0.0:.{places}f}"
    return f"{figures} {unit}".rstrip().replace("-", "−")


def _number(value: float) -> str:
    text = f"{value:.0f}" if abs(value) >= 20 or value == floor(value) else f"{value:.2g}"
    return text.replace("-", "−")


def _badges(facts: Facts, language: Language) -> tuple[Line, ...]:
    badges = []
    if not any(facts.letters) and not facts.oriented:
        badges.append(_badge(translate("badge.orientation_unknown", language), ALWAYS))
    if facts.mirrored:
        badges.append(_badge(translate("badge.mirrored", language), ALWAYS))
    return (*badges, *(_badge(text, 1) for text in facts.badges))


def finding_badges(display_set: DisplaySet, language: Language) -> tuple[str, ...]:
    """The texts of what was found about a display set."""
    return tuple(
        translate(f"finding.{finding}", language)
        for finding in display_set.findings
        if finding not in _HIDDEN_FINDINGS
    )


def _badge(text: str, rank: int) -> Line:
    return Line(text, "small", rank, strong=True, tone="warning", badge=True)
