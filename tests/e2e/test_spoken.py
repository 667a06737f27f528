"""The real program in a room where somebody speaks: sound in, pixels out.

A private PulseAudio server is the room; PortAudio hears it as a microphone.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from surgery_assist.settings import resources_dir
from tests.helpers.pulse import PulseServer, missing_tools

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
DEMO = resources_dir() / "demo"
HEARD_SECONDS = 6


@pytest.fixture
def room() -> Iterator[PulseServer]:
    lacking = missing_tools()
    if lacking and not os.environ.get("CI"):
        pytest.skip(f"no {lacking}")
    with PulseServer() as server:
        yield server


def test_romanian_and_english_speech_change_the_screen(
    room: PulseServer, phantom_dir: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('[voice]\ndevice = "pulse"\n')
    steps = ["--screenshot", "0.png"]
    for number in (1, 2, 3):
        steps += ["--listen", str(HEARD_SECONDS), "--screenshot", f"{number}.png"]
    steps[-4:-4] = ["--do", "language.english", "--screenshot", "english.png"]
    program = subprocess.Popen(
        [
            *(sys.executable, "-m", "surgery_assist", "script", "--config", settings),
            *("--lang", "ro", "--open", phantom_dir / "CT", "--size", "1280x720"),
            *(*steps, "--state", "state.json"),
        ],
        cwd=tmp_path,
        env=room.all_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert program.stdout is not None
    for clip in ("ro_split.ogg", "ro_bone.ogg", "en_lung.ogg"):
        assert program.stdout.readline() == "listening\n", program.communicate()[1]
        room.play(DEMO / clip)
    _, errors = program.communicate(timeout=120)
    assert (errors, program.returncode) == ("", 0)

    state = json.loads((tmp_path / "state.json").read_text("utf-8"))
    spoken = [entry for entry in state["commands"] if entry["source"] == "voice"]
    assert [(entry["id"], entry["slots"]) for entry in spoken] == [
        ("layout.set", {"rows": 2, "columns": 2}),
        ("window.preset", {"preset": "bone"}),
        ("window.preset", {"preset": "lung"}),
    ]
    opened, split, bone, english, lung = (
        images_of(tmp_path / name) for name in ("0.png", "1.png", "2.png", "english.png", "3.png")
    )
    assert opened != split
    # The first pane is what the windows change; the others stay as they were.
    assert [different(split, bone), different(bone, english), different(english, lung)] == [
        {(0, 0)},
        set(),
        {(0, 0)},
    ]


def images_of(path: Path) -> dict[tuple[int, int], bytes]:
    """The middles of the panes of a 2 x 2 split, as bytes; no texts, no strip at the bottom."""
    from PySide6.QtGui import QImage

    image = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB32)
    width, height = image.width() // 2, image.height() * 9 // 20
    return {
        (row, column): image.copy(
            column * width + width // 3, row * height + height // 3, width // 3, height // 3
        )
        .constBits()
        .tobytes()
        for row in (0, 1)
        for column in (0, 1)
    }


def different(one: dict, other: dict) -> set[tuple[int, int]]:
    """Panes that are not the same."""
    return {place for place in one if one[place] != other[place]}
