"""Grey values to screen pixels: VOI window or table, inversion, padding.

The whole way from stored value to screen pixel is one table of 65,536 entries (256 for 8-bit
frames), which depends on the window only; so a frame is drawn by one lookup per pixel.
"""

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from surgery_assist.imaging.pixels import FramePixels
from surgery_assist.imaging.records import VoiFunction
from surgery_assist.imaging.tables import LookupTable
from surgery_assist.model.study import Window

Rgb32 = NDArray[np.uint32]
"""``(rows, columns)`` of 0xffRRGGBB."""
_BLOCK: Final = 1 << 17
"""Pixels looked up at a time: the index that numpy makes of them stays in the cache."""
_LOW_PERCENTILE, _HIGH_PERCENTILE = 1.0, 99.0
_AIR_HU: Final = -900.0
_LEAST_MATTER: Final = 0.02
"""Share of an image that must be more than air for the window to be about it."""
_NARROW: Final = 20.0
"""Width under which it matters that LINEAR counts in whole units."""
_GREY: Final = np.uint32(0xFF000000) | np.arange(256, dtype=np.uint32) * np.uint32(0x010101)


def to_rgb32(
    pixels: FramePixels,
    window: Window | None = None,
    *,
    invert: bool = False,
    levels: bytes | None = None,
) -> Rgb32:
    """Draw one frame.

    Parameters
    ----------
    pixels
        The frame.
    window
        In modality units; ``None`` takes what the file proposes, else one from the pixels.
        For colour frames it is brightness and contrast in 0 to 255.
    invert
        Exchange black and white. Padding stays black.
    levels
        Driving level of the screen for each of 256 P-values (`surgery_assist.imaging.gsdf`);
        ``None`` shows P-values as they are. Colours are left as they are.

    Returns
    -------
    ndarray
        ``(rows, columns)`` uint32, 0xffRRGGBB, C-contiguous: QImage's Format_RGB32.
    """
    if pixels.colour:
        return _colour(pixels.values, window, invert=invert)
    table = None if window is not None or pixels.windows else pixels.voi_table
    chosen = window or shown_window(pixels)
    if pixels.values.dtype.kind == "f":
        return _float(pixels, chosen, invert=invert, levels=levels)
    function = pixels.voi_function
    if function == "LINEAR" and chosen.width < _NARROW and chosen not in pixels.windows:
        # LINEAR takes a width of 1 for nothing, which is half of all where SUV go to 2.
        function = "LINEAR_EXACT"
    lut = _lut(
        pixels.values.dtype.str[1:],
        slope=pixels.slope,
        intercept=pixels.intercept,
        window=chosen,
        function=function,
        table=table,
        inverted=invert != pixels.inverted,
        padding=pixels.padding,
        levels=levels,
    )
    return _looked_up(lut, pixels.values)


def shown_window(pixels: FramePixels) -> Window:
    """The window in force when none is chosen."""
    if pixels.windows:
        return pixels.windows[0]
    if pixels.voi_table is not None and not pixels.colour:
        first, count = pixels.voi_table.first, len(pixels.voi_table.entries)
        return Window(first + count / 2, float(count))
    return auto_window(pixels)


def auto_window(pixels: FramePixels) -> Window:
    """1st to 99th percentile of the frame without its padding, modality units.

    In CT also without air and what lies below it: many files have a border that they do not declare.
    """
    if pixels.colour:
        return Window(128.0, 256.0)
    values = pixels.values.reshape(-1)
    values = values[:: max(1, values.size // 65_536)]
    if pixels.padding is not None:
        values = values[(values < pixels.padding[0]) | (values > pixels.padding[1])]
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    if pixels.unit == "HU":
        matter = values[values * pixels.slope + pixels.intercept > _AIR_HU]
        values = matter if matter.size > _LEAST_MATTER * values.size else values
    if values.size == 0:
        return Window(0.5, 2.0)
    ends = np.percentile(values.astype(np.float64), (_LOW_PERCENTILE, _HIGH_PERCENTILE))
    if ends[0] == ends[1]:
        ends = np.array((values.min(), values.max()), np.float64)
    low, high = sorted(float(end) * pixels.slope + pixels.intercept for end in ends)
    smallest = abs(pixels.slope)
    return Window((low + high + smallest) / 2, max(high - low + smallest, 2 * smallest))


def grey_levels(values: NDArray[Any], window: Window, function: VoiFunction) -> NDArray[np.uint8]:
    """Grey levels (0 to 255) of modality values through a window (PS3.3 C.11.2.1.2 and .3)."""
    x = values.astype(np.float64)
    if function == "SIGMOID":
        scale = np.clip(-4.0 * (x - window.center) / max(window.width, 1e-9), -700.0, 700.0)
        y = 1.0 / (1.0 + np.exp(scale))
    elif function == "LINEAR_EXACT":
        y = (x - window.center) / max(window.width, 1e-9) + 0.5
    else:
        # Width 1 is a threshold: everything above centre - 0.5 is white.
        y = (x - (window.center - 0.5)) / max(window.width - 1.0, 1e-9) + 0.5
    return np.rint(np.clip(y, 0.0, 1.0) * 255.0).astype(np.uint8)


@lru_cache(maxsize=64)
def _lut(
    kind: str,
    *,
    slope: float,
    intercept: float,
    window: Window,
    function: VoiFunction,
    table: LookupTable | None,
    inverted: bool,
    padding: tuple[int, int] | None,
    levels: bytes | None,
) -> Rgb32:
    """Screen pixels for every stored value, by its bit pattern."""
    patterns = np.arange(256 if kind == "u1" else 65_536, dtype=np.uint16)
    stored = patterns.view(np.int16) if kind == "i2" else patterns
    values = stored.astype(np.float64) * slope + intercept
    if table is None:
        grey = grey_levels(values, window, function)
    else:
        entries = table.applied(np.rint(values)).astype(np.uint32)
        grey = np.minimum(entries >> (table.bits - 8), 255).astype(np.uint8)
    if inverted:
        grey = 255 - grey
    if padding is not None:
        grey[(stored >= padding[0]) & (stored <= padding[1])] = 0
    lut: Rgb32 = _GREY[_driven(grey, levels)]
    lut.flags.writeable = False
    return lut


def _looked_up(lut: Rgb32, values: NDArray[Any]) -> Rgb32:
    flat = np.ascontiguousarray(values).reshape(-1)
    flat = flat.view(np.uint16 if flat.dtype.itemsize == 2 else np.uint8)
    drawn = np.empty(flat.size, np.uint32)
    for start in range(0, flat.size, _BLOCK):
        part = slice(start, start + _BLOCK)
        # mode="clip" spares numpy a buffered copy; indices can't be out of range.
        np.take(lut, flat[part], out=drawn[part], mode="clip")
    return drawn.reshape(values.shape)


def _driven(grey: NDArray[np.uint8], levels: bytes | None) -> NDArray[np.uint8]:
    return grey if levels is None else np.frombuffer(levels, np.uint8)[grey]


def _float(pixels: FramePixels, window: Window, *, invert: bool, levels: bytes | None) -> Rgb32:
    values = np.nan_to_num(pixels.values, nan=-np.inf, posinf=None, neginf=None)
    function: VoiFunction = "SIGMOID" if pixels.voi_function == "SIGMOID" else "LINEAR_EXACT"
    grey = grey_levels(values * pixels.slope + pixels.intercept, window, function)
    if invert != pixels.inverted:
        grey = 255 - grey
    if pixels.padding is not None:
        grey[(values >= pixels.padding[0]) & (values <= pixels.padding[1])] = 0
    drawn: Rgb32 = _GREY[_driven(grey, levels)]
    return drawn


def _colour(values: NDArray[Any], window: Window | None, *, invert: bool) -> Rgb32:
    if window is not None or invert:
        levels = np.arange(256, dtype=np.uint8)
        if window is not None:
            levels = grey_levels(levels, window, "LINEAR")
        values = (255 - levels if invert else levels)[values]
    drawn = np.full(values.shape[:2], 0xFF000000, np.uint32)
    for channel, shift in enumerate((16, 8, 0)):
        drawn |= values[:, :, channel].astype(np.uint32) << np.uint32(shift)
    return drawn
