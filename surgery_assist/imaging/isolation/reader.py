"""Headers and frames, plain ones read here and all others by a worker process."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from surgery_assist.errors import DecodeError, ReadError
from surgery_assist.imaging.isolation.pool import (
    HEADER_SECONDS,
    Answer,
    WorkerDiedError,
    WorkerPool,
)
from surgery_assist.imaging.isolation.values import ValueMismatchError, from_plain, to_plain
from surgery_assist.imaging.objects.contents import Contents
from surgery_assist.imaging.pixels import FramePixels, FrameReader, fitted, is_plain
from surgery_assist.imaging.reader import read_plain_file
from surgery_assist.imaging.records import HeaderError, Instance, OtherObject

FRAME_SECONDS: Final = 10.0
CONTENTS_SECONDS: Final = 30.0
"""Structure sets of radiotherapy hold millions of points."""
T = TypeVar("T")
_PIXELS_PER_SECOND: Final = 1_000_000
"""Slower than any decoder on any machine that is alive."""
_BYTES_PER_PIXEL: Final = 4
"""Of decoded frames, at most: float32, or RGB."""


class SafeReader:
    """Reads what files hold; a file that kills or holds up a worker is not read again.

    Safe to use from several threads. All its errors are typed; none ends the program.

    Parameters
    ----------
    pool
        The worker processes; ``None`` makes some for itself alone.
    """

    def __init__(self, pool: WorkerPool | None = None) -> None:
        self.pool = pool or WorkerPool()
        self._local = FrameReader()
        self._lock = threading.Lock()
        self._quarantine: dict[Path, str] = {}

    @property
    def quarantine(self) -> dict[Path, str]:
        """Files that are not read again, each with ``"crash"``, ``"timeout"`` or ``"memory"``."""
        with self._lock:
            return dict(self._quarantine)

    def warm_up(self) -> None:
        """Start a process before it is needed."""
        self.pool.warm_up()

    def forget(self) -> None:
        """Forget the files of a case, also in the processes, and the quarantine."""
        self.pool.refresh()
        with self._lock:
            self._local = FrameReader()
            self._quarantine.clear()

    def close(self) -> None:
        """End the processes."""
        self.pool.close()

    def header(self, path: Path) -> Instance | OtherObject:
        """Read the header of one file.

        Raises
        ------
        HeaderError
            With the reason why the file is refused.
        """
        found = read_plain_file(path)
        if found is not None:
            return found
        message = self._header_message(path)
        if "header_error" in message:
            reason, detail = message["header_error"]
            raise HeaderError(str(reason), str(detail))
        try:
            if "object" in message:
                return from_plain(OtherObject, message["object"])
            return from_plain(Instance, message["instance"])
        except (ValueMismatchError, KeyError) as error:
            raise HeaderError("bad_header", str(message.get("failed", "answer"))) from error

    def _header_message(self, path: Path) -> dict[str, Any]:
        job = {"job": "header", "path": str(path)}
        try:
            with self._asked(path, job, HEADER_SECONDS) as answer:
                return answer.message
        except WorkerDiedError as error:
            raise HeaderError(error.reason) from error

    def frame(
        self, instance: Instance, frame: int = 0, out: NDArray[Any] | None = None
    ) -> FramePixels:
        """Read and decode one frame.

        Parameters
        ----------
        instance
            The file.
        frame
            Counted from 0.
        out
            Where the values go if their type and shape fit (a slot of a volume).

        Raises
        ------
        DecodeError
            The pixels can't be had; says why.
        """
        if is_plain(instance):
            return self._local.read(instance, frame, out)
        layout = instance.layout
        pixels = layout.rows * layout.columns
        seconds = max(FRAME_SECONDS, pixels / _PIXELS_PER_SECOND)
        slim = replace(instance, frames=instance.frames[frame : frame + 1])
        job = {"job": "frame", "instance": to_plain(slim), "frame": frame}
        try:
            room = pixels * _BYTES_PER_PIXEL
            with self._asked(instance.path, job, seconds, room) as answer:
                return _pixels(answer.message, answer.memory, out)
        except WorkerDiedError as error:
            raise DecodeError(f"error.decode_{error.reason}") from error
        except (ValueMismatchError, KeyError, TypeError) as error:
            raise DecodeError("error.decode_failed", detail=type(error).__name__) from error

    def contents(
        self, what: Contents, path: Path, kind: type[T], arguments: tuple[Any, ...] = ()
    ) -> tuple[T, ...]:
        """Read what an object says (`surgery_assist.imaging.objects.contents`), in a worker.

        Parameters
        ----------
        what
            Which contents.
        path
            The object's file.
        kind
            The type of the answers.
        arguments
            What is asked beside the path.

        Raises
        ------
        ReadError
            It can't be read; says why.
        """
        plain = to_plain(arguments)
        job = {"job": "contents", "what": what, "path": str(path), "arguments": plain}
        try:
            with self._asked(path, job, CONTENTS_SECONDS) as answer:
                message = answer.message
        except WorkerDiedError as error:
            raise ReadError("error.object_unreadable", detail=error.reason) from error
        if not isinstance(message.get("found"), list):
            detail = str(message.get("failed", "damaged"))
            raise ReadError("error.object_unreadable", detail=detail)
        try:
            return tuple(from_plain(kind, value) for value in message["found"])
        except ValueMismatchError as error:
            raise ReadError("error.object_unreadable", detail="answer") from error

    def _asked(self, path: Path, job: dict[str, Any], seconds: float, room: int = 0) -> Answer:
        with self._lock:
            known = self._quarantine.get(path)
        if known is not None:
            raise WorkerDiedError(known)
        try:
            return self._twice(job, seconds, room)
        except WorkerDiedError as error:
            if not self.pool.closed:
                with self._lock:
                    self._quarantine[path] = error.reason
            raise

    def _twice(self, job: dict[str, Any], seconds: float, room: int) -> Answer:
        """A crash may be the system's doing (memory is short): only a second one is the file's."""
        try:
            return self.pool.ask(job, seconds, room)
        except WorkerDiedError as error:
            if error.reason != "crash" or self.pool.closed:
                raise
            return self.pool.ask(job, seconds, room)


def _pixels(message: dict[str, Any], memory: memoryview, out: NDArray[Any] | None) -> FramePixels:
    if "decode_error" in message:
        key, detail = message["decode_error"]
        raise DecodeError(str(key), detail=str(detail))
    if message.get("failed") == "memory":
        raise DecodeError("error.decode_too_large")
    if "failed" in message:
        raise DecodeError("error.decode_failed", detail=str(message["failed"]))
    dtype, shape = np.dtype(str(message["dtype"])), tuple(map(int, message["shape"]))
    size = int(np.prod(shape)) * dtype.itemsize
    if dtype.kind not in "uif" or not 0 <= size <= len(memory):
        raise ValueMismatchError("pixels")
    shared = np.frombuffer(memory[:size], dtype).reshape(shape)
    values = fitted(shared, out)
    # The buffer is overwritten by the worker's next job.
    return replace(
        from_plain(FramePixels, message["pixels"]),
        values=shared.copy() if values is shared else values,
    )
