"""Proof that nothing is left running."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_thread_left(seconds: float = 3.0) -> Iterator[None]:
    """Fail if a thread that was started inside still runs afterwards."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + seconds
    while (left := set(threading.enumerate()) - before) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not left, f"still running: {left}"
