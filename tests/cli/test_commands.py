"""``commands``: what other programs read."""

import json

from surgery_assist.commands.catalogue import build_registry


def test_every_public_command_is_listed_with_phrases_in_both_languages(run) -> None:
    entries = json.loads(run("commands", "--json").out)
    assert [entry["id"] for entry in entries] == [c.id for c in build_registry().public]
    for entry in entries:
        assert entry["class"] in ("V", "S", "C")
        assert entry["help"]
        assert all(entry["phrases"][language] for language in ("ro", "en")), entry["id"]


def test_slots_have_name_type_and_range(run) -> None:
    entries = {entry["id"]: entry for entry in json.loads(run("commands", "--json").out)}
    assert entries["image.goto"]["slots"] == [
        {"name": "n", "type": "int", "required": True, "minimum": 1, "maximum": 999}
    ]
    assert entries["rotate"]["slots"][0]["choices"] == ["left", "right"]
    assert entries["undo"]["shortcut"] == "Ctrl+Z"


def test_one_language_can_be_asked_for(run) -> None:
    entries = json.loads(run("commands", "--json", "--lang", "ro").out)
    assert all(set(entry["phrases"]) == {"ro"} for entry in entries)


def test_people_get_one_line_for_each_command(run) -> None:
    done = run("commands", "--lang", "en")
    assert len(done.out.splitlines()) == len(build_registry().public)
    assert "Ctrl+Z" in done.out
