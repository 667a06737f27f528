"""Worker processes: started when needed, ended when they take too long, replaced when they die."""

import os
import subprocess
import sys
import threading
import time
import weakref
from collections import deque
from contextlib import ExitStack, suppress
from typing import Any, BinaryIO, Final, Self, cast

from surgery_assist.imaging.isolation.buffers import SharedBuffer
from surgery_assist.imaging.isolation.messages import receive, send
from surgery_assist.imaging.memory import physical_bytes
from surgery_assist.settings import root_dir

WORKER_OPTION: Final = "--isolated-worker"
"""What the bundle's program is started with to be a worker."""
HEADER_SECONDS: Final = 8.0
START_SECONDS: Final = 60.0
_WARM: Final = 2
_LOOK_SECONDS: Final = 0.2
_LINGER_SECONDS: Final = 2.0
_MAX_MEMORY: Final = 6 << 30


class WorkerDiedError(Exception):
    """The process ended over a job; ``reason`` is ``"crash"`` or ``"timeout"``."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def core_count() -> int:
    """Processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


class WorkerProcess:
    """One process and its pipes; one job at a time."""

    def __init__(self, memory: int) -> None:
        self.deadline: float | None = None
        self.overdue = False
        self._started = False
        self._ending = threading.Lock()
        self.buffer: SharedBuffer | None = None
        self._process = subprocess.Popen(  # noqa: S603  (our own program)
            _command(memory),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    def ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        """Send a job and wait for its answer.

        Raises
        ------
        WorkerDiedError
            The process died, or had to be ended after ``seconds``.
        """
        if not self._started:
            # Starting takes seconds on a busy machine; that is not the file's doing.
            self._answer(START_SECONDS)
            self._started = True
        return self._answer(seconds, request)

    def _answer(self, seconds: float, request: dict[str, Any] | None = None) -> dict[str, Any]:
        self.deadline = time.monotonic() + seconds
        try:
            if request is not None:
                send(cast("BinaryIO", self._process.stdin), request)
            answer = receive(cast("BinaryIO", self._process.stdout))
        except OSError:
            answer = None
        finally:
            self.deadline = None
        if answer is None:
            self.end()
            raise WorkerDiedError("timeout" if self.overdue else "crash")
        return answer

    def shared(self, size: int) -> SharedBuffer:
        """A buffer of at least this size."""
        if self.buffer is None or self.buffer.size < size:
            smaller, self.buffer = self.buffer, None
            if smaller is not None:
                smaller.close()
            self.buffer = SharedBuffer(size)
        return self.buffer

    def end_if_overdue(self) -> None:
        """Kill the process when its time is over; its ``ask`` then fails."""
        if self.deadline is not None and time.monotonic() > self.deadline:
            self.overdue = True
            self._process.kill()

    def end(self) -> None:
        """End the process and free what it had; safe to say twice."""
        self._process.kill()
        # The pool that closes and the question that fails for it both end a worker.
        with self._ending:
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(OSError):
                    cast("BinaryIO", pipe).close()
            buffer, self.buffer = self.buffer, None
            if buffer is not None:
                buffer.close()


def _environment() -> dict[str, str]:
    """One thread for numpy, and the same code as here, wherever it was started."""
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return {**os.environ, **threads, "PYTHONPATH": str(root_dir())}


def _command(memory: int) -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, WORKER_OPTION, str(memory)]
    # -P: a module on the disc that is being read must never be imported.
    return [sys.executable, "-P", "-m", "surgery_assist.imaging.isolation.child", str(memory)]


class WorkerPool:
    """Up to ``count`` processes, shared by all threads that read files.

    Parameters
    ----------
    count
        Processes; ``None`` takes one per processor.
    memory
        Bytes of address space for each; ``None`` takes half of the machine's memory, at most 6 GiB.
    """

    def __init__(self, count: int | None = None, memory: int | None = None) -> None:
        self.count = count or core_count()
        self._memory = memory or min(_MAX_MEMORY, max(physical_bytes() // 2, 2 << 30))
        self._changed = threading.Condition()
        self._idle: deque[WorkerProcess] = deque()
        self._all: set[WorkerProcess] = set()
        self._starting = 0
        self._closed = False
        self._watchdog: threading.Thread | None = None
        # Ends the processes also when nobody closes the pool.
        self._end = weakref.finalize(self, _end_all, self._all)

    def ask(self, request: dict[str, Any], seconds: float, room: int = 0) -> "Answer":
        """Have one job done by whichever process is free; waits for it.

        Parameters
        ----------
        room
            Bytes of shared memory that the job may fill.

        Raises
        ------
        WorkerDiedError
            It did not survive the job.
        """
        worker = self._take()
        try:
            if room:
                buffer = worker.shared(room)
                request = {**request, "buffer": [buffer.name, buffer.size]}
            answer = worker.ask(request, seconds)
        except BaseException:
            self._drop(worker)
            raise
        return Answer(self, worker, answer)

    def warm_up(self) -> None:
        """Start processes (two at most) and have them load their libraries."""
        with suppress(WorkerDiedError), ExitStack() as answers:
            for _ in range(min(self.count, _WARM)):  # all are held, so each is another one
                answers.enter_context(self.ask({"job": "warm"}, HEADER_SECONDS))

    @property
    def closed(self) -> bool:
        """Whether it takes no more jobs."""
        return self._closed

    def refresh(self) -> None:
        """End the processes that are idle: with them goes what they remember."""
        with self._changed:
            idle = list(self._idle)
            self._idle.clear()
        for worker in idle:
            self._drop(worker)

    def close(self) -> None:
        """End all processes; jobs under way fail."""
        with self._changed:
            self._closed = True
            self._idle.clear()
            self._changed.notify_all()
        self._end()

    def _take(self) -> WorkerProcess:
        with self._changed:
            while not self._idle and len(self._all) + self._starting >= self.count:
                if self._closed:
                    raise WorkerDiedError("crash")
                self._changed.wait()
            if self._closed:
                raise WorkerDiedError("crash")
            self._watch()
            if self._idle:
                return self._idle.pop()
            self._starting += 1
        worker = None
        try:
            worker = WorkerProcess(self._memory)
        except OSError as error:
            raise WorkerDiedError("crash") from error
        finally:
            with self._changed:
                self._starting -= 1
                late = self.closed
                if worker is not None and not late:
                    self._all.add(worker)
                self._changed.notify_all()
        if late:  # closed while it started: nobody else would end it
            worker.end()
            raise WorkerDiedError("crash")
        return worker

    def give_back(self, worker: WorkerProcess) -> None:
        """The worker's answer was used; the next job may overwrite its buffer."""
        with self._changed:
            if not self._closed:
                self._idle.append(worker)
            self._changed.notify_all()

    def _drop(self, worker: WorkerProcess) -> None:
        worker.end()
        with self._changed:
            self._all.discard(worker)
            self._changed.notify_all()

    def _watch(self) -> None:
        """Have a thread that ends what is overdue, as long as there are jobs."""
        if self._watchdog is None or not self._watchdog.is_alive():
            self._watchdog = threading.Thread(
                target=_end_overdue, args=(weakref.ref(self),), name="watchdog", daemon=True
            )
            self._watchdog.start()

    def look(self) -> bool:
        """End overdue processes; whether any process is at work."""
        with self._changed:
            workers = list(self._all)
            busy = self._starting > 0 or len(self._idle) < len(workers)
        for worker in workers:
            worker.end_if_overdue()
        return busy


class Answer:
    """What a worker said; it stays untouched until the ``with`` block ends."""

    def __init__(self, pool: WorkerPool, worker: WorkerProcess, message: dict[str, Any]) -> None:
        self._pool = pool
        self._worker = worker
        self.message = message

    @property
    def memory(self) -> memoryview:
        """The shared memory that the job has filled."""
        return memoryview(cast("SharedBuffer", self._worker.buffer).memory)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.give_back(self._worker)


def _end_overdue(reference: "weakref.ref[WorkerPool]") -> None:
    quiet_since = time.monotonic()
    while time.monotonic() < quiet_since + _LINGER_SECONDS:
        time.sleep(_LOOK_SECONDS)
        pool = reference()
        if pool is None or pool.closed:
            return
        if pool.look():
            quiet_since = time.monotonic()
        del pool


def _end_all(workers: set[WorkerProcess]) -> None:
    while workers:
        workers.pop().end()
