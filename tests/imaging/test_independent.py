"""Real files against decoders that share no code with ours: GDCM (by SimpleITK) and DCMTK."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from surgery_assist.errors import DecodeError
from surgery_assist.imaging.pixels import FrameReader
from surgery_assist.imaging.reader import read_file
from surgery_assist.imaging.records import HeaderError, Instance
from surgery_assist.imaging.render import to_rgb32
from tests.conftest import SHARED

pytestmark = [pytest.mark.shared, pytest.mark.slow]
_HOSTILE = ("fuzz", "malformed")
_REPEATED = ("ct_volume_colon", "ct_tilt_ge")
_DUMP = """
import sys
from pathlib import Path
import numpy as np
import SimpleITK as sitk
sitk.ProcessObject.GlobalWarningDisplayOff()
for number, path in enumerate(Path(sys.argv[1]).read_text().splitlines()):
    try:
        values = sitk.GetArrayFromImage(sitk.ReadImage(path, imageIO="GDCMImageIO"))
    except RuntimeError:
        continue
    np.save(f"{sys.argv[2]}/{number}.npy", values)
"""
_OTHERWISE = {
    "SC_rgb_32bit.dcm": "keeps 32 bits a channel",
    "gdcm-US-ALOKA-16.dcm": "keeps 16 bits a channel",
    "CR-MONO1-10-chest": "inverts MONOCHROME1 when it reads, we when we draw",
    "dx_image.dcm": "inverts MONOCHROME1 when it reads, we when we draw",
    "GH184.dcm": "shows activity, we SUV",
    "rtdose.dcm": "leaves DoseGridScaling out",
    "13_HighBit15_Stored12.dcm": "does not move the values to the high bit",
}
"""Files of which GDCM makes something else, and why."""


@pytest.fixture(scope="module")
def instances():
    if not SHARED.is_dir():
        pytest.skip("needs the shared folder")
    folder = SHARED / "dicom"
    found = []
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder).parts[0]
        if not path.is_file() or place in _HOSTILE:
            continue
        if place in _REPEATED and not path.stem.endswith("0"):
            continue
        try:
            instance = read_file(path)
        except HeaderError:
            continue
        if isinstance(instance, Instance) and instance.source == "pixels":
            found.append(instance)
    return found


def modality_values(instance, count):
    reader, made = FrameReader(), []
    for frame in range(count):
        pixels = reader.read(instance, frame)
        values = pixels.values
        made.append(values if pixels.colour else values * pixels.slope + pixels.intercept)
    return np.stack(made).astype(np.float64)


def test_values_are_those_of_gdcm(instances, tmp_path):
    (tmp_path / "list").write_text("\n".join(str(instance.path) for instance in instances))
    subprocess.run(
        [sys.executable, "-c", _DUMP, str(tmp_path / "list"), str(tmp_path)],
        timeout=300,
        check=True,
        capture_output=True,
    )
    compared, different = 0, []
    for number, instance in enumerate(instances):
        dumped = tmp_path / f"{number}.npy"
        if not dumped.exists() or instance.path.name in _OTHERWISE:
            continue
        count = min(3, instance.layout.frames)
        ours = modality_values(instance, count)
        theirs = np.load(dumped).astype(np.float64)
        theirs = theirs.reshape(-1, *ours.shape[1:])[:count]
        compared += 1
        # One level of 256 where lossy colour is rounded; nothing elsewhere.
        allowed = 1.0 if instance.layout.colour else 1e-6 * max(1.0, np.abs(theirs).max())
        if np.abs(ours - theirs).max() > allowed:
            different.append(instance.path.name)
    assert different == []
    assert compared >= 140


def drawn_by_dcmtk(instance, arguments, tmp_path):
    """8-bit picture by dcm2pnm's relatives; ``None`` when they can't read the compression."""
    lossless = instance.layout.transfer_syntax.endswith((".80", ".81"))
    program = "dcml2pnm" if lossless else "dcmj2pnm"
    out = tmp_path / "out.pnm"
    ran = subprocess.run(
        [program, "-q", "-O", "+op", *arguments, str(instance.path), str(out)],
        capture_output=True,
        timeout=60,
        check=False,
    )
    if ran.returncode:
        return None
    data = out.read_bytes()
    head = re.match(rb"(P[56])\s+(?:#.*\n)?\s*(\d+)\s+(\d+)\s+\d+\s", data)
    values = np.frombuffer(data[head.end() :], np.uint8)
    shape = (int(head[3]), int(head[2]))
    return values.reshape(*shape, 3) if head[1] == b"P6" else values.reshape(shape)


@pytest.mark.skipif(shutil.which("dcmj2pnm") is None, reason="needs DCMTK")
def test_pictures_are_those_of_dcmtk(instances, tmp_path):
    reader, compared, different = FrameReader(), 0, []
    for instance in instances:
        try:
            pixels = reader.read(instance)
        except DecodeError:
            continue
        arguments = []
        if not pixels.colour:
            if instance.unit == "SUVbw" or not (pixels.windows or pixels.voi_table):
                continue
            arguments = ["+Wi", "1"] if pixels.windows else ["+Wl", "1"]
        theirs = drawn_by_dcmtk(instance, arguments, tmp_path)
        if theirs is None or theirs.shape[:2] != pixels.values.shape[:2]:
            continue
        drawn = to_rgb32(pixels)
        ours = np.stack([drawn >> shift & 255 for shift in (16, 8, 0)], axis=-1).astype(int)
        away = np.abs(ours - (theirs if theirs.ndim == 3 else theirs[:, :, np.newaxis]))
        compared += 1
        # Rounding of grey levels: one; DCMTK's integer arithmetic for YBR: two.
        if away.max() > (2 if pixels.colour else 1):
            different.append((instance.path.name, int(away.max())))
    assert different == []
    assert compared >= 60


def test_files_that_differ_are_still_there(instances):
    assert set(_OTHERWISE) <= {Path(instance.path).name for instance in instances}
