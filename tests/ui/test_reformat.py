"""Planes in panes: pictures, texts, the crosshair and its handles."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from surgery_assist.imaging.pixels import FramePixels
from surgery_assist.imaging.volumes import VolumeSource
from surgery_assist.model.session import Session
from surgery_assist.model.study import Window
from surgery_assist.ui.pane_source import pane_view
from surgery_assist.ui.reformat import ReformatPanes
from surgery_assist.ui.reformat_grab import LineGrab, PointGrab, crosshair_grab
from surgery_assist.ui.reformat_lines import cross_lines
from tests.helpers.sessions import session_with, study
from tests.helpers.stacks import coded, stack
from tests.ui.conftest import FakeStore

pytestmark = pytest.mark.gui
HEAD = (0.0, 0.0, 1.0)


@dataclass
class StackStore(FakeStore):
    """Slices of a stack whose values are its heights."""

    source: VolumeSource = field(default_factory=lambda: coded(stack(), HEAD))
    too_large: bool = False

    def get(self, _uid, index):
        return FramePixels(self.source.values[index], windows=(Window(5500.0, 6000.0),))

    def volume_source(self, _uid):
        return None if self.too_large else self.source


@pytest.fixture
def program(make_program):
    made = make_program(1280, 760)
    made.images._make_store = StackStore
    made.images.clear()
    source = ReformatPanes(made.images)
    made.window.attach_source(source)
    made.planes = source
    made.show(session_with(study("1", stack())))
    yield made
    source.close()


def view_of(program, index=None):
    session: Session = program.session
    index = session.view.active if index is None else index
    return pane_view(session, index, session.pane(index))


def test_a_coronal_image_is_brighter_towards_the_head(program):
    program.dispatcher.dispatch(_invocation("window.drag", center=5500.0, width=4000.0))
    program.do("plane.coronal")
    program.do("overlay.hide")
    image = program.picture()
    x = image.width() // 2
    greys = [image.pixelColor(x, round(image.height() * y)).value() for y in (0.2, 0.5, 0.8)]
    assert greys == sorted(greys, reverse=True)
    assert greys[0] > greys[1] > greys[2]


def test_the_texts_say_which_plane_and_slab(program):
    program.do("plane.sagittal")
    facts = program.planes.picture(view_of(program)).facts
    assert facts.notes == ("Sagittal",)
    assert facts.letters == ("A", "P", "H", "F")
    assert facts.number == (14, 28)
    program.do("slab.set n=12")
    program.do("projection.max")
    assert program.planes.picture(view_of(program)).facts.notes == ("Sagittal", "Maximum 12 mm")


def test_an_oblique_image_becomes_fine_when_it_is_still(program):
    program.do("plane.coronal")
    program.do("plane.tilt side=left degrees=20")
    picture = program.planes.picture(view_of(program))
    assert picture.hint == ""
    assert program.planes.settled(view_of(program))
    assert picture.layers[0].image.width() == view_of(program).display_set.columns


def test_slices_that_are_missing_are_said(program):
    program.store.source.loaded[10:] = False
    program.store.source.version += 1
    program.dispatcher.dispatch(_invocation("plane.coronal"))
    picture = program.planes.picture(view_of(program))
    assert "Loading 50 %" in picture.facts.badges
    assert not program.planes.settled(view_of(program))
    program.store.source.loaded[:] = True
    program.store.source.version += 1
    assert program.planes.settled(view_of(program))


def test_what_does_not_fit_the_memory_is_said_in_the_pane(program):
    program.store.too_large = True
    program.do("plane.coronal")
    picture = program.planes.picture(view_of(program))
    assert picture.error.key == "reformat.too_large"
    assert not picture.layers


def test_a_closed_case_leaves_no_pixels(program):
    program.do("plane.coronal")
    program.planes.forget()
    assert not program.planes._held
    assert not program.planes._kept


def _invocation(command_id, **arguments):
    from surgery_assist.model.invocation import Invocation

    return Invocation(command_id, arguments)


def test_lines_of_the_other_planes_cross_in_the_point(program):
    _three(program)
    lines = cross_lines(program.session, 0)
    assert [line.other for line in lines] == [1, 2]
    across, down = (np.abs(line.direction) for line in lines)
    assert across == pytest.approx((1.0, 0.0), abs=1e-6)  # coronal on axial
    assert down == pytest.approx((0.0, 1.0), abs=1e-6)  # sagittal on axial


def _three(program):
    """Three planes; the fourth pane, a volume, needs no picture here."""
    program.dispatcher.dispatch(_invocation("plane.three"))
    session = program.session.with_view(layout=program.session.view.layout)
    assert session.view.crosshair is not None


def test_dragging_the_point_leads_the_other_views(program):
    _three(program)
    view = view_of(program, 0)
    line = cross_lines(program.session, 0)[0]
    grab = crosshair_grab(view, *line.centre, "window")
    assert isinstance(grab, PointGrab)
    before = program.session.view.viewports
    position = QPointF(view.rect.x + line.centre[0], view.rect.y + line.centre[1])
    area = program.window._area
    start, end = position.toPoint(), (position + QPointF(30.0, 0.0)).toPoint()
    QTest.mousePress(area, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(area, end)
    QTest.mouseRelease(area, Qt.MouseButton.LeftButton, pos=end)
    after = program.session.view.viewports
    assert after[2].index != before[2].index  # the sagittal view has moved to the left
    assert after[1].index == before[1].index
    program.dispatcher.dispatch(_invocation("undo"))
    assert program.session.view.viewports[2].index == before[2].index


def test_dragging_a_handle_turns_the_other_plane(program):
    _three(program)
    view = view_of(program, 0)
    line = cross_lines(program.session, 0)[0]
    way = min(view.rect.width, view.rect.height) * 0.3
    handle = line.at(way)
    grab = crosshair_grab(view, handle.x(), handle.y(), "window")
    assert isinstance(grab, LineGrab)
    assert grab.other == 1
    assert crosshair_grab(view, handle.x() + 60, handle.y() + 60, "window") is None
    position = QPointF(view.rect.x + handle.x(), view.rect.y + handle.y())
    area = program.window._area
    QTest.mousePress(area, Qt.MouseButton.LeftButton, pos=position.toPoint())
    for step in range(1, 6):
        QTest.mouseMove(area, (position + QPointF(0.0, 8.0 * step)).toPoint())
    QTest.mouseRelease(area, Qt.MouseButton.LeftButton, pos=position.toPoint())
    plane = program.session.view.viewports[1].plane
    assert plane.kind == "oblique"
    # The line lies where the hand has led it.
    turned = cross_lines(program.session, 0)[0].direction
    expected = np.degrees(np.arctan2(40.0, way * np.sign(line.direction[0])))
    found = np.degrees(np.arctan2(turned[1], turned[0]))
    assert (found - expected + 90) % 180 - 90 == pytest.approx(0.0, abs=1.5)
