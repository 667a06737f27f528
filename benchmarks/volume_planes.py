"""Planes through a volume beside plain vtkImageReslice and SimpleITK, in turns, in one process.

    python benchmarks/volume_planes.py [--slices 400] [--rounds 15] [--out FILE.md]

All make the same oblique images of 512 x 512 pixels from the same int16 voxels, with as many threads
as the machine has cores. The median counts; on a busy machine only the ratios mean something.
"""

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkImagingCore import vtkImageReslice

from surgery_assist.imaging.render import to_rgb32
from surgery_assist.imaging.volume.build import Volume
from surgery_assist.imaging.volume.cut import Wanted, cut
from surgery_assist.imaging.volume.reslice import Quality, flat, plane_of
from surgery_assist.imaging.volume.worker import moving_quality, still_quality
from surgery_assist.model.geometry import ImagePlane, added, scaled, unit
from surgery_assist.model.grid import Grid
from surgery_assist.model.plane import NamedPlane, Plane, named, tilted
from surgery_assist.model.reformat import Axes
from surgery_assist.model.study import DisplaySet, FrameRef
from surgery_assist.model.units import DisplaySetUID, SeriesUID

PIXEL = 0.7
SIDE = 512
AXES: dict[NamedPlane, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "axial": ((0, 1, 2), (1, 1, 1)),
    "coronal": ((0, 2, 1), (1, -1, 1)),
    "sagittal": ((1, 2, 0), (1, -1, 1)),
}
Make = Callable[[int], object]


def volume_of_blobs(slices: int) -> Volume:
    """Smooth shapes and noise, as compressible to a cache as a CT."""
    rng = np.random.default_rng(5)
    z, y, x = np.ogrid[:slices, :SIDE, :SIDE]
    waves = np.sin(x / 17.0) + np.sin(y / 23.0) + np.sin(z / 11.0)
    values = (waves * 300 + rng.integers(-40, 40, (1, SIDE, SIDE))).astype(np.int16)
    grid = Grid((0.0, 0.0, 0.0), (PIXEL, 0, 0), (0, PIXEL, 0), (0, 0, 1.0), (SIDE, SIDE, slices))
    right, down = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
    frames = tuple(
        FrameRef("b", k, None, ImagePlane((0.0, 0.0, float(k)), right, down, PIXEL, PIXEL))
        for k in range(slices)
    )
    uid = SeriesUID("b")
    display_set = DisplaySet(
        DisplaySetUID("b"), uid, "volume", SIDE, SIDE, frames, "CT", (PIXEL, PIXEL, 1.0)
    )
    return Volume(display_set, values, grid, there=np.ones(slices, bool))


@dataclass(frozen=True)
class Views:
    """Oblique images through the middle, each tilted a degree further."""

    volume: Volume
    slab_mm: float = 0.0

    def __call__(self, number: int) -> Wanted:
        """Image ``number``: 512 x 512 pixels of 0.7 mm."""
        middle = self.volume.grid.middle
        base = named("axial", middle)
        if self.slab_mm:
            base = replace(base, projection="max", slab_mm=self.slab_mm)
        plane: Plane = tilted(base, unit((1.0, 0.5, 0.3)), 20.0 + number, middle)
        half = PIXEL * (SIDE - 1) / 2
        corner = added(middle, added(scaled(plane.right, -half), scaled(plane.down, -half)))
        place = ImagePlane(corner, plane.right, plane.down, PIXEL, PIXEL)
        shown = replace(self.volume.display_set, frames=(FrameRef("", 0, None, place),))
        return Wanted(shown, plane, 0)


def plain_vtk(volume: Volume, view: Views) -> Make:
    """What a VTK program does: spacing in the image, axes in mm, one Update."""
    image = vtkImageData()
    image.SetDimensions(*volume.grid.size)
    image.SetSpacing(PIXEL, PIXEL, 1.0)
    image.GetPointData().SetScalars(numpy_to_vtk(volume.values.reshape(-1), deep=False))
    reslice = vtkImageReslice()
    reslice.SetInputData(image)
    reslice.SetOutputDimensionality(2)
    reslice.SetOutputSpacing(PIXEL, PIXEL, 1.0)
    reslice.SetOutputOrigin(0.0, 0.0, 0.0)
    reslice.SetOutputExtent(0, SIDE - 1, 0, SIDE - 1, 0, 0)
    reslice.SetInterpolationModeToLinear()
    if view.slab_mm:
        reslice.SetSlabModeToMax()
        reslice.SetSlabNumberOfSlices(round(view.slab_mm / PIXEL))
        reslice.SetOutputSpacing(PIXEL, PIXEL, PIXEL)

    def make(number: int) -> object:
        place = plane_of(view(number))
        matrix = vtkMatrix4x4()
        columns = (place.row_direction, place.column_direction, place.normal, place.position)
        for column, vector in enumerate(columns):
            for row in range(3):
                matrix.SetElement(row, column, vector[row])
        reslice.SetResliceAxes(matrix)
        reslice.Update()
        return vtk_to_numpy(reslice.GetOutput().GetPointData().GetScalars())

    return make


def simple_itk(volume: Volume, view: Views) -> Make:
    """SimpleITK's Resample on a slice-shaped reference."""
    import SimpleITK as sitk  # noqa: N813  (only what others are measured with)

    image = sitk.GetImageFromArray(volume.values)
    image.SetSpacing((PIXEL, PIXEL, 1.0))

    def make(number: int) -> object:
        place = plane_of(view(number))
        directions = np.array((place.row_direction, place.column_direction, place.normal)).T
        reference = sitk.Image((SIDE, SIDE, 1), sitk.sitkInt16)
        reference.SetSpacing((PIXEL, PIXEL, 1.0))
        reference.SetOrigin(place.position)
        reference.SetDirection(directions.ravel().tolist())
        made = sitk.Resample(image, reference, sitk.Transform(), sitk.sitkLinear, -32768.0)
        return sitk.GetArrayViewFromImage(made)

    return make


def medians(makers: dict[str, Make], rounds: int) -> dict[str, float]:
    """Median ms of each, in turns."""
    times: dict[str, list[float]] = {name: [] for name in makers}
    for number in range(rounds + 1):
        for name, make in makers.items():
            begin = time.perf_counter()
            make(number)
            times[name].append((time.perf_counter() - begin) * 1000.0)
    return {name: float(np.median(values[1:])) for name, values in times.items()}


def orthogonal(volume: Volume, kind: NamedPlane) -> Make:
    """Images along the voxels, to screen colours."""
    plane = named(kind, volume.grid.middle)
    axes = Axes(*AXES[kind])

    def make(number: int) -> object:
        made = cut(volume, Wanted(volume.display_set, plane, 100 + number), axes)
        return None if made is None else to_rgb32(volume.pixels(made.values))

    return make


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    volume = volume_of_blobs(options.slices)
    thin, slab = Views(volume), Views(volume, 20.0)
    groups: dict[str, dict[str, Make]] = {
        "oblique 512 x 512, every pixel, linear": {
            "vtkImageReslice": plain_vtk(volume, thin),
            "SimpleITK Resample": simple_itk(volume, thin),
            "ours": lambda i: flat(volume, thin(i), Quality()),
        },
        "oblique 512 x 512, what a pane gets": {
            "vtkImageReslice": plain_vtk(volume, thin),
            "ours, moving": lambda i: flat(volume, thin(i), moving_quality(volume, thin(i))),
            "ours, still (cubic)": lambda i: flat(volume, thin(i), still_quality(volume, thin(i))),
        },
        "maximum of 20 mm": {
            "vtkImageReslice": plain_vtk(volume, slab),
            "ours, moving": lambda i: flat(volume, slab(i), moving_quality(volume, slab(i))),
            "ours, still": lambda i: flat(volume, slab(i), still_quality(volume, slab(i))),
        },
        "along the voxels, with screen colours": {
            f"ours, {kind}": orthogonal(volume, kind) for kind in AXES
        },
    }
    lines = [
        f"Planes through 512 x 512 x {options.slices}, median of {options.rounds}.",
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start.",
        "",
        "| what | who | ms | of the first |",
        "|---|---|---|---|",
    ]
    for what, makers in groups.items():
        found = medians(makers, options.rounds)
        first = next(iter(found.values()))
        lines += [
            f"| {what} | {name} | {ms:.2f} | {ms / first:.2f} |" for name, ms in found.items()
        ]
    text = "\n".join(lines) + "\n"
    print(text)
    if options.out is not None:
        options.out.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
