"""Milliseconds to draw one frame with a window that changes, off screen, no GPU."""

import os
import time
from collections.abc import Callable, Iterator

import numpy as np

SIZES = ((1920, 1080), (3840, 2160))
TIMES = 15


def drawing_rows() -> Iterator[str]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtGui import QGuiApplication

    application = QGuiApplication.instance() or QGuiApplication([])
    yield "| frame | screen | ours | QPainter, plain | VTK image slice | ours / QPainter | ours / VTK |"
    yield "|---|---|---|---|---|---|---|"
    for side in (512, 2048, 16384):
        values = np.random.default_rng(1).integers(0, 2000, (side, side), np.int16)
        for size in SIZES:
            mine = median(ours(values, size))
            qt = median(plain_qt(values, size)) if side <= 2048 else None
            vtk = median(by_vtk(values, size)) if side <= 2048 else None
            cells = [f"{ms:.1f}" if ms else "-" for ms in (mine, qt, vtk)]
            ratios = [f"{mine / ms:.2f}" if ms else "-" for ms in (qt, vtk)]
            yield f"| {side} | {size[0]}x{size[1]} | {' | '.join(cells + ratios)} |"
    del application


def median(draw: Callable[[int], None]) -> float:
    """Of a few frames after the first, ms."""
    draw(0)
    taken = []
    for number in range(1, TIMES):
        begin = time.perf_counter()
        draw(number)
        taken.append(1000 * (time.perf_counter() - begin))
    return float(np.median(taken))


def ours(values: np.ndarray, size: tuple[int, int]) -> Callable[[int], None]:
    """Table, then Qt's smooth scaling; large frames from their pyramid."""
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QImage, QPainter

    from surgery_assist.imaging.pixels import FramePixels
    from surgery_assist.imaging.pyramid import LARGE_PIXELS, Pyramid
    from surgery_assist.imaging.render import to_rgb32
    from surgery_assist.model.study import Window

    screen = QImage(*size, QImage.Format.Format_RGB32)
    pixels = FramePixels(values)
    pyramid = Pyramid(pixels) if values.size > LARGE_PIXELS else None
    scale = size[1] / values.shape[0]
    level = pyramid.level_for(scale) if pyramid is not None else 0

    def draw(number: int) -> None:
        shown = pixels
        if pyramid is not None:
            shown = pyramid.region(level, 0, 0, *values.shape[::-1]).pixels
        rgb = to_rgb32(shown, Window(1000 + number, 1500))
        rows, columns = rgb.shape
        image = QImage(rgb.data, columns, rows, 4 * columns, QImage.Format.Format_RGB32)
        painter = QPainter(screen)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.rotate(1e-3)
        painter.drawImage(QRectF(0, 0, size[1], size[1]), image)
        painter.end()

    return draw


def plain_qt(values: np.ndarray, size: tuple[int, int]) -> Callable[[int], None]:
    """What one would write first: numpy arithmetic to 8 bits, and QPainter."""
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QImage, QPainter

    screen = QImage(*size, QImage.Format.Format_RGB32)

    def draw(number: int) -> None:
        low = 250.0 + number
        grey = np.clip((values - low) * (255 / 1500), 0, 255).astype(np.uint8)
        image = QImage(grey.data, *grey.shape[::-1], grey.shape[1], QImage.Format.Format_Grayscale8)
        painter = QPainter(screen)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(0, 0, size[1], size[1]), image)
        painter.end()

    return draw


def by_vtk(values: np.ndarray, size: tuple[int, int]) -> Callable[[int], None]:
    """VTK's image mapper in an off-screen window."""
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkRenderingCore import (
        vtkImageSlice,
        vtkImageSliceMapper,
        vtkRenderer,
        vtkRenderWindow,
    )

    data = vtkImageData()
    data.SetDimensions(*values.shape[::-1], 1)
    data.GetPointData().SetScalars(numpy_to_vtk(values.reshape(-1), deep=True))
    mapper = vtkImageSliceMapper()
    mapper.SetInputData(data)
    picture = vtkImageSlice()
    picture.SetMapper(mapper)
    renderer = vtkRenderer()
    renderer.AddViewProp(picture)
    renderer.GetActiveCamera().ParallelProjectionOn()
    renderer.ResetCamera()
    window = vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetSize(*size)
    window.AddRenderer(renderer)

    def draw(number: int) -> None:
        picture.GetProperty().SetColorWindow(1500)
        picture.GetProperty().SetColorLevel(1000 + number)
        window.Render()
        window.WaitForCompletion()

    return draw
