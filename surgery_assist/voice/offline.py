"""Files through the same chain as the microphone, faster than real time."""

from collections.abc import Iterator
from pathlib import Path

from surgery_assist.model.session import Language
from surgery_assist.settings import VoiceSettings
from surgery_assist.voice.audio import AudioBlock, AudioSource, FileSource
from surgery_assist.voice.events import EndedEvent, VoiceEvent
from surgery_assist.voice.listening import VoiceContext
from surgery_assist.voice.pipeline import Ears, Pipeline


def source_events(source: AudioSource, pipeline: Pipeline) -> Iterator[VoiceEvent]:
    """Events of a source that has an end; the caller may change the context between them.

    Raises
    ------
    AudioSourceError
        The source can't be opened or read.
    """
    now = 0.0
    with source:
        for item in source.blocks():
            if isinstance(item, AudioBlock):
                now = item.end
                yield from pipeline.feed(item)
    yield from pipeline.finish()
    yield EndedEvent(now)


def file_events(path: Path, pipeline: Pipeline) -> Iterator[VoiceEvent]:
    """Events of a sound file; see `source_events`."""
    return source_events(FileSource(path), pipeline)


def transcribe_file(
    path: Path, ears: Ears, language: Language, *, settings: VoiceSettings | None = None
) -> list[VoiceEvent]:
    """All events of a file that is heard awake, in one language.

    Raises
    ------
    AudioSourceError
        It does not exist or is no sound.
    """
    pipeline = Pipeline(ears, settings or VoiceSettings())
    pipeline.set_context(VoiceContext(language, "awake"))
    return list(file_events(path, pipeline))
