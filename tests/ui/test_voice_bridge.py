"""From voice events to the Session and back, with a fake service at the door."""

import threading
from collections.abc import Callable

import pytest

from surgery_assist.errors import AudioSourceError
from surgery_assist.messages import translate
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Session
from surgery_assist.settings import VoiceSettings
from surgery_assist.ui.hud import Hud
from surgery_assist.ui.voice_bridge import VoiceBridge
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
    Utterance,
    UtteranceEvent,
    VoiceEvent,
    WindowEvent,
)
from surgery_assist.voice.listening import VoiceContext
from tests.helpers.panels import full_hd, make_dispatcher
from tests.helpers.sessions import ct_session, display_set, session_with, study

pytestmark = pytest.mark.gui


class FakeService:
    """A service that hears what a test says, in a thread of its own."""

    def __init__(self, post: Callable[[VoiceEvent], None]) -> None:
        self._post = post
        self.contexts: list[VoiceContext] = []
        self.started = False
        self.closed = False

    def start(self) -> None:
        self.started = True

    def set_context(self, context: VoiceContext) -> None:
        self.contexts.append(context)

    def close(self) -> None:
        self.closed = True

    def say(self, *events: VoiceEvent) -> None:
        thread = threading.Thread(target=lambda: [self._post(event) for event in events])
        thread.start()
        thread.join()


class FakeSounds:
    """Writes down what would be played."""

    def __init__(self) -> None:
        self.played: list[str] = []

    def play(self, earcon: str) -> None:
        self.played.append(earcon)

    def close(self) -> None:
        self.played.append("closed")


class Stage:
    """A bridge with everything around it."""

    def __init__(self, qtbot, settings: VoiceSettings | None = None, session=None) -> None:
        self.qtbot = qtbot
        self.dispatcher = make_dispatcher(session or ct_session())
        self.sounds = FakeSounds()
        self.bridge = VoiceBridge(self.dispatcher, settings or VoiceSettings(), self.sounds)
        self.service = FakeService(self.bridge.post)
        self.microphone: list[str] = []
        self.bridge.microphone_changed.connect(self.microphone.append)

    def begin(self) -> "Stage":
        self.bridge.start(self.service)
        self.hear(ReadyEvent(0.0, "mic", 16000))
        return self

    def hear(self, *events: VoiceEvent) -> None:
        self.service.say(*events)
        self.turn()

    def turn(self) -> None:
        """Let Qt deliver what waits."""
        for _ in range(3):
            self.qtbot.wait(1)

    @property
    def control(self):
        return self.dispatcher.session.control

    @property
    def context(self) -> VoiceContext:
        return self.service.contexts[-1]


@pytest.fixture
def stage(qtbot):
    made = Stage(qtbot).begin()
    yield made
    made.bridge.close()


def understood(command_id: str, heard: str = "x", **arguments) -> UnderstoodEvent:
    return UnderstoodEvent(1.0, Invocation(command_id, arguments, "voice", heard=heard), 0.8, 350.0)


def test_the_microphone_is_opened_at_the_start_and_listens_when_it_is_ready(qtbot) -> None:
    stage = Stage(qtbot)
    stage.bridge.start(stage.service)
    assert stage.service.started
    assert stage.context.listening == "awake"  # else the service would not open it
    assert stage.control.listening == "off"
    assert stage.bridge.microphone == "starting"
    stage.hear(ReadyEvent(0.0, "mic", 16000))
    assert stage.control.listening == "awake"
    assert stage.bridge.microphone == "awake"
    stage.bridge.close()


@pytest.mark.parametrize(
    ("activation", "listening", "shown"),
    [
        ("always-on", "awake", "awake"),
        ("wake-word", "asleep", "asleep"),
        ("push-to-talk", "awake", "pedal"),
    ],
)
def test_each_way_of_activation_begins_in_its_state(qtbot, activation, listening, shown) -> None:
    stage = Stage(qtbot, VoiceSettings(activation=activation)).begin()
    assert (stage.control.listening, stage.bridge.microphone) == (listening, shown)
    stage.bridge.close()


def test_a_sentence_moves_the_session_and_is_kept(stage) -> None:
    with stage.qtbot.waitSignal(stage.bridge.heard) as signal:
        stage.hear(understood("image.goto", "mergi la imaginea nouă", n=9))
    assert signal.args == ["mergi la imaginea nouă", 0.8]
    assert stage.dispatcher.session.viewport.index == 8
    assert stage.control.heard[-1].text == "mergi la imaginea nouă"
    assert stage.control.heard[-1].result == "Imaginea 9"
    assert stage.control.heard[-1].ok
    assert stage.sounds.played == ["done"]


def test_a_refused_sentence_says_why(stage) -> None:
    stage.hear(understood("image.goto", "mergi la imaginea nouăzeci", n=90))
    assert stage.control.heard[-1].result == "Nu există imaginea 90; seria are 20."
    assert not stage.control.heard[-1].ok
    assert stage.sounds.played == ["refused"]


def test_a_sentence_that_was_not_understood_is_told_and_kept(stage) -> None:
    event = RejectedEvent(1.0, "rejected.not_understood", "bla", 0.1, 300.0)
    with stage.qtbot.waitSignal(stage.bridge.rejected) as signal:
        stage.hear(event)
    assert signal.args == [event]
    entry = stage.control.heard[-1]
    assert (entry.text, entry.ok) == ("bla", False)
    assert translate(entry.result, "ro") == "Nu am înțeles"
    assert stage.sounds.played == ["refused"]


def test_a_question_has_its_own_sound(stage) -> None:
    stage.hear(understood("case.close", "închide cazul"))
    assert stage.control.question is not None
    assert stage.control.heard[-1].result == "Închide cazul: am cerut confirmarea"
    assert stage.sounds.played == ["asking"]


def test_the_wake_word_and_the_end_of_its_window(qtbot) -> None:
    stage = Stage(qtbot, VoiceSettings(activation="wake-word")).begin()
    stage.hear(understood("listen.start", "calculator"))
    assert stage.control.listening == "awake"
    assert stage.context.listening == "awake"
    assert stage.sounds.played == ["heard"]
    seconds: list[float] = []
    stage.bridge.window.connect(seconds.append)
    stage.hear(WindowEvent(2.0, 4.5), RequestEvent(9.0, Invocation("listen.stop")))
    assert seconds == [4.5]
    assert stage.control.listening == "asleep"
    assert stage.bridge.microphone == "asleep"
    stage.bridge.close()


def test_a_lost_microphone_is_shown_and_looked_for(stage) -> None:
    stage.hear(SourceLostEvent(3.0, "mic"))
    assert stage.control.listening == "off"
    assert stage.bridge.microphone == "lost"
    assert stage.sounds.played == ["lost"]
    assert stage.context.listening == "awake"  # "off" would end the search
    refused = stage.dispatcher.dispatch(Invocation("listen.start", source="keyboard"))
    assert refused.status == "refused"
    stage.hear(SourceFoundEvent(5.0, "mic"))
    assert stage.control.listening == "awake"
    assert stage.bridge.microphone == "awake"


def test_a_microphone_that_was_asleep_comes_back_asleep(stage) -> None:
    stage.dispatcher.dispatch(Invocation("listen.stop"))
    stage.hear(SourceLostEvent(3.0, "mic"), SourceFoundEvent(4.0, "mic"))
    assert stage.control.listening == "asleep"


def test_no_microphone_is_an_error_and_the_program_goes_on(qtbot) -> None:
    stage = Stage(qtbot)
    stage.bridge.start(stage.service)
    error = AudioSourceError("error.no_microphone")
    with qtbot.waitSignal(stage.bridge.failed) as signal:
        stage.hear(ErrorEvent(0.0, error))
    assert signal.args == [error]
    assert (stage.control.listening, stage.bridge.microphone) == ("off", "off")
    done = stage.dispatcher.dispatch(Invocation("image.next", source="keyboard"))
    assert done.status == "done"
    stage.hear(ReadyEvent(0.0, "mic", 16000))  # plugged in later
    assert stage.bridge.microphone == "awake"
    stage.bridge.close()


def test_the_end_of_a_file_switches_listening_off(stage) -> None:
    stage.hear(EndedEvent(12.0))
    assert (stage.control.listening, stage.bridge.microphone) == ("off", "off")


def test_level_partial_and_utterance_pass_without_touching_the_session(stage) -> None:
    before = stage.dispatcher.session
    levels, partials = [], []
    stage.bridge.level.connect(levels.append)
    stage.bridge.partial.connect(partials.append)
    level = LevelEvent(0.1, -20.0, -50.0, 30.0, speaking=True, clipped=0)
    stage.hear(
        level, PartialEvent(0.2, "rotește"), UtteranceEvent(0.5, Utterance((), 0, 1, 2, "ro"))
    )
    assert levels == [level]
    assert partials == ["rotește"]
    assert stage.dispatcher.session is before


def test_the_service_is_told_the_language(stage) -> None:
    assert stage.context.language == "ro"
    stage.hear(understood("language.english", "treci pe engleză"))
    assert stage.context.language == "en"


def test_what_is_not_possible_is_heard_and_refused_with_its_reason(qtbot) -> None:
    stage = Stage(qtbot, session=Session()).begin()
    assert stage.context.enabled is None
    stage.hear(understood("zoom.in", "mărește imaginea"))
    entry = stage.control.heard[-1]
    assert entry.result == "Aici nu este nicio imagine. Deschideți întâi o examinare."
    assert not entry.ok
    stage.bridge.close()


def test_changes_that_do_not_concern_listening_are_not_sent(stage) -> None:
    before = len(stage.service.contexts)
    for _ in range(50):
        stage.dispatcher.dispatch(Invocation("image.step", {"steps": 1}, "mouse"))
    assert len(stage.service.contexts) == before
    stage.dispatcher.dispatch(Invocation("language.english"))
    assert len(stage.service.contexts) == before + 1


def test_push_to_talk_reaches_the_service_at_once(qtbot) -> None:
    stage = Stage(qtbot, VoiceSettings(activation="push-to-talk")).begin()
    stage.bridge.push_to_talk(True)
    assert stage.context.push_to_talk_pressed
    assert stage.bridge.microphone == "awake"
    stage.bridge.push_to_talk(False)
    assert not stage.context.push_to_talk_pressed
    assert stage.bridge.microphone == "pedal"
    stage.bridge.close()


def test_events_after_the_end_are_dropped(stage) -> None:
    before = stage.dispatcher.session
    stage.service.say(understood("image.next"))  # still in the queue
    stage.bridge.close()
    stage.service.say(understood("image.next"), SourceLostEvent(1.0, "mic"))
    stage.turn()
    assert stage.service.closed
    assert stage.dispatcher.session is before
    assert stage.sounds.played == ["closed"]
    stage.dispatcher.dispatch(Invocation("language.english"))  # nothing is sent any more
    stage.turn()
    assert stage.context.language == "ro"


def test_the_strip_shows_what_the_bridge_tells(stage) -> None:
    hud = Hud(stage.dispatcher, full_hd())
    stage.qtbot.addWidget(hud)
    hud.connect_bridge(stage.bridge)
    assert hud.sign.state == "awake"
    stage.hear(PartialEvent(0.5, "fereastră"))
    assert hud.heard_line.text == "„fereastră”"
    stage.hear(understood("window.preset", "fereastră osoasă", preset="bone"))
    assert hud.feedback.text == "Fereastră osoasă"
    assert hud.feedback.heard == "fereastră osoasă"
    assert hud.feedback.confidence == pytest.approx(0.8)
    stage.hear(SourceLostEvent(3.0, "mic"))
    assert hud.sign.state == "lost"
    assert hud.feedback.text.startswith("Microfon pierdut: mic.")
    stage.hear(SourceFoundEvent(5.0, "mic"))
    assert hud.sign.state == "awake"
    assert hud.feedback.text == ""


def test_without_sounds_it_is_silent(qtbot) -> None:
    dispatcher = make_dispatcher(session_with(study("1", display_set("1.1"))))
    bridge = VoiceBridge(dispatcher, VoiceSettings(), None)
    service = FakeService(bridge.post)
    bridge.start(service)
    service.say(ReadyEvent(0.0, "mic", 16000), understood("image.next"))
    qtbot.waitUntil(lambda: dispatcher.session.viewport.index == 1)
    bridge.close()


def test_a_loud_room_has_its_own_sound_once(stage) -> None:
    told: list[bool] = []
    stage.bridge.noise.connect(told.append)
    stage.hear(NoiseEvent(1.0, loud=True), NoiseEvent(9.0, loud=False))
    assert told == [True, False]
    assert stage.sounds.played == ["loud"]
