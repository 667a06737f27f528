"""Whether the slices of a stack are evenly spaced, sheared, incomplete or doubled."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import atan2, degrees
from statistics import median
from typing import Final

from surgery_assist.model.geometry import ImagePlane, added, dot, length, scaled
from surgery_assist.model.study import Finding

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
    findings: tuple[Finding, ...] = ()


def judge(planes: Sequence[ImagePlane]) -> StackGeometry:
    """Judge planes of one orientation that are sorted along their normal.

    Findings are ``duplicate_position`` (two frames at one place), ``gap`` (steps that are a
    multiple of the usual one: slices are missing), ``non_uniform`` (other uneven steps) and
    ``tilt`` (slices shift sideways: gantry tilt). Any of them makes the stack not uniform.
    """
    if len(planes) < 2:
        return StackGeometry()
    steps, shifts = _steps(planes)
    findings = [
        Finding("duplicate_position", (("image", image), ("next", image + 1)))
        for image, step in enumerate(steps, 1)
        if step <= SAME_POSITION_MM
    ]
    distinct = [step for step in steps if step > SAME_POSITION_MM]
    if not distinct:
        return StackGeometry(findings=tuple(findings))
    usual = median(distinct)
    tolerance = max(UNIFORM_MM, UNIFORM_SHARE * usual)
    gaps, uneven = [], []
    for image, step in enumerate(steps, 1):
        if step <= SAME_POSITION_MM or abs(step - usual) <= tolerance:
            continue
        if _is_whole_gap(step, usual):
            missing = round(step / usual) - 1
            arguments = (("mm", f"{step:.1f}"), ("image", image), ("missing", missing))
            gaps.append(Finding("gap", arguments))
        else:
            uneven.append(step)
    findings += gaps
    if uneven:
        limits = (("least", f"{min(distinct):.2f}"), ("most", f"{max(distinct):.2f}"))
        findings.append(Finding("non_uniform", limits))
    total, drift = sum(steps), sum(shifts)
    if drift > TILT_MM and drift > TILT_SHARE * total:
        angle = degrees(atan2(drift, total))
        findings.append(Finding("tilt", (("degrees", f"{angle:.1f}"), ("mm", f"{drift:.0f}"))))
    return StackGeometry(usual, not findings, tuple(findings))


def _steps(planes: Sequence[ImagePlane]) -> tuple[list[float], list[float]]:
    """Distances from plane to plane along the normal, and how far they shift sideways, mm."""
    normal = planes[0].normal
    steps, shifts = [], []
    for before, after in pairwise(planes):
        move = added(after.position, scaled(before.position, -1.0))
        step = dot(move, normal)
        steps.append(abs(step))
        shifts.append(length(added(move, scaled(normal, -step))))
    return steps, shifts


def _is_whole_gap(step: float, usual: float) -> bool:
    times = step / usual
    return times > MISSING_STEPS and abs(times - round(times)) <= WHOLE_SHARE
