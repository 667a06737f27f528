"""How one site of a collection moves: a table, so that nothing moves otherwise.

``docs/federation.md`` is drawn from it.
"""

from enum import StrEnum
from typing import Final

from usmed_client.errors import ProtocolError
from usmed_client.protocol.collections import SiteState as S


class SiteEvent(StrEnum):
    """What can happen to a site of a collection."""

    ASKED = "asked"
    SAYS_NOTHING = "says nothing"
    SAYS_AMBIGUOUS = "says ambiguous"
    SAYS_FOUND = "says found"
    RELEASE_ASKED = "release asked"
    RELEASED = "released"
    RECEIVED_ALL = "received all"
    STORED = "stored"
    LOST = "lost"
    """No answer, a broken connection, a full disk: worth another try later."""
    TOO_OFTEN_LOST = "too often lost"
    """The circuit breaker of the site opened: nobody asks until it is heard of again."""
    DUE = "due"
    """The time for another try has come."""
    SAYS_NO = "says no"
    ASKED_AGAIN = "asked again"
    """Somebody wants it once more: another request, or a retry after a "no"."""
    BROKEN = "broken"
    """It sent what it may not: another patient, other bytes than announced, twice over."""


TRANSITIONS: Final[dict[tuple[S, SiteEvent], S]] = (
    {
        (S.QUEUED, SiteEvent.ASKED): S.QUERYING,
        (S.QUEUED, SiteEvent.TOO_OFTEN_LOST): S.BREAKER_OPEN,
        (S.QUERYING, SiteEvent.SAYS_NOTHING): S.NO_DATA,
        (S.QUERYING, SiteEvent.SAYS_AMBIGUOUS): S.AMBIGUOUS,
        (S.QUERYING, SiteEvent.SAYS_FOUND): S.FOUND,
        (S.FOUND, SiteEvent.RELEASE_ASKED): S.AWAITING_RELEASE,
        (S.AWAITING_RELEASE, SiteEvent.RELEASED): S.TRANSFERRING,
        (S.TRANSFERRING, SiteEvent.RECEIVED_ALL): S.VERIFYING,
        (S.VERIFYING, SiteEvent.STORED): S.COMMITTED,
        (S.RETRY_AT, SiteEvent.DUE): S.QUERYING,
        (S.BREAKER_OPEN, SiteEvent.DUE): S.QUERYING,
    }
    | {
        (state, event): after
        for state in (S.QUERYING, S.FOUND, S.AWAITING_RELEASE, S.TRANSFERRING, S.VERIFYING)
        for event, after in (
            (SiteEvent.LOST, S.RETRY_AT),
            (SiteEvent.TOO_OFTEN_LOST, S.BREAKER_OPEN),
            (SiteEvent.SAYS_NO, S.REFUSED),
            (SiteEvent.BROKEN, S.FAILED),
        )
    }
    | {
        (state, SiteEvent.ASKED_AGAIN): S.QUEUED
        for state in (S.NO_DATA, S.AMBIGUOUS, S.COMMITTED, S.REFUSED, S.FAILED)
    }
)


def after(state: S, event: SiteEvent) -> S:
    """The next state.

    Raises
    ------
    ProtocolError
        The event can't happen in this state.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise ProtocolError("wrong_state", f"{event} in {state}") from None


def resumed(state: S) -> S:
    """Where a site goes on after the gateway was killed in ``state``.

    What was received is on disk and what was announced is asked again: it starts over with the
    question and the transfer fetches only what is still lacking.
    """
    return state if state.is_final or state is S.QUEUED else S.RETRY_AT


def drawing() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {S.QUEUED}"]
    arrows: dict[tuple[S, S], list[str]] = {}
    for (before, event), state in TRANSITIONS.items():
        arrows.setdefault((before, state), []).append(event)
    lines += [
        f"    {before} --> {state}: {', '.join(events)}"
        for (before, state), events in arrows.items()
    ]
    return "\n".join(lines)
