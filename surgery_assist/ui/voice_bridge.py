"""From the voice thread to the dispatcher and back: events become Invocations, the Session a context.

The service calls `VoiceBridge.post` in its own thread; a queued signal brings each event to Qt's
thread, where it is dispatched, kept in the history and told to the strip at the bottom.
"""

from collections.abc import Callable
from typing import Any, Final, Literal, Protocol

from PySide6.QtCore import QObject, Qt, Signal, Slot

from surgery_assist.commands.dispatcher import Dispatcher, Outcome
from surgery_assist.errors import AudioSourceError
from surgery_assist.messages import explain, translate
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Listening, Session
from surgery_assist.settings import VoiceSettings
from surgery_assist.ui.translate import describe
from surgery_assist.voice.earcons import Earcon
from surgery_assist.voice.events import (
    EndedEvent,
    ErrorEvent,
    LevelEvent,
    NoiseEvent,
    PartialEvent,
    ReadyEvent,
    RejectedEvent,
    RequestEvent,
    SourceFoundEvent,
    SourceLostEvent,
    UnderstoodEvent,
    VoiceEvent,
    WarningEvent,
    WindowEvent,
)
from surgery_assist.voice.listening import VoiceContext

Microphone = Literal["off", "starting", "asleep", "awake", "pedal", "lost"]
"""What the strip shows: none, being opened, waiting for the wake word, acting on what it hears,
waiting for the pedal, unplugged."""
_EARCONS: Final[dict[str, Earcon]] = {"done": "done", "asked": "asking", "refused": "refused"}


class Listener(Protocol):
    """What the bridge needs of a `surgery_assist.voice.service.VoiceService`."""

    def start(self) -> None:
        """Open the source and load the recogniser in another thread; returns at once."""

    def set_context(self, context: VoiceContext) -> None:
        """Say how to listen from now on."""

    def close(self) -> None:
        """End the thread."""


class Sounds(Protocol):
    """What the bridge needs of `surgery_assist.voice.earcons.Earcons`."""

    def play(self, earcon: Earcon, /) -> None:
        """Play a short sound, never waiting for it."""

    def close(self) -> None:
        """End what plays."""


class VoiceBridge(QObject):
    """Joins a voice service to the dispatcher; lives in Qt's thread.

    Signals
    -------
    level, partial, window
        Loudness (`LevelEvent`), what is heard so far (text), seconds left of the wake window.
    heard
        A sentence that will be dispatched now (text, confidence from 0 to 1).
    rejected
        A sentence that does nothing (`RejectedEvent`).
    microphone_changed
        The new `Microphone` state.
    noise
        Whether the room is too loud to trust what is heard.
    failed
        A `SurgeryAssistError`: listening is not possible, or worse than it could be.
    """

    level = Signal(object)
    partial = Signal(str)
    window = Signal(float)
    heard = Signal(str, float)
    rejected = Signal(object)
    microphone_changed = Signal(str)
    noise = Signal(bool)
    failed = Signal(object)
    _arrived = Signal(object)

    def __init__(
        self,
        dispatcher: Dispatcher,
        settings: VoiceSettings,
        sounds: Sounds | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._dispatcher = dispatcher
        self._settings = settings
        self._sounds = sounds
        self._service: Listener | None = None
        self._hears = False
        self._wanted: Listening = "asleep" if settings.activation == "wake-word" else "awake"
        self._pressed = False
        self._sent: VoiceContext | None = None
        self._microphone: Microphone = "off"
        self._open = True
        # A finished utterance before its decision is not in the table: nothing is shown of it.
        self._handlers: dict[type[object], Callable[[Any], object]] = {
            LevelEvent: self.level.emit,
            NoiseEvent: self._noise_changed,
            PartialEvent: lambda event: self.partial.emit(event.text),
            UnderstoodEvent: self._understood,
            RejectedEvent: self._rejected,
            RequestEvent: lambda event: dispatcher.dispatch(event.invocation),
            WindowEvent: lambda event: self.window.emit(event.seconds_left),
            ReadyEvent: self._hearing_begins,
            SourceFoundEvent: self._hearing_begins,
            SourceLostEvent: self._lost,
            EndedEvent: lambda _: self._hearing_ends("off"),
            ErrorEvent: self._failed,
            WarningEvent: lambda event: self.failed.emit(event.error),
        }
        self._arrived.connect(self._receive, Qt.ConnectionType.QueuedConnection)
        dispatcher.observe(self._session_changed)

    @property
    def microphone(self) -> Microphone:
        """What the strip shows."""
        return self._microphone

    def start(self, service: Listener) -> None:
        """Begin to listen with a service whose events come to `post`."""
        self._service = service
        self._show_microphone("starting")
        self._send_context()
        service.start()

    def post(self, event: VoiceEvent) -> None:
        """Take an event; called in any thread. After `close` it is dropped."""
        if self._open:
            self._arrived.emit(event)

    @Slot(bool)
    def push_to_talk(self, pressed: bool) -> None:  # noqa: FBT001  (a Qt slot)
        """The push-to-talk key or pedal went down or up."""
        if pressed != self._pressed:
            self._pressed = pressed
            self._send_context()
            self._show_session_state()

    def close(self) -> None:
        """End the service; events still on their way are dropped."""
        self._open = False
        service, self._service = self._service, None
        if service is not None:
            service.close()
        if self._sounds is not None:
            self._sounds.close()

    @Slot(object)
    def _receive(self, event: VoiceEvent) -> None:
        if not self._open:
            return
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)

    def _understood(self, event: UnderstoodEvent) -> None:
        invocation = event.invocation
        self.partial.emit("")
        self.heard.emit(invocation.heard, event.confidence)
        outcome = self._dispatcher.dispatch(invocation)
        self._play("heard" if invocation.command_id == "listen.start" else _EARCONS[outcome.status])
        self._keep(invocation.heard, self._result(outcome), ok=outcome.status != "refused")

    def _result(self, outcome: Outcome) -> str:
        language = self._dispatcher.session.control.language
        if outcome.error is not None:
            return explain(outcome.error, language)
        words = describe(outcome.invocation, language)
        if outcome.status == "asked":
            return translate("heard.asked", language, command=words)
        return words

    def _rejected(self, event: RejectedEvent) -> None:
        self.partial.emit("")
        self.rejected.emit(event)
        self._play("refused")
        self._keep(event.heard, event.reason, ok=False)

    def _keep(self, text: str, result: str, *, ok: bool) -> None:
        arguments = {"text": text, "result": result, "ok": ok}
        self._dispatcher.dispatch(Invocation("listen.heard", arguments))

    def _noise_changed(self, event: NoiseEvent) -> None:
        if event.loud:
            self._play("loud")
        self.noise.emit(event.loud)

    def _lost(self, event: SourceLostEvent) -> None:
        self._play("lost")
        self._hearing_ends("lost")
        self.failed.emit(AudioSourceError("error.microphone_lost", device=event.name))

    def _failed(self, event: ErrorEvent) -> None:
        self._hearing_ends("off")
        self.failed.emit(event.error)

    def _hearing_begins(self, _: ReadyEvent | SourceFoundEvent) -> None:
        self._hears = True
        self._dispatcher.dispatch(Invocation("listen.state", {"state": self._wanted}))
        self._show_session_state()

    def _hearing_ends(self, shown: Microphone) -> None:
        """The Session says that nothing is heard; the service goes on looking for its source."""
        self._hears = False
        self.partial.emit("")
        self.window.emit(0.0)
        self._dispatcher.dispatch(Invocation("listen.state", {"state": "off"}))
        self._show_microphone(shown)

    def _session_changed(self, before: Session, after: Session) -> None:
        if not self._open or self._service is None:
            return
        if after.control.listening != before.control.listening:
            if self._hears:
                self._wanted = after.control.listening
            self._show_session_state()
        self._send_context()

    def _send_context(self) -> None:
        if self._service is None:
            return
        session = self._dispatcher.session
        context = VoiceContext(
            language=session.control.language,
            # Without a source the Session is "off", but the service must go on looking for one.
            listening=session.control.listening if self._hears else self._wanted,
            push_to_talk_pressed=self._pressed,
            # All commands: the dispatcher refuses what is not possible, and it says why.
            enabled=None,
        )
        if context != self._sent:
            self._sent = context
            self._service.set_context(context)

    def _show_session_state(self) -> None:
        if not self._hears:
            return
        listening = self._dispatcher.session.control.listening
        if self._pressed:
            self._show_microphone("awake")
        elif self._settings.activation == "push-to-talk" and listening != "off":
            self._show_microphone("pedal")
        else:
            self._show_microphone(listening)

    def _show_microphone(self, state: Microphone) -> None:
        if state != self._microphone:
            self._microphone = state
            self.microphone_changed.emit(state)

    def _play(self, earcon: Earcon) -> None:
        if self._sounds is not None:
            self._sounds.play(earcon)
