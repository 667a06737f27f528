"""Who may read next when many ask: the operating room before the ward before prefetch."""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from usmed_client.protocol.collections import Priority

_ORDER = {priority: place for place, priority in enumerate(Priority)}


class Turns:
    """At most ``together`` at once, the most urgent first, equals in the order of their coming."""

    def __init__(self, together: int) -> None:
        self._free = together
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._counter = count()

    @asynccontextmanager
    async def turn(self, priority: Priority) -> AsyncIterator[None]:
        """Wait for a turn and keep it."""
        if self._free:
            self._free -= 1
        else:
            mine = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (_ORDER[priority], next(self._counter), mine))
            try:
                await mine
            except asyncio.CancelledError:
                if mine.done() and not mine.cancelled():
                    self._pass_on()
                raise
        try:
            yield
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        while self._waiting:
            _, _, waiting = heapq.heappop(self._waiting)
            if not waiting.done():
                waiting.set_result(None)
                return
        self._free += 1
