"""Every command about planes and volumes, said in both languages: it acts, and undo is exact."""

import random

import pytest

from surgery_assist.commands.catalogue import build_registry
from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.messages import LANGUAGES
from surgery_assist.model.invocation import Invocation
from surgery_assist.settings import resources_dir
from surgery_assist.voice.parser import Parse
from surgery_assist.voice.phrases import load_phrases
from tests.commands.test_catalogue import _rich_session

REGISTRY = build_registry()
SUBJECTS = ("plane", "slab", "projection", "crosshair", "path", "volume", "table", "bone", "fusion")
COMMANDS = [entry.id for entry in REGISTRY.public if entry.id.split(".")[0] in SUBJECTS]
COMMANDS += ["phase.next", "phase.previous", "phase.play"]
PREPARATIONS = {
    "volume": ("layout.set rows=1 columns=2", "series.next", "target cell=E5", "volume.show"),
    "plane": ("path.add cell=B2", "path.add cell=F7"),
    "path": ("path.add cell=B2", "path.add cell=F7"),
    "phase": ("series.next",),
}
SENTENCES = 6
"""Said of each command in each language."""
COMMANDS_MD = {
    *("plane.axial", "plane.coronal", "plane.sagittal", "plane.three", "plane.tilt"),
    *("volume.show", "volume.preset", "volume.turn", "volume.view", "volume.spin", "volume.still"),
    *("volume.cut", "volume.uncut"),
}
"""What was agreed on with users."""


@pytest.fixture(scope="module", params=LANGUAGES)
def book(request):
    return load_phrases(resources_dir() / "phrases" / f"{request.param}.yaml", REGISTRY.ranges())


def test_nothing_that_was_agreed_on_is_left_out():
    assert set(COMMANDS) >= COMMANDS_MD


@pytest.mark.parametrize("command_id", COMMANDS)
def test_said_it_acts_and_undo_brings_back_the_identical_view(book, command_id):
    parser, rng = book.parser(), random.Random(11)
    for _ in range(SENTENCES):
        sentence, _, _ = book.sample(rng, command_id)
        parse = parser.parse(sentence)
        assert isinstance(parse, Parse), sentence
        assert parse.command_id == command_id, sentence
        dispatcher = Dispatcher(REGISTRY, _rich_session(), run_effect=lambda _: None)
        for preparation in PREPARATIONS.get(command_id.split(".", maxsplit=1)[0], ()):
            name, *pairs = preparation.split()
            dispatcher.dispatch(Invocation(name, dict(pair.split("=") for pair in pairs)))
        before = dispatcher.session.view
        outcome = dispatcher.dispatch(Invocation(command_id, dict(parse.slots), "voice"))
        assert outcome.error is None, (sentence, outcome.error)
        if dispatcher.session.view is not before:
            dispatcher.dispatch(Invocation("undo", {}, "voice"))
            assert dispatcher.session.view is before, sentence
