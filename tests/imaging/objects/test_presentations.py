"""Presentation states: what is written comes back, and DCMTK agrees that it is one."""

import shutil
import subprocess
from dataclasses import replace

import pytest

from surgery_assist.errors import OutputError
from surgery_assist.imaging.objects.reading import ObjectReader
from surgery_assist.model.annotations import Graphic, GraphicText, Presentation, Shutter
from surgery_assist.model.study import Window
from tests.helpers.dicom import ct_slice, opened, save, sets_of
from tests.helpers.objects import PRESENTATION, bare, item, reference

FULL = Presentation(
    label="FOR_SURGERY",
    description="For surgery",
    window=Window(40.0, 350.5),
    voi_function="LINEAR_EXACT",
    inverted=True,
    rotation_deg=90,
    flipped=True,
    area=(1.0, 2.0, 5.0, 8.0),
    shutters=(
        Shutter("rectangle", ((1.0, 0.0), (5.0, 7.0)), grey=51),
        Shutter("circle", ((3.5, 4.5),), 3.0, grey=51),
        Shutter("polygon", ((0.5, 0.5), (5.5, 0.5), (2.5, 7.5)), grey=51),
    ),
    graphics=(
        Graphic(((1.0, 1.0), (2.5, 3.0)), layer="ANNOTATIONS"),
        Graphic(
            ((1.0, 1.0), (3.0, 1.0), (3.0, 4.0)), closed=True, filled=True, layer="ANNOTATIONS"
        ),
        Graphic(((2.0, 2.0),), layer="ANNOTATIONS"),
        Graphic(((0.25, 0.5), (0.75, 0.5)), space="pane", layer="ANNOTATIONS"),
    ),
    texts=(
        GraphicText("Țesut suspect", box=((0.5, 1.0), (4.0, 2.0)), anchor=(3.0, 3.0)),
        GraphicText("două\nrânduri", anchor=(0.5, 0.25), space="pane"),
    ),
)


def written(tmp_path, shown, images=1, name="Ștefănescu^Ana"):
    for n in range(images):
        save(
            ct_slice(n + 1, 5.0 * n, PatientName=name, SpecificCharacterSet="ISO_IR 192"),
            tmp_path / "images" / f"{n}",
        )
    library, catalogue = opened(tmp_path / "images")
    (entry,) = sets_of(catalogue)
    path = tmp_path / "state.dcm"
    uid = ObjectReader(library).write_presentation(path, entry, shown, "For surgery")
    return path, uid


def read_back(tmp_path):
    library, catalogue = opened(tmp_path)
    (study,) = catalogue.studies
    (entry,) = sets_of(catalogue)
    reader = ObjectReader(library)
    return study, [reader.presentations(entry, index) for index in range(entry.count)]


def test_what_is_written_is_read_again(tmp_path):
    path, uid = written(tmp_path, {0: FULL}, images=2)
    study, shown = read_back(tmp_path)
    assert path.exists()
    ((found,), others) = shown
    assert others == ()
    assert found.uid == uid
    for name in Presentation.__slots__:
        if name != "uid":
            assert getattr(found, name) == getattr(FULL, name), name
    assert [entry.kind for entry in study.objects] == ["presentation"]
    assert study.patient.name == "Ștefănescu Ana"


def test_several_frames_have_windows_of_their_own(tmp_path):
    wide, narrow = Presentation(window=Window(0, 2000)), Presentation(window=Window(50, 100))
    written(tmp_path, {0: wide, 1: narrow}, images=2)
    _, shown = read_back(tmp_path)
    assert [found.window for (found,) in shown] == [wide.window, narrow.window]


@pytest.mark.skipif(shutil.which("dcmpschk") is None, reason="needs DCMTK")
def test_dcmtk_finds_no_fault(tmp_path):
    # Its patterns know no letters outside ASCII, whatever character set is declared.
    plain = replace(FULL, texts=(GraphicText("tissue", anchor=(1.0, 2.0)),))
    path, _ = written(tmp_path, {0: plain}, name="Popescu^Ana")
    checked = subprocess.run(
        ["dcmpschk", str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert checked.returncode == 0
    assert not [line for line in checked.stderr.splitlines() if line.startswith(("E:", "F:"))]


def test_frames_that_are_turned_differently_need_two_states(tmp_path):
    with pytest.raises(OutputError):
        written(tmp_path, {0: Presentation(rotation_deg=90), 1: Presentation()}, images=2)


def test_existing_file_is_not_replaced(tmp_path):
    (tmp_path / "state.dcm").write_bytes(b"mine")
    with pytest.raises(OutputError):
        written(tmp_path, {0: FULL})
    assert (tmp_path / "state.dcm").read_bytes() == b"mine"


def state(graphic):
    image = ct_slice()
    dataset = bare(PRESENTATION, "PR", "1.2.3.700", ContentLabel="A")
    dataset.ReferencedSeriesSequence = [
        item(SeriesInstanceUID=image.SeriesInstanceUID, ReferencedImageSequence=[reference(image)])
    ]
    dataset.GraphicAnnotationSequence = [item(GraphicLayer="L", GraphicObjectSequence=[graphic])]
    dataset.GraphicLayerSequence = [
        item(GraphicLayer="L", GraphicLayerRecommendedDisplayGrayscaleValue=65535)
    ]
    return image, dataset


@pytest.mark.parametrize(
    ("kind", "data", "bounds", "closed"),
    [
        ("CIRCLE", [3, 4, 3, 6], (1, 2, 5, 6), True),
        ("ELLIPSE", [0, 4, 6, 4, 3, 3, 3, 5], (0, 3, 6, 5), True),
        ("INTERPOLATED", [0, 0, 2, 2, 4, 0], (0, 0, 4, 2), False),
        ("POLYLINE", [0, 0, 2, 2, 0, 2, 0, 0], (0, 0, 2, 2), True),
    ],
)
def test_shapes_become_lines(tmp_path, kind, data, bounds, closed):
    graphic = item(
        GraphicAnnotationUnits="PIXEL", GraphicType=kind, GraphicData=[float(v) for v in data]
    )
    image, dataset = state(graphic)
    save(image, tmp_path / "a")
    save(dataset, tmp_path / "b")
    _, ((found,),) = read_back(tmp_path)
    (shape,) = found.graphics
    x, y = zip(*shape.points, strict=True)
    assert (min(x), min(y), max(x), max(y)) == pytest.approx(bounds, abs=0.05)
    assert shape.closed is closed
    assert shape.colour == (255, 255, 255)


@pytest.mark.parametrize("data", [[], [1.0], [1.0, 2.0, 3.0]])
def test_malformed_graphic_is_left_out(tmp_path, data):
    image, dataset = state(
        item(GraphicAnnotationUnits="PIXEL", GraphicType="ELLIPSE", GraphicData=data)
    )
    save(image, tmp_path / "a")
    save(dataset, tmp_path / "b")
    _, ((found,),) = read_back(tmp_path)
    assert found.graphics == ()
