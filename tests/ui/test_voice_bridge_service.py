"""The bridge with the real voice service: sound moves the Session, and nothing is left running."""

import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from surgery_assist.errors import AudioSourceError, PackError
from surgery_assist.messages import explain
from surgery_assist.model.invocation import Invocation
from surgery_assist.settings import VoiceSettings
from surgery_assist.ui.hud import Hud
from surgery_assist.ui.voice_bridge import VoiceBridge
from surgery_assist.voice.audio import FileSource, SourceFound, SourceLost
from surgery_assist.voice.pipeline import Ears
from surgery_assist.voice.service import VoiceService
from tests.helpers.ears import said, scripted_ears
from tests.helpers.panels import full_hd, make_dispatcher
from tests.helpers.sessions import ct_session
from tests.helpers.speech import have_espeak, write_wav
from tests.helpers.threads import no_thread_left

pytestmark = pytest.mark.gui
NEXT = "imaginea următoare"


class Room:
    """A microphone that a test unplugs; the first attempts to open it may fail."""

    name = "room"
    native_rate = 16000
    returns = True

    def __init__(self, failures: int = 0) -> None:
        self.items: queue.Queue[object] = queue.Queue()
        self.failures = failures

    def __enter__(self) -> Self:
        if self.failures:
            self.failures -= 1
            raise AudioSourceError("error.no_microphone")
        return self

    def __exit__(self, *_: object) -> None:
        return

    def blocks(self) -> Iterator[object]:
        while True:
            try:
                yield self.items.get(timeout=0.02)
            except queue.Empty:
                yield None


@pytest.fixture(scope="module", autouse=True)
def grammar() -> None:
    """Compile the phrases of both languages before any test counts seconds."""
    scripted_ears([])


@pytest.fixture
def stage(qtbot):
    """A bridge and its strip, to be joined to a service."""
    dispatcher = make_dispatcher(ct_session())
    bridge = VoiceBridge(dispatcher, VoiceSettings())
    hud = Hud(dispatcher, full_hd())
    qtbot.addWidget(hud)
    hud.connect_bridge(bridge)
    return dispatcher, bridge, hud


@pytest.mark.slow
@pytest.mark.skipif(not have_espeak(), reason="lacks espeak-ng")
def test_speech_moves_the_session(qtbot, stage, tmp_path: Path) -> None:
    dispatcher, bridge, hud = stage
    path = write_wav(tmp_path / "a.wav", said((0.5, NEXT), length=1.8), rate=16000)
    with no_thread_left():
        service = VoiceService(
            VoiceSettings(), lambda: scripted_ears([(0.8, NEXT)]), FileSource(path), bridge.post
        )
        bridge.start(service)
        qtbot.waitUntil(lambda: dispatcher.session.viewport.index == 1, timeout=10_000)
        qtbot.waitUntil(lambda: bridge.microphone == "off", timeout=10_000)  # the file's end
        bridge.close()
    assert hud.feedback.text == "Imaginea următoare"
    assert hud.feedback.heard == NEXT
    assert dispatcher.session.control.heard[-1].ok


def test_a_missing_pack_is_shown_and_the_keyboard_works(qtbot, stage) -> None:
    dispatcher, bridge, hud = stage
    error = PackError("error.pack_missing", language="ro")

    def no_ears() -> Ears:
        raise error

    with no_thread_left():
        bridge.start(VoiceService(VoiceSettings(), no_ears, Room(), bridge.post))
        qtbot.waitUntil(lambda: hud.feedback.kind == "error", timeout=5000)
        assert hud.feedback.text == explain(error, "ro")
        assert bridge.microphone == "off"
        assert dispatcher.dispatch(Invocation("image.next", source="keyboard")).status == "done"
        bridge.close()


def test_a_microphone_that_is_plugged_in_later_is_used(qtbot, stage, monkeypatch) -> None:
    dispatcher, bridge, hud = stage
    monkeypatch.setattr("surgery_assist.voice.service.RETRY_SECONDS", 0.05)
    with no_thread_left():
        service = VoiceService(
            VoiceSettings(), lambda: scripted_ears([]), Room(failures=2), bridge.post
        )
        bridge.start(service)
        qtbot.waitUntil(lambda: hud.feedback.kind == "error", timeout=5000)
        qtbot.waitUntil(lambda: bridge.microphone == "awake", timeout=5000)
        assert dispatcher.session.control.listening == "awake"
        bridge.close()


def test_an_unplugged_microphone_is_waited_for(qtbot, stage) -> None:
    dispatcher, bridge, _ = stage
    room = Room()
    with no_thread_left():
        service = VoiceService(VoiceSettings(), lambda: scripted_ears([]), room, bridge.post)
        bridge.start(service)
        qtbot.waitUntil(lambda: bridge.microphone == "awake", timeout=5000)
        room.items.put(SourceLost(1.0, "room"))
        qtbot.waitUntil(lambda: bridge.microphone == "lost", timeout=5000)
        assert dispatcher.session.control.listening == "off"
        room.items.put(SourceFound(2.0, "room"))
        qtbot.waitUntil(lambda: bridge.microphone == "awake", timeout=5000)
        bridge.close()
        assert not service.running
