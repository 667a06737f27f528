"""Volumes in panes: the real studio, the real window, a stack of made-up slices."""

from dataclasses import dataclass, field, replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from surgery_assist.imaging.pixels import FramePixels
from surgery_assist.imaging.scene.studio import Studio
from surgery_assist.imaging.volumes import VolumeSource
from surgery_assist.model.geometry import dot
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.viewport import Rect
from surgery_assist.model.volume_view import VIEWS, turned
from surgery_assist.ui.volume import VolumePanes
from surgery_assist.ui.volume_paint import nearest_side, seen_faces
from tests.helpers.sessions import session_with, study
from tests.helpers.stacks import coded, stack
from tests.ui.conftest import FakeStore

pytestmark = pytest.mark.gui
HEAD = (0.0, 0.0, 1.0)


def solid():
    """A stack whose voxels are bone."""
    source = coded(stack(), HEAD)
    source.values[:] = 0
    source.values[4:16, 5:19, 6:22] = 1200
    source.slopes[:], source.intercepts[:] = 1.0, 0.0
    return source


@dataclass
class VolumeStore(FakeStore):
    """Slices of one volume."""

    source: VolumeSource = field(default_factory=solid)
    too_large: bool = False

    def get(self, _uid, index):
        return FramePixels(self.source.values[index])

    def volume_source(self, _uid):
        return None if self.too_large else self.source


@pytest.fixture
def program(make_program):
    made = make_program(900, 640)
    made.images._make_store = VolumeStore
    made.images.clear()
    source = VolumePanes(
        made.images,
        made.dispatcher,
        lambda on_result: Studio(on_result, hardware=False, opengl=False),
    )
    made.window.attach_source(source)
    made.tasks.pick_wanted.connect(source.pick)
    made.volumes = source
    made.show(session_with(study("1", stack())))
    yield made
    source.close()


def lit(image: QImage, x: float, y: float) -> int:
    return image.pixelColor(round(x * image.width()), round(y * image.height())).lightness()


def test_volume_is_drawn_and_cut(program):
    program.do("volume.show")
    assert lit(program.picture(), 0.5, 0.45) > 60
    program.do("volume.cut side=left amount=60")
    assert lit(program.picture(), 0.45, 0.45) < 30


def test_dragging_turns_the_volume_and_is_one_step_of_undo(program):
    program.do("volume.show")
    before = program.session.view
    area = program.window._area
    start = QPoint(area.width() // 2, area.height() // 2)
    QTest.mousePress(area, Qt.MouseButton.LeftButton, pos=start)
    for step in (10, 40, 90):
        QTest.mouseMove(area, start + QPoint(step, 0))
    QTest.mouseRelease(area, Qt.MouseButton.LeftButton, pos=start + QPoint(90, 0))
    camera = program.session.viewport.volume.camera
    assert dot(camera.toward, VIEWS["right"].toward) > 0.2
    program.do("undo")
    assert program.session.view is before


def test_dragging_from_the_edge_cuts(program):
    program.do("volume.show")
    area = program.window._area
    start = QPoint(4, area.height() // 2)
    QTest.mousePress(area, Qt.MouseButton.LeftButton, pos=start)
    for step in (10, 60, 120):
        QTest.mouseMove(area, start + QPoint(step, 0))
    QTest.mouseRelease(area, Qt.MouseButton.LeftButton, pos=start + QPoint(120, 0))
    cuts = program.session.viewport.volume.cuts
    assert len(cuts) == 1
    assert cuts[0].normal == pytest.approx((1.0, 0.0, 0.0))


def test_target_becomes_the_point_that_it_turns_about(program):
    program.do("volume.show")
    program.do("target cell=E5")
    program.do("volume.look")
    assert program.window.wait_settled(20)
    focus = program.session.viewport.volume.camera.focus
    assert focus is not None
    assert focus[1] == pytest.approx(stack().frames[0].plane.position[1] + 5 * 0.8, abs=1.0)


def test_nothing_there_is_said(program):
    failures = []
    program.volumes.failed.connect(failures.append)
    program.do("volume.show")
    program.do("volume.arrow cell=A1")
    assert program.window.wait_settled(20)
    assert [error.key for error in failures] == ["refused.volume_nothing_there"]


def test_volume_over_the_memory_says_so(program):
    program.store.too_large = True
    program.do("volume.show")
    view = program.window._area.panes[0]
    assert view.settled()


def test_case_closed_leaves_no_picture(program):
    program.do("volume.show")
    program.volumes.forget()
    assert program.volumes._held == {}


def test_cube_shows_the_sides_that_face_the_eye():
    assert set(seen_faces(VIEWS["front"])) == {"A"}
    assert set(seen_faces(VIEWS["above"])) == {"H"}
    assert set(seen_faces(turned(VIEWS["front"], "left", 45.0))) == {"A", "L"}


def test_edges_of_the_pane_are_handles():
    pane = Rect(0.0, 0.0, 800.0, 600.0)
    assert nearest_side(5.0, 300.0, pane, 30.0) == "left"
    assert nearest_side(400.0, 595.0, pane, 30.0) == "down"
    assert nearest_side(400.0, 300.0, pane, 30.0) is None


@dataclass
class Phases(VolumeStore):
    """Two phases of one acquisition; the second can be held back."""

    second: VolumeSource = field(default_factory=solid)

    def volume_source(self, uid):
        return self.second if str(uid) == "v.2" else self.source


def phase(uid):
    return replace(stack(), uid=uid, series_uid=uid, group="4d")


def test_phases_of_a_volume_follow_one_another_without_a_blank(program):
    program.images._make_store = Phases
    program.images.clear()
    store = program.images.store
    store.second.values[4:16, 5:19, 6:14] = 0
    program.show(session_with(study("1", phase("v.1"), phase("v.2"))))
    program.do("volume.show")
    assert lit(program.picture(), 0.6, 0.45) > 60
    assert lit(program.picture(), 0.42, 0.45) > 60
    store.second.loaded[3] = False
    program.dispatcher.dispatch(Invocation("phase.next"))
    view = program.session.viewport
    assert (str(view.display_set), view.volume.preset) == ("v.2", "bone")
    # The first stays until this one is there.
    assert lit(program.picture(), 0.6, 0.45) > 60
    store.second.loaded[3] = True
    program.images.frame_ready.emit("v.2", 3)
    assert program.window.wait_settled(10)
    assert lit(program.picture(), 0.42, 0.45) < 30
    program.do("phase.next")
    assert lit(program.picture(), 0.42, 0.45) > 60
