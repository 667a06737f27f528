"""The drawer of patients, studies and series, and what is shown while nothing is open."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.commands.effects import CancelWork, OpenPaths
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Session
from surgery_assist.model.study import Catalogue, Refusal, StudyObject
from surgery_assist.ui.empty import EmptyState
from surgery_assist.ui.study_list import StudyList
from surgery_assist.ui.study_rows import ObjectRow, PatientRow, SeriesRow, StudyRow, rows_of
from tests.helpers.panels import full_hd, make_dispatcher, share_of
from tests.helpers.sessions import OTHER, display_set, session_with, study

pytestmark = pytest.mark.gui
COLOURS = full_hd().colours


class FakeImages(QObject):
    """Thumbnails of one colour, there when a test says so."""

    thumbnail_ready = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.there: set[str] = set()
        self.asked: list[str] = []

    def thumbnail(self, uid: str) -> QImage | None:
        self.asked.append(uid)
        if uid not in self.there:
            return None
        image = QImage(128, 128, QImage.Format.Format_RGB32)
        image.fill(QColor("#ff00ff"))
        return image


def two_patients() -> Session:
    return session_with(
        study("1", display_set("1.1"), display_set("1.2", count=1), date="2026-11-01"),
        study("2", display_set("2.1"), date="2025-03-09"),
        study("3", display_set("3.1", modality="MR"), patient=OTHER),
    )


@pytest.fixture
def effects() -> list:
    return []


@pytest.fixture
def dispatcher(effects) -> Dispatcher:
    return make_dispatcher(two_patients(), effects)


@pytest.fixture
def images() -> FakeImages:
    return FakeImages()


@pytest.fixture
def drawer(qtbot, dispatcher, images) -> StudyList:
    """The drawer in a window, as it is in the program."""
    window = QWidget()
    window.setStyleSheet(full_hd().style_sheet())
    window.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    qtbot.addWidget(window)
    window.resize(650, 970)
    drawer = StudyList(dispatcher, full_hd(), images, window)
    drawer.resize(650, 970)
    dispatcher.observe(drawer.show_session)
    drawer.show_session(dispatcher.session, dispatcher.session)
    window.show()
    window.setFocus()
    yield drawer
    window.close()


def key_of(drawer: StudyList) -> str:
    return drawer.model.rows[drawer.view.currentIndex().row()].key


def click(qtbot, drawer: StudyList, key: str) -> None:
    index = drawer.model.index(drawer.model.place_of(key))
    place = drawer.view.visualRect(index).center()
    qtbot.mouseClick(drawer.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place))


def test_rows_are_numbered_as_they_are_said() -> None:
    rows = rows_of(two_patients())
    assert [(type(row).__name__, row.number) for row in rows] == [
        ("PatientRow", 1),
        ("StudyRow", 1),
        ("SeriesRow", 1),
        ("SeriesRow", 2),
        ("StudyRow", 2),
        ("SeriesRow", 1),
        ("PatientRow", 2),
        ("StudyRow", 1),
        ("SeriesRow", 1),
    ]
    series = [row for row in rows if isinstance(row, SeriesRow)]
    assert [row.sayable for row in series] == [True, True, False, False]
    assert [row.reachable for row in series] == [True, True, True, False]
    assert [row.active for row in series] == [True, False, False, False]
    assert [row.front for row in rows if isinstance(row, StudyRow)] == [True, False, False]
    assert [row.front for row in rows if isinstance(row, PatientRow)] == [True, False]


def test_saying_the_number_shown_opens_that_row(dispatcher) -> None:
    rows = rows_of(dispatcher.session)
    second = next(r for r in rows if isinstance(r, SeriesRow) and r.number == 2)
    dispatcher.dispatch(Invocation("series.goto", {"n": 2}))
    assert dispatcher.session.viewport.display_set == second.display_set.uid
    older = next(r for r in rows if isinstance(r, StudyRow) and r.number == 2)
    dispatcher.dispatch(Invocation("study.open", {"n": 2}))
    dispatcher.dispatch(Invocation("confirm"))
    assert dispatcher.session.view.study_uid == older.study.uid


def test_a_click_on_a_series_shows_it_at_once(qtbot, drawer, dispatcher) -> None:
    click(qtbot, drawer, "series:1.2")
    assert dispatcher.session.viewport.display_set == "1.2"
    assert dispatcher.session.control.question is None


def test_a_click_on_another_patient_asks_first(qtbot, drawer, dispatcher) -> None:
    click(qtbot, drawer, "series:3.1")
    assert dispatcher.session.viewport.display_set == "1.1"
    question = dispatcher.session.control.question
    assert question is not None
    assert question.invocation.command_id == "study.show"
    dispatcher.dispatch(Invocation("confirm"))
    assert dispatcher.session.view.study_uid == "3"


def test_arrows_and_return_choose_while_the_drawer_is_open(qtbot, drawer, dispatcher) -> None:
    window = drawer.window()
    qtbot.keyClick(window, Qt.Key.Key_Down)
    assert key_of(drawer) == "series:1.1"  # begins where the screen is
    qtbot.keyClick(window, Qt.Key.Key_Down)
    assert key_of(drawer) == "series:1.2"
    qtbot.keyClick(window, Qt.Key.Key_Return)
    assert dispatcher.session.viewport.display_set == "1.2"
    qtbot.keyClick(window, Qt.Key.Key_End)
    assert key_of(drawer) == "series:3.1"
    qtbot.keyClick(window, Qt.Key.Key_Home)
    assert key_of(drawer) == "patient:p1"


def test_a_closed_drawer_leaves_the_keys_alone(qtbot, drawer) -> None:
    drawer.hide()
    qtbot.keyClick(drawer.window(), Qt.Key.Key_Down)
    assert not drawer.view.currentIndex().isValid()
    drawer.show()
    qtbot.keyClick(drawer.window(), Qt.Key.Key_Down, Qt.KeyboardModifier.ControlModifier)
    assert not drawer.view.currentIndex().isValid()


def test_it_never_takes_the_focus(drawer) -> None:
    children = drawer.findChildren(QWidget)
    takers = [w for w in children if w.focusPolicy() != Qt.FocusPolicy.NoFocus]
    assert takers == [drawer.search]  # by a click only
    assert drawer.search.focusPolicy() == Qt.FocusPolicy.ClickFocus


def test_thumbnails_appear_when_they_are_ready(qtbot, drawer, images) -> None:
    assert share_of(drawer, "#ff00ff") == 0.0
    assert "1.1" in images.asked
    images.there.add("1.1")
    images.thumbnail_ready.emit("1.1")
    qtbot.waitUntil(lambda: share_of(drawer, "#ff00ff") > 0.002)
    images.thumbnail_ready.emit("not in the list")


def test_the_shown_series_is_marked(drawer) -> None:
    assert share_of(drawer.view.viewport(), COLOURS.accent_dim) > 0.02


def test_rows_that_arrive_while_reading_keep_the_place(drawer, dispatcher) -> None:
    drawer.press(Qt.Key.Key_Down)
    drawer.press(Qt.Key.Key_Down)
    grown = dispatcher.session.catalogue
    longer = replace(grown.studies[0].series[1].display_sets[0], rows=256)
    series = replace(grown.studies[0].series[1], display_sets=(longer,))
    first = replace(grown.studies[0], series=(grown.studies[0].series[0], series))
    dispatcher.dispatch(
        Invocation(
            "catalogue.replace",
            {"catalogue": Catalogue((first, *grown.studies[1:]), loading=True)},
        )
    )
    assert key_of(drawer) == "series:1.2"
    assert drawer.model.rows[3].display_set.rows == 256


def test_progress_can_be_cancelled(drawer, dispatcher, effects) -> None:
    studies = dispatcher.session.catalogue.studies
    assert not drawer.loading.isVisible()
    reading = Catalogue(studies, loading=True, files_seen=30, files_total=120)
    dispatcher.dispatch(Invocation("catalogue.replace", {"catalogue": reading}))
    assert drawer.loading.isVisible()
    assert drawer.loading.line.text == "Se citesc fișierele: 30 din 120 de fișiere"
    assert drawer.loading.bar.value == pytest.approx(0.25)
    drawer.loading.cancel_button.click()
    assert effects == [CancelWork()]
    done = Catalogue(studies, files_seen=120, files_total=120)
    dispatcher.dispatch(Invocation("catalogue.replace", {"catalogue": done}))
    assert not drawer.loading.isVisible()


def test_refused_files_are_listed_with_their_reason(drawer, dispatcher) -> None:
    refused = (
        Refusal("/media/cd/DICOM/IM0001", "refusal.truncated"),
        Refusal("/media/cd/readme.txt", "refusal.not_dicom"),
    )
    catalogue = replace(dispatcher.session.catalogue, refused=refused, objects=1)
    dispatcher.dispatch(Invocation("catalogue.replace", {"catalogue": catalogue}))
    assert drawer.refused.isVisible()
    assert drawer.refused.toggle.text().strip() == "2 fișiere neafișate"
    assert drawer.refused.objects_label.text().startswith("1 obiect fără imagine")
    assert not drawer.refused.reasons_label.isVisible()
    drawer.refused.toggle.click()
    assert drawer.refused.reasons_label.isVisible()
    lines = drawer.refused.reasons_label.text().split("\n")
    assert lines[0].startswith("IM0001: Fișierul este incomplet")
    assert lines[1] == "readme.txt: Nu este un fișier DICOM."
    dispatcher.dispatch(Invocation("language.english"))
    assert "Not a DICOM file." in drawer.refused.reasons_label.text()


def test_the_hint_says_what_can_be_said(drawer, dispatcher) -> None:
    assert "deschide pacientul 2" in drawer.hint.text()
    only = Catalogue(dispatcher.session.catalogue.studies[:2])
    dispatcher.dispatch(Invocation("catalogue.replace", {"catalogue": only}))
    assert "deschide examinarea 2" in drawer.hint.text()


def test_the_close_button_closes(drawer, dispatcher) -> None:
    dispatcher.dispatch(Invocation("patient.list"))
    assert dispatcher.session.view.panel == "studies"
    drawer.close_button.click()
    assert dispatcher.session.view.panel == ""


def test_a_hidden_drawer_is_filled_when_it_is_shown(qtbot, dispatcher) -> None:
    drawer = StudyList(dispatcher, full_hd())
    qtbot.addWidget(drawer)
    dispatcher.observe(drawer.show_session)
    dispatcher.dispatch(Invocation("series.goto", {"n": 2}))
    assert drawer.model.rows == ()
    drawer.show()
    assert len(drawer.model.rows) == 9
    drawer.close()


@pytest.fixture
def empty(qtbot, effects) -> EmptyState:
    dispatcher = make_dispatcher(effects=effects)
    empty = EmptyState(dispatcher, full_hd())
    empty.setStyleSheet(full_hd().style_sheet())
    qtbot.addWidget(empty)
    dispatcher.observe(empty.show_session)
    empty.resize(1920, 970)
    empty.show()
    empty.dispatcher = dispatcher
    return empty


def test_nothing_open_says_how_to_open(empty) -> None:
    assert empty.title.text() == "Nu este deschisă nicio examinare"
    assert empty.files_button.isVisible()
    empty.dispatcher.dispatch(Invocation("language.english"))
    assert empty.title.text() == "No study is open"
    assert empty.folder_button.text().strip() == "Open folder…"


def test_the_buttons_open_what_is_chosen(empty, effects, monkeypatch) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (["/a/1.dcm", "/a/2.dcm"], ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/cd")
    empty.files_button.click()
    empty.folder_button.click()
    assert effects == [OpenPaths(("/a/1.dcm", "/a/2.dcm")), OpenPaths(("/cd",))]


def test_a_cancelled_dialog_opens_nothing(empty, effects, monkeypatch) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([], ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    empty.files_button.click()
    empty.folder_button.click()
    assert effects == []


def test_a_folder_without_images_shows_why(empty) -> None:
    refused = (Refusal("/cd/readme.txt", "refusal.not_dicom"),)
    looking = Catalogue(loading=True)
    empty.dispatcher.dispatch(Invocation("catalogue.replace", {"catalogue": looking}))
    assert empty.loading.line.text == "Se caută imagini…"
    done = Catalogue(refused=refused, files_seen=1, files_total=1)
    empty.dispatcher.dispatch(Invocation("catalogue.replace", {"catalogue": done}))
    assert not empty.loading.isVisible()
    assert empty.refused.toggle.text().strip() == "1 fișier neafișat"


# --- searching and marks ------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["stefan", "Ștefan", "\u015eTEFAN", "nescu st", "77"])
def test_a_search_folds_diacritics_and_keeps_the_numbers(query) -> None:
    romanian = replace(OTHER, name="IONESCU Ștefan", patient_id="7701")
    session = session_with(study("1", display_set("1.1")), study("2", patient=romanian))
    rows = rows_of(session, query)
    assert [row.number for row in rows if isinstance(row, PatientRow)] == [2]


def test_nothing_is_listed_that_does_not_match() -> None:
    assert rows_of(two_patients(), "nobody") == ()


def test_typing_in_the_search_field_is_no_command(qtbot, drawer, dispatcher) -> None:
    before = dispatcher.session
    qtbot.mouseClick(drawer.search, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(drawer.search, "ionescu")
    assert dispatcher.session is before
    assert [row.number for row in drawer.model.rows if isinstance(row, PatientRow)] == [2]
    qtbot.keyClick(drawer.search, Qt.Key.Key_Escape)
    assert len(drawer.model.rows) == len(rows_of(before))


def test_earlier_studies_of_the_patient_are_priors() -> None:
    rows = {row.key: row for row in rows_of(two_patients()) if isinstance(row, StudyRow)}
    assert {key: row.prior for key, row in rows.items()} == {
        "study:1": False,
        "study:2": True,
        "study:3": False,
    }


def test_key_images_are_counted_with_their_series() -> None:
    rows = rows_of(two_patients(), marks=lambda _study: frozenset({"1.1.3", "1.1.5"}))
    assert [row.keys for row in rows if isinstance(row, SeriesRow)][:2] == [2, 0]


def test_reports_and_outlines_are_listed_and_shown_by_a_click() -> None:
    objects = (
        StudyObject("8.1", "report", "SR", "Report"),
        StudyObject("8.2", "structures", "RTSTRUCT", "Structures"),
    )
    opened = session_with(replace(study("1", display_set("1.1")), objects=objects))
    rows = [row for row in rows_of(opened) if isinstance(row, ObjectRow)]
    assert [(row.kind, row.count) for row in rows] == [("report", 1), ("segmentation", 1)]
    assert [row.invocation().command_id for row in rows] == ["report.show", "segmentation.hide"]
