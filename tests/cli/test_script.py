"""``script``: the real window obeys commands, sentences, keys and recordings, in order."""

import json
import struct
from pathlib import Path

import pytest

from surgery_assist.settings import resources_dir

pytestmark = pytest.mark.gui
DEMO = resources_dir() / "demo"
STEPS = (
    *("--say", "împarte în patru", "--say", "fereastră osoasă", "--say", "rotește la dreapta"),
    *("--do", "image.goto n=12", "--key", "Ctrl+Z"),
)


@pytest.fixture
def script(run, phantom_dir: Path, tmp_path: Path):
    """A script on the phantom's CT; answers the run, the state and the screenshot."""

    def call(*steps: object, lang: str = "ro", paths=(phantom_dir / "CT",), size="960x540"):
        state, picture = tmp_path / "state.json", tmp_path / "picture.png"
        done = run(
            *("script", "--open", *paths, "--lang", lang, "--size", size, *steps),
            *("--screenshot", picture, "--state", state),
        )
        return done, json.loads(state.read_text("utf-8")), picture.read_bytes()

    return call


def test_sentences_commands_and_keys_do_what_they_say(script) -> None:
    done, state, picture = script(*STEPS)
    assert (done.code, done.err) == (0, "")
    first = state["viewports"][0]
    assert (state["layout"]["rows"], state["layout"]["columns"]) == (2, 2)
    assert first["window"] == [400.0, 1800.0]
    assert first["rotation_deg"] == 90.0
    assert first["index"] == 0  # Ctrl+Z took "image 12" back
    assert [entry["id"] for entry in state["commands"]] == [
        "layout.set",
        "window.preset",
        "rotate",
        "image.goto",
        "undo",
    ]
    assert [entry["source"] for entry in state["commands"]][-1] == "keyboard"
    assert state["commands"][0]["heard"] == "împarte în patru"
    assert png_size(picture) == (960, 540)


def test_every_step_changes_the_picture(script, tmp_path: Path) -> None:
    names = [tmp_path / f"{number}.png" for number in range(4)]
    script(
        *("--screenshot", names[0], "--say", "împarte în patru", "--screenshot", names[1]),
        *("--say", "fereastră osoasă", "--screenshot", names[2]),
        *("--key", "Ctrl+Z", "--key", "Ctrl+Z", "--screenshot", names[3]),
    )
    assert len({name.read_bytes() for name in names}) == 4  # the strip says "undone"


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (("--say", "vreau o cafea"), "vreau o cafea"),
        (("--say", "split in four"), "split in four"),
        (("--do", "image.goto n=900"), "900"),
        (("--do", "image.goto m=9"), "m"),
        (("--do", "imag.goto n=9"), "image.goto"),
        (("--key", "Ctrl+Alt+F11"), "F11"),
        (("--do", "confirm"), ""),
    ],
)
def test_what_is_not_understood_changes_nothing_and_ends_the_script(script, step, said) -> None:
    before = script("--do", "image.goto n=7")[1]
    done, state, picture = script("--do", "image.goto n=7", *step, "--do", "image.goto n=3")
    assert done.code == 3
    assert said in done.err
    assert len(done.err.splitlines()) == 1
    assert without_times(state) == without_times(before)
    assert png_size(picture) == (960, 540)


def test_a_language_is_kept_to_until_it_is_switched(script) -> None:
    done, state, _ = script("--say", "switch to english", "--say", "split in four")
    assert done.code == 0, done.err
    assert state["language"] == "en"
    assert state["layout"]["rows"] == 2


def test_a_question_is_answered_by_the_next_step(script, phantom_dir: Path) -> None:
    done, state, _ = script("--do", "study.open n=3", paths=(phantom_dir / "CT", phantom_dir))
    assert done.code == 0, done.err
    assert state["question"] == "study.open"
    done, after, _ = script(
        "--do", "study.open n=3", "--say", "confirm", paths=(phantom_dir / "CT", phantom_dir)
    )
    assert done.code == 0, done.err
    assert after["question"] is None
    assert after["viewports"] != state["viewports"]


def test_a_recording_does_the_same_as_the_typed_sentence(script) -> None:
    done, heard, _ = script("--audio", DEMO / "ro_split.ogg")
    assert (done.code, done.err) == (0, "")
    typed = script("--say", "împarte în patru")[1]
    assert heard["viewports"] == typed["viewports"]
    assert heard["commands"][0]["source"] == "voice"
    assert heard["commands"][0]["heard"] == "împarte în patru"


def test_a_recording_in_the_other_language_does_nothing(script) -> None:
    done, state, _ = script("--audio", DEMO / "en_lung.ogg")
    assert done.code == 3
    assert done.err
    assert state["commands"] == []


def test_a_missing_recording_is_named(script, tmp_path: Path) -> None:
    done, state, _ = script("--audio", tmp_path / "none.wav", lang="en")
    assert done.code == 1
    assert "none.wav" in done.err
    assert state["commands"] == []


def test_silence_is_not_understood(script, tmp_path: Path) -> None:
    import numpy as np

    from tests.helpers.speech import write_wav

    silence = write_wav(tmp_path / "silence.wav", np.zeros(22050, np.int16))
    done, state, _ = script("--audio", silence, lang="en")
    assert (done.code, state["commands"]) == (3, [])
    assert "silence.wav" in done.err


def test_nothing_to_open_is_exit_code_4_and_later_steps_are_skipped(script, tmp_path) -> None:
    (tmp_path / "letter.txt").write_text("no picture")
    done, state, picture = script("--do", "language.english", paths=(tmp_path,), lang="en")
    assert done.code == 4
    assert "no DICOM" in done.err
    assert (state["patient"], state["commands"]) == (None, [])
    assert png_size(picture) == (960, 540)


def test_a_place_that_cannot_be_written_is_said_before_anything_is_done(run, tmp_path) -> None:
    done = run("script", "--lang", "en", "--state", tmp_path / "no" / "s.json")
    assert done.code == 1
    assert "s.json" in done.err
    done = run("script", "--lang", "en", "--screenshot", tmp_path)
    assert done.code == 1


def test_without_a_voice_pack_everything_but_speech_works(
    script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("surgery_assist.voice.packs.models_dir", lambda: tmp_path / "none")
    assert script("--say", "împarte în patru")[0].code == 0
    done, state, _ = script("--audio", DEMO / "ro_split.ogg", lang="en")
    assert done.code == 1
    assert "voice pack" in done.err or "pack" in done.err
    assert state["commands"] == []


def test_a_microphone_that_is_not_there_is_named_and_the_program_goes_on(
    script, tmp_path: Path
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('[voice]\ndevice = "no such microphone"\n')
    done, state, picture = script("--config", settings, "--listen", "1", lang="en")
    assert done.code == 1
    assert "microphone" in done.err
    assert state["listening"] == "off"
    assert png_size(picture) == (960, 540)


@pytest.mark.shared
def test_a_real_ct_obeys(script, shared_dir: Path) -> None:
    done, state, picture = script(
        *STEPS[:-4],
        *("--do", "image.goto n=42", "--key", "Ctrl+Z"),
        paths=(shared_dir / "dicom" / "ct_volume_colon",),
        size="1920x1080",
    )
    assert (done.code, done.err) == (0, "")
    first = state["viewports"][0]
    assert (first["index"], first["rotation_deg"], first["window"]) == (0, 90.0, [400.0, 1800.0])
    assert first["orientation"] == {"left": "P", "right": "A", "top": "R", "bottom": "L"}
    assert png_size(picture) == (1920, 1080)


def png_size(data: bytes) -> tuple[int, int]:
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def without_times(state: dict) -> dict:
    commands = [{**entry, "ms": 0} for entry in state["commands"]]
    return {**state, "commands": commands}
