"""A circuit breaker for each site: who does not answer five times is left alone for a while."""

import random
import time
from typing import Final

FAILURES: Final = 5
REST_SECONDS: Final = 30.0
_FIRST_SECONDS: Final = 1.0
_LONGEST_SECONDS: Final = 60.0


class Breaker:
    """Counts failures in a row."""

    def __init__(self) -> None:
        self._failures = 0
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        """Nobody should ask."""
        return time.monotonic() < self._open_until

    def succeeded(self) -> None:
        """It answered."""
        self._failures = 0
        self._open_until = 0.0

    def failed(self) -> bool:
        """It did not; True when that opens the breaker (again)."""
        self._failures += 1
        if self._failures >= FAILURES:
            self._open_until = time.monotonic() + REST_SECONDS
            return True
        return False

    @property
    def rest(self) -> float:
        """Seconds until somebody may ask again."""
        return max(0.0, self._open_until - time.monotonic())


def pause(attempt: int) -> float:
    """Seconds before try ``attempt`` + 1: 1, 2, 4 ... 60, with a quarter of chance."""
    base: float = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0 ** min(attempt, 10))
    return base * random.uniform(0.75, 1.25)  # noqa: S311  (spreads load, keeps no secret)
