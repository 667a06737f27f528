"""One contender loads one folder in a fresh process: ``python imaging_loaders.py NAME FOLDER``.

Prints JSON: ``cpu_ms`` (all its processes: what remains true on a busy machine), ``first_ms`` (first image decoded; 0 where a loader gives nothing before the end),
``whole_ms``, ``rss_mib`` (peak, with child processes) and ``sum`` of all stored values, by which
the contenders check one another. Imports are not measured.
"""

import json
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


@dataclass
class Stopwatch:
    """Wall and processor time since it was made, and when the first image was there."""

    began: float = field(default_factory=time.perf_counter)
    processor: float = field(default_factory=lambda: processor_seconds())  # noqa: PLW0108  (defined below)
    first: float = 0.0

    def first_image(self) -> None:
        self.first = self.first or time.perf_counter() - self.began

    def stop(self, total: int) -> dict[str, float]:
        """All figures; ``total`` is the sum of the values, made after the clock stopped."""
        return {"sum": total, **self.figures}

    def read(self) -> None:
        """Stop the clock."""
        self.figures = {
            "first_ms": 1000 * self.first,
            "whole_ms": 1000 * (time.perf_counter() - self.began),
            "cpu_ms": 1000 * (processor_seconds() - self.processor),
            "rss_mib": sum(map(_high_water, ["self", *children()])),
        }


Result = dict[str, float]


def processor_seconds() -> float:
    """Of this process and the children that it has now."""
    ticks = 0
    for pid in children():
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def children() -> list[str]:
    tasks = Path("/proc/self/task").iterdir()
    return [pid for task in tasks for pid in (task / "children").read_text().split()]


def _high_water(pid: str) -> float:
    """Most memory that a process has had, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def ours(folder: Path) -> Result:
    from surgery_assist.imaging.cache import FrameStore
    from surgery_assist.imaging.library import Library
    from surgery_assist.imaging.render import to_rgb32
    from surgery_assist.model.study import study_display_sets

    library = Library()
    library.reader.warm_up()  # as the program does while its window opens
    watch = Stopwatch()
    store = FrameStore(library)
    catalogue = library.catalogue
    for catalogue in library.scan([folder]):
        if not watch.first and catalogue.studies:
            uid = study_display_sets(catalogue.studies[0])[0].uid
            to_rgb32(store.load(uid, 0))
            watch.first_image()
    (display_set,) = study_display_sets(catalogue.studies[0])
    store.focus([(display_set.uid, 0)])
    source = store.volume_source(display_set.uid)
    store.wait_idle(900)
    watch.read()
    assert source is not None  # noqa: S101
    assert source.complete  # noqa: S101
    total = int(source.values.sum(dtype=np.int64))
    store.close()
    library.close()
    return watch.stop(total)


def by_pydicom(folder: Path) -> Result:
    import pydicom

    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    watch = Stopwatch()
    volume = None
    paths = sorted(folder.glob("*.dcm"))
    for index, path in enumerate(paths):
        values = pydicom.dcmread(path).pixel_array
        if volume is None:
            volume = np.empty((len(paths), *values.shape), values.dtype)
            watch.first_image()
        volume[index] = values
    watch.read()
    return watch.stop(int(volume.sum(dtype=np.int64)))


def by_simpleitk(folder: Path) -> Result:
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(2)
    watch = Stopwatch()
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames([str(path) for path in sorted(folder.glob("*.dcm"))])
    image = reader.Execute()
    view = SimpleITK.GetArrayViewFromImage(image)
    watch.read()
    return watch.stop(int(view.sum(dtype=np.int64)) + 1024 * view.size)


def by_itk(folder: Path) -> Result:
    import itk

    names = [str(path) for path in sorted(folder.glob("*.dcm"))]
    kind = itk.Image[itk.SS, 3]
    reader = itk.ImageSeriesReader[kind].New(FileNames=names, ImageIO=itk.GDCMImageIO.New())
    watch = Stopwatch()
    reader.Update()
    view = itk.array_view_from_image(reader.GetOutput())
    watch.read()
    return watch.stop(int(view.sum(dtype=np.int64)) + 1024 * view.size)


def by_vtk(folder: Path) -> Result:
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkIOImage import vtkDICOMImageReader

    watch = Stopwatch()
    reader = vtkDICOMImageReader()
    reader.SetDirectoryName(str(folder))
    reader.Update()
    values = vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars())
    watch.read()
    return watch.stop(int(values.sum(dtype=np.int64)) + 1024 * values.size)


def limit(folder: Path) -> Result:
    """Read the same bytes, and copy as many as the pixels have into one block."""
    watch = Stopwatch()
    paths = sorted(folder.glob("*.dcm"))
    volume = np.empty((len(paths), 512 * 512), np.uint16)
    for index, path in enumerate(paths):
        with path.open("rb", buffering=0) as file:
            data = file.read()
        source = np.frombuffer(data, np.uint16, len(data) // 2)[-512 * 512 :]
        volume[index, : len(source)] = source
    watch.read()
    return watch.stop(0)


CONTENDERS = {
    "ours": ours,
    "pydicom": by_pydicom,
    "SimpleITK": by_simpleitk,
    "ITK": by_itk,
    "VTK": by_vtk,
    "limit": limit,
}


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2])
    print(json.dumps(CONTENDERS[name](folder)))


if __name__ == "__main__":
    main()
