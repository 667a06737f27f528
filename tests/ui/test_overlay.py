"""What is written over images: the right words at the right edge, nothing over anything."""

from dataclasses import replace
from itertools import combinations

import pytest
from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QImage, QPainter

from surgery_assist.model.session import Session
from surgery_assist.model.study import Finding, UltrasoundRegion, Window
from surgery_assist.model.viewport import Rect, Viewport, edge_letters
from surgery_assist.ui.frame_source import draw_region_scales, frame_facts
from surgery_assist.ui.lines import reference_line
from surgery_assist.ui.overlay import OverlayPainter, clipped, scale_bar
from surgery_assist.ui.overlay_texts import age_at, overlay_texts, slice_position
from surgery_assist.ui.painting import TextPainter
from surgery_assist.ui.pane_source import PaneView
from surgery_assist.ui.theme import theme_for
from tests.helpers.sessions import (
    AXIAL,
    CORONAL,
    PATIENT,
    ct_session,
    display_set,
    session_with,
    study,
)

SAGITTAL = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))


class RecordingTexts(TextPainter):
    """Remembers what was drawn where."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn: dict[str, tuple[float, float]] = {}

    def draw(self, painter, position, text, size, tone, *, strong=False):
        self.drawn[text] = (position.x(), position.y())
        super().draw(painter, position, text, size, tone, strong=strong)


def texts_of(session: Session, *, language="en", crowded=False, **changes):
    session = session.with_control(language=language)
    shown = session.shown(0)
    viewport = replace(shown[0], **changes)
    view = PaneView(session, 0, viewport, *shown[1:], Rect(0.0, 0.0, 800.0, 600.0))
    facts = frame_facts(view, viewport.index, Window(40.0, 400.0))
    return overlay_texts(session, (viewport, *shown[1:]), facts, crowded=crowded)


def found(*keys):
    return tuple(Finding(key) for key in keys)


def words(lines):
    return [line.text for line in lines]


# --- letters ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize(
    ("directions", "letters"),
    [
        (AXIAL, ("R", "L", "A", "P")),
        (CORONAL, ("R", "L", "H", "F")),
        (SAGITTAL, ("A", "P", "H", "F")),
    ],
)
@pytest.mark.gui
def test_letters_stand_at_their_edges(directions, letters):
    texts = RecordingTexts()
    image = QImage(800, 600, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    pane = QRectF(0, 0, 800, 600)
    overlay = OverlayPainter(theme_for(800, 600, 0.3), texts)
    overlay.letters(painter, pane, edge_letters(Viewport(), display_set(directions=directions)))
    painter.end()
    left, right, top, bottom = (texts.drawn[letter] for letter in letters)
    assert left[0] < 40
    assert right[0] > 760
    assert abs(left[1] - 300) < 20
    assert top[1] < 60
    assert bottom[1] > 560
    assert abs(top[0] - 400) < 20


@pytest.mark.gui
def test_letters_are_drawn_on_the_screen_and_move_with_the_image(program):
    drawn = RecordingTexts()
    program.window._area._panes[0]._overlay._texts = drawn
    program.do("rotate side=right degrees=90")
    program.picture()
    assert drawn.drawn["R"][1] < 80  # what was at the left is now on top
    assert drawn.drawn["L"][1] > 640
    assert drawn.drawn["A"][0] > 1200
    program.do("flip.horizontal")
    program.picture()
    assert drawn.drawn["A"][0] < 60


# --- words --------------------------------------------------------------------------------------


def test_who_it_is():
    lines = texts_of(ct_session()).top_left
    assert words(lines) == [PATIENT.name, "ID 1001", "1961-04-12 (65 y)  ·  F"]
    assert [line.rank for line in lines] == [0, 0, 1]


def test_romanian_has_its_own_dates_and_numbers():
    assert (
        words(texts_of(ct_session(), language="ro").top_left)[2] == "12.04.1961 (65 de ani)  ·  F"
    )


@pytest.mark.parametrize(
    ("born", "then", "age"),
    [
        ("1961-04-12", "2026-04-11", 64),
        ("1961-04-12", "2026-04-12", 65),
        ("2026-01-01", "2025-01-01", None),
        ("", "2026-01-01", None),
        ("1961-04-12", "", None),
    ],
)
def test_age_at_the_study(born, then, age):
    assert age_at(born, then) == age


def test_where_it_is():
    shown = texts_of(ct_session(), index=4).bottom_left
    assert words(shown) == ["mm in the patient", "Position 8.0 mm", "5 / 20"]


@pytest.mark.parametrize(
    ("directions", "expected"), [(AXIAL, 6.0), (CORONAL, 6.0), (SAGITTAL, -6.0)]
)
def test_position_counts_along_the_patients_axis(directions, expected):
    assert slice_position(Viewport(index=3), display_set(directions=directions)) == expected


def test_how_it_is_shown():
    texts = texts_of(ct_session(), zoom=1.5, invert=True, rotation_deg=30.0)
    assert words(texts.bottom_right) == ["Turned 30°", "Inverted", "Zoom 150 %", "W 400  C 40"]


def test_hidden_texts_leave_who_and_which_side():
    entry = replace(display_set(), laterality="L", details=found("gap"))
    session = session_with(study("1", entry)).with_view(texts=False)
    texts = texts_of(session, flip_h=True)
    assert words(texts.top_left) == [PATIENT.name, "ID 1001"]
    assert words(texts.top_right) == ["LEFT", "MIRRORED"]
    assert texts.bottom_left == texts.bottom_right == ()


def test_unknown_orientation_is_said():
    entry = display_set()
    lost = replace(
        entry, frames=tuple(replace(f, plane=None, orientation=None) for f in entry.frames)
    )
    for language, text in (("en", "ORIENTATION UNKNOWN"), ("ro", "ORIENTARE NECUNOSCUTĂ")):
        lines = texts_of(session_with(study("1", lost)), language=language).top_right
        badges = [line.text for line in lines if line.badge]
        assert badges == [text]


def test_findings_are_badges():
    entry = replace(display_set(), details=found("gap", "tilt"))
    lines = texts_of(session_with(study("1", entry))).top_right
    badges = [line.text for line in lines if line.badge]
    assert badges == ["SLICES MISSING", "TILTED GANTRY"]


def test_two_mirrors_are_none():
    assert not any(
        line.badge for line in texts_of(ct_session(), flip_h=True, flip_v=True).top_right
    )


# --- room ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("qapp")
@pytest.mark.gui
@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160), (640, 360), (426, 240), (320, 700)])
@pytest.mark.parametrize("grid", [False, True])
def test_nothing_overlaps(size, grid):
    name = "VON HOHENLOHE-LANGENBURG Maximiliana Theodora Ștefania"
    patient = replace(PATIENT, name=name, patient_id="123456789012345678901234567890")
    entry = replace(
        display_set(), laterality="R", details=found("gap", "tilt", "mixed", "truncated")
    )
    session = session_with(study("1", entry, patient=patient))
    texts = texts_of(session, crowded=grid, flip_h=True, rotation_deg=45.0, invert=True)
    overlay = OverlayPainter(theme_for(1920, 1080, 0.3), TextPainter())
    image = QImage(*size, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    pane = QRectF(0, 0, *size)
    overlay.begin()
    overlay.corners(painter, pane, texts, bar=scale_bar(0.5, size[0]), number=5, active=True)
    overlay.letters(painter, pane, ("HPR", "FAL", "HPR", "FAL"))
    if grid:
        overlay.grid_names(painter, pane, None)
    painter.end()
    taken = overlay._taken
    assert len(taken) > 8
    overlapping = [
        (a, b)
        for a, b in combinations(taken, 2)
        if a.adjusted(1, 1, -1, -1).intersects(b.adjusted(1, 1, -1, -1))
    ]
    assert overlapping == []
    assert all(pane.contains(area) for area in taken)


@pytest.mark.usefixtures("qapp")
@pytest.mark.gui
def test_cells_are_named_but_not_over_texts():
    texts = RecordingTexts()
    overlay = OverlayPainter(theme_for(1920, 1080, 0.3), texts)
    image = QImage(1920, 1080, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    pane = QRectF(0, 0, 1920, 1080)
    overlay.begin()
    overlay.take(QRectF(0, 0, 1920 / 9, 1080 / 9))
    overlay.grid_names(painter, pane, None)
    painter.end()
    assert len(texts.drawn) == 80
    assert "A1" not in texts.drawn
    x, y = texts.drawn["B4"]
    assert 1920 / 9 < x < 2 * 1920 / 9
    assert 3 * 1080 / 9 < y < 4 * 1080 / 9


@pytest.mark.parametrize(
    ("mm_per_pixel", "width", "mm"), [(0.5, 1000, 100.0), (0.1, 1000, 20.0), (0.01, 300, 0.5)]
)
def test_scale_bar_is_the_longest_round_length(mm_per_pixel, width, mm):
    bar = scale_bar(mm_per_pixel, width)
    assert bar.mm == pytest.approx(mm)
    assert bar.pixels == pytest.approx(mm / mm_per_pixel)
    assert bar.pixels <= width * 0.2201


def test_scale_bar_needs_millimetres():
    assert scale_bar(None, 1000) is None
    assert scale_bar(0.5, 1000).label == "10 cm"
    assert scale_bar(0.02, 1000).label == "2 mm"


@pytest.mark.usefixtures("qapp")
@pytest.mark.gui
def test_letters_show_on_white_and_on_black():
    for background in (0xFFFFFF, 0x000000):
        image = QImage(200, 80, QImage.Format.Format_RGB32)
        image.fill(background)
        painter = QPainter(image)
        TextPainter().draw(painter, QLineF(20, 60, 0, 0).p1(), "R", 48, "#eef2f6", strong=True)
        painter.end()
        greys = {image.pixelColor(x, y).lightness() for x in range(80) for y in range(80)}
        assert min(greys) < 60
        assert max(greys) > 235


# --- reference lines ----------------------------------------------------------------------------


def test_a_coronal_image_shows_where_an_axial_one_cuts_it():
    axial = display_set("1.1", directions=AXIAL, start=-100.0)
    coronal = display_set("1.2", directions=CORONAL, start=50.0)
    line = reference_line(axial, 0, coronal, 0)
    assert line is not None
    (c0, r0), (c1, r1) = line
    # 100 mm below the origin; rows are 0.7 mm, pixel centres lie at +0.5.
    assert r0 == pytest.approx(100 / 0.7 + 0.5)
    assert r1 == pytest.approx(r0)
    assert sorted((c0, c1)) == pytest.approx([0.0, 512.0])


@pytest.mark.parametrize(
    "other",
    [
        display_set("1.2", directions=AXIAL),
        display_set("1.2", directions=CORONAL, frame_of_reference="elsewhere"),
        display_set("1.2", directions=CORONAL, frame_of_reference=""),
        display_set("1.2", directions=CORONAL, start=5000.0),
    ],
)
def test_no_line_where_there_is_none(other):
    assert reference_line(display_set("1.1"), 0, other, 0) is None


def test_lines_are_cut_to_the_pane():
    area = QRectF(0, 0, 100, 50)
    cut = clipped(QLineF(-50, 25, 150, 25), area)
    assert (cut.x1(), cut.x2(), cut.y1()) == (0, 100, 25)
    assert clipped(QLineF(-50, 60, 150, 60), area) is None
    assert clipped(QLineF(10, -10, 20, -5), area) is None


@pytest.mark.gui
def test_reference_lines_are_drawn_in_the_other_panels(make_program):
    made = make_program()
    axial = display_set("1.1", directions=AXIAL, start=-200.0)
    coronal = display_set("1.2", directions=CORONAL, start=150.0)
    made.show(session_with(study("1", axial, coronal)))
    made.do("layout.set rows=1 columns=2")
    before = greenish_rows(made.picture())
    made.do("reference.show")
    after = greenish_rows(made.picture())
    assert before == []
    assert after
    # z = -200 mm is row 286 of 512 of the coronal image, which fills the pane's width.
    pane = made.window._area.panes[1]
    expected = (pane.height() - pane.width()) / 2 + pane.width() * (200 / 0.7 + 0.5) / 512
    assert all(abs(row - expected) < 4 for row in after)


def greenish_rows(image: QImage) -> list[int]:
    """Rows in which much of the right half is of the accent colour."""
    columns = range(image.width() // 2 + 20, image.width() - 20, 7)
    rows = []
    for y in range(20, image.height() - 20):
        colours = [image.pixelColor(x, y) for x in columns]
        if sum(c.green() > c.red() + 60 for c in colours) > len(columns) // 3:
            rows.append(y)
    return rows


@pytest.mark.parametrize(
    ("rotation", "expected"), [(0.0, {"1 cm", "2 cm"}), (90.0, {"2 cm"}), (180.0, {"1 cm", "2 cm"})]
)
@pytest.mark.usefixtures("qapp")
@pytest.mark.gui
def test_ultrasound_regions_have_scales_of_their_own(rotation, expected):
    """Fitted, the picture is 3 logical pixels a column; the second region's pixels are oblong."""
    regions = (
        UltrasoundRegion(0, 0, 100, 200, "tissue", (1.0, 1.0)),
        UltrasoundRegion(100, 0, 200, 200, "tissue", (1.0, 0.5)),
        UltrasoundRegion(0, 150, 100, 200, "spectral"),
    )
    shown = replace(display_set("1.1", rows=200, columns=200), spacing=None, ultrasound=regions)
    session = session_with(study("1", shown))
    viewport = replace(session.shown(0)[0], rotation_deg=rotation)
    view = PaneView(session, 0, viewport, *session.shown(0)[1:], Rect(0.0, 0.0, 600.0, 600.0))
    texts = RecordingTexts()
    overlay = OverlayPainter(theme_for(600, 600, 0.3), texts)
    image = QImage(600, 600, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    draw_region_scales(painter, view, overlay)
    painter.end()
    assert set(texts.drawn) == expected
