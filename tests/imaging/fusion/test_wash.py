"""Colours lie where the other volume's values are, in any plane, and mean what the scale says."""

from dataclasses import replace

import numpy as np
import pytest

from surgery_assist.imaging.fusion.wash import scale_of, wash
from surgery_assist.imaging.volume.build import volume_of
from surgery_assist.model.plane import named
from surgery_assist.model.reformat import reformatted
from tests.helpers.stacks import MIDDLE, coded, stack

HEAD = (0.0, 0.0, 1.0)


def activity(modality="PT", unit="SUVbw", value=400):
    """A coarse stack about the same middle, one hot block in it."""
    made = replace(stack(spacing=(2.0, 2.0, 3.0), shape=(16, 16, 18)), modality=modality, unit=unit)
    source = coded(made, HEAD)
    source.values[:] = 0
    source.values[6:10, 6:10, 7:11] = value
    source.slopes[:], source.intercepts[:] = 0.01, 0.0
    return volume_of(source)


@pytest.mark.parametrize("kind", ["axial", "coronal", "sagittal"])
def test_colours_lie_over_the_same_place_in_every_plane(kind):
    plane = named(kind, MIDDLE)
    shown = reformatted(stack(), plane)
    index = shown.count // 2
    volume = activity()
    rgba, factor = wash(volume, scale_of(volume), (shown, index), plane, blend=1.0)
    assert factor == 1.0
    assert rgba.shape[:2] == (shown.rows, shown.columns)
    rows, columns = np.nonzero(rgba[..., 3] > 100)
    place = shown.frames[index].plane
    middle = np.array(place.point(columns.mean(), rows.mean()))
    wanted = np.array(volume.grid.point(8.5, 7.5, 7.5))
    inside = [axis for axis in range(3) if abs(place.normal[axis]) < 0.5]
    assert middle[inside] == pytest.approx(wanted[inside], abs=0.5)


def test_outside_and_nothing_are_clear():
    volume = activity()
    rgba, _ = wash(volume, scale_of(volume), (stack(), 10), blend=0.5)
    assert rgba[0, 0].tolist() == [0, 0, 0, 0]
    assert rgba[..., 3].max() == pytest.approx(128, abs=1)


def test_dose_begins_at_a_tenth_of_its_maximum():
    scale = scale_of(activity("RTDOSE", "Gy", 5000))
    assert (scale.low, scale.high, scale.unit) == (pytest.approx(5.0), pytest.approx(50.0), "Gy")
    activity_scale = scale_of(activity())
    assert (activity_scale.low, activity_scale.high) == (0.0, 8.0)


def test_large_images_are_washed_with_fewer_pixels():
    shown = stack(shape=(4, 1200, 1100), spacing=(0.02, 0.02, 1.0))
    volume = activity()
    rgba, factor = wash(volume, scale_of(volume), (shown, 2), blend=1.0)
    assert factor == 3.0
    assert rgba.shape[:2] == (400, 367)
