"""Docs can't fall behind."""

import re
from dataclasses import fields
from pathlib import Path

from surgery_assist.cli.reference import reference_page
from surgery_assist.settings import DisplaySettings, Settings, VoiceSettings, load_settings
from usmed_server.gateway.collection.states import drawing

ROOT = Path(__file__).resolve().parents[2]


def test_the_command_reference_is_what_the_registry_makes():
    assert (ROOT / "docs" / "commands.md").read_text("utf-8") == reference_page()


def test_the_drawing_of_a_collection_is_its_table():
    assert drawing() in (ROOT / "docs" / "federation.md").read_text("utf-8")


def test_links_and_paths_in_the_documents_exist():
    missing = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        text = page.read_text("utf-8")
        links = re.findall(r"\]\(([^)#:]+)\)", text)
        missing += [f"{page.name}: {link}" for link in links if not (page.parent / link).exists()]
    assert missing == []


def test_the_example_configuration_holds_every_setting_at_its_default(tmp_path):
    text = (ROOT / "docs" / "installing.md").read_text("utf-8")
    example = tmp_path / "settings.toml"
    example.write_text(re.search(r"```toml\n(.*?)```", text, re.DOTALL)[1], "utf-8")
    assert load_settings(example) == Settings()
    names = {f.name for part in (Settings, VoiceSettings, DisplaySettings) for f in fields(part)}
    assert {name for name in names if not re.search(rf"\b{name}\b", text)} == set()
