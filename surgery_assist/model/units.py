"""Small types that say what a number or a text is."""

from typing import Literal, NewType

StudyUID = NewType("StudyUID", str)
SeriesUID = NewType("SeriesUID", str)
DisplaySetUID = NewType("DisplaySetUID", str)
"""Of one DisplaySet: the series UID, with ``#n`` behind it when a series holds several."""

Vector = tuple[float, float, float]
"""Direction or point in patient space: LPS (x to the left, y to the back, z to the head), mm."""

Side = Literal["left", "right", "up", "down"]
EdgeLetters = tuple[str, str, str, str]
"""Letters at the left, right, top and bottom edge, such as ``("R", "L", "A", "P")``."""
