"""Memory that two processes share, named so that the other one can find it.

Not `multiprocessing.shared_memory`: that lives in ``/dev/shm``, which may be as small as 64 MiB
and kills whoever writes beyond, and needs a process of its own to be cleaned up.
"""

import mmap
import os
import secrets
import sys
from contextlib import suppress
from typing import Final

_PAGE: Final = mmap.PAGESIZE


class SharedBuffer:
    """At least ``size`` bytes, zero at first; only pages that are written take memory."""

    def __init__(self, size: int) -> None:
        self.size = max(_PAGE, -(-size // _PAGE) * _PAGE)
        if sys.platform == "win32":
            self.name = f"surgery-assist-{secrets.token_hex(8)}"
            self.memory = mmap.mmap(-1, self.size, tagname=self.name)
            return
        # Not bound to any folder: gone when the last process that maps it has ended.
        handle = os.memfd_create("frames")
        os.ftruncate(handle, self.size)
        self.name = f"/proc/{os.getpid()}/fd/{handle}"
        self.memory = mmap.mmap(handle, self.size)
        self._handle: int | None = handle

    def close(self) -> None:
        """Give the memory back; safe to say twice."""
        with suppress(BufferError):  # an error's traceback may still look at it
            self.memory.close()
        if sys.platform != "win32" and self._handle is not None:
            os.close(self._handle)
            self._handle = None


def opened(name: str, size: int) -> mmap.mmap:
    """Map a buffer that another process has made."""
    if sys.platform == "win32":
        return mmap.mmap(-1, size, tagname=name)
    handle = os.open(name, os.O_RDWR | os.O_CLOEXEC)
    try:
        return mmap.mmap(handle, size)
    finally:
        os.close(handle)
