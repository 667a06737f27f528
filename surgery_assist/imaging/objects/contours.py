"""Outlines of masks, exact to the pixel's edge."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from surgery_assist.model.annotations import Point

_Corner = tuple[int, int]


def mask_outlines(mask: NDArray[np.bool_]) -> tuple[tuple[Point, ...], ...]:
    """Closed outlines of a mask.

    Parameters
    ----------
    mask
        ``(rows, columns)``.

    Returns
    -------
    tuple
        Of outlines; each runs along pixel edges with the inside on its right (clockwise on the
        screen; around holes the other way). Pixels that touch at a corner only are apart.
    """
    ways = _edges(mask)
    outlines = []
    while ways:
        start, ends = next(iter(ways.items()))
        outlines.append(_loop(ways, start, ends[-1]))
    return tuple(outlines)


def _edges(mask: NDArray[np.bool_]) -> dict[_Corner, list[_Corner]]:
    """Directed pixel edges between inside and outside: ``(column, row)`` to its followers."""
    solid = np.pad(mask.astype(bool, copy=False), 1)
    inner = solid[1:-1, 1:-1]
    ways: dict[_Corner, list[_Corner]] = {}

    def add(where: NDArray[Any], start: _Corner, end: _Corner) -> None:
        rows, columns = np.nonzero(where)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            at = (column + start[0], row + start[1])
            ways.setdefault(at, []).append((column + end[0], row + end[1]))

    add(inner & ~solid[:-2, 1:-1], (0, 0), (1, 0))
    add(inner & ~solid[1:-1, 2:], (1, 0), (1, 1))
    add(inner & ~solid[2:, 1:-1], (1, 1), (0, 1))
    add(inner & ~solid[1:-1, :-2], (0, 1), (0, 0))
    return ways


def _loop(
    ways: dict[_Corner, list[_Corner]], start: _Corner, following: _Corner
) -> tuple[Point, ...]:
    """Follow edges back to the start; straight runs are one line."""
    corners: list[_Corner] = []
    at, towards = start, following
    heading = (towards[0] - at[0], towards[1] - at[1])
    while True:
        ends = ways[at]
        ends.remove(towards)
        if not ends:
            del ways[at]
        at = towards
        if at == start:
            break
        choices = ways[at]
        right = (-heading[1], heading[0])
        towards = (at[0] + right[0], at[1] + right[1])
        if towards not in choices:
            towards = choices[0]
        turned = (towards[0] - at[0], towards[1] - at[1])
        if turned != heading:
            corners.append(at)
        heading = turned
    return tuple((float(column), float(row)) for column, row in (start, *corners))
