"""Two display sets of one space in one picture: the second's colours over the first's greys."""

from dataclasses import dataclass
from typing import Final

from surgery_assist.model.grid import why_no_grid
from surgery_assist.model.study import DisplaySet, Study, study_display_sets
from surgery_assist.model.units import DisplaySetUID

_FIRST: Final = ("PT", "NM", "RTDOSE", "MR", "CT")
"""What is laid over images, in this order: activity, then dose, then other anatomy."""


@dataclass(frozen=True, slots=True)
class Fusion:
    """What is laid over the images of a viewport, and how much it covers (0 to 1)."""

    display_set: DisplaySetUID
    blend: float = 0.5


def partner_of(study: Study, display_set: DisplaySet) -> DisplaySet | None:
    """The display set of another modality in the same frame of reference to lay over this one.

    Only what has a grid and a FrameOfReferenceUID (PS3.3 C.7.4.1): nothing is registered here.
    """
    space = display_set.frame_of_reference_uid
    if not space:
        return None
    found = [
        entry
        for entry in study_display_sets(study)
        if entry.frame_of_reference_uid == space
        and entry.modality != display_set.modality
        and entry.modality in _FIRST
        and why_no_grid(entry) is None
    ]
    return min(found, key=lambda entry: _FIRST.index(entry.modality), default=None)
