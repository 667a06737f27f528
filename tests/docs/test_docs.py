"""Docs can't fall behind."""

import re
from pathlib import Path

from surgery_assist.cli.reference import reference_page

ROOT = Path(__file__).resolve().parents[2]


def test_the_command_reference_is_what_the_registry_makes():
    assert (ROOT / "docs" / "commands.md").read_text("utf-8") == reference_page()


def test_links_and_paths_in_the_documents_exist():
    missing = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        text = page.read_text("utf-8")
        links = re.findall(r"\]\(([^)#:]+)\)", text)
        missing += [f"{page.name}: {link}" for link in links if not (page.parent / link).exists()]
    assert missing == []
