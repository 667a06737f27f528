"""Write docs/commands.md from the registry and the phrase files: ``python docs/generate.py``."""

from pathlib import Path

from surgery_assist.cli.reference import reference_page

if __name__ == "__main__":
    Path(__file__).with_name("commands.md").write_text(reference_page(), "utf-8")
