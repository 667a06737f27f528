import pytest

from surgery_assist.commands.bindings import load_bindings, parse_invocation
from surgery_assist.commands.catalogue import build_registry
from surgery_assist.errors import SettingsError, SlotError, UnknownCommandError
from surgery_assist.settings import resources_dir

REGISTRY = build_registry()


def test_text_becomes_an_invocation():
    invocation = parse_invocation("layout.set rows=2 columns=3", REGISTRY)
    assert invocation.command_id == "layout.set"
    assert invocation.arguments == {"rows": 2, "columns": 3}
    assert parse_invocation("zoom.in amount=lot", REGISTRY).arguments == {"amount": "lot"}
    assert parse_invocation("zoom.in amount=40", REGISTRY).arguments == {"amount": 40}
    assert parse_invocation("center cell=b4", REGISTRY).arguments == {"cell": "B4"}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", SlotError),
        ("imagee.next", UnknownCommandError),
        ("layout.set rows", SlotError),
        ("layout.set rows=9 columns=1", SlotError),
        ("layout.set rows=1.5 columns=1", SlotError),
        ("center cell=Z9", SlotError),
        ("pan side=inward", SlotError),
        ("zoom.in amount=huge", SlotError),
        ('zoom.in amount="', SlotError),
        ("image.goto n=nan", SlotError),
        ("image.goto n=inf", SlotError),
    ],
)
def test_wrong_text_is_refused(text, error):
    with pytest.raises(error):
        parse_invocation(text, REGISTRY)


def test_the_default_bindings_are_right():
    bindings = load_bindings(resources_dir() / "bindings" / "default.toml", REGISTRY)
    assert bindings.keys["Ctrl+Z"].command_id == "undo"
    assert bindings.keys["Ctrl+4"].arguments == {"rows": 2, "columns": 2}
    assert bindings.keys["F13"].source == "pedal"
    assert bindings.touch["double-tap"].source == "touch"
    assert bindings.keys_of("invert") == ("I",)


@pytest.mark.parametrize("text", ['[keys]\n"X" = "no.such"', "[keys", '[keys]\n"X" = "pan"'])
def test_wrong_bindings_are_refused(tmp_path, text):
    path = tmp_path / "bindings.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError):
        load_bindings(path, REGISTRY)
