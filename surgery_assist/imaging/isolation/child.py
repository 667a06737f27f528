"""The worker process: ``python -m surgery_assist.imaging.isolation.child``.

Reads one request after the other from its standard input until that ends; what libraries print
goes nowhere, as it may quote patients.
"""

import mmap
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from surgery_assist.errors import DecodeError, ReadError
from surgery_assist.imaging.isolation.buffers import opened
from surgery_assist.imaging.isolation.limits import limit_memory
from surgery_assist.imaging.isolation.messages import receive, send
from surgery_assist.imaging.isolation.values import from_plain, to_plain
from surgery_assist.imaging.objects.contents import contents
from surgery_assist.imaging.pixels import FrameReader
from surgery_assist.imaging.reader import read_file, warm_up
from surgery_assist.imaging.records import HeaderError, Instance, OtherObject


class Worker:
    """Answers requests; keeps the buffer that was used last."""

    def __init__(self) -> None:
        self._reader = FrameReader()
        self._name = ""
        self._buffer: mmap.mmap | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked; an error is an answer too."""
        try:
            match request["job"]:
                case "header":
                    return self._header(Path(request["path"]))
                case "frame":
                    return self._frame(request)
                case "contents":
                    found = contents(
                        request["what"], Path(request["path"]), self._reader, request["arguments"]
                    )
                    return {"found": [to_plain(value) for value in found]}
                case _:
                    warm_up()
                    return {}
        except HeaderError as error:
            return {"header_error": [error.reason, error.detail]}
        except ReadError as error:
            return {"failed": str(error.arguments.get("detail", ""))}
        except DecodeError as error:
            return {"decode_error": [error.key, str(error.arguments.get("detail", ""))]}
        except MemoryError:
            return {"failed": "memory"}
        except Exception as error:  # noqa: BLE001  (libraries raise almost anything on hostile files)
            return {"failed": type(error).__name__}

    @staticmethod
    def _header(path: Path) -> dict[str, Any]:
        found = read_file(path)
        kind = "object" if isinstance(found, OtherObject) else "instance"
        return {kind: to_plain(found)}

    def _frame(self, request: dict[str, Any]) -> dict[str, Any]:
        pixels = self._reader.read(from_plain(Instance, request["instance"]), request["frame"])
        values = np.ascontiguousarray(pixels.values)
        memory = self._shared(*request["buffer"])
        if values.nbytes > len(memory):
            raise MemoryError
        memory[: values.nbytes] = values.data.cast("B")
        meta = to_plain(replace(pixels, values=np.empty(0, values.dtype)))
        return {"pixels": meta, "dtype": values.dtype.str, "shape": list(values.shape)}

    def _shared(self, name: str, size: int) -> mmap.mmap:
        # A larger buffer may have the name of the one that it replaces.
        if self._buffer is None or (self._name, len(self._buffer)) != (name, size):
            if self._buffer is not None:
                self._buffer.close()
            self._buffer, self._name = opened(name, size), name
        return self._buffer


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Say that the process is ready, then answer until the parent closes the pipe."""
    send(answers, {})
    worker = Worker()
    while (request := receive(requests)) is not None:
        send(answers, worker.answer(request))


def main(memory: str) -> None:
    """Run as a process that may take ``memory`` bytes."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    limit_memory(int(memory))
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main(sys.argv[1])
