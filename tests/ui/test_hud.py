"""The strip at the bottom: each state has its words and its colour."""

from dataclasses import replace

import pytest

from surgery_assist.commands.dispatcher import Dispatcher
from surgery_assist.errors import AudioSourceError, NothingToOpenError
from surgery_assist.messages import explain, translate
from surgery_assist.model.invocation import Invocation
from surgery_assist.model.session import Session
from surgery_assist.ui.hud import Hud
from surgery_assist.ui.theme import theme_for
from surgery_assist.voice.events import LevelEvent, RejectedEvent
from tests.helpers.panels import full_hd, make_dispatcher, share_of
from tests.helpers.sessions import OTHER, ct_session, display_set, session_with, study

pytestmark = pytest.mark.gui
COLOURS = full_hd().colours


def shown(qtbot, dispatcher: Dispatcher) -> Hud:
    hud = Hud(dispatcher, full_hd())
    qtbot.addWidget(hud)
    dispatcher.observe(hud.show_session)
    hud.resize(1920, hud.sizeHint().height())
    hud.show()
    hud.show_session(dispatcher.session, dispatcher.session)
    return hud


@pytest.mark.parametrize(
    ("state", "words", "token"),
    [
        ("off", "Microfon oprit", COLOURS.faint),
        ("starting", "Microfonul pornește…", COLOURS.muted),
        ("asleep", "În așteptare", COLOURS.muted),
        ("awake", "Ascult", COLOURS.accent),
        ("lost", "Microfon pierdut", COLOURS.danger),
    ],
)
def test_each_state_of_the_microphone_has_words_and_a_colour(qtbot, state, words, token) -> None:
    hud = shown(qtbot, make_dispatcher())
    hud.show_microphone(state)
    assert hud.state_line.text == words
    assert hud.state_line.tone == token
    qtbot.waitUntil(lambda: share_of(hud, token) > 0.0005)


def test_a_listening_microphone_is_a_filled_disc(qtbot) -> None:
    hud = shown(qtbot, make_dispatcher())
    hud.show_microphone("asleep")
    asleep = share_of(hud.sign, COLOURS.accent)
    hud.show_microphone("awake")
    assert asleep == 0.0
    assert share_of(hud.sign, COLOURS.accent) > 0.4


def test_asleep_says_what_wakes_it(qtbot) -> None:
    hud = shown(qtbot, make_dispatcher())
    hud.show_microphone("asleep")
    assert hud.level_line.text == "spuneți „calculator”"
    assert hud.level_line.isVisibleTo(hud)


def test_the_pedal_is_named(qtbot) -> None:
    hud = shown(qtbot, make_dispatcher(Session().with_control(language="en")))
    hud.show_microphone("pedal")
    assert hud.state_line.text == "Hold F9 to speak"


def test_level_and_noise_are_shown_and_a_clipping_microphone_warns(qtbot) -> None:
    hud = shown(qtbot, make_dispatcher())
    hud.show_microphone("awake")
    hud.show_level(LevelEvent(0.0, -30.0, -45.0, 15.0, speaking=True, clipped=0))
    assert hud.level_bar.value == pytest.approx(0.5)
    assert hud.level_bar.mark == pytest.approx(0.25)
    assert hud.level_line.text == "15 dB peste zgomot"
    hud.show_level(LevelEvent(0.1, -0.1, -45.0, 40.0, speaking=True, clipped=20))
    assert hud.level_line.text == "prea tare"
    assert hud.level_bar.tone == COLOURS.danger


def test_what_is_heard_so_far_is_shown_while_the_last_result_stays(qtbot) -> None:
    dispatcher = make_dispatcher(ct_session())
    hud = shown(qtbot, dispatcher)
    dispatcher.dispatch(Invocation("invert", source="keyboard"))
    hud.show_partial("rotește la")
    assert hud.heard_line.text == "„rotește la”"
    assert hud.result_line.text == "Culori inversate"
    hud.show_partial("")
    assert hud.heard_line.text == ""


def test_what_was_done_is_said_with_its_slots_and_its_certainty(qtbot) -> None:
    dispatcher = make_dispatcher(ct_session())
    hud = shown(qtbot, dispatcher)
    hud.take_heard("fereastră osoasă", 0.9)
    dispatcher.dispatch(Invocation("window.preset", {"preset": "bone"}, "voice"))
    assert hud.heard_line.text == "„fereastră osoasă”"
    assert hud.result_line.text == "Fereastră osoasă"
    assert hud.result_line.tone == COLOURS.success
    assert hud.confidence_bar.value == pytest.approx(0.9)
    qtbot.waitUntil(lambda: share_of(hud, COLOURS.success) > 0.002)


def test_a_refusal_says_why(qtbot) -> None:
    dispatcher = make_dispatcher(ct_session(20))
    hud = shown(qtbot, dispatcher)
    hud.take_heard("mergi la imaginea nouăzeci", 0.8)
    dispatcher.dispatch(Invocation("image.goto", {"n": 90}, "voice"))
    assert hud.result_line.text == "Nu există imaginea 90; seria are 20."
    assert hud.result_line.tone == COLOURS.warning


def test_a_sentence_that_was_not_understood_is_never_silent(qtbot) -> None:
    hud = shown(qtbot, make_dispatcher())
    hud.show_rejected(RejectedEvent(1.0, "rejected.not_understood", "bla bla", 0.2, 300.0))
    assert hud.heard_line.text == "„bla bla”"
    assert hud.result_line.text == "Nu am înțeles"
    hud.show_partial("alt")  # the next sentence begins at once
    assert hud.result_line.text == "Nu am înțeles"


def test_a_result_is_dimmed_after_some_seconds_and_stays(qtbot) -> None:
    dispatcher = make_dispatcher(ct_session())
    hud = shown(qtbot, dispatcher)
    dispatcher.dispatch(Invocation("invert"))
    hud._fading.setInterval(10)
    hud._fading.start()
    qtbot.waitUntil(lambda: hud.result_line.tone == COLOURS.muted)
    assert hud.result_line.text == "Culori inversate"


def test_an_error_says_what_to_do_and_is_not_dimmed(qtbot) -> None:
    hud = shown(qtbot, make_dispatcher())
    error = AudioSourceError("error.no_microphone")
    hud.show_error(error)
    hud._fade()
    assert hud.result_line.text == explain(error, "ro")
    assert hud.result_line.tone == COLOURS.danger


def test_an_error_about_files_stays_when_the_microphone_comes(qtbot) -> None:
    hud = shown(qtbot, make_dispatcher())
    hud.show_error(NothingToOpenError("error.nothing_to_open"))
    hud.show_microphone("awake")
    assert hud.feedback.kind == "error"


def test_drags_and_wheel_steps_are_not_reported_but_their_refusal_is(qtbot) -> None:
    dispatcher = make_dispatcher(ct_session())
    hud = shown(qtbot, dispatcher)
    dispatcher.dispatch(Invocation("image.step", {"steps": 1}, "mouse"))
    assert hud.feedback.text == ""
    dispatcher.dispatch(Invocation("series.show", {"uid": "none"}, "mouse"))
    assert hud.feedback.kind == "refused"


def test_an_unknown_command_is_refused_visibly(qtbot) -> None:
    dispatcher = make_dispatcher()
    hud = shown(qtbot, dispatcher)
    dispatcher.dispatch(Invocation("no.such"))
    assert hud.feedback.kind == "refused"
    assert "no.such" in hud.feedback.text


def test_a_question_is_announced_and_its_answer_named(qtbot) -> None:
    dispatcher = make_dispatcher(
        session_with(study("1", display_set("1.1")), study("2", display_set("2.1"), patient=OTHER))
    )
    hud = shown(qtbot, dispatcher)
    dispatcher.dispatch(Invocation("patient.open", {"n": 2}, "voice"))
    assert (hud.feedback.kind, hud.result_line.tone) == ("asked", COLOURS.question)
    dispatcher.dispatch(Invocation("confirm", source="voice"))
    assert hud.feedback.kind == "done"
    assert hud.feedback.text == "Confirmat: Deschide pacientul 2"


def test_the_window_counts_down_and_goes(qtbot) -> None:
    hud = shown(qtbot, make_dispatcher())
    hud.show_microphone("awake")
    hud.show_window(5.2)
    assert hud.countdown.seconds == pytest.approx(5.2)
    hud.show_window(0.0)
    assert hud.countdown.seconds is None


def test_the_language_is_named_and_followed(qtbot) -> None:
    dispatcher = make_dispatcher()
    hud = shown(qtbot, dispatcher)
    hud.show_microphone("awake")
    assert hud.badge.text == "RO"
    dispatcher.dispatch(Invocation("language.english"))
    assert hud.badge.text == "EN"
    assert hud.state_line.text == "Listening"


def test_a_larger_screen_gets_a_taller_strip(qtbot) -> None:
    hud = shown(qtbot, make_dispatcher())
    before = hud.sizeHint().height()
    hud.set_theme(theme_for(3840, 2160, 0.1814))
    assert hud.sizeHint().height() > 1.8 * before


def test_a_long_message_is_made_to_fit(qtbot) -> None:
    hud = shown(qtbot, make_dispatcher())
    hud.resize(800, hud.height())
    hud.feedback = replace(hud.feedback, kind="error", text="foarte lung " * 80)
    hud._draw_words()
    assert share_of(hud.result_line, COLOURS.danger) > 0.0
    assert hud.width() == 800


def test_a_note_of_the_program_is_shown(qtbot) -> None:
    hud = shown(qtbot, make_dispatcher())
    hud.show_note("question.expired")
    assert hud.result_line.text == translate("question.expired", "ro")


def test_a_loud_room_is_told_until_it_is_quiet(qtbot) -> None:
    hud = shown(qtbot, make_dispatcher())
    hud.show_microphone("awake")
    hud.show_level(LevelEvent(0.0, -30.0, -35.0, 5.0, speaking=True, clipped=0))
    hud.show_noise(True)
    warning = "Zgomot: pedala (F9)"
    assert (hud.level_line.text, hud.feedback.text) == (warning, warning)
    hud.show_noise(False)
    assert hud.level_line.text == "5 dB peste zgomot"
    assert hud.feedback.text == ""
