"""Presentation on a measured screen, against the tables of PS3.14."""

import numpy as np
import pytest

from surgery_assist.errors import SettingsError
from surgery_assist.imaging.gsdf import driving_levels, jnd_index, luminance, read_calibration
from surgery_assist.imaging.pixels import FramePixels
from surgery_assist.imaging.render import to_rgb32
from surgery_assist.model.study import Window


@pytest.mark.parametrize(
    ("index", "cd_per_m2"), [(1, 0.0500), (2, 0.0547), (1022, 3967.5470), (1023, 3993.4040)]
)
def test_the_curve_is_that_of_table_b1(index, cd_per_m2):
    assert float(luminance(float(index))) == pytest.approx(cd_per_m2, rel=2e-3)


def test_index_and_luminance_are_inverses():
    indices = np.linspace(1, 1023, 57)
    assert jnd_index(luminance(indices)) == pytest.approx(indices, abs=0.2)


def test_a_screen_set_to_the_curve_needs_no_change():
    levels = np.arange(256)
    screen = luminance(np.linspace(60.0, 600.0, 256))
    assert np.abs(driving_levels(np.column_stack([levels, screen])).astype(int) - levels).max() <= 1


def test_equal_steps_look_equal_on_a_gamma_screen():
    levels = np.arange(256)
    screen = 0.4 + 250.0 * (levels / 255.0) ** 2.2
    driven = driving_levels(np.column_stack([levels, screen]))
    perceived = jnd_index(screen[driven])
    wanted = np.linspace(perceived[0], perceived[-1], 256)
    assert np.abs(perceived - wanted).max() < 3.0  # eight bits can't do better
    assert np.abs(jnd_index(screen) - wanted).max() > 20.0


def test_a_frame_is_drawn_through_the_table(tmp_path):
    table = tmp_path / "screen.csv"
    rows = ["level,cd/m2"] + [
        f"{n},{0.4 + 250 * (n / 255) ** 2.2}" for n in (0, *range(15, 256, 15))
    ]
    table.write_text("\n".join(rows))
    levels = read_calibration(table)
    pixels = FramePixels(np.array([[0, 100, 255]], np.uint8))
    grey = to_rgb32(pixels, Window(128.0, 256.0), levels=levels) & 0xFF
    assert grey.tolist() == [[levels[0], levels[100], levels[255]]]
    assert grey[0, 1] != 100


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0,1",
        "0,1\n255,0.5",
        "10,1\n255,5",
        "0,0\n255,5",
        "0,1\n255,x",
        "level\n0\n255",
        "0,nan\n255,1",
    ],
)
def test_a_table_that_can_not_be_is_refused(tmp_path, text):
    table = tmp_path / "screen.csv"
    table.write_text(text)
    with pytest.raises(SettingsError, match=r"error\.calibration"):
        read_calibration(table)


def test_a_missing_table_is_refused(tmp_path):
    with pytest.raises(SettingsError):
        read_calibration(tmp_path / "none.csv")
