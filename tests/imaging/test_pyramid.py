"""Large frames at several sizes, and the part of them that is visible."""

import numpy as np
import pytest

from surgery_assist.imaging.pixels import FramePixels
from surgery_assist.imaging.pyramid import Pyramid, halved


@pytest.fixture
def pyramid():
    rows, columns = np.mgrid[0:3000, 0:2100]
    return Pyramid(FramePixels((rows + columns).astype(np.uint16), slope=2.0))


def test_levels_halve_down_to_the_screen(pyramid):
    assert pyramid.levels == 3
    assert pyramid.extra_bytes == 2 * (1500 * 1050 + 750 * 525)
    assert [pyramid.level_for(scale) for scale in (4.0, 1.0, 0.6, 0.5, 0.3, 0.2, 0.01)] == [
        0, 0, 1, 1, 2, 2, 2,
    ]  # fmt: skip


def test_region_covers_what_is_asked(pyramid):
    region = pyramid.region(1, 600.0, 500.0, 900.0, 1100.0)
    assert (region.left, region.top, region.width, region.height) == (512, 0, 512, 1536)
    assert region.pixels.slope == 2.0
    # A mean of two by two lies half a pixel further than its first one.
    assert region.pixels.values[0, 0] == round(512 + 1.0)
    assert np.shares_memory(region.pixels.values, pyramid.region(1, 0, 0, 9e9, 9e9).pixels.values)


def test_same_blocks_same_key(pyramid):
    assert pyramid.region(0, 10, 10, 200, 200).key == pyramid.region(0, 0, 0, 250, 250).key
    assert pyramid.region(0, 10, 10, 300, 200).key != pyramid.region(0, 0, 0, 250, 250).key


@pytest.mark.parametrize("corner", [(-500, -500, -10, -10), (9000, 9000, 9999, 9999)])
def test_regions_outside_are_the_nearest_block(pyramid, corner):
    for level in range(pyramid.levels):
        values = pyramid.region(level, *corner).pixels.values
        assert min(values.shape) > 0


def test_whole_frame_whatever_the_size(pyramid):
    for level in range(pyramid.levels):
        region = pyramid.region(level, 0, 0, 2100, 3000)
        assert 2100 - (1 << level) < region.width <= 2100
        assert 3000 - (1 << level) < region.height <= 3000


@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float32])
def test_means(dtype):
    values = np.array([[1, 2, 9], [3, 4, 9], [9, 9, 9]], dtype)
    expected = 2.5 if dtype is np.float32 else 3
    assert halved(values).tolist() == [[expected]]
    assert halved(-values if dtype is np.int16 else values).shape == (1, 1)


def test_padding_stays_padding_and_does_not_bleed():
    values = np.full((4, 4), 100, np.int16)
    values[0, 0] = -2000
    assert halved(values, (-2000, -2000)).tolist() == [[-2000, 100], [100, 100]]


def test_colour_has_its_channels():
    values = np.zeros((4, 6, 3), np.uint8)
    values[..., 1] = 255
    assert halved(values)[0, 0].tolist() == [0, 255, 0]
