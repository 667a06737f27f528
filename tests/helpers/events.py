"""Events of the voice side as a test waits for them."""

import threading
import time
from collections.abc import Callable

from surgery_assist.voice.events import VoiceEvent


class Log:
    """Events as they come, to wait for."""

    def __init__(self) -> None:
        self.events: list[VoiceEvent] = []
        self._changed = threading.Condition()
        self.threads: set[str] = set()

    def __call__(self, event: VoiceEvent) -> None:
        with self._changed:
            self.events.append(event)
            self.threads.add(threading.current_thread().name)
            self._changed.notify_all()

    def wait(self, kind: type, seconds: float = 15.0) -> VoiceEvent:
        with self._changed:
            done = self._changed.wait_for(lambda: bool(self.of(kind)), timeout=seconds)
        assert done, f"no {kind.__name__} in {self.events}"
        return self.of(kind)[0]

    def of(self, kind: type) -> list[VoiceEvent]:
        return [event for event in self.events if isinstance(event, kind)]


def wait_until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
