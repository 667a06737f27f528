"""The thread that draws: coarse first, better when still, the newest wish only, never black."""

from queue import SimpleQueue

import numpy as np
import pytest

from surgery_assist.errors import VolumeError
from surgery_assist.imaging.scene.masks import body, bones
from surgery_assist.imaging.scene.presets import look_of
from surgery_assist.imaging.scene.probe import Renderer
from surgery_assist.imaging.scene.studio import Studio, Wish
from surgery_assist.imaging.scene.volume import SceneVolume, factor_for
from surgery_assist.model.volume_view import VIEWS, VolumeView, turned
from tests.helpers.volumes import AIR, affine, shot_of, sphere

PATIENCE = 60.0


@pytest.fixture(params=[True, False], ids=["opengl", "processor"])
def studio(request):
    results = SimpleQueue()
    made = Studio(results.put, hardware=False, opengl=request.param)
    made.results = results
    yield made
    made.close()


def wish_of(volume, view=None, **shot):
    view = view or VolumeView("bone")
    return Wish("one", view, shot_of(volume, view.camera, **shot))


def until(studio, wanted):
    seen = []
    while not seen or not wanted(seen[-1]):
        seen.append(studio.results.get(timeout=PATIENCE))
    return seen


def cover(result):
    return float((result.picture.rgba[..., 3] > 127).mean())


def test_pictures_become_better_and_show_the_same(studio):
    volume = sphere(30.0)
    studio.load("one", lambda: volume, hounsfield=True)
    studio.wish(0, wish_of(volume))
    seen = until(studio, lambda result: result.final)
    assert [result.stage for result in seen] == sorted(result.stage for result in seen)
    assert seen[0].stage == 0
    expected = np.pi * 30.0**2 / 120.0**2
    for result in (seen[0], seen[-1]):
        assert cover(result) == pytest.approx(expected, rel=0.08)


def test_newer_wish_takes_the_place_of_an_older_one(studio):
    volume = sphere(30.0)
    studio.load("one", lambda: volume, hounsfield=True)
    camera = VIEWS["front"]
    for _ in range(20):
        camera = turned(camera, "left", 5.0)
        last = wish_of(volume, VolumeView("bone", camera=camera))
        studio.wish(0, last)
    seen = until(studio, lambda result: result.final and result.wish == last)
    assert len([result for result in seen if result.final]) == 1


def test_what_cannot_be_made_is_an_error_and_no_black_picture(studio):
    def fail():
        raise VolumeError("refused.volume_no_slices")

    studio.wish(0, wish_of(sphere()))
    studio.load("one", fail, hounsfield=True)
    result = studio.results.get(timeout=PATIENCE)
    assert result.error.key == "refused.volume_no_slices"
    assert result.picture is None


@pytest.mark.expects_log_warnings
def test_opengl_that_draws_nothing_is_given_up():
    results = SimpleQueue()
    studio = Studio(results.put, hardware=False)
    studio.results = results
    try:
        volume = sphere(30.0)
        studio.load("one", lambda: volume, hounsfield=True)
        studio.wish(0, wish_of(volume))
        until(studio, lambda result: result.final)
        if not studio.renderer.usable:
            pytest.skip("no OpenGL at all on this machine")
        # A driver that lost its context gives black pictures from now on.
        picture = studio._stage._pixels
        studio._stage._pixels = lambda width, height: np.zeros_like(picture(width, height))
        studio.wish(0, wish_of(volume, VolumeView("bone", camera=VIEWS["left"])))
        seen = until(studio, lambda result: result.final)
        assert min(cover(result) for result in seen) > 0.1
        assert not studio._opengl
    finally:
        studio.close()


@pytest.mark.expects_log_warnings
def test_failing_driver_is_said(monkeypatch):
    results = SimpleQueue()
    studio = Studio(results.put, hardware=False)
    studio.results = results
    monkeypatch.setattr(studio, "_draw", lambda *_: 1 / 0)
    try:
        volume = sphere(20.0)
        studio.load("one", lambda: volume, hounsfield=True)
        studio.wish(0, wish_of(volume))
        assert results.get(timeout=PATIENCE).error.key == "error.volume_failed"
    finally:
        studio.close()


def test_points_are_picked_in_the_studios_thread(studio):
    volume = sphere(30.0, (40.0, 45.0, 50.0))
    studio.load("one", lambda: volume, hounsfield=True)
    wish = wish_of(volume)
    studio.wish(0, wish)
    until(studio, lambda result: result.final)
    found = SimpleQueue()
    studio.pick(wish, ((0.5, 0.5), (0.01, 0.01)), found.put)
    hit, missed = found.get(timeout=PATIENCE)
    assert np.linalg.norm(np.array(hit) - (40.0, 45.0, 50.0)) == pytest.approx(30.0, abs=1.0)
    assert missed is None


def test_software_and_small_textures_are_no_graphics_card():
    assert not Renderer("llvmpipe (LLVM 15)", 2048, 1 << 33).hardware
    assert not Renderer("GDI Generic", 2048, 1 << 33).hardware
    assert not Renderer("Old card", 0, 1 << 30).hardware
    assert not Renderer().usable
    card = Renderer("NVIDIA RTX", 2048, 1 << 30)
    assert card.hardware
    assert card.holds((400, 512, 512), 2)
    assert not card.holds((4000, 512, 512), 2)
    assert not card.holds((600, 1024, 1024), 2)


def _patient_on_table():
    """An ellipse of tissue with a bone, on a thin plate that touches it."""
    shape = (12, 120, 120)
    values = np.full(shape, AIR, np.int16)
    _, y, x = np.indices(shape)
    tissue = ((x - 60) / 45) ** 2 + ((y - 55) / 30) ** 2 < 1
    values[tissue] = 40
    lung = ((x - 45) / 10) ** 2 + ((y - 50) / 12) ** 2 < 1
    values[lung] = -800
    bone = np.hypot(x - 75, y - 55) < 8
    values[bone] = 700
    table = (y >= 85) & (y <= 86) & (x > 5) & (x < 115)
    values[table & ~tissue] = 300
    return SceneVolume(values, affine((3.0, 3.0, 3.0))), tissue, lung, bone, table & ~tissue


def test_table_is_left_out_and_the_lungs_stay():
    volume, tissue, lung, _, table = _patient_on_table()
    mask = body(volume) != 0
    assert mask[tissue].mean() > 0.99
    assert mask[lung].all()
    assert mask[table].mean() < 0.25


def test_bones_are_found_and_tissue_is_not():
    volume, tissue, _, bone, _ = _patient_on_table()
    found = bones(volume) != 0
    assert found[bone].all()
    assert found[tissue & ~bone].mean() < 0.08


def test_levels_come_nearer_to_cubes():
    volume = SceneVolume(np.zeros((100, 512, 512), np.int16), affine((0.9, 0.9, 2.5)))
    factor = factor_for(volume, 2_000_000)
    assert factor == (1, 4, 4)
    assert factor_for(volume, 10**9) == (1, 1, 1)


def test_tone_moves_and_steepens_the_curves():
    plain = look_of(VolumeView("bone"), (0.0, 1.0))
    denser = look_of(VolumeView("bone", opacity=2.0), (0.0, 1.0))
    brighter = look_of(VolumeView("bone", brightness=0.2), (0.0, 1.0))
    assert denser.opacity_at(np.array([400.0])) > plain.opacity_at(np.array([400.0]))
    assert brighter.visible[0] < plain.visible[0]


def test_every_preset_is_whole():
    from typing import get_args

    from surgery_assist.imaging.scene.presets import load_preset
    from surgery_assist.model.volume_view import VolumePreset

    for name in get_args(VolumePreset):
        preset = load_preset(name)
        values = [value for value, _ in preset.opacity]
        assert values == sorted(values)
        assert min(share for _, share in preset.opacity) >= 0.0
        assert max(share for _, share in preset.opacity) <= 1.0
