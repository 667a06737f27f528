"""How fast the voice chain is on this machine."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from surgery_assist.model.session import Language
from surgery_assist.voice.evaluate import evaluate, summary
from surgery_assist.voice.manifest import Recording
from surgery_assist.voice.pipeline import Ears


def bench_voice(
    make_ears: Callable[[], Ears], clips: Sequence[Path], language: Language
) -> dict[str, object]:
    """Real-time factor, load time, and time from the end of speech to the decision.

    Parameters
    ----------
    make_ears
        Loads pack and graphs anew.
    clips
        Spoken commands in ``language``.

    Raises
    ------
    PackError
        There is nothing to load.
    """
    begun = time.perf_counter()
    ears = make_ears()
    ears.load()
    load_ms = (time.perf_counter() - begun) * 1000.0
    results = [
        evaluate(Recording(clip.name, clip, "", {}, language, "bench"), ears) for clip in clips
    ]
    latencies = sorted(action.latency_ms for result in results for action in result.actions)
    return {
        "rtf": summary(results)["rtf"],
        "load_ms": round(load_ms, 1),
        "speech_to_decision_ms_p50": _at(latencies, 0.5),
        "speech_to_decision_ms_p95": _at(latencies, 0.95),
        "clips": len(clips),
        "understood": len(latencies),
    }


def _at(ordered: Sequence[float], share: float) -> float | None:
    """Value at a share of the way through sorted values, the nearest rank above."""
    if not ordered:
        return None
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)
