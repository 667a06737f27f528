"""Overlay planes: bits, origin, clipping, frames, and bits hidden in pixels."""

import numpy as np
import pytest

from surgery_assist.imaging.objects.reading import ObjectReader
from tests.helpers.dicom import ct_slice, opened, save, sets_of

PLANE = np.zeros((3, 4), bool)
PLANE[0, :] = PLANE[2, 1] = True


def add_overlay(dataset, plane, origin=(1, 1), group=0x6000, kind="G"):
    rows, columns = plane.shape[-2:]
    dataset.add_new((group, 0x0010), "US", rows)
    dataset.add_new((group, 0x0011), "US", columns)
    dataset.add_new((group, 0x0040), "CS", kind)
    dataset.add_new((group, 0x0050), "SS", list(origin))
    dataset.add_new((group, 0x0100), "US", 1)
    dataset.add_new((group, 0x0102), "US", 0)
    dataset.add_new((group, 0x1500), "LO", "Mark")
    if plane.ndim == 3:
        dataset.add_new((group, 0x0015), "IS", len(plane))
    bits = np.packbits(plane.reshape(-1), bitorder="little").tobytes()
    dataset.add_new((group, 0x3000), "OW", bits + b"\0" * (len(bits) % 2))
    return dataset


def bitmaps(tmp_path, dataset, index=0):
    save(dataset, tmp_path / "a")
    library, catalogue = opened(tmp_path)
    (entry,) = sets_of(catalogue)
    return ObjectReader(library).bitmaps(entry, index)


@pytest.mark.parametrize(
    ("origin", "window"),
    [
        ((2, 3), (slice(0, 3), slice(0, 4), 1, 2)),
        ((-1, 1), (slice(2, 3), slice(0, 4), 0, 0)),
        ((7, 5), (slice(0, 2), slice(0, 2), 6, 4)),
    ],
)
def test_plane_is_clipped_to_the_image(tmp_path, origin, window):
    rows, columns, top, left = window
    (found,) = bitmaps(tmp_path, add_overlay(ct_slice(), PLANE, origin))
    part = PLANE[rows, columns]
    expected = np.zeros((8, 6), bool)
    expected[top : top + part.shape[0], left : left + part.shape[1]] = part
    np.testing.assert_array_equal(found.mask, expected)
    assert (found.kind, found.label) == ("G", "Mark")


def test_plane_outside_shows_nothing(tmp_path):
    assert bitmaps(tmp_path, add_overlay(ct_slice(), PLANE, (100, 100))) == ()


def test_every_frame_has_its_own_plane(tmp_path):
    dataset = ct_slice(NumberOfFrames=2, ImagePositionPatient=None)
    dataset.PixelData = dataset.PixelData * 2
    planes = np.zeros((2, 8, 6), bool)
    planes[0, 0, 0] = planes[1, 7, 5] = True
    add_overlay(dataset, planes)
    (second,) = bitmaps(tmp_path, dataset, 1)
    np.testing.assert_array_equal(second.mask, planes[1])


def test_several_groups(tmp_path):
    dataset = add_overlay(add_overlay(ct_slice(), PLANE), PLANE, group=0x6002, kind="R")
    assert [found.kind for found in bitmaps(tmp_path, dataset)] == ["G", "R"]


def test_bits_that_hide_in_the_pixels(tmp_path):
    dataset = ct_slice(BitsStored=12, HighBit=11, PixelRepresentation=0)
    mask = np.zeros((8, 6), bool)
    mask[3, 2:5] = True
    dataset.PixelData = (
        (np.arange(48).reshape(8, 6) | mask.astype(int) << 13).astype("<u2").tobytes()
    )
    dataset.add_new((0x6000, 0x0010), "US", 8)
    dataset.add_new((0x6000, 0x0011), "US", 6)
    dataset.add_new((0x6000, 0x0040), "CS", "G")
    dataset.add_new((0x6000, 0x0050), "SS", [1, 1])
    dataset.add_new((0x6000, 0x0100), "US", 16)
    dataset.add_new((0x6000, 0x0102), "US", 13)
    (found,) = bitmaps(tmp_path, dataset)
    np.testing.assert_array_equal(found.mask, mask)


def test_short_overlay_data_are_left_out(tmp_path):
    dataset = add_overlay(ct_slice(), PLANE)
    dataset[0x60003000].value = b""
    assert bitmaps(tmp_path, dataset) == ()


def test_shutters_come_with_the_image(tmp_path):
    dataset = ct_slice(
        ShutterShape=["RECTANGULAR", "CIRCULAR"],
        ShutterLeftVerticalEdge=2,
        ShutterRightVerticalEdge=5,
        ShutterUpperHorizontalEdge=1,
        ShutterLowerHorizontalEdge=8,
        CenterOfCircularShutter=[4, 3],
        RadiusOfCircularShutter=2,
        ShutterPresentationValue=65535,
    )
    save(dataset, tmp_path / "a")
    library, catalogue = opened(tmp_path)
    (entry,) = sets_of(catalogue)
    rectangle, circle = ObjectReader(library).annotations(entry, 0).shutters
    assert (rectangle.points, rectangle.grey) == (((1.0, 0.0), (5.0, 8.0)), 255)
    assert (circle.points, circle.radius) == (((2.5, 3.5),), 2.0)
