"""Flipped bytes and cut ends: a typed refusal or a picture, never anything else."""

import random
import time

import pytest

from surgery_assist.errors import DecodeError
from surgery_assist.imaging.pixels import FrameReader
from surgery_assist.imaging.reader import read_file
from surgery_assist.imaging.records import HeaderError, Instance
from tests.helpers.dicom import ct_slice, save

ROUNDS = 250
SLOW_SECONDS = 5.0


def survive(path):
    """Read a file as the program would; how long it took, seconds."""
    begin = time.perf_counter()
    try:
        found = read_file(path)
        if isinstance(found, Instance):
            FrameReader().read(found, found.layout.frames - 1)
    except (HeaderError, DecodeError):
        pass
    return time.perf_counter() - begin


def mutated(data, luck):
    data = bytearray(data)
    for _ in range(luck.choice((1, 3, 20))):
        at = luck.randrange(len(data))
        data[at] = luck.choice((0, 0xFF, data[at] ^ 1 << luck.randrange(8)))
    return bytes(data[: luck.randrange(len(data))] if luck.random() < 0.3 else data)


def test_mutations_of_a_small_image(tmp_path):
    whole = save(ct_slice(), tmp_path / "whole").read_bytes()
    luck = random.Random(1)
    for _ in range(ROUNDS):
        path = tmp_path / "mutant"
        path.write_bytes(mutated(whole, luck))
        assert survive(path) < SLOW_SECONDS


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "enhanced/emri_small_RLE.dcm",
        "enhanced/emri_small_jpeg_ls_lossless.dcm",
        "ts_other/MR_small_jp2klossless.dcm",
        "ts_other/image_dfl.dcm",
        "colour/SC_rgb_jpeg_dcmtk.dcm",
        "lut_overlay/vlut_04.dcm",
    ],
)
def test_mutations_of_real_files(shared_dir, tmp_path, name):
    whole = (shared_dir / "dicom" / name).read_bytes()
    luck = random.Random(name)
    for _ in range(60):
        path = tmp_path / "mutant"
        path.write_bytes(mutated(whole, luck))
        assert survive(path) < SLOW_SECONDS
