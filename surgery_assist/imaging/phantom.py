"""The demo study: a torso made by the project itself, written as correct DICOM.

A CT with contrast, an earlier CT of the same (invented) patient in which the lesion in the liver
is smaller, and a chest radiograph in two views that is a projection of the same body.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.errors import OutputError
from surgery_assist.imaging.phantom_anatomy import HEIGHT_MM, Torso, outline
from surgery_assist.imaging.phantom_dicom import CtSeries, Radiograph, write_ct, write_radiograph
from surgery_assist.imaging.phantom_shapes import Image

FIELD_MM: Final = 400.0
NOISE_HU: Final = 11.0
_CHEST_MM: Final = (190.0, 480.0)
_DETECTOR_PIXELS: Final = 2
"""Detector pixels per CT pixel."""
_WATER_PER_MM: Final = 0.0195
_NOISE_POOL: Final = 8
_LESION: Final = 16.0
_PRIOR_LESION: Final = 9.5
"""Radius of the lesion in the liver, mm."""

Progress = Callable[[int, int], None]


def write_phantom(
    folder: Path,
    *,
    seed: int = 1,
    slices: int = 240,
    size: int = 512,
    on_progress: Progress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Path | None:
    """Write the demo studies into ``folder``, all or nothing.

    Parameters
    ----------
    folder
        Made by this function (or empty). If it holds files, it is complete and left as it is.
    seed
        Of noise, bowel and lung vessels; the same seed writes the same pixels and UIDs.
    slices
        Of the current CT; they cover 480 mm. The prior has slices 5 mm apart, or as far apart as
        the current ones if those are thicker.
    size
        Rows and columns of the CTs.
    on_progress
        Called with the images written and their total.
    cancelled
        Asked before every image.

    Returns
    -------
    Path or None
        The folder, or ``None`` when cancelled; then nothing is left behind.

    Raises
    ------
    OutputError
        The folder can't be written.
    """
    folder = Path(folder)
    workplace = None
    try:
        if folder.is_dir() and any(folder.iterdir()):
            return folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        workplace = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        if not _write_all(
            workplace,
            seed=seed,
            slices=slices,
            size=size,
            on_progress=on_progress,
            cancelled=cancelled,
        ):
            return None
        workplace.chmod(0o755)
        if folder.is_dir():
            folder.rmdir()
        workplace.rename(folder)
    except OSError as error:
        raise OutputError("error.phantom_not_written", folder=str(folder)) from error
    else:
        return folder
    finally:
        if workplace is not None and workplace.exists():
            shutil.rmtree(workplace, ignore_errors=True)


def _write_all(
    folder: Path,
    *,
    seed: int,
    slices: int,
    size: int,
    on_progress: Progress | None,
    cancelled: Callable[[], bool],
) -> bool:
    step = HEIGHT_MM / slices
    prior_step = max(5.0, step)
    prior_slices = int(HEIGHT_MM / prior_step)
    total = slices + prior_slices + 2
    done = 0

    def tell() -> bool:
        nonlocal done
        done += 1
        if on_progress is not None:
            on_progress(done, total)
        return not cancelled()

    current = CtSeries(seed=seed, size=size, field_mm=FIELD_MM, step=step, count=slices)
    shadow, torso = _Shadow(size), Torso(seed)
    for number, z, hu in _slices(torso, current, seed):
        shadow.add(z, hu)
        write_ct(folder / "CT" / f"IM{number:04d}.dcm", current, number, z, _with_table(hu, size))
        if not tell():
            return False
    prior = CtSeries(
        seed=seed, size=size, field_mm=FIELD_MM, step=prior_step, count=prior_slices, prior=True
    )
    for number, z, hu in _slices(torso, prior, seed + 1):
        write_ct(folder / "PRIOR" / f"IM{number:04d}.dcm", prior, number, z, _with_table(hu, size))
        if not tell():
            return False
    for view in ("PA", "LL"):
        pixels, spacing = shadow.view(view)
        radiograph = Radiograph(seed=seed, view=view, spacing=spacing)
        write_radiograph(folder / "CR" / f"{view}.dcm", radiograph, pixels)
        if not tell():
            return False
    return True


def _slices(torso: Torso, series: CtSeries, seed: int) -> Iterator[tuple[int, float, Image]]:
    """Number (from 1 at the head), height and HU of every slice, with noise."""
    random = np.random.default_rng(seed)
    spacing = series.field_mm / series.size
    shape = (series.size, series.size)
    pool = [
        _smoothed(random.normal(0.0, 2.3 * NOISE_HU, shape).astype(np.float32))
        for _ in range(_NOISE_POOL)
    ]
    for number in range(1, series.count + 1):
        z = HEIGHT_MM - (number - 0.5) * series.step
        hu = _smoothed(
            torso.paint(z, series.size, spacing, _PRIOR_LESION if series.prior else _LESION)
        )
        noise = pool[int(random.integers(_NOISE_POOL))]
        shift = random.integers(series.size, size=2)
        hu += np.roll(noise, tuple(int(part) for part in shift), axis=(0, 1))
        yield number, z, hu


def _smoothed(image: Image) -> Image:
    """Binomial filter over three pixels in both directions: the scanner's point spread."""
    soft = image.copy()
    soft[1:-1] = 0.25 * (image[:-2] + image[2:]) + 0.5 * image[1:-1]
    result = soft.copy()
    result[:, 1:-1] = 0.25 * (soft[:, :-2] + soft[:, 2:]) + 0.5 * soft[:, 1:-1]
    return result


def _with_table(hu: Image, size: int) -> NDArray[np.int16]:
    """The slice with the couch under the patient, as whole HU."""
    axis = (np.arange(size) - (size - 1) / 2) * FIELD_MM / size
    lowest = max(outline(height)[1] for height in (0.0, 320.0))
    top = lowest + 7.0 + (axis / 190.0) ** 2 * -22.0
    below = axis[:, None] - top[None, :]
    inside = np.abs(axis)[None, :] < 180.0
    air = hu < -700.0  # the body lies on it
    shell = inside & air & (((below > 0) & (below < 2.2)) | ((below > 24) & (below < 26.2)))
    foam = inside & air & (below >= 2.2) & (below <= 24)
    table = np.where(shell, -180.0, np.where(foam, hu + 80.0, hu))
    whole: NDArray[np.int16] = np.rint(np.clip(table, -1024, 3071)).astype(np.int16)
    return whole


class _Shadow:
    """Collects line integrals of attenuation, from which the radiographs are made."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._spacing = FIELD_MM / size
        self._heights: list[float] = []
        self._rows: dict[str, list[NDArray[np.float64]]] = {"PA": [], "LL": []}

    def add(self, z: float, hu: Image) -> None:
        """Add one slice (from the head downwards)."""
        if not _CHEST_MM[0] - 20 <= z <= _CHEST_MM[1]:
            return
        mu = np.clip(hu + 1000.0, 0.0, None) / 1000.0 * _WATER_PER_MM * self._spacing
        mu[hu < -960] = 0.0
        self._heights.append(z)
        self._rows["PA"].append(mu.sum(axis=0, dtype=np.float64))
        self._rows["LL"].append(mu.sum(axis=1, dtype=np.float64))

    def view(self, view: str) -> tuple[NDArray[np.uint16], float]:
        """12-bit picture (bone bright, anatomy the usual way up) and its pixel size, mm."""
        spacing = self._spacing / _DETECTOR_PIXELS
        stack = np.array(self._rows[view][::-1])
        heights = np.array(self._heights[::-1])
        wanted = np.arange(_CHEST_MM[1], _CHEST_MM[0], -spacing)
        across = np.arange(self._size * _DETECTOR_PIXELS) / _DETECTOR_PIXELS
        lines = np.array([np.interp(across, np.arange(self._size), row) for row in stack])
        picture = np.array([np.interp(wanted, heights, column) for column in lines.T]).T
        local = _blurred(picture, max(3, self._size // 8))
        shown = 0.55 * (picture - local) + 0.45 * picture
        body = picture > 0.02
        low, high = np.percentile(shown[body], (0.5, 99.7))
        shown[~body] = low
        return np.rint(np.clip((shown - low) / max(high - low, 1e-6), 0, 1) * 4095).astype(
            np.uint16
        ), spacing


def _blurred(image: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Mean over a square of about ``width`` pixels."""
    for axis in (0, 1):
        padded = np.concatenate(
            [
                np.repeat(np.take(image, [0], axis), width // 2 + 1, axis),
                image,
                np.repeat(np.take(image, [-1], axis), width // 2, axis),
            ],
            axis,
        )
        sums = np.cumsum(padded, axis)
        length = image.shape[axis]
        span = width // 2 * 2
        high = np.take(sums, range(span, span + length), axis)
        low = np.take(sums, range(length), axis)
        image = (high - low) / span
    return image
