"""Measurements with the real window."""

import time
from collections.abc import Sequence
from pathlib import Path

from surgery_assist.bootstrap import Application
from surgery_assist.cli.steps import Runner, run_for
from surgery_assist.errors import NothingToOpenError
from surgery_assist.messages import Language
from surgery_assist.model.invocation import Invocation
from surgery_assist.settings import resources_dir
from surgery_assist.voice.events import UnderstoodEvent
from surgery_assist.voice.manifest import Recording, read_manifest

FRAMES = 300
SLOW_MS = 1000.0 / 30.0
LOAD_SECONDS = 300.0
AHEAD_SECONDS = 3.0


def shown_application(
    application: Application, paths: Sequence[Path], size: tuple[int, int]
) -> None:
    """Show the window with a study in it.

    Raises
    ------
    NothingToOpenError
        There is nothing to show.
    """
    window = application.window
    window.resize(*size)
    window.present(windowed=True)
    window.resize(*size)
    application.open(paths)
    window.wait_settled(LOAD_SECONDS)
    if application.session.study is None:
        raise NothingToOpenError("error.nothing_to_open", refused=0)
    # What lies ahead is loaded in the background, as it is while a surgeon looks.
    run_for(AHEAD_SECONDS)


def scroll_times(application: Application, frames: int = FRAMES) -> list[float]:
    """Milliseconds from a step of the wheel to the drawn image, down and up again."""
    display_set = application.session.display_set
    count = display_set.count if display_set else 0
    if count < 2:
        raise NothingToOpenError("error.one_image")
    forward = True
    times = []
    for _ in range(frames):
        index = application.session.viewport.index
        forward = index < count - 1 if forward else index == 0
        command = "image.next" if forward else "image.previous"
        started = time.perf_counter()
        application.dispatcher.dispatch(Invocation(command, {}, "mouse", gesture="bench"))
        application.window.wait_settled(10.0)
        times.append((time.perf_counter() - started) * 1000.0)
    return times


def timing(times: Sequence[float]) -> dict[str, object]:
    """Median, 95th percentile and slow frames."""
    ordered = sorted(times)
    return {
        "frames": len(ordered),
        "ms_p50": round(ordered[len(ordered) // 2], 2),
        "ms_p95": percentile(ordered, 0.95),
        "dropped": sum(ms > SLOW_MS for ms in ordered),
    }


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values lies (nearest rank)."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)


def recordings_of(paths: Sequence[Path], language: Language) -> list[Recording]:
    """Recordings that are named, those of manifests, or the demo's."""
    found: list[Recording] = []
    for path in paths or [resources_dir() / "demo" / "manifest.csv"]:
        if path.suffix == ".csv":
            found += read_manifest(path)
        else:
            found.append(Recording(path.name, path, "", {}, language, "bench"))
    return [entry for entry in found if entry.language == language] or found


def speech_to_pixel(application: Application, recordings: Sequence[Recording]) -> dict[str, object]:
    """From the end of speech to the drawn screen: the decision's latency, and what follows it."""
    runner = Runner(application)
    times = [
        event.latency_ms + runner.drawn_ms
        for recording in recordings
        for event in runner.heard_in(recording.path)
        if isinstance(event, UnderstoodEvent)
    ]
    return {"speech_to_pixel_ms_p95": percentile(times, 0.95) if times else None}
