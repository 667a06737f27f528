"""The steps of a script: each is done when the last has settled."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer

from surgery_assist.bootstrap import Application
from surgery_assist.cli.output import emit_json, write_whole
from surgery_assist.cli.state import CommandLog, session_state
from surgery_assist.commands.bindings import parse_invocation
from surgery_assist.commands.dispatcher import Outcome
from surgery_assist.errors import (
    NothingToOpenError,
    NotUnderstoodError,
    OutputError,
    SurgeryAssistError,
)
from surgery_assist.messages import explain, translate
from surgery_assist.ui.voice_bridge import VoiceBridge
from surgery_assist.voice.events import (
    EndedEvent,
    ReadyEvent,
    RejectedEvent,
    UnderstoodEvent,
    VoiceEvent,
)
from surgery_assist.voice.listening import VoiceContext
from surgery_assist.voice.offline import file_events
from surgery_assist.voice.pipeline import Pipeline

Step = tuple[str, object]
OPEN_SECONDS = 600.0
SETTLE_SECONDS = 60.0
MICROPHONE_SECONDS = 60.0
WRITING = ("screenshot", "state")


class Runner:
    """Does steps with one application and remembers the first failure.

    After a failure only ``screenshot`` and ``state`` are done, so that one can see what was.
    """

    def __init__(self, application: Application) -> None:
        self.application = application
        self.log = CommandLog(application.dispatcher.registry)
        self.exit_code = 0
        self.drawn_ms = 0.0
        """From the last decision of `heard_in` to the drawn screen."""
        self.outcomes: list[Outcome] = []
        self._rejected: list[RejectedEvent] = []
        self._failures: list[SurgeryAssistError] = []
        self._pipeline: Pipeline | None = None
        self._listening = False
        self._steps: Mapping[str, Callable[[Any], None]] = {
            "do": self._do,
            "say": self._say,
            "key": self._key,
            "wait": run_for,
            "audio": self._audio,
            "listen": self._listen,
            "screenshot": self._screenshot,
            "state": self._state,
        }
        application.dispatcher.report(self.log.record)
        application.dispatcher.report(self.outcomes.append)
        application.tasks.failed.connect(self._failures.append)
        application.bridge.failed.connect(self._failures.append)
        application.bridge.rejected.connect(self._rejected.append)

    def open(self, paths: Sequence[Path]) -> None:
        """Open files and folders; nothing to show is exit code 4."""
        with self._failing():
            self.application.open(paths)
            self._settle(OPEN_SECONDS)
            self._raise_failure()
            if self.application.session.study is None:
                refused = len(self.application.session.catalogue.refused)
                raise NothingToOpenError("error.nothing_to_open", refused=refused)

    def do(self, kind: str, value: object) -> None:
        """One step."""
        if self.exit_code and kind not in WRITING:
            return
        with self._failing():
            self.outcomes.clear()
            self._steps[kind](value)
            if kind not in WRITING:
                self._settle()
                self._raise_failure()
                self._raise_refusal()

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except SurgeryAssistError as error:
            language = self.application.session.control.language
            print(" ".join(explain(error, language).split()), file=sys.stderr)
            self.exit_code = self.exit_code or error.exit_code

    def _settle(self, timeout_s: float = SETTLE_SECONDS) -> None:
        if not self.application.window.wait_settled(timeout_s):
            raise SurgeryAssistError("error.not_settled", seconds=f"{timeout_s:g}")

    def _raise_failure(self) -> None:
        if self._failures:
            raise self._failures.pop(0)

    def _raise_refusal(self) -> None:
        refused = next((o.error for o in self.outcomes if o.error is not None), None)
        if refused is not None:
            raise refused

    # The steps

    def _do(self, text: str) -> None:
        dispatcher = self.application.dispatcher
        dispatcher.dispatch(parse_invocation(text, dispatcher.registry))

    def _say(self, text: str) -> None:
        language = self.application.session.control.language
        self.application.dispatcher.dispatch(self.application.speech.understand(text, language))

    def _key(self, key: str) -> None:
        if not self.application.window.press(key):
            raise NotUnderstoodError("error.key_unknown", name=key)

    def _audio(self, path: Path) -> None:
        understood = 0
        for event in self.heard_in(path):
            understood += isinstance(event, UnderstoodEvent)
            if isinstance(event, RejectedEvent):
                raise self._rejection(event)
            self._raise_refusal()
        if not understood:
            raise NotUnderstoodError("error.nothing_heard", path=path.name)

    def heard_in(self, path: Path) -> Iterator[VoiceEvent]:
        """Let the application hear a file; yields each event after it has had its effect.

        The chain is that of the microphone, but waits for the screen after each sentence, so
        that the result does not depend on how fast the machine is.
        """
        bridge = self.application.bridge
        if self._pipeline is None:
            voice = replace(self.application.settings.voice, activation="always-on")
            ears = self.application.speech.ears(patient=True)
            ears.load()
            self._pipeline = Pipeline(ears, voice)
            self._post(ReadyEvent(0.0, path.name, 16000))
        self._pipeline.set_context(self._context())
        for event in file_events(path, self._pipeline):
            if isinstance(event, EndedEvent):
                break
            begun = time.perf_counter()
            self._post(event)
            if isinstance(event, UnderstoodEvent):
                self._settle()
                self.drawn_ms = (time.perf_counter() - begun) * 1000.0
            self._pipeline.set_context(self._context())
            yield event
        bridge.partial.emit("")

    def _post(self, event: VoiceEvent) -> None:
        self.application.bridge.post(event)
        QCoreApplication.processEvents()

    def _context(self) -> VoiceContext:
        session = self.application.session
        registry = self.application.dispatcher.registry
        enabled = frozenset(c.id for c in registry.public if c.when(session) is None)
        return VoiceContext(session.control.language, session.control.listening, enabled=enabled)

    def _listen(self, duration: float) -> None:
        bridge = self.application.bridge
        if not self._listening:
            self._listening = True
            self.application.listen()
            deadline = time.monotonic() + MICROPHONE_SECONDS
            while _is_starting(bridge) and time.monotonic() < deadline:
                run_for(0.05)
            self._raise_failure()
        print("listening", flush=True)
        self._rejected.clear()
        run_for(duration)
        if self._rejected:
            raise self._rejection(self._rejected[0])
        if not any(outcome.invocation.source == "voice" for outcome in self.outcomes):
            raise NotUnderstoodError("error.nothing_heard", path=bridge.microphone)

    def _rejection(self, event: RejectedEvent) -> NotUnderstoodError:
        reason = translate(event.reason, self.application.session.control.language)
        return NotUnderstoodError("error.rejected", reason=reason, heard=event.heard)

    def _screenshot(self, path: Path) -> None:
        self._settle()
        image = self.application.window.screenshot()

        def write(place: Path) -> None:
            if not image.save(str(place), "PNG"):  # type: ignore[call-overload]
                raise OutputError("error.not_written", path=str(path), detail="PNG")

        write_whole(path, write)

    def _state(self, path: Path) -> None:
        self._settle()
        images = self.application.images
        state = session_state(self.application.session, self.log.entries, images.shown_window)
        emit_json(state, path)


def _is_starting(bridge: VoiceBridge) -> bool:
    return bridge.microphone == "starting"


def run_for(duration: float) -> None:
    """Let Qt work for some seconds."""
    loop = QEventLoop()
    QTimer.singleShot(round(duration * 1000), loop.quit)
    loop.exec()
