"""The chain from sound to decision: when a sentence ends, and what acts in which state."""

from collections.abc import Callable, Iterable

import numpy as np
import pytest

from surgery_assist.settings import VoiceSettings
from surgery_assist.voice.audio import SAMPLE_RATE, AudioBlock, Conditioner
from surgery_assist.voice.events import (
    PartialEvent,
    RejectedEvent,
    RequestEvent,
    UnderstoodEvent,
    UtteranceEvent,
    VoiceEvent,
    WindowEvent,
)
from surgery_assist.voice.listening import VoiceContext
from surgery_assist.voice.pipeline import Ears, Pipeline
from tests.helpers.ears import ScriptedModels, said, scripted_ears
from tests.helpers.speech import have_espeak

pytestmark = pytest.mark.skipif(not have_espeak(), reason="lacks espeak-ng")

AWAKE = VoiceContext("ro", "awake")
React = Callable[[Pipeline, AudioBlock, list[VoiceEvent]], None]


def run(
    ears: Ears,
    sound: np.ndarray,
    context: VoiceContext = AWAKE,
    settings: VoiceSettings | None = None,
    react: React | None = None,
) -> list[VoiceEvent]:
    pipeline = Pipeline(ears, settings or VoiceSettings())
    pipeline.set_context(context)
    events: list[VoiceEvent] = []
    for block in Conditioner(SAMPLE_RATE).feed(sound):
        made = pipeline.feed(block)
        events += made
        if react is not None:
            react(pipeline, block, made)
    return events + pipeline.finish()


def understood(events: Iterable[VoiceEvent]) -> list[str]:
    return [event.invocation.command_id for event in events if isinstance(event, UnderstoodEvent)]


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("imaginea următoare", 0.2),  # whole: nothing can follow
        ("mergi la imaginea douăzeci", 0.4),  # "și cinci" may follow
    ],
)
def test_how_whole_a_sentence_is_decides_when_it_ends(text: str, wait: float) -> None:
    events = run(scripted_ears([(0.8, text)]), said((0.5, text)))
    (utterance,) = [event.utterance for event in events if isinstance(event, UtteranceEvent)]
    assert utterance.text == text
    assert utterance.started == pytest.approx(0.5, abs=0.15)
    assert utterance.latency_ms == pytest.approx(1000 * wait, abs=110)
    (act,) = [event for event in events if isinstance(event, UnderstoodEvent)]
    assert act.invocation.heard == text
    assert act.time == pytest.approx(utterance.ended + wait, abs=0.11)


def test_a_broken_sentence_is_given_time_and_then_rejected() -> None:
    events = run(scripted_ears([(0.8, "imaginea")]), said((0.5, "imaginea")))
    (rejection,) = [event for event in events if isinstance(event, RejectedEvent)]
    assert rejection.reason == "rejected.not_understood"
    assert rejection.heard == "imaginea"
    assert rejection.latency_ms == pytest.approx(900, abs=110)


def test_speech_that_goes_on_after_a_pause_is_one_sentence() -> None:
    script = [(0.8, "mergi la"), (2.7, "mergi la imaginea cinci")]
    sound = said((0.5, "mergi la"), (1.6, "imaginea cinci"), length=4.0)
    ears = scripted_ears(script)
    events = run(ears, sound)
    (utterance,) = [event.utterance for event in events if isinstance(event, UtteranceEvent)]
    assert utterance.text == "mergi la imaginea cinci"
    assert utterance.started == pytest.approx(0.5, abs=0.15)
    assert understood(events) == ["image.goto"]
    assert isinstance(ears.models, ScriptedModels)
    assert len(ears.models.decoders) > 1  # it was tried in the pause, and heard again


def test_partials_are_told_once_each() -> None:
    script = [(0.7, "imaginea"), (0.9, "imaginea următoare")]
    events = run(scripted_ears(script), said((0.5, "imaginea următoare")))
    assert [event.text for event in events if isinstance(event, PartialEvent)] == [
        "imaginea",
        "imaginea următoare",
    ]


def test_stop_is_not_held_back_for_what_might_follow() -> None:
    """ "stop listening" may follow, but stop acts as soon as it stands alone."""
    events = run(scripted_ears([(0.7, "stop")]), said((0.5, "stop")))
    (utterance,) = [event.utterance for event in events if isinstance(event, UtteranceEvent)]
    (act,) = [event for event in events if isinstance(event, UnderstoodEvent)]
    assert act.invocation.command_id == "stop"
    assert act.latency_ms < 400
    assert act.time == pytest.approx(utterance.ended + 0.2, abs=0.11)


def test_stop_at_the_head_of_a_longer_sentence_does_not_act() -> None:
    script = [(0.7, "stop"), (0.85, "stop listening")]
    context = VoiceContext("en", "awake")
    sound = said((0.5, "stop listening"), language="en")
    assert understood(run(scripted_ears(script), sound, context)) == ["listen.stop"]


def test_asleep_only_the_wake_word_and_stop_are_heard() -> None:
    asleep = VoiceContext("ro", "asleep")
    sound = said((0.5, "imaginea următoare"))
    assert run_silently(scripted_ears([(0.8, "imaginea următoare")]), sound, asleep) == []
    assert run_silently(scripted_ears([(0.8, "calculator")]), sound, asleep) == ["listen.start"]
    assert run_silently(scripted_ears([(0.8, "stop")]), sound, asleep) == ["stop"]
    both = scripted_ears([(0.8, "calculator imaginea următoare")])
    assert run_silently(both, sound, asleep) == ["listen.start", "image.next"]


def run_silently(ears: Ears, sound: np.ndarray, context: VoiceContext) -> list[str]:
    events = run(ears, sound, context)
    assert not [event for event in events if isinstance(event, RejectedEvent | PartialEvent)]
    return understood(events)


def test_off_hears_nothing() -> None:
    ears = scripted_ears([(0.8, "stop")])
    assert understood(run(ears, said((0.5, "stop")), VoiceContext("ro", "off"))) == []


def test_waking_changes_the_graph_for_the_next_sentence() -> None:
    script = [(0.8, "calculator"), (2.4, "imaginea următoare")]
    ears = scripted_ears(script)
    sound = said((0.5, "calculator"), (2.0, "imaginea următoare"), length=4.0)

    def wake(pipeline: Pipeline, _block: AudioBlock, events: list[VoiceEvent]) -> None:
        if "listen.start" in understood(events):
            pipeline.set_context(AWAKE)

    events = run(ears, sound, VoiceContext("ro", "asleep"), react=wake)
    assert understood(events) == ["listen.start", "image.next"]
    assert isinstance(ears.models, ScriptedModels)
    assert [str(path) for path, _ in ears.models.decoders] == ["ro-asleep", "ro-awake"]


def test_switching_the_language_changes_the_graph() -> None:
    script = [(0.8, "switch to english"), (2.4, "next image")]
    ears = scripted_ears(script)
    sound = said((0.5, "switch to english"), (2.0, "next image"), language="en", length=4.0)

    def follow(pipeline: Pipeline, _block: AudioBlock, events: list[VoiceEvent]) -> None:
        if "language.english" in understood(events):
            pipeline.set_context(VoiceContext("en", "awake"))

    assert understood(run(ears, sound, react=follow)) == ["language.english", "image.next"]
    assert understood(run(scripted_ears([(0.8, "next image")]), sound)) == []  # language lock


PEDAL = VoiceSettings(activation="push-to-talk")


def test_without_the_pedal_only_stop_acts() -> None:
    sound = said((0.5, "imaginea următoare"))
    events = run(scripted_ears([(0.8, "imaginea următoare")]), sound, AWAKE, PEDAL)
    assert understood(events) == []
    assert not [event for event in events if isinstance(event, RejectedEvent)]
    assert understood(run(scripted_ears([(0.8, "stop")]), sound, AWAKE, PEDAL)) == ["stop"]


def test_releasing_the_pedal_ends_the_sentence() -> None:
    sound = said((0.5, "imaginea următoare"), length=4.0)
    ears = scripted_ears([(0.9, "imaginea")], finals={"imaginea": [("imaginea următoare", -9.0)]})

    def pedal(pipeline: Pipeline, block: AudioBlock, _events: list[VoiceEvent]) -> None:
        pipeline.set_context(VoiceContext("ro", "asleep", 0.6 < block.time < 1.7))

    events = run(ears, sound, VoiceContext("ro", "asleep"), PEDAL, pedal)
    (act,) = [event for event in events if isinstance(event, UnderstoodEvent)]
    assert act.invocation.command_id == "image.next"
    assert 1.7 <= act.time <= 2.0  # not the 0.9 s that a broken sentence is given


def test_what_was_said_just_before_the_pedal_counts() -> None:
    ears = scripted_ears([])
    sound = said(length=2.0)

    def pedal(pipeline: Pipeline, block: AudioBlock, _events: list[VoiceEvent]) -> None:
        pipeline.set_context(VoiceContext("ro", "asleep", block.time > 1.0))

    run(ears, sound, VoiceContext("ro", "asleep"), PEDAL, pedal)
    assert isinstance(ears.models, ScriptedModels)
    (_, before), (_, after) = ears.models.decoders
    assert before.seconds == pytest.approx(1.1, abs=0.06)
    assert after.seconds == pytest.approx(0.9 + 0.4, abs=0.11)


def test_the_wake_window_asks_to_sleep_when_it_is_over() -> None:
    settings = VoiceSettings(activation="wake-word", window_seconds=1.0)
    events = run(scripted_ears([]), said(length=2.0), AWAKE, settings)
    left = [event.seconds_left for event in events if isinstance(event, WindowEvent)]
    assert left == sorted(left, reverse=True)
    assert left[0] == 1.0
    assert left[-1] == 0.0
    (wish,) = [event for event in events if isinstance(event, RequestEvent)]
    assert wish.invocation.command_id == "listen.stop"
    assert wish.invocation.source == "program"
    assert wish.time == pytest.approx(1.05, abs=0.06)


def test_a_command_prolongs_the_wake_window() -> None:
    settings = VoiceSettings(activation="wake-word", window_seconds=1.5)
    text = "imaginea următoare"
    events = run(scripted_ears([(0.8, text)]), said((0.5, text), length=5.0), AWAKE, settings)
    (act,) = [event for event in events if isinstance(event, UnderstoodEvent)]
    (wish,) = [event for event in events if isinstance(event, RequestEvent)]
    assert wish.time == pytest.approx(act.time + 1.5, abs=0.06)


def test_the_end_of_the_sound_ends_a_sentence() -> None:
    text = "imaginea următoare"
    sound = said((0.5, text), length=1.5)
    assert understood(run(scripted_ears([(0.8, text)]), sound)) == ["image.next"]
