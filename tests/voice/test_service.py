"""The background service: events in order, trouble said, nothing left running."""

import queue
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from surgery_assist.errors import AudioSourceError, PackError
from surgery_assist.settings import VoiceSettings
from surgery_assist.voice.audio import AudioBlock, FileSource, SourceFound, SourceLost
from surgery_assist.voice.events import (
    EndedEvent,
    ErrorEvent,
    LevelEvent,
    ReadyEvent,
    SourceFoundEvent,
    SourceLostEvent,
    UnderstoodEvent,
)
from surgery_assist.voice.listening import VoiceContext
from surgery_assist.voice.pipeline import Ears
from surgery_assist.voice.service import VoiceService
from tests.helpers.ears import said, scripted_ears
from tests.helpers.events import Log, wait_until
from tests.helpers.speech import have_espeak, write_wav
from tests.helpers.threads import no_thread_left

AWAKE = VoiceContext("ro", "awake")
NEXT = "imaginea următoare"


class Room:
    """A source that a test fills by hand."""

    name = "room"
    native_rate = 16000
    returns = True

    def __init__(self, failures: int = 0) -> None:
        self.items: queue.Queue[object] = queue.Queue()
        self.failures = failures
        self.opened = 0
        self.closed = 0

    def __enter__(self) -> Self:
        if self.failures:
            self.failures -= 1
            raise AudioSourceError("error.no_microphone")
        self.opened += 1
        return self

    def __exit__(self, *_: object) -> None:
        self.closed += 1

    def blocks(self) -> Iterator[object]:
        while True:
            try:
                yield self.items.get(timeout=0.02)
            except queue.Empty:
                yield None


@pytest.fixture
def log() -> Log:
    return Log()


def no_ears() -> Ears:
    raise PackError("error.pack_missing", language="ro")


@pytest.mark.skipif(not have_espeak(), reason="lacks espeak-ng")
def test_a_file_is_heard_to_its_end(tmp_path: Path, log: Log) -> None:
    path = write_wav(tmp_path / "a.wav", said((0.5, NEXT), length=1.8), rate=16000)
    with no_thread_left():
        service = VoiceService(
            VoiceSettings(), lambda: scripted_ears([(0.8, NEXT)]), FileSource(path), log
        )
        service.set_context(AWAKE)
        with service:
            log.wait(EndedEvent)
        assert not service.running
    assert isinstance(log.events[0], ReadyEvent)
    act = log.wait(UnderstoodEvent)
    assert isinstance(act, UnderstoodEvent)
    assert act.invocation.command_id == "image.next"
    assert log.of(LevelEvent)
    assert log.threads == {"surgery-assist-voice"}


def test_a_missing_pack_is_an_event(log: Log) -> None:
    with no_thread_left(), VoiceService(VoiceSettings(), no_ears, Room(), log):
        event = log.wait(ErrorEvent)
        assert isinstance(event, ErrorEvent)
        assert event.error.key == "error.pack_missing"


@pytest.mark.expects_log_warnings
def test_an_unexpected_failure_is_an_event_too(log: Log) -> None:
    def broken() -> Ears:
        raise ZeroDivisionError

    with no_thread_left(), VoiceService(VoiceSettings(), broken, Room(), log):
        event = log.wait(ErrorEvent)
        assert isinstance(event, ErrorEvent)
        assert event.error.key == "error.voice_failed"
        assert event.error.arguments == {"detail": "ZeroDivisionError"}


def test_a_listener_that_fails_ends_the_thread_quietly() -> None:
    def deaf(_event: object) -> None:
        raise RuntimeError

    with no_thread_left():
        service = VoiceService(VoiceSettings(), no_ears, Room(), deaf)
        service.start()
        wait_until(lambda: not service.running)
        service.close()


def test_no_microphone_is_told_once_and_it_is_used_when_it_comes(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("surgery_assist.voice.service.RETRY_SECONDS", 0.02)
    room = Room(failures=5)
    with no_thread_left(), service_awake(room, log):
        log.wait(ReadyEvent)
    (event,) = log.of(ErrorEvent)
    assert isinstance(event, ErrorEvent)
    assert event.error.key == "error.no_microphone"
    assert (room.opened, room.closed) == (1, 1)


def test_a_missing_file_ends_it(tmp_path: Path, log: Log) -> None:
    with no_thread_left(), service_awake(FileSource(tmp_path / "none.wav"), log) as service:
        log.wait(ErrorEvent)
        wait_until(lambda: not service.running)


def test_lost_and_found_are_told(log: Log) -> None:
    room = Room()
    room.items.put(SourceLost(1.0, "room"))
    room.items.put(SourceFound(2.0, "room"))
    with no_thread_left(), service_awake(room, log):
        assert log.wait(SourceFoundEvent) == SourceFoundEvent(2.0, "room")
    assert log.of(SourceLostEvent) == [SourceLostEvent(1.0, "room")]


def test_off_closes_the_microphone_and_awake_opens_it_again(log: Log) -> None:
    room = Room()
    with no_thread_left(), service_awake(room, log) as service:
        log.wait(ReadyEvent)
        service.set_context(VoiceContext("ro", "off"))
        wait_until(lambda: room.closed == 1)
        service.set_context(AWAKE)
        wait_until(lambda: room.opened == 2)
    assert room.closed == 2


def test_it_can_be_started_again_and_closed_twice(log: Log) -> None:
    service = VoiceService(VoiceSettings(), lambda: scripted_ears([]), Room(), log)
    with no_thread_left():
        service.close()
        for _ in range(2):
            service.start()
            service.start()
            service.close()
            service.close()


def test_callers_never_wait(log: Log) -> None:
    def slow() -> Ears:
        time.sleep(0.5)
        return scripted_ears([])

    service = VoiceService(VoiceSettings(), slow, Room(), log)
    begun = time.monotonic()
    service.start()
    for _ in range(100):
        service.set_context(AWAKE)
    assert time.monotonic() - begun < 2.0
    service.close()


def test_blocks_become_events_in_order(log: Log) -> None:
    import numpy as np

    room = Room()
    with service_awake(room, log):
        for index in range(20):
            room.items.put(AudioBlock(np.ones(800, np.int16), index * 0.05))
        wait_until(lambda: len(log.of(LevelEvent)) >= 8)
    times = [event.time for event in log.of(LevelEvent)]
    assert times == sorted(times)


def service_awake(source: object, log: Log) -> VoiceService:
    service = VoiceService(VoiceSettings(), lambda: scripted_ears([]), source, log)  # type: ignore[arg-type]
    service.set_context(AWAKE)
    return service
