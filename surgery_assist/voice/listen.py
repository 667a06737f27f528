"""`voice listen`: what is heard and understood, line by line in the terminal."""

import queue
from collections.abc import Callable, Iterator
from typing import Final

from surgery_assist.messages import Language, explain, translate
from surgery_assist.settings import VoiceSettings
from surgery_assist.voice.audio import AudioSource
from surgery_assist.voice.events import (
    ErrorEvent,
    ReadyEvent,
    RejectedEvent,
    RequestEvent,
    SourceFoundEvent,
    SourceLostEvent,
    UnderstoodEvent,
    VoiceEvent,
    WarningEvent,
)
from surgery_assist.voice.listening import VoiceContext
from surgery_assist.voice.pipeline import Ears
from surgery_assist.voice.service import VoiceService

POLL_SECONDS: Final = 0.2


def listen_lines(
    ears: Callable[[], Ears],
    source: AudioSource,
    language: Language,
    settings: VoiceSettings | None = None,
) -> Iterator[str]:
    """Lines as things are heard, until the source ends or the caller stops taking them."""
    events: queue.SimpleQueue[VoiceEvent] = queue.SimpleQueue()
    service = VoiceService(settings or VoiceSettings(), ears, source, events.put)
    service.set_context(VoiceContext(language, "awake"))
    with service:
        while service.running or not events.empty():
            try:
                event = events.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            line = event_line(event, language)
            if line is not None:
                yield line


def event_line(event: VoiceEvent, language: Language) -> str | None:
    """An event as a line of text, ``None`` for those that come all the time."""
    match event:
        case UnderstoodEvent(time, invocation, confidence, latency):
            slots = " ".join(f"{key}={value}" for key, value in invocation.arguments.items())
            what = f"{invocation.command_id} {slots}".strip()
            figures = f"{confidence:.0%}, {latency:.0f} ms"
            return f"{time:8.2f} s  {invocation.heard}  ->  {what}  ({figures})"
        case RejectedEvent(time, reason, heard, confidence, latency):
            figures = f"{confidence:.0%}, {latency:.0f} ms"
            return f"{time:8.2f} s  {heard}  --  {translate(reason, language)}  ({figures})"
        case RequestEvent(time, invocation):
            return f"{time:8.2f} s  ->  {invocation.command_id}"
        case SourceLostEvent(time, name):
            text = translate("error.microphone_lost", language, device=name)
            return f"{time:8.2f} s  {text}"
        case SourceFoundEvent(time, name):
            text = translate("status.microphone_found", language, device=name)
            return f"{time:8.2f} s  {text}"
        case ReadyEvent(_, source, rate):
            return f"{source}, {rate} Hz"
        case ErrorEvent(_, error) | WarningEvent(_, error):
            return explain(error, language)
        case _:
            return None
