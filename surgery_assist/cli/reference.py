"""The reference of spoken commands, made from the registry and the phrase files."""

from surgery_assist.commands.catalogue import build_registry
from surgery_assist.commands.registry import Command
from surgery_assist.messages import LANGUAGES
from surgery_assist.settings import resources_dir
from surgery_assist.voice.phrases import load_phrases

_HEAD = """# Commands

Made by `python docs/generate.py`; a test compares. Each row: what can be said first of all, in English and Romanian
(more phrases lie in `resources/phrases/`), the key, and what it does.
Class **V** acts at once and can be undone, **S** acts at once, **C** is read back and waits for "confirm".

| id | class | English | Romanian | slots | key | does |
|---|---|---|---|---|---|---|
"""


def reference_page() -> str:
    """``docs/commands.md``: a Markdown table of all commands that can be spoken."""
    registry = build_registry()
    books = {
        language: load_phrases(resources_dir() / "phrases" / f"{language}.yaml", registry.ranges())
        for language in LANGUAGES
    }
    rows = []
    for command in registry.public:
        said = [books[language].examples(command.id, 1)[0] for language in ("en", "ro")]
        cells = [
            f"`{command.id}`",
            str(command.risk),
            *said,
            _slots(command),
            " ".join(f"`{key}`" for key in command.keys),
            command.help.splitlines()[0],
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return _HEAD + "\n".join(rows) + "\n"


def _slots(command: Command) -> str:
    parts = []
    for slot in command.slots:
        text = f"`{slot.name}`"
        if slot.choices:
            text += " " + "/".join(slot.choices)
        elif slot.minimum is not None and slot.maximum is not None:
            text += f" {slot.minimum:g} to {slot.maximum:g}"
        parts.append(text if slot.required else f"[{text}]")
    return ", ".join(parts)
