"""What is true of the picture in a pane: values for the texts round it."""

from dataclasses import dataclass

from surgery_assist.model.geometry import UNKNOWN_EDGES
from surgery_assist.model.study import Window
from surgery_assist.model.units import EdgeLetters


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of a picture, for the texts around it.

    Attributes
    ----------
    letters
        At the left, right, top and bottom edge; all empty says ORIENTATION UNKNOWN, unless
        ``oriented``.
    number
        Which image of how many, from 1; ``None`` where images are not counted.
    position_mm
        Along the normal of the picture, LPS mm.
    mm_per_pixel
        Of one logical pixel of the pane across, for the scale bar; ``None`` draws none.
    window
        In force, modality units; ``None`` while it is not known and for colour.
    value
        Under the pointer or the named point, with its unit ("43 HU"); empty where unknown.
    badges
        Texts of warnings, in the Session's language.
    notes
        Lines on how the picture was made ("MIP 20 mm"), in the Session's language.
    oriented
        The picture says by itself which side is which (a volume with its cube).
    mirrored
        Left and right are exchanged.
    """

    letters: EdgeLetters = UNKNOWN_EDGES
    number: tuple[int, int] | None = None
    position_mm: float | None = None
    mm_per_pixel: float | None = None
    window: Window | None = None
    value: str = ""
    badges: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    oriented: bool = False
    mirrored: bool = False


@dataclass(frozen=True, slots=True)
class CineRate:
    """How a viewport plays: frames shown a second, and frames left out since it began."""

    fps: float
    left_out: int = 0
