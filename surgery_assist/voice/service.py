"""Listening in the background: one thread from the source to the events.

The thread never raises and never ends on its own for want of a microphone: what is wrong comes
as an `ErrorEvent`, and a microphone that appears is used.
"""

import contextlib
import logging
import threading
from collections.abc import Callable
from typing import Final, Self

from surgery_assist.errors import AudioSourceError, SurgeryAssistError, VoiceError
from surgery_assist.settings import VoiceSettings
from surgery_assist.voice.audio import AudioBlock, AudioSource, SoundLost, SourceFound, SourceLost
from surgery_assist.voice.events import (
    EndedEvent,
    ErrorEvent,
    ReadyEvent,
    SourceFoundEvent,
    SourceLostEvent,
    VoiceEvent,
    WarningEvent,
)
from surgery_assist.voice.listening import VoiceContext
from surgery_assist.voice.pipeline import Ears, Pipeline

RETRY_SECONDS: Final = 2.0
JOIN_SECONDS: Final = 10.0
THREAD_NAME: Final = "surgery-assist-voice"
logger = logging.getLogger(__name__)


class VoiceService:
    """Hears, understands and reports; see `VoiceContext` for what it is told.

    Parameters
    ----------
    ears
        Makes what is understood with, in the voice thread, since it may take a second.
    source
        Where sound comes from.
    on_event
        Called in the voice thread with each event, in order.
    """

    def __init__(
        self,
        settings: VoiceSettings,
        ears: Callable[[], Ears],
        source: AudioSource,
        on_event: Callable[[VoiceEvent], None],
    ) -> None:
        self._settings = settings
        self._make_ears = ears
        self._source = source
        self._on_event = on_event
        self._context = VoiceContext()
        self._changed = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether the thread lives."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin; returns at once. Does nothing while it runs."""
        if self.running:
            return
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)
        self._thread.start()

    def set_context(self, context: VoiceContext) -> None:
        """Say how to listen from now on; from any thread, never waits."""
        with self._changed:
            self._context = context
            self._changed.notify_all()

    def close(self) -> None:
        """End the thread and close the source."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(JOIN_SECONDS)
            self._thread = None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _run(self) -> None:
        try:
            ears = self._make_ears()
            ears.load()
            for warning in ears.warnings:
                self._on_event(WarningEvent(0.0, warning))
            pipeline = Pipeline(ears, self._settings)
            while self._wait_for_listening():
                if not self._listen(pipeline):
                    return
        except SurgeryAssistError as error:
            self._fail(error)
        except Exception as error:
            logger.exception("listening failed")
            self._fail(VoiceError("error.voice_failed", detail=type(error).__name__))

    def _fail(self, error: SurgeryAssistError) -> None:
        # Perhaps it was on_event that failed: then there is nobody left to tell.
        with contextlib.suppress(Exception):
            self._on_event(ErrorEvent(0.0, error))

    def _wait_for_listening(self) -> bool:
        """Sleep while listening is off; ``False`` when it is time to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._context.listening != "off")
            return not self._closing

    def _listen(self, pipeline: Pipeline) -> bool:
        """Hear until listening is off; ``False`` when there is nothing more to hear."""
        told = False
        while not self._stopping():
            try:
                with self._source as source:
                    self._on_event(ReadyEvent(0.0, source.name, source.native_rate))
                    return self._hear(pipeline, source)
            except AudioSourceError as error:
                if not told:
                    self._on_event(ErrorEvent(0.0, error))
                told = True
                if not self._source.returns:
                    return False
                with self._changed:
                    self._changed.wait_for(self._stopping, timeout=RETRY_SECONDS)
        return True

    def _hear(self, pipeline: Pipeline, source: AudioSource) -> bool:
        now = 0.0
        for item in source.blocks():
            if self._stopping():
                return True
            pipeline.set_context(self._context)
            match item:
                case AudioBlock():
                    now = item.end
                    for event in pipeline.feed(item):
                        self._on_event(event)
                case SourceLost():
                    self._on_event(SourceLostEvent(item.time, item.name))
                case SourceFound():
                    self._on_event(SourceFoundEvent(item.time, item.name))
                case SoundLost():
                    error = AudioSourceError("error.sound_lost", device=source.name)
                    self._on_event(WarningEvent(item.time, error))
                case None:
                    pass
        for event in pipeline.finish():
            self._on_event(event)
        self._on_event(EndedEvent(now))
        return False

    def _stopping(self) -> bool:
        return self._closing or self._context.listening == "off"
