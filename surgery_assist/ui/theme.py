"""How everything looks: colours, spacing, type, and the style sheet made from them.

A dark room, a large screen three metres away, gloves on: black around the images so that nothing
dazzles, few colours with one meaning each, and text sized by visual angle instead of points.
"""

from dataclasses import dataclass
from functools import cache
from math import radians, tan
from typing import Final, Literal

from PySide6.QtGui import QColor, QFont, QFontDatabase

from surgery_assist.settings import resources_dir

Role = Literal["display", "essential", "secondary", "small"]

CAP_HEIGHT: Final = 0.727
"""Height of a capital over the font size (Inter)."""
_ANGLE: Final[dict[Role, float]] = {
    "display": 0.40,
    "essential": 0.30,
    "secondary": 0.22,
    "small": 0.16,
}
"""Height of a capital in degrees of visual angle (ISO 9241-303 asks for 0.27 to 0.37)."""
_SHARE: Final[dict[Role, float]] = {
    "display": 0.043,
    "essential": 0.034,
    "secondary": 0.0255,
    "small": 0.020,
}
"""The most of the height of its area that a font size may take."""
_SMALLEST: Final[dict[Role, float]] = {
    "display": 16.0,
    "essential": 13.0,
    "secondary": 11.0,
    "small": 10.0,
}
DEFAULT_MM_PER_PIXEL: Final = 25.4 / 96.0


@dataclass(frozen=True, slots=True)
class Colours:
    """Colour tokens as ``#rrggbb``; every colour in the program is one of these."""

    image: str = "#000000"
    """Behind images."""
    background: str = "#07090c"
    surface: str = "#10141a"
    """Strips, drawers and cards."""
    raised: str = "#1a2029"
    """Rows, chips and buttons on a surface."""
    pressed: str = "#252d39"
    hairline: str = "#29313d"
    text: str = "#eef2f6"
    muted: str = "#9aa7b5"
    faint: str = "#616d7b"
    accent: str = "#38c6b4"
    """The active viewport, and listening."""
    accent_dim: str = "#14524b"
    on_accent: str = "#04120f"
    question: str = "#f5b13d"
    """A question waits for its answer."""
    danger: str = "#f2555a"
    """Microphone lost, image broken."""
    warning: str = "#e6d27a"
    """What the reader of an image must know (gap, mirrored, orientation unknown)."""
    success: str = "#7bd88f"


@dataclass(frozen=True, slots=True)
class Spacing:
    """Distances in logical pixels: a scale of one unit, so that large screens breathe alike."""

    unit: float

    @property
    def hairline(self) -> int:
        """Width of a separator."""
        return max(1, round(self.unit / 8))

    @property
    def tiny(self) -> int:
        """Between things that belong together."""
        return max(2, round(self.unit / 2))

    @property
    def small(self) -> int:
        """Inside chips, between lines."""
        return max(4, round(self.unit))

    @property
    def medium(self) -> int:
        """Inside cards, at the edge of panes."""
        return max(8, round(self.unit * 2))

    @property
    def large(self) -> int:
        """Between groups."""
        return max(12, round(self.unit * 3))

    @property
    def radius(self) -> int:
        """Of rounded corners."""
        return max(4, round(self.unit * 1.25))


@dataclass(frozen=True, slots=True)
class TypeScale:
    """Font sizes in logical pixels.

    ``ideal`` is what the viewing distance asks for; sizes never take more than their share of
    the area that they are drawn in.
    """

    width: float
    height: float
    mm_per_pixel: float
    distance_m: float

    def ideal(self, role: Role) -> float:
        """Font size whose capitals have the role's visual angle at the viewing distance."""
        capital_mm = self.distance_m * 1000.0 * tan(radians(_ANGLE[role]))
        return capital_mm / CAP_HEIGHT / self.mm_per_pixel

    def size(self, role: Role) -> int:
        """Font size of a role in this area."""
        # A narrow area is held to the height that it would have at 16:9.
        height = min(self.height, self.width * 9 / 16)
        return round(max(_SMALLEST[role], min(self.ideal(role), height * _SHARE[role])))

    def in_area(self, width: float, height: float) -> "TypeScale":
        """The scale for a part of the screen.

        A quarter of the screen gets more than a quarter of the size: its texts must still be read
        from the same place.
        """
        share = max(0.05, min(1.0, width / self.width, height / self.height))
        growth = share**-0.45
        return TypeScale(width * growth, height * growth, self.mm_per_pixel, self.distance_m)


@dataclass(frozen=True, slots=True)
class Theme:
    """Everything that a widget needs to draw itself."""

    type: TypeScale
    colours: Colours = Colours()

    @property
    def space(self) -> Spacing:
        """Distances that fit the type."""
        return Spacing(self.type.size("secondary") / 3.0)

    def font(self, role: Role, *, strong: bool = False, scale: TypeScale | None = None) -> QFont:
        """The font of a role; ``scale`` for a part of the screen."""
        return sized_font((scale or self.type).size(role), strong=strong)

    def style_sheet(self) -> str:
        """Qt style sheet for the whole window.

        Widgets choose a look by dynamic properties: ``role`` (display, essential, secondary,
        small), ``strong``, ``tone`` (muted, faint, accent, question, danger, warning) and, on
        frames, ``surface`` (base, raised, card, chip).
        """
        c, s, size = self.colours, self.space, self.type.size
        tones = ("muted", "faint", "accent", "question", "danger", "warning", "success")
        tone_rules = "".join(
            f'QLabel[tone="{tone}"] {{ color: {getattr(c, tone)}; }}\n' for tone in tones
        )
        role_rules = "".join(
            f'*[role="{role}"] {{ font-size: {size(role)}px; }}\n' for role in _ANGLE
        )
        return f"""
* {{ font-family: "{font_family()}"; font-size: {size("secondary")}px; color: {c.text}; }}
QWidget#window, QWidget#viewports {{ background: {c.background}; }}
QLabel {{ background: transparent; }}
{role_rules}{tone_rules}
*[strong="true"] {{ font-weight: 600; }}
QFrame[surface="base"] {{ background: {c.surface}; }}
QFrame[surface="raised"] {{ background: {c.raised}; border-radius: {s.radius}px; }}
QFrame[surface="card"] {{ background: {c.surface}; border: {s.hairline}px solid {c.hairline};
    border-radius: {s.radius}px; }}
QFrame[surface="chip"] {{ background: {c.raised}; border-radius: {s.radius}px;
    padding: {s.tiny}px {s.small}px; }}
QFrame[surface="separator"] {{ background: {c.hairline}; border: none; }}
QPushButton {{ background: {c.raised}; border: {s.hairline}px solid {c.hairline};
    border-radius: {s.radius}px; padding: {s.small}px {s.medium}px; }}
QPushButton:hover {{ background: {c.pressed}; }}
QPushButton:pressed {{ background: {c.hairline}; }}
QPushButton:disabled {{ color: {c.faint}; }}
QPushButton[kind="primary"] {{ background: {c.accent}; color: {c.on_accent}; border: none;
    font-weight: 600; }}
QPushButton[kind="question"] {{ background: {c.question}; color: {c.background}; border: none;
    font-weight: 600; }}
QLineEdit {{ background: {c.raised}; border: {s.hairline}px solid {c.hairline};
    border-radius: {s.radius}px; padding: {s.small}px; selection-background-color: {c.accent_dim}; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: none; }}
QAbstractItemView {{ background: transparent; border: none; outline: none; }}
QScrollBar:vertical {{ background: transparent; width: {s.small + 4}px; margin: 2px; }}
QScrollBar::handle:vertical {{ background: {c.hairline}; border-radius: {s.small // 2}px;
    min-height: {s.large * 2}px; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
    background: transparent; height: 0; }}
QProgressBar {{ background: {c.raised}; border: none; border-radius: {s.tiny}px;
    max-height: {s.small}px; }}
QProgressBar::chunk {{ background: {c.accent}; border-radius: {s.tiny}px; }}
"""


def theme_for(
    width: float, height: float, mm_per_pixel: float | None, distance_m: float = 3.0
) -> Theme:
    """The theme for a window of a size in logical pixels, seen from a distance."""
    pixel = mm_per_pixel or DEFAULT_MM_PER_PIXEL
    return Theme(TypeScale(max(1.0, width), max(1.0, height), pixel, distance_m))


def sized_font(pixels: int, *, strong: bool = False) -> QFont:
    """The program's font in a size, with figures of equal width so that numbers do not dance."""
    font = QFont(font_family())
    font.setPixelSize(max(6, pixels))
    font.setWeight(QFont.Weight.DemiBold if strong else QFont.Weight.Normal)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def colour(value: str, opacity: float = 1.0) -> QColor:
    """A colour token as a QColor."""
    result = QColor(value)
    result.setAlphaF(opacity)
    return result


@cache
def font_family() -> str:
    """The bundled font's family, or the system's own when the file is missing."""
    family = ""
    for name in ("Inter-Regular.otf", "Inter-SemiBold.otf"):
        identifier = QFontDatabase.addApplicationFont(str(resources_dir() / "fonts" / name))
        families = QFontDatabase.applicationFontFamilies(identifier) if identifier >= 0 else []
        family = family or next(iter(families), "")
    return family or QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()
