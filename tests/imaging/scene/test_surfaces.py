"""Segments and structures in space: where their surfaces lie, and what hides them."""

import numpy as np
import pytest

from surgery_assist.imaging.objects.solids import Solid
from surgery_assist.imaging.scene.frame import Picture, Shot
from surgery_assist.imaging.scene.stage import Stage
from surgery_assist.imaging.scene.surfaces import inside, joined, read_surfaces, surface_of
from surgery_assist.model.geometry import ImagePlane
from surgery_assist.model.volume_view import VIEWS, CutPlane
from tests.helpers.dicom import ct_slice, opened, save
from tests.helpers.objects import structure_set

RADIUS = 20.0
MIDDLE = np.array([40.0, 45.0, 50.0])


def shot(cuts=()):
    return Shot(120, 120, 0.5, VIEWS["front"], tuple(MIDDLE), cuts)


def ball_mask():
    z, y, x = np.indices((34, 90, 80)).astype(float)
    z = z * 3.0
    return ((x - 40) ** 2 + (y - 45) ** 2 + (z - 50) ** 2 <= RADIUS**2).astype(np.uint8)


def segment():
    planes = tuple(
        ImagePlane((0.0, 0.0, 3.0 * k), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), 1.0, 1.0)
        for k in range(34)
    )
    return Solid("1", 1, "ball", (255, 0, 0), mask=ball_mask(), planes=planes)


def structure():
    contours = []
    for z in np.arange(32.0, 70.0, 3.0):
        radius = np.sqrt(max(0.0, RADIUS**2 - (z - 50.0) ** 2))
        angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
        ring = (np.cos(angle) * radius + 40, np.sin(angle) * radius + 45, np.full(60, z))
        contours.append(np.stack(ring, axis=1))
    return Solid("1", 1, "ball", (255, 0, 0), contours=tuple(contours))


@pytest.mark.parametrize("solid", [segment(), structure()], ids=["segment", "structure"])
def test_surface_lies_where_the_part_ends(solid):
    surface = surface_of(solid)
    assert surface is not None
    away = np.linalg.norm(surface.points - MIDDLE, axis=1)
    assert np.median(np.abs(away - RADIUS)) < 0.8
    assert np.abs(away - RADIUS).max() < 3.0  # a slice and a half at the poles
    assert np.allclose(surface.points.mean(axis=0), MIDDLE, atol=0.8)


def test_contour_in_a_contour_is_a_hole():
    ring = structure().contours[6]
    hole = (ring - ring.mean(axis=0)) * (0.5, 0.5, 1.0) + ring.mean(axis=0)
    solid = surface_of(Solid("1", 1, "ring", (0, 255, 0), contours=(ring, hole)))
    assert solid is not None
    away = np.linalg.norm(solid.points[:, :2] - MIDDLE[:2], axis=1)
    assert away.min() > 8.0


def test_nothing_surrounds_nothing():
    line = np.array([[0.0, 0.0, 0.0], [5.0, 0.0, 0.0]])
    assert surface_of(Solid("1", 1, "line", (0, 0, 0), contours=(line,))) is None


def test_polygon_is_filled_at_the_centres_of_pixels():
    filled = inside(np.array([[0.5, 0.5], [3.5, 0.5], [3.5, 2.5], [0.5, 2.5]]), 5, 6)
    assert np.argwhere(filled).tolist() == [[r, c] for r in (1, 2) for c in (1, 2, 3)]


def test_drawn_surface_has_the_balls_outline_depth_and_cut():
    surface = surface_of(segment())
    stage = Stage(hardware=False)
    try:
        picture = stage.surfaces((surface,), shot())
        seen = picture.rgba[..., 3] > 0
        pixels = seen.sum() * shot().mm_per_pixel ** 2
        assert pixels == pytest.approx(np.pi * RADIUS**2, rel=0.05)
        assert np.nanmin(picture.depth) == pytest.approx(-RADIUS, abs=1.0)
        cut = CutPlane(tuple(MIDDLE), (0.0, 0.0, 1.0))
        half = stage.surfaces((surface,), shot((cut,)))
        assert (half.rgba[..., 3] > 0).sum() == pytest.approx(seen.sum() / 2, rel=0.06)
    finally:
        stage.close()


def test_what_lies_before_hides_what_lies_behind():
    grey = np.full((1, 3, 4), 255, np.uint8)
    grey[..., :3] = 100
    volume = Picture(grey, np.array([[0.0, 0.0, np.nan]], np.float32))
    red = np.zeros((1, 3, 4), np.uint8)
    red[...] = (200, 0, 0, 255)
    surfaces = Picture(red, np.array([[-5.0, 5.0, 5.0]], np.float32))
    found = joined(volume, surfaces).rgba[0, :, :3].tolist()
    assert found == [[200, 0, 0], [100, 100, 100], [200, 0, 0]]


def test_structure_set_of_a_file_is_a_surface_in_its_space(tmp_path):
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    rings = [
        np.stack([12 * np.cos(angle), 12 * np.sin(angle) + 5, np.full(40, z)], axis=1)
        for z in (0.0, 3.0, 6.0)
    ]
    file = structure_set([ring.round(3).ravel().tolist() for ring in rings])
    library, _ = opened(save(ct_slice(), tmp_path / "ct.dcm"), save(file, tmp_path / "rs.dcm"))
    (surface,) = read_surfaces(library, file.SOPInstanceUID)
    assert surface.colour == (255, 0, 128)
    assert surface.points.mean(axis=0) == pytest.approx((0.0, 5.0, 3.0), abs=0.6)
    assert read_surfaces(library, "1.2.3.404") == ()
