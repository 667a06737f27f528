"""Segments and structures on the frames that they cut, and in space."""

import numpy as np
import pytest

from surgery_assist.imaging.objects.reading import ObjectReader
from tests.helpers.dicom import ct_slice, opened, save, sets_of
from tests.helpers.objects import segmentation, structure_set

BLOCK = np.zeros((8, 6), np.uint8)
BLOCK[2:5, 1:4] = 1
TOP = np.zeros((8, 6), np.uint8)
TOP[0, :] = 1


def slices(count=4, **changes):
    return [ct_slice(n, 5.0 * n, **changes) for n in range(count)]


def stack_with(tmp_path, images, *objects):
    for n, dataset in enumerate((*images, *objects)):
        save(dataset, tmp_path / f"{n}")
    library, catalogue = opened(tmp_path)
    (entry,) = sets_of(catalogue)
    return ObjectReader(library), entry, catalogue


def on_frames(reader, entry):
    """By z: names and corners of the outlines."""
    return {
        frame.plane.position[2]: {
            region.name: {corner for outline in region.outlines for corner in outline}
            for region in reader.annotations(entry, index).regions
        }
        for index, frame in enumerate(entry.frames)
    }


CORNERS = {(1.0, 2.0), (4.0, 2.0), (4.0, 5.0), (1.0, 5.0)}


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_segments_lie_on_the_frames_they_were_made_from(tmp_path, kind):
    images = slices()
    value = {"BINARY": 1, "FRACTIONAL": 200, "LABELMAP": 1}[kind]
    made = segmentation(
        [(1, 5.0, BLOCK * value), (1, 10.0, TOP * value)],
        sources={5.0: images[1], 10.0: images[2]},
        kind=kind,
    )
    reader, entry, catalogue = stack_with(tmp_path, images, made)
    shown = on_frames(reader, entry)
    assert shown[0.0] == shown[15.0] == {}
    assert shown[5.0] == {"Liver": CORNERS}
    assert shown[10.0] == {"Liver": {(0.0, 0.0), (6.0, 0.0), (6.0, 1.0), (0.0, 1.0)}}
    (known,) = catalogue.studies[0].objects
    assert (known.kind, known.title) == ("segmentation", "Segments")


def test_weak_fraction_is_outside(tmp_path):
    made = segmentation([(1, 5.0, BLOCK * 99)], kind="FRACTIONAL")
    reader, entry, _ = stack_with(tmp_path, slices(), made)
    assert not any(on_frames(reader, entry).values())


def test_segments_without_sources_lie_where_their_planes_are(tmp_path):
    reader, entry, _ = stack_with(tmp_path, slices(), segmentation([(1, 5.2, BLOCK)]))
    shown = on_frames(reader, entry)
    assert [z for z, names in shown.items() if names] == [5.0]


def test_overlapping_segments_are_all_shown(tmp_path):
    made = segmentation([(1, 5.0, BLOCK), (2, 5.0, BLOCK)])
    reader, entry, _ = stack_with(tmp_path, slices(), made)
    assert on_frames(reader, entry)[5.0] == {"Liver": CORNERS, "Lesion": CORNERS}


def test_segment_of_another_matrix_is_carried_over(tmp_path):
    images = slices(PixelSpacing=[0.25, 0.25])  # twice as fine, first pixel centres agree
    reader, entry, _ = stack_with(tmp_path, images, segmentation([(1, 5.0, BLOCK)]))
    corners = on_frames(reader, entry)[5.0]["Liver"]
    # A corner at 1.0 lies half a pixel of 0.5 mm before the centre of pixel 1: at 0.25 mm.
    assert corners == {(1.5, 3.5), (7.5, 3.5), (7.5, 9.5), (1.5, 9.5)}


def test_segment_of_another_space_is_not_shown(tmp_path):
    made = segmentation([(1, 5.0, BLOCK)])
    made.FrameOfReferenceUID = "1.2.3.999"
    reader, entry, _ = stack_with(tmp_path, slices(), made)
    assert not any(on_frames(reader, entry).values())


def test_colour_of_a_segment_is_the_files(tmp_path):
    reader, entry, _ = stack_with(tmp_path, slices(), segmentation([(1, 5.0, BLOCK)]))
    index = next(i for i, f in enumerate(entry.frames) if f.plane.position[2] == 5.0)
    (region,) = reader.annotations(entry, index).regions
    # L 53.2, a 80.1, b 67.2 (white point D50): a pure red to within rounding.
    assert region.colour[0] > 240
    assert max(region.colour[1:]) < 40


def test_solids_of_a_segmentation_are_sorted_along_the_normal(tmp_path):
    made = segmentation([(1, 10.0, TOP), (1, 5.0, BLOCK), (2, 5.0, TOP)])
    reader, _, catalogue = stack_with(tmp_path, slices(), made)
    liver, lesion = reader.solids(catalogue.studies[0].objects[0].uid)
    assert [plane.position[2] for plane in liver.planes] == [5.0, 10.0]
    np.testing.assert_array_equal(liver.mask, np.stack([BLOCK, TOP]))
    assert (lesion.name, lesion.mask.shape) == ("Lesion", (1, 8, 6))


SQUARE = [0.5, 1.0, 5.0, 1.5, 1.0, 5.0, 1.5, 2.0, 5.0, 0.5, 2.0, 5.0]


def test_structure_is_projected_to_its_slice(tmp_path):
    reader, entry, catalogue = stack_with(tmp_path, slices(), structure_set([SQUARE]))
    shown = on_frames(reader, entry)
    assert [z for z, names in shown.items() if names] == [5.0]
    assert shown[5.0]["Tumour"] == {(1.5, 2.5), (3.5, 2.5), (3.5, 4.5), (1.5, 4.5)}
    (known,) = catalogue.studies[0].objects
    assert (known.kind, known.title) == ("structures", "Plan A")
    (solid,) = reader.solids(known.uid)
    assert (solid.name, solid.number, solid.colour) == ("Tumour", 7, (255, 0, 128))
    np.testing.assert_array_equal(solid.contours[0], np.reshape(SQUARE, (4, 3)))


@pytest.mark.parametrize("values", [[1, 2], [1, 2, 3], [1, 2, 3, 4], SQUARE[:-1]])
def test_malformed_contour_is_left_out(tmp_path, values):
    reader, entry, _ = stack_with(tmp_path, slices(), structure_set([values, SQUARE]))
    assert [len(names) for names in on_frames(reader, entry).values()] == [0, 1, 0, 0]


def test_contour_between_two_slices_is_on_the_nearer_one(tmp_path):
    between = [v if n % 3 != 2 else 7.0 for n, v in enumerate(SQUARE)]
    reader, entry, _ = stack_with(tmp_path, slices(), structure_set([between]))
    assert [z for z, names in on_frames(reader, entry).items() if names] == [5.0]


@pytest.mark.shared
def test_real_liver_segments(shared_dir):
    library, catalogue = opened(shared_dir / "dicom" / "pr_sr_seg" / "liver")
    (entry,) = sets_of(catalogue)
    reader = ObjectReader(library)
    names = [
        {region.name for region in reader.annotations(entry, index).regions}
        for index in range(entry.count)
    ]
    assert all("Liver" in found for found in names)
    assert {"GREEN", "ORANGE", "PURPLE", "LIGHT_BLUE", "DARK_BLUE"} <= set().union(*names)


@pytest.mark.shared
def test_real_structures_with_dead_references(shared_dir):
    library, catalogue = opened(shared_dir / "dicom" / "rt")
    reader = ObjectReader(library)
    found = {
        region.name
        for entry in sets_of(catalogue)
        for index in range(entry.count)
        for region in reader.annotations(entry, index).regions
    }
    assert {"ROI-1", "ROI-2", "ROI-3", "ROI-4"} <= found
