"""Phases of one acquisition (time, echo, b-value): from one to the next at the same place."""

from dataclasses import replace

from surgery_assist.commands.change import followers
from surgery_assist.commands.registry import Risk, command
from surgery_assist.model.session import Session
from surgery_assist.model.study import DisplaySet, study_display_sets


def phases_of(session: Session, index: int | None = None) -> tuple[DisplaySet, ...]:
    """The phases to which a viewport's display set belongs, in their order; empty for none."""
    position = session.view.active if index is None else index
    shown = session.shown(position)
    if shown is None or not shown[1].group:
        return ()
    members = study_display_sets(shown[3])
    return tuple(entry for entry in members if entry.group == shown[1].group)


def has_phases(session: Session) -> str | None:
    """The active viewport shows one of several phases."""
    if session.display_set is None:
        return "refused.no_image"
    return None if len(phases_of(session)) > 1 else "refused.one_phase"


@command("phase.next", Risk.VIEW, keys=("Ctrl+Shift+Right",), when=has_phases)
def phase_next(session: Session) -> Session:
    """Show the next phase at the same place; after the last comes the first."""
    return _all_stepped(session, 1)


@command("phase.previous", Risk.VIEW, keys=("Ctrl+Shift+Left",), when=has_phases)
def phase_previous(session: Session) -> Session:
    """Show the previous phase at the same place."""
    return _all_stepped(session, -1)


@command("phase.play", Risk.VIEW, when=has_phases)
def phase_play(session: Session) -> Session:
    """Play the phases as a loop, in images, planes and volumes."""
    cine = replace(session.viewport.cine, playing=True, over="phases")
    return session.with_viewport(replace(session.viewport, cine=cine))


def _all_stepped(session: Session, steps: int) -> Session:
    """The active viewport, linked ones, and all that show the same acquisition."""
    mine = session.viewport.display_set
    alike = [i for i, v in enumerate(session.view.viewports) if v.display_set == mine]
    after = session
    for index in dict.fromkeys((*alike, *followers(session))):
        after = with_phase(after, index, steps)
    return after


def with_phase(session: Session, index: int, steps: int) -> Session:
    """A viewport some phases further on, everything else as it is."""
    phases = phases_of(session, index)
    viewport = session.view.viewports[index]
    place = next((i for i, entry in enumerate(phases) if entry.uid == viewport.display_set), None)
    if place is None:
        return session
    phase = phases[(place + steps) % len(phases)]
    return session.with_viewport(replace(viewport, display_set=phase.uid), index)
