"""Values to screen: the formulas of PS3.3 C.11.2, inversion, padding, tables."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surgery_assist.imaging.pixels import FramePixels
from surgery_assist.imaging.render import auto_window, grey_levels, shown_window, to_rgb32
from surgery_assist.imaging.tables import LookupTable
from surgery_assist.imaging.thumbnails import thumbnail
from surgery_assist.model.study import Window


def frame(values, **changes):
    return FramePixels(np.atleast_2d(np.asarray(values, np.int16)), **changes)


def grey(drawn):
    assert ((drawn >> 24) == 0xFF).all()
    assert (drawn & 0xFF == drawn >> 8 & 0xFF).all()
    return (drawn & 0xFF).reshape(-1).tolist()


def linear(x, center, width):
    """The pseudo code of C.11.2.1.2.1, word by word."""
    if x <= center - 0.5 - (width - 1) / 2:
        return 0.0
    if x > center - 0.5 + (width - 1) / 2:
        return 255.0
    return ((x - (center - 0.5)) / (width - 1) + 0.5) * 255.0


@given(
    x=st.integers(-3000, 3000),
    center=st.floats(-1000, 1000),
    width=st.floats(2, 4000),
)
def test_linear_window_is_the_standards(x, center, width):
    (level,) = grey_levels(np.array([x]), Window(center, width), "LINEAR").tolist()
    assert abs(level - linear(x, center, width)) <= 0.5 + 1e-6


@pytest.mark.parametrize(
    ("function", "x", "level"),
    [
        ("LINEAR_EXACT", -100, 0),
        ("LINEAR_EXACT", 0, 128),
        ("LINEAR_EXACT", 100, 255),
        ("SIGMOID", 0, 128),
        ("SIGMOID", 50, 186),
        ("SIGMOID", -3000, 0),
        ("SIGMOID", 3000, 255),
        ("LINEAR", -100, 0),
        ("LINEAR", 99, 255),
    ],
)
def test_window_functions(function, x, level):
    assert grey_levels(np.array([x]), Window(0.0, 200.0), function).tolist() == [level]


def test_width_one_is_a_threshold():
    assert grey_levels(np.array([39, 40]), Window(40.0, 1.0), "LINEAR").tolist() == [0, 255]


@given(
    st.lists(st.integers(-32768, 32767), min_size=1, max_size=20),
    st.floats(0.1, 10),
    st.integers(-2000, 2000),
)
def test_drawing_by_table_equals_drawing_by_formula(values, slope, intercept):
    pixels = frame(values, slope=slope, intercept=float(intercept))
    window = Window(40.0, 400.0)
    direct = grey_levels(np.array(values) * slope + intercept, window, "LINEAR").tolist()
    assert grey(to_rgb32(pixels, window)) == direct


def test_unsigned_and_eight_bit_values():
    window = Window(128.0, 256.0)
    for dtype in (np.uint8, np.uint16):
        pixels = FramePixels(np.array([[0, 100, 255]], dtype))
        assert grey(to_rgb32(pixels, window)) == [0, 100, 255]


def test_float_values_and_not_a_number():
    pixels = FramePixels(np.array([[0.0, 0.5, 1.0, np.nan, np.inf, -np.inf]], np.float32))
    assert grey(to_rgb32(pixels, Window(0.5, 1.0))) == [0, 128, 255, 0, 255, 0]


def test_monochrome1_is_inverted_and_invert_brings_it_back():
    pixels = frame([0, 255], inverted=True)
    window = Window(128.0, 256.0)
    assert grey(to_rgb32(pixels, window)) == [255, 0]
    assert grey(to_rgb32(pixels, window, invert=True)) == [0, 255]


def test_padding_is_black_whatever_the_direction():
    pixels = frame([-2000, 0, 100], padding=(-2000, -1500))
    window = Window(50.0, 100.0)
    assert grey(to_rgb32(pixels, window))[0] == 0
    assert grey(to_rgb32(pixels, window, invert=True))[0] == 0


def test_the_files_window_comes_first():
    pixels = frame([0, 100], windows=(Window(50.0, 101.0), Window(0.0, 5000.0)))
    assert shown_window(pixels) == Window(50.0, 101.0)
    np.testing.assert_array_equal(to_rgb32(pixels), to_rgb32(pixels, Window(50.0, 101.0)))


def test_voi_table_is_used_without_a_window():
    table = LookupTable(10, np.array([0, 2048, 4095], np.uint16), 12)
    pixels = frame([5, 10, 11, 12, 90], voi_table=table)
    assert grey(to_rgb32(pixels)) == [0, 0, 128, 255, 255]


def test_auto_window_covers_the_picture_without_padding():
    values = np.concatenate([np.full(5000, -2000), np.arange(1000)])
    window = auto_window(frame(values, padding=(-2000, -2000), slope=2.0, intercept=10.0))
    assert window.center == pytest.approx(2 * 499.5 + 10, abs=3)
    assert window.width == pytest.approx(2 * 980, abs=8)


@pytest.mark.parametrize("values", [[7, 7, 7], [-5]])
def test_auto_window_of_an_empty_picture_is_usable(values):
    window = auto_window(frame(values))
    assert window.width > 1.0
    to_rgb32(frame(values), window)


def test_colour_is_drawn_as_it_is():
    pixels = FramePixels(np.array([[[255, 0, 16], [1, 2, 3]]], np.uint8))
    assert to_rgb32(pixels).tolist() == [[0xFFFF0010, 0xFF010203]]
    assert to_rgb32(pixels, invert=True)[0, 0] == 0xFF00FFEF


def test_volume_slices_need_not_be_contiguous():
    volume = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    drawn = to_rgb32(FramePixels(volume[:, 1, :]), Window(30.0, 60.0))
    assert drawn.shape == (3, 5)
    np.testing.assert_array_equal(
        drawn, to_rgb32(FramePixels(volume[:, 1, :].copy()), Window(30.0, 60.0))
    )


@pytest.mark.parametrize(
    ("shape", "aspect", "small"),
    [
        ((512, 512), 1.0, (128, 128)),
        ((100, 400), 1.0, (32, 128)),
        ((20, 10), 1.0, (128, 64)),
        ((100, 100), 2.0, (128, 64)),
        ((1, 5000), 1.0, (1, 128)),
    ],
)
def test_thumbnails_have_square_pixels(shape, aspect, small):
    assert thumbnail(FramePixels(np.zeros(shape, np.int16)), aspect).shape == small


def test_a_window_narrower_than_one_unit_is_no_threshold():
    """SUV and Gy: 16-bit values with a small slope, windows that nobody wrote into the file."""
    values = np.array([[0, 5000, 10000]], np.int16)
    pixels = FramePixels(values, slope=1e-4)
    assert grey(to_rgb32(pixels, Window(0.5, 1.0))) == [0, 128, 255]


def test_ct_without_a_window_shows_tissue_and_not_its_border():
    """The border of -2000 HU outside of the scanner's circle is often not declared as padding."""
    values = np.full((64, 64), -2000, np.int16)
    values[8:56, 8:56] = -1000
    values[20:44, 20:44] = np.linspace(-100, 200, 24).astype(np.int16)
    plain = FramePixels(values)
    window = auto_window(replace(plain, unit="HU"))
    low, high = window.center - window.width / 2, window.center + window.width / 2
    assert -150 < low < high < 250
    assert auto_window(plain).width > 2000
    air = np.full((64, 64), -1000, np.int16)
    air[0] = -2000
    assert auto_window(FramePixels(air, unit="HU")).center < -900
