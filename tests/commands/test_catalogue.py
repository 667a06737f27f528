"""Checks that make "one function and one phrase" safe: each loops over the registry."""

import inspect
import random
import re
from dataclasses import replace

import pytest

from surgery_assist.commands.catalogue import build_registry
from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.commands.registry import Risk
from surgery_assist.messages import LANGUAGES, catalogue
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.study import SavedLook, StudyObject, Window, study_display_sets
from surgery_assist.settings import resources_dir
from surgery_assist.voice.parser import Parse
from surgery_assist.voice.phrases import load_phrases
from tests.helpers.sessions import OTHER, display_set, session_with, study

REGISTRY = build_registry()
PUBLIC = [entry.id for entry in REGISTRY.public]


@pytest.fixture(scope="module", params=LANGUAGES)
def book(request):
    path = resources_dir() / "phrases" / f"{request.param}.yaml"
    return request.param, load_phrases(path, REGISTRY.ranges())


def test_every_command_can_be_said(book):
    _, phrases = book
    assert sorted(PUBLIC) == sorted(phrases.ids)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_has_a_title_and_help(language):
    texts = catalogue(language)
    assert [entry for entry in PUBLIC if f"command.{entry}" not in texts] == []
    assert [entry.id for entry in REGISTRY if not entry.help.endswith(".")] == []


def test_what_is_said_fits_the_slots_of_the_command(book):
    """Random sentences of every command parse to that command with slots that it takes."""
    _, phrases = book
    parser = phrases.parser()
    rng = random.Random(7)
    for command_id in PUBLIC:
        slots = {slot.name: slot for slot in REGISTRY[command_id].slots}
        for _ in range(20):
            sentence, said_id, said = phrases.sample(rng, command_id)
            parse = parser.parse(sentence)
            assert isinstance(parse, Parse), sentence
            assert (parse.command_id, dict(parse.slots)) == (said_id, dict(said)), sentence
            assert said_id == command_id
            for name, value in said.items():
                assert slots[name].read(value) == value, sentence
            missing = [s.name for s in slots.values() if s.required and s.name not in said]
            assert missing == [], sentence


def test_ids_are_noun_and_verb():
    assert [
        entry.id for entry in REGISTRY if not re.fullmatch(r"[a-z]+(\.[a-z]+)?", entry.id)
    ] == []


def test_languages_have_the_same_keys_and_placeholders():
    english, romanian = catalogue("en"), catalogue("ro")
    assert set(english) == set(romanian)
    for key, text in english.items():
        assert sorted(re.findall(r"\{(\w+)", text)) == sorted(
            re.findall(r"\{(\w+)", romanian[key])
        ), key


def test_every_message_that_the_code_names_exists():
    texts = catalogue("en")
    used = set()
    for path in (resources_dir().parent / "surgery_assist").rglob("*.py"):
        used |= set(
            re.findall(r'"((?:error|refused|refusal|rejected|status)\.[a-z_]+)"', path.read_text())
        )
    assert sorted(used - set(texts)) == []


PREPARATIONS = (
    "layout.set rows=1 columns=2",
    "series.next",
    "target cell=C3",
    "path.add cell=B2",
    "path.add cell=F7",
    "bookmark.save",
)


def _phase(uid):
    return replace(display_set(uid), group="4d")


def _everywhere(shown):
    """A saved look of all images of a study."""
    frames = [frame for entry in study_display_sets(shown) for frame in entry.frames]
    references = tuple((frame.instance_uid, -1) for frame in frames)
    return SavedLook(references, window=Window(40.0, 80.0), rotation_deg=90)


def _rich_session():
    activity = display_set("1.4", modality="PT")
    front = study("1", display_set("1.1"), _phase("1.2"), _phase("1.3"), activity)
    objects = (
        StudyObject("1.8", "report", "SR", "Report"),
        StudyObject("1.9", "structures", "RTSTRUCT", "Structures"),
        StudyObject("1.10", "presentation", "PR", "Looks", looks=(_everywhere(front),)),
    )
    session = session_with(
        replace(front, objects=objects),
        study("2", display_set("2.1"), date="2020-01-01"),
        study("3", display_set("3.1"), patient=OTHER),
    )
    return session.with_control(listening="asleep")


def _arguments(command_id):
    slots = REGISTRY[command_id].slots
    numbers = {
        "volume.crop": 50,
        "layout.set": 2,
        "image.goto": 3,
        "zoom.set": 150,
        "layout.focus": 2,
    }
    others = {"cell": "B4", "amount": "lot"}
    return {
        s.name: s.choices[0] if s.choices else others.get(s.kind, numbers.get(command_id, 1))
        for s in slots
    }


@pytest.mark.parametrize("command_id", [e.id for e in REGISTRY.public if e.risk is Risk.VIEW])
def test_undo_after_each_view_command_brings_back_the_identical_view(command_id):
    dispatcher = Dispatcher(REGISTRY, _rich_session(), run_effect=lambda _: None)
    for preparation in PREPARATIONS:
        name, *pairs = preparation.split()
        dispatcher.dispatch(Invocation(name, dict(pair.split("=") for pair in pairs)))
    before = dispatcher.session.view
    length = len(dispatcher.history)
    outcome = dispatcher.dispatch(Invocation(command_id, _arguments(command_id)))
    if command_id in ("undo", "redo", "repeat"):
        return
    assert outcome.error is None, outcome.error
    if dispatcher.session.view is before:
        assert len(dispatcher.history) == length
        return
    dispatcher.dispatch(Invocation("undo"))
    assert dispatcher.session.view is before


@pytest.mark.parametrize("source", ["voice", "text", "keyboard", "mouse", "touch", "pedal"])
@pytest.mark.parametrize("command_id", [e.id for e in REGISTRY if e.risk is Risk.CONFIRM])
def test_what_opens_or_loses_something_asks_whatever_the_source(command_id, source):
    dispatcher = Dispatcher(REGISTRY, _rich_session(), run_effect=lambda _: None)
    before = dispatcher.session
    arguments = {"uid": "2"} if command_id == "study.show" else _arguments(command_id)
    outcome = dispatcher.dispatch(Invocation(command_id, arguments, source))
    assert outcome.status == "asked"
    asked = dispatcher.session
    assert replace(asked, control=before.control) == before


def test_commands_are_pure():
    """The same Session and slots give the same Session, and the first one is left alone."""
    for entry in REGISTRY.public:
        session = _rich_session()
        if entry.when(session) is not None:
            continue
        try:
            first = entry.function(session, **_arguments(entry.id))
            second = entry.function(session, **_arguments(entry.id))
        except Exception as error:  # noqa: BLE001  (only purity is judged here)
            assert type(error).__name__ == "NotPossibleError"
            continue
        assert first == second
        assert session == _rich_session()


def test_command_functions_say_in_one_line_what_they_do():
    for entry in REGISTRY.public:
        assert inspect.getdoc(entry.function).splitlines()[0].endswith(".")
