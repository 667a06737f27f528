"""Segments and structures as surfaces in space."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.library import Library
from surgery_assist.imaging.objects.reading import ObjectReader
from surgery_assist.imaging.objects.solids import Solid
from surgery_assist.imaging.scene.arrays import as_numpy, as_vtk_image
from surgery_assist.imaging.scene.frame import Picture
from surgery_assist.model.annotations import Colour

PIXELS: Final = 192
"""Of the longer edge of the grid in which contours are filled."""
LEAST_MM: Final = 0.5
SAME_PLANE_MM: Final = 0.05
SMOOTHINGS: Final = 20
PASS_BAND: Final = 0.1
OVER_MIP: Final = 0.6
"""How much of a surface covers a picture that has no depth."""


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Triangles round a part of the patient.

    ``points`` is ``(n, 3)`` float32 LPS mm, ``triangles`` ``(m, 3)`` int64 indices of points.
    """

    points: NDArray[np.float32]
    triangles: NDArray[np.int64]
    colour: Colour


def surface_of(solid: Solid) -> Surface | None:
    """The surface of a segment or structure; ``None`` where it surrounds nothing."""
    mask, places = _placed(solid)
    if mask is None or not mask.any():
        return None
    padded = np.pad(mask, 1)
    points, triangles = _triangles(padded)
    if not len(triangles):
        return None
    return Surface(_in_space(points - 1.0, places), triangles, solid.colour)


def _placed(solid: Solid) -> tuple[NDArray[np.uint8] | None, NDArray[np.float64]]:
    """A mask, and for each slice its origin and the steps of columns and rows: ``(n, 3, 3)``."""
    if solid.mask is not None:
        places = [
            (
                plane.position,
                np.array(plane.row_direction) * plane.column_spacing,
                np.array(plane.column_direction) * plane.row_spacing,
            )
            for plane in solid.planes
        ]
        return solid.mask, np.array(places, np.float64)
    return _filled(solid.contours)


def _filled(
    contours: tuple[NDArray[np.float64], ...],
) -> tuple[NDArray[np.uint8] | None, NDArray[np.float64]]:
    """Contours of parallel planes filled slice by slice; one inside another is a hole (XOR)."""
    usable = [contour for contour in contours if len(contour) >= 3]
    if not usable:
        return None, np.empty((0, 3, 3))
    normal = _normal(max(usable, key=len))
    right, down = _across(normal)
    frame = np.array([right, down, normal])
    flat = sorted((contour @ frame.T for contour in usable), key=lambda c: float(c[:, 2].mean()))
    low = np.min([c[:, :2].min(axis=0) for c in flat], axis=0)
    high = np.max([c[:, :2].max(axis=0) for c in flat], axis=0)
    pixel = max(LEAST_MM, float((high - low).max()) / PIXELS)
    columns, rows = (np.ceil((high - low) / pixel).astype(int) + 1).tolist()
    masks, places = [], []
    for depth, group in groupby(flat, key=lambda c: round(float(c[:, 2].mean()) / SAME_PLANE_MM)):
        mask = np.zeros((rows, columns), bool)
        for contour in group:
            mask ^= inside((contour[:, :2] - low) / pixel, rows, columns)
        masks.append(mask)
        origin = low[0] * right + low[1] * down + depth * SAME_PLANE_MM * normal
        places.append((origin, right * pixel, down * pixel))
    return np.array(masks, np.uint8), np.array(places, np.float64)


def inside(points: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.bool_]:
    """Pixels whose centres a closed polygon surrounds (even-odd).

    Parameters
    ----------
    points
        ``(n, 2)``, column and row; a pixel's centre has whole numbers.
    """
    crossings = np.zeros((rows, columns + 1), np.int32)
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        first, last = sorted((y0, y1))
        crossed = np.arange(max(0, int(np.ceil(first))), min(rows, int(np.ceil(last))))
        if len(crossed):
            at = np.ceil(x0 + (crossed - y0) * (x1 - x0) / (y1 - y0)).astype(int)
            np.add.at(crossings, (crossed, np.clip(at, 0, columns)), 1)
    within: NDArray[np.bool_] = np.cumsum(crossings[:, :columns], axis=1) % 2 == 1
    return within


def _normal(contour: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the plane of a contour, to the positive side of its strongest axis."""
    normal = np.linalg.svd(contour - contour.mean(axis=0))[2][2]
    strongest = normal[np.argmax(np.abs(normal))]
    result: NDArray[np.float64] = normal * np.sign(strongest)
    return result


def _across(normal: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    other = np.eye(3)[int(np.argmin(np.abs(normal)))]
    right = np.cross(other, normal)
    right /= np.linalg.norm(right)
    return right, np.cross(normal, right)


def _triangles(mask: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """A smooth surface in indices (column, row, slice) of the mask."""
    from vtkmodules.vtkFiltersCore import (  # noqa: PLC0415
        vtkFlyingEdges3D,
        vtkWindowedSincPolyDataFilter,
    )

    edges = vtkFlyingEdges3D()
    edges.SetInputData(as_vtk_image(np.ascontiguousarray(mask)))
    edges.SetValue(0, 0.5)
    edges.ComputeNormalsOff()
    edges.ComputeGradientsOff()
    smooth = vtkWindowedSincPolyDataFilter()
    smooth.SetInputConnection(edges.GetOutputPort())
    smooth.SetNumberOfIterations(SMOOTHINGS)
    smooth.SetPassBand(PASS_BAND)
    smooth.NormalizeCoordinatesOn()
    smooth.Update()
    found: Any = smooth.GetOutput()
    if not found.GetNumberOfPolys():
        return np.empty((0, 3)), np.empty((0, 3), np.int64)
    points = as_numpy(found.GetPoints().GetData()).reshape(-1, 3).astype(np.float64)
    corners = as_numpy(found.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    return points, corners.astype(np.int64)


def _in_space(index: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float32]:
    """LPS of indices; slices lie where they lie, the first and last are half a step thick."""
    count = len(places)
    low = np.clip(np.floor(index[:, 2]).astype(int), 0, max(0, count - 2))
    high = np.minimum(low + 1, count - 1)
    share = (index[:, 2] - low)[:, None, None]
    at = places[low] + (places[high] - places[low]) * share
    if count == 1:
        normal = np.cross(places[0, 1], places[0, 2])
        thick = np.sqrt(np.linalg.norm(normal))
        at[:, 0] += share[:, :, 0] * normal / np.linalg.norm(normal) * thick
    points = at[:, 0] + index[:, :1] * at[:, 1] + index[:, 1:2] * at[:, 2]
    return np.asarray(points, np.float32)


def joined(picture: Picture, surfaces: Picture) -> Picture:
    """Surfaces in a picture of the volume: before what lies behind them, behind what is before.

    Both have the same size; ``surfaces`` has a depth.
    """
    if surfaces.depth is None:
        return picture
    volume, solid = picture.rgba.astype(np.float32), surfaces.rgba.astype(np.float32)
    if picture.depth is None:
        solid *= OVER_MIP
        front = solid[..., 3] > 0
    else:
        front = ~(picture.depth < surfaces.depth)
    over = np.where(front[..., None], solid, volume)
    under = np.where(front[..., None], volume, solid)
    rgba = over + under * (1.0 - over[..., 3:] / 255.0)
    return Picture(np.clip(rgba + 0.5, 0, 255).astype(np.uint8), picture.depth)


def read_surfaces(library: Library, uid: str) -> tuple[Surface, ...]:
    """The surfaces of one segmentation or structure set that is open; reads its file.

    Raises
    ------
    SurgeryAssistError
        It can't be read.
    """
    made = (surface_of(solid) for solid in ObjectReader(library).solids(uid))
    return tuple(surface for surface in made if surface is not None)
