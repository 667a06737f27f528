"""How much memory there is, and how much of it the pixels may take."""

import ctypes
import os
import sys
from typing import Final

FALLBACK_BYTES: Final = 4 << 30


def physical_bytes() -> int:
    """Installed memory; 4 GiB when the system does not say."""
    if sys.platform == "win32":
        return _windows_bytes()
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return FALLBACK_BYTES


def default_budget() -> int:
    """Half of the installed memory."""
    return physical_bytes() // 2


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("total_physical", ctypes.c_uint64),
        ("rest", ctypes.c_uint64 * 6),
    )


def _windows_bytes() -> int:
    status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009  (only there on Windows)
    if kernel.GlobalMemoryStatusEx(ctypes.byref(status)):
        return int(status.total_physical)
    return FALLBACK_BYTES
