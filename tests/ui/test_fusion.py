"""Fused images in panes: colours over greys, their legend, and nothing where they do not fit."""

from dataclasses import dataclass, field, replace

import pytest
from PySide6.QtGui import QColor

from surgery_assist.imaging.pixels import FramePixels
from surgery_assist.ui.fusion import FusionPanes
from surgery_assist.ui.reformat import ReformatPanes
from tests.helpers.sessions import session_with, study
from tests.helpers.stacks import coded, stack
from tests.ui.conftest import FakeStore

pytestmark = pytest.mark.gui
HEAD = (0.0, 0.0, 1.0)
ACTIVITY = replace(stack(), uid="v.2", series_uid="v.2", modality="PT", unit="SUVbw")


def source_of(display_set, value):
    source = coded(display_set, HEAD)
    source.values[:] = 0
    source.values[4:16, 8:16, 9:19] = value
    source.slopes[:], source.intercepts[:] = 1.0, 0.0
    return source


@dataclass
class TwoVolumes(FakeStore):
    """A CT and the activity in it."""

    sources: dict = field(
        default_factory=lambda: {"v.1": source_of(stack(), 40), "v.2": source_of(ACTIVITY, 4)}
    )

    def get(self, uid, index):
        return FramePixels(self.sources[str(uid)].values[index])

    def volume_source(self, uid):
        return self.sources[str(uid)]


@pytest.fixture
def program(make_program):
    made = make_program(900, 640)
    made.images._make_store = TwoVolumes
    made.images.clear()
    planes = ReformatPanes(made.images)
    made.window.attach_source(FusionPanes(made.images, lambda: made.window.sources, made.window))
    made.window.attach_source(planes)
    made.show(session_with(study("1", stack(), ACTIVITY)))
    yield made
    planes.close()


def colourful(image, x, y) -> int:
    colour = QColor(image.pixelColor(round(x * image.width()), round(y * image.height())))
    return colour.red() - colour.blue()


@pytest.mark.parametrize("plane", ["", "plane.coronal", "plane.sagittal"])
def test_colours_lie_over_the_images_until_they_are_hidden(program, plane):
    program.do(plane or "image.middle")
    assert colourful(program.picture(), 0.5, 0.45) == 0
    program.do("fusion.show")
    assert colourful(program.picture(), 0.5, 0.45) > 40
    program.do("fusion.hide")
    assert colourful(program.picture(), 0.5, 0.45) == 0


def test_less_is_fainter(program):
    program.do("image.middle")
    program.do("fusion.show")
    strong = colourful(program.picture(), 0.5, 0.45)
    program.do("fusion.less amount=30")
    assert 0 < colourful(program.picture(), 0.5, 0.45) < strong
