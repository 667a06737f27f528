"""What can be said, in pages, and what was heard."""

from functools import cache

import pytest
from PySide6.QtCore import Qt

from surgery_assist.commands.bindings import load_bindings
from surgery_assist.commands.catalogue import build_registry
from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.messages import Language
from surgery_assist.model.invocation import Invocation
from surgery_assist.settings import resources_dir
from surgery_assist.ui.heard_panel import HeardPanel
from surgery_assist.ui.help_pages import OTHER, HelpGroup, HelpLine, help_groups, paginate
from surgery_assist.ui.help_panel import HelpPanel
from surgery_assist.voice.phrases import PhraseBook, load_phrases
from tests.helpers.panels import full_hd, make_dispatcher, share_of
from tests.helpers.sessions import ct_session

pytestmark = pytest.mark.gui
COLOURS = full_hd().colours


@cache
def book(language: Language) -> PhraseBook:
    ranges = build_registry().ranges()
    return load_phrases(resources_dir() / "phrases" / f"{language}.yaml", ranges)


def phrases(command_id: str, language: Language) -> list[str]:
    return book(language).examples(command_id, 2)


def panel(qtbot, dispatcher: Dispatcher) -> HelpPanel:
    keys = load_bindings(resources_dir() / "bindings" / "default.toml", dispatcher.registry)
    made = HelpPanel(dispatcher, full_hd(), phrases=phrases, keys=keys.keys_of)
    qtbot.addWidget(made)
    made.resize(1152, 972)
    dispatcher.observe(made.show_session)
    dispatcher.observe(lambda _, after: made.setVisible(after.view.panel == "help"))
    return made


def lines(pages) -> list[HelpLine]:
    return [line for page in pages for column in page for line in column]


@pytest.mark.parametrize("language", ["ro", "en"])
def test_every_command_has_a_sentence_and_a_subject(language) -> None:
    registry = build_registry()
    groups = help_groups(registry.public, language, phrases, lambda _: ())
    listed = [line.command_id for group in groups for line in group.lines]
    assert sorted(listed) == sorted(command.id for command in registry.public)
    assert OTHER not in {group.heading.text for group in groups}
    assert all(group.heading.text != "" for group in groups)


def test_a_command_without_a_sentence_is_listed_by_its_title() -> None:
    registry = build_registry()
    groups = help_groups([registry["invert"]], "ro", lambda *_: [], lambda _: ("I",))
    assert groups[0].lines == (HelpLine("Culori inversate", key="I", command_id="invert"),)


def test_a_closed_slot_shows_its_other_choices() -> None:
    registry = build_registry()
    groups = help_groups([registry["window.preset"]], "ro", phrases, lambda _: ())
    line = groups[0].lines[0]
    assert line.text == "fereastră pulmonară"
    assert line.more.startswith("osoasă, de părți moi")


def test_pages_hold_every_line_once_and_never_end_with_a_heading() -> None:
    groups = [
        HelpGroup(
            HelpLine(f"group {g}", heading=True),
            tuple(HelpLine(f"{g}.{n}", command_id=f"{g}.{n}") for n in range(count)),
        )
        for g, count in enumerate((7, 3, 12, 1, 5))
    ]
    for rows in (5, 8, 11, 40):
        pages = paginate(groups, rows, 2)
        columns = [column for page in pages for column in page]
        assert all(len(page) <= 2 for page in pages)
        assert all(len(column) <= rows for column in columns)
        assert all(column[0].heading for column in columns)
        assert all(not column[-1].heading and column[-1].text for column in columns)
        found = [line.command_id for line in lines(pages) if line.command_id]
        assert found == [line.command_id for group in groups for line in group.lines]


def test_it_fits_full_hd_in_few_pages(qtbot) -> None:
    dispatcher = make_dispatcher(ct_session())
    help_panel = panel(qtbot, dispatcher)
    dispatcher.dispatch(Invocation("help.show"))
    assert 1 <= len(help_panel.pages) <= 4
    listed = {line.command_id for line in lines(help_panel.pages) if line.command_id}
    assert listed == {command.id for command in dispatcher.registry.public}


def test_what_is_not_possible_is_grey(qtbot) -> None:
    nothing_open = make_dispatcher()
    dark = panel(qtbot, nothing_open)
    nothing_open.dispatch(Invocation("help.show"))
    open_study = make_dispatcher(ct_session())
    bright = panel(qtbot, open_study)
    open_study.dispatch(Invocation("help.show"))
    assert share_of(bright, COLOURS.text) > share_of(dark, COLOURS.text) > 0.0
    assert share_of(dark, COLOURS.faint) > share_of(bright, COLOURS.faint)


def test_show_commands_again_turns_the_page(qtbot) -> None:
    dispatcher = make_dispatcher(ct_session())
    help_panel = panel(qtbot, dispatcher)
    dispatcher.dispatch(Invocation("help.show"))
    assert help_panel.page == 0
    dispatcher.dispatch(Invocation("help.show"))
    assert help_panel.page == 1
    qtbot.mouseClick(help_panel, Qt.MouseButton.LeftButton)
    assert help_panel.page == 2 % len(help_panel.pages)
    dispatcher.dispatch(Invocation("help.hide"))
    dispatcher.dispatch(Invocation("help.show"))
    assert help_panel.page == 0


def test_it_follows_the_language(qtbot) -> None:
    dispatcher = make_dispatcher(ct_session())
    help_panel = panel(qtbot, dispatcher)
    dispatcher.dispatch(Invocation("help.show"))
    assert "imaginea următoare" in {line.text for line in lines(help_panel.pages)}
    dispatcher.dispatch(Invocation("language.english"))
    assert "next image" in {line.text for line in lines(help_panel.pages)}


def test_what_was_heard_is_listed_newest_first(qtbot) -> None:
    dispatcher = make_dispatcher()
    heard = HeardPanel(dispatcher, full_hd())
    qtbot.addWidget(heard)
    heard.resize(650, 972)
    dispatcher.observe(heard.show_session)
    heard.show()
    assert heard.entries() == []
    for text, result, ok in (
        ("fereastră osoasă", "Fereastră osoasă", True),
        ("", "rejected.not_understood", False),
    ):
        arguments = {"text": text, "result": result, "ok": ok}
        dispatcher.dispatch(Invocation("listen.heard", arguments))
    assert heard.entries() == [
        ("(neclar)", "Nu am înțeles"),
        ("„fereastră osoasă”", "Fereastră osoasă"),
    ]
    assert share_of(heard, COLOURS.warning) > 0.0
    assert share_of(heard, COLOURS.success) > 0.0
    for _ in range(40):  # more than there is room for
        dispatcher.dispatch(Invocation("listen.heard", {"text": "a", "result": "b", "ok": True}))
    assert share_of(heard, COLOURS.success) > 0.0
