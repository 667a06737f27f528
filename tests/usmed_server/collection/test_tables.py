"""The table of moves, the breaker, and whose turn it is."""

import asyncio

import pytest

from usmed_client.errors import ProtocolError
from usmed_client.protocol.collections import Priority, SiteState
from usmed_server.gateway.collection import breaker as breaking
from usmed_server.gateway.collection.breaker import FAILURES, Breaker, pause
from usmed_server.gateway.collection.states import TRANSITIONS, SiteEvent, after, resumed
from usmed_server.gateway.priorities import Turns


def test_every_state_is_reached_and_left() -> None:
    """No dead end but the final ones, and those go on when a person asks again."""
    reached = {SiteState.QUEUED} | set(TRANSITIONS.values())
    assert reached == set(SiteState)
    for state in SiteState:
        events = {event for (before, event) in TRANSITIONS if before is state}
        assert (events == {SiteEvent.ASKED_AGAIN}) is state.is_final, state
        assert events


def test_nothing_moves_but_by_the_table() -> None:
    for state in SiteState:
        for event in SiteEvent:
            if (state, event) not in TRANSITIONS:
                with pytest.raises(ProtocolError):
                    after(state, event)


def test_a_kill_in_any_state_goes_on_with_the_question() -> None:
    """Final states stay, all others can be driven from where they come back."""
    for state in SiteState:
        back = resumed(state)
        assert back is state if state.is_final else back in (SiteState.QUEUED, SiteState.RETRY_AT)


def test_only_answers_count_as_answers() -> None:
    """Failing without an answer must never look like "nothing found"."""
    silent = {state for state in SiteState if not state.has_answered}
    assert silent == {
        SiteState.QUEUED, SiteState.QUERYING, SiteState.RETRY_AT, SiteState.BREAKER_OPEN,
        SiteState.FAILED,
    }  # fmt: skip


def test_breaker_opens_and_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(breaking.time, "monotonic", lambda: now[0])
    breaker = Breaker()
    assert [breaker.failed() for _ in range(FAILURES)] == [False] * (FAILURES - 1) + [True]
    assert breaker.is_open
    now[0] += breaker.rest
    assert not breaker.is_open
    assert breaker.failed()  # still lost: opens at once
    breaker.succeeded()
    assert not breaker.is_open
    assert not breaker.failed()


def test_pauses_grow_and_stay_bounded() -> None:
    assert 0.7 < pause(0) < 1.3
    assert all(pause(attempt) <= 75 for attempt in range(100))
    assert pause(9) > 40


def test_the_operating_room_goes_first() -> None:
    async def run() -> list[str]:
        turns, order, go_on = Turns(1), [], asyncio.Event()

        async def ask(priority: Priority) -> None:
            async with turns.turn(priority):
                order.append(priority)
                await go_on.wait()

        wishes = [Priority.PREFETCH, Priority.PREFETCH, Priority.WARD, Priority.OPERATING_ROOM]
        tasks = []
        for wish in wishes:  # the first has its turn while the others come
            tasks.append(asyncio.create_task(ask(wish)))
            await asyncio.sleep(0)
        given_up = asyncio.create_task(ask(Priority.OPERATING_ROOM))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(*tasks)
        await asyncio.wait_for(ask(Priority.WARD), 1)  # the turn was not lost with its owner
        return order

    assert asyncio.run(run()) == ["prefetch", "or", "ward", "prefetch", "ward"]
