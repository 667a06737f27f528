"""Whether the slices of a stack are evenly spaced, sheared, incomplete or doubled."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from surgery_assist.model.geometry import ImagePlane, added, dot, length, scaled

SAME_POSITION_MM: Final = 1e-2
UNIFORM_SHARE: Final = 0.02
"""How far (share of the median step) a step may be off in a uniform stack."""
UNIFORM_MM: Final = 0.02
"""The same in mm: positions are written with few digits."""
WHOLE_SHARE: Final = 0.1
"""How far from a whole number of steps a gap may be."""
MISSING_STEPS: Final = 1.5
TILT_SHARE: Final = 0.01
TILT_MM: Final = 0.5


@dataclass(frozen=True, slots=True)
class StackGeometry:
    """What was found; ``step`` is the usual distance between neighbours along the normal, mm."""

    step: float | None = None
    uniform: bool = False
    findings: tuple[str, ...] = ()


def judge(planes: Sequence[ImagePlane]) -> StackGeometry:
    """Judge planes of one orientation that are sorted along their normal.

    Findings are ``duplicate_position`` (two frames at one place), ``gap`` (steps that are a
    multiple of the usual one: slices are missing), ``non_uniform`` (other uneven steps) and
    ``tilt`` (slices shift sideways: gantry tilt). Any of them makes the stack not uniform.
    """
    if len(planes) < 2:
        return StackGeometry()
    normal = planes[0].normal
    steps, shifts = [], []
    for before, after in pairwise(planes):
        move = added(after.position, scaled(before.position, -1.0))
        step = dot(move, normal)
        steps.append(abs(step))
        shifts.append(length(added(move, scaled(normal, -step))))
    findings = []
    distinct = [step for step in steps if step > SAME_POSITION_MM]
    if len(distinct) < len(steps):
        findings.append("duplicate_position")
    if not distinct:
        return StackGeometry(findings=tuple(findings))
    usual = median(distinct)
    uneven = [
        step for step in distinct if abs(step - usual) > max(UNIFORM_MM, UNIFORM_SHARE * usual)
    ]
    missing = [step for step in uneven if _is_whole_gap(step, usual)]
    if missing:
        findings.append("gap")
    if len(uneven) > len(missing):
        findings.append("non_uniform")
    total, drift = sum(steps), sum(shifts)
    if drift > TILT_MM and drift > TILT_SHARE * total:
        findings.append("tilt")
    return StackGeometry(usual, not findings, tuple(findings))


def _is_whole_gap(step: float, usual: float) -> bool:
    times = step / usual
    return times > MISSING_STEPS and abs(times - round(times)) <= WHOLE_SHARE
