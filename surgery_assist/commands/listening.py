"""Listening, questions, languages, help and history: how the program is talked to."""

from dataclasses import replace

from surgery_assist.commands.effects import CancelWork, Perform, Redo, Undo
from surgery_assist.commands.registry import Result, Risk, command
from surgery_assist.commands.slots import Amount
from surgery_assist.errors import NotPossibleError
from surgery_assist.model.session import Heard, Language, Listening, Session
from surgery_assist.model.viewport import Viewport

HEARD_LIMIT = 20
WITH_AMOUNT = frozenset({"zoom.in", "zoom.out", "pan"})
"""Steps whose size can be said: "a little more"."""


def has_audio(session: Session) -> str | None:
    """There is a microphone or another audio source."""
    return "refused.no_audio" if session.control.listening == "off" else None


def has_question(session: Session) -> str | None:
    """Something waits to be confirmed."""
    return None if session.control.question is not None else "refused.no_question"


def has_last(session: Session) -> str | None:
    """Something was done that can be done again."""
    return None if session.control.last is not None else "refused.nothing_to_repeat"


def has_relative(session: Session) -> str | None:
    """A step was gone that can be gone again."""
    return None if session.control.relative is not None else "refused.nothing_to_repeat"


@command("listen.start", Risk.STATE, keys=("F8",), when=has_audio)
def listen_start(session: Session) -> Session:
    """Act on what is heard."""
    return session.with_control(listening="awake")


@command("listen.stop", Risk.STATE, keys=("Shift+F8",), when=has_audio)
def listen_stop(session: Session) -> Session:
    """Wait for the wake word."""
    return session.with_control(listening="asleep")


@command("listen.state", Risk.STATE, internal=True)
def listen_state(session: Session, state: Listening) -> Session:
    """Follow the audio source: lost, found, or the listening window is over."""
    return session.with_control(listening=state)


@command("listen.heard", Risk.STATE, internal=True)
def listen_heard(session: Session, text: str, result: str, *, ok: bool) -> Session:
    """Keep what was heard and what came of it."""
    entry = Heard(text, result, ok)
    return session.with_control(heard=(*session.control.heard, entry)[-HEARD_LIMIT:])


@command("stop", Risk.VIEW, keys=("S",))
def stop(session: Session) -> Session:
    """Stop everything that moves."""
    viewports = tuple(_still(viewport) for viewport in session.view.viewports)
    still = (
        session if viewports == session.view.viewports else session.with_view(viewports=viewports)
    )
    return still.with_control(question=None) if still.control.question else still


def _still(viewport: Viewport) -> Viewport:
    if viewport.cine.playing:
        viewport = replace(viewport, cine=replace(viewport.cine, playing=False))
    if viewport.volume is not None and viewport.volume.spinning:
        viewport = replace(viewport, volume=replace(viewport.volume, spinning=False))
    return viewport


@command("cancel", Risk.STATE, keys=("Escape",))
def cancel(session: Session) -> Result:
    """Drop the question, close the list, stop reading files."""
    after = session.with_control(question=None) if session.control.question else session
    after = after.with_view(panel="") if after.view.panel else after
    return after, CancelWork()


@command("confirm", Risk.STATE, keys=("Ctrl+Return",), when=has_question)
def confirm(session: Session) -> Result:
    """Do what was asked about."""
    question = session.control.question
    if question is None:
        return session
    return session.with_control(question=None), Perform(question.invocation, confirmed=True)


@command("reject", Risk.STATE, keys=("Ctrl+Backspace",), when=has_question)
def reject(session: Session) -> Session:
    """Do not do what was asked about."""
    return session.with_control(question=None)


@command("undo", Risk.VIEW, keys=("Ctrl+Z",))
def undo(session: Session) -> Result:
    """Take back the last change of the view."""
    return session, Undo()


@command("redo", Risk.VIEW, keys=("Ctrl+Y", "Ctrl+Shift+Z"))
def redo(session: Session) -> Result:
    """Do again what was taken back."""
    return session, Redo()


@command("repeat", Risk.VIEW, keys=(".",), when=has_last)
def repeat(session: Session) -> Result:
    """Do the last command once more."""
    last = session.control.last
    if last is None:
        raise NotPossibleError("refused.nothing_to_repeat")
    return session, Perform(last)


@command("more", Risk.VIEW, keys=("Shift+.",), when=has_relative)
def more(session: Session, amount: Amount | None = None) -> Result:
    """Go the last step once more: zoom, move, turn, next image."""
    step = session.control.relative
    if step is None:
        raise NotPossibleError("refused.nothing_to_repeat")
    if amount is not None and step.command_id in WITH_AMOUNT:
        step = replace(step, arguments={**step.arguments, "amount": amount})
    return session, Perform(step)


@command("help.show", Risk.VIEW, keys=("F1", "?"))
def help_show(session: Session) -> Session:
    """Show what can be said."""
    return session.with_view(panel="help")


@command("help.hide", Risk.VIEW, keys=("Shift+F1",))
def help_hide(session: Session) -> Session:
    """Hide the list of commands."""
    return session.with_view(panel="") if session.view.panel == "help" else session


@command("heard.show", Risk.VIEW, keys=("F3",))
def heard_show(session: Session) -> Session:
    """Show what was heard lately and what came of it."""
    return session.with_view(panel="heard")


@command("panel.close", Risk.STATE, internal=True)
def panel_close(session: Session) -> Session:
    """Close the list that is shown."""
    return session.with_view(panel="")


@command("language.romanian", Risk.STATE)
def language_romanian(session: Session) -> Session:
    """Listen and answer in Romanian."""
    return _in_language(session, "ro")


@command("language.english", Risk.STATE)
def language_english(session: Session) -> Session:
    """Listen and answer in English."""
    return _in_language(session, "en")


def _in_language(session: Session, language: Language) -> Session:
    return session.with_control(language=language)
