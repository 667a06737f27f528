"""The panel that explains the badges: every key has its sentences, in both languages."""

import re
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from surgery_assist.messages import LANGUAGES, catalogue
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.study import Catalogue, Finding, Refusal
from surgery_assist.settings import root_dir
from surgery_assist.ui.drawer import Entry, paginate
from surgery_assist.ui.findings_panel import finding_entries, refusal_entries
from tests.helpers.panels import full_hd
from tests.helpers.sessions import display_set, session_with, study

GAP = Finding("gap", (("mm", "34.0"), ("image", 12), ("missing", 3)))


def found_by_the_code() -> set[str]:
    """Keys of findings that imaging makes."""
    source = "".join(path.read_text() for path in (root_dir() / "surgery_assist").rglob("*.py"))
    return set(re.findall(r'Finding\(\s*"([a-z_]+)"', source))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_finding_has_a_badge_and_is_explained(language):
    texts = catalogue(language)
    keys = found_by_the_code()
    assert {"gap", "tilt", "lossy", "burned_in"} <= keys
    assert [key for key in sorted(keys) if f"finding.{key}" not in texts] == []
    explained = [key for key in keys if f"finding.{key}.about" in texts]
    said = [key for key in keys if f"finding.{key}.detail" in texts]
    assert sorted(keys - {*explained, *said}) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_finding_says_where_it_is(language):
    entries = finding_entries(replace(display_set(), details=(GAP, GAP)), language)
    assert [entry.icon for entry in entries].count("warning") == 1
    assert sum("34.0" in entry.text for entry in entries) == 2
    assert not any("{" in entry.text for entry in entries)


def test_nothing_found_is_said():
    entries = finding_entries(display_set(), "en")
    assert "Nothing unusual" in entries[0].text


def test_many_places_are_counted_and_not_listed():
    entries = finding_entries(replace(display_set(), details=(GAP,) * 30), "en")
    assert any(entry.text == "and 22 more" for entry in entries)


def test_refused_files_are_listed_by_reason_the_commonest_first():
    refused = (
        Refusal("a/one.dcm", "refusal.empty"),
        *(Refusal(f"a/{n}.txt", "refusal.not_dicom") for n in range(60)),
    )
    entries = refusal_entries(refused, "en")
    assert entries[0].text == "61 files not shown"
    assert entries[1].text == "Not a DICOM file. (60)"
    assert entries[2].text.endswith("39.txt, and 20 more")
    assert entries[-1].text == "one.dcm"


@pytest.mark.gui
@pytest.mark.usefixtures("qapp")
def test_pages_hold_every_word_and_nothing_sticks_out():
    words = [f"w{n}" for n in range(4000)]
    entries = [Entry("Heading", "essential", strong=True), Entry(" ".join(words), level=1)]
    pages = paginate(entries, full_hd(), 600, 700)
    assert len(pages) > 3
    texts = " ".join(placed.entry.text for page in pages for placed in page)
    assert texts.split() == ["Heading", *words]
    for page in pages:
        assert all(placed.place.bottom() < 700 for placed in page)
        assert all(placed.place.right() < 600 for placed in page)


@pytest.mark.gui
@pytest.mark.usefixtures("qapp")
def test_a_word_wider_than_the_page_is_broken():
    pages = paginate([Entry("1.2.840." * 20)], full_hd(), 200, 900)
    assert len(pages) == 1
    assert pages[0][0].place.height() > 200
    assert pages[0][0].entry.text.replace("\u200b", "") == "1.2.840." * 20


@pytest.mark.gui
@pytest.mark.usefixtures("qapp")
def test_a_word_larger_than_the_page_ends():
    pages = paginate([Entry("x" * 5000)], full_hd(), 100, 50)
    assert len(pages) == 1


@pytest.mark.gui
def test_a_click_on_a_badge_opens_the_panel(make_program):
    made = make_program()
    made.show(session_with(study("1", replace(display_set(), details=(GAP,)))))
    made.picture()
    area = made.window._area
    badge = area._panes[0]._overlay.badges[0].center().toPoint()
    QTest.mouseClick(area, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, badge)
    assert made.session.view.panel == "findings"
    texts = [p.entry.text for page in made.window._panels["findings"].pages for p in page]
    assert any("34.0" in text for text in texts)
    QTest.mouseClick(area, Qt.MouseButton.LeftButton, pos=QPoint(300, 300))
    assert made.session.view.panel == "findings"


@pytest.mark.gui
def test_the_panel_follows_what_is_shown(make_program):
    made = make_program(language="ro")
    session = session_with(study("1", replace(display_set(), details=(GAP,)), display_set("1.2")))
    made.show(session)
    made.do("findings.show")
    panel = made.window._panels["findings"]
    assert any(p.entry.icon == "warning" for page in panel.pages for p in page)
    made.do("series.next")
    assert not any(p.entry.icon == "warning" for page in panel.pages for p in page)
    refused = Catalogue(session.catalogue.studies, (Refusal("x", "refusal.empty"),))
    made.dispatcher.dispatch(Invocation("catalogue.replace", {"catalogue": refused}))
    assert any(p.entry.icon == "file" for page in panel.pages for p in page)
