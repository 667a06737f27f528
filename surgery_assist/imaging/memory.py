"""How much memory there is, and how much of it the pixels may take."""

import ctypes
import mmap
import os
import sys
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

FALLBACK_BYTES: Final = 4 << 30


def physical_bytes() -> int:
    """Installed memory; 4 GiB when the system does not say."""
    if sys.platform == "win32":
        return _windows_bytes()
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return FALLBACK_BYTES


def zeroed(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Zeros whose memory is claimed as it is written, in large pages where the system has them.

    A volume of 400 slices is 50,000 small pages, and giving out those takes the system several
    times longer than reading the files.
    """
    size = prod(shape) * np.dtype(dtype).itemsize
    advice = getattr(mmap, "MADV_HUGEPAGE", None)
    if advice is None or size == 0:
        return np.zeros(shape, dtype)
    block = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    block.madvise(advice)
    return np.frombuffer(block, dtype).reshape(shape)


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


def peak_resident_bytes() -> int:
    """The most memory that this process has had so far; 0 when the system does not say."""
    if sys.platform == "win32":
        return _windows_peak_bytes()
    import resource  # noqa: PLC0415  (not on Windows)

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class _ProcessMemory(ctypes.Structure):
    """PROCESS_MEMORY_COUNTERS of the Windows API."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("faults", ctypes.c_uint32),
        ("peak_working_set", ctypes.c_size_t),
        ("rest", ctypes.c_size_t * 7),
    )


def _windows_peak_bytes() -> int:
    counters = _ProcessMemory(size=ctypes.sizeof(_ProcessMemory))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009  (only there on Windows)
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    kernel.K32GetProcessMemoryInfo.argtypes = (
        ctypes.c_void_p,
        ctypes.POINTER(_ProcessMemory),
        ctypes.c_uint32,
    )
    process = kernel.GetCurrentProcess()
    if kernel.K32GetProcessMemoryInfo(process, ctypes.byref(counters), counters.size):
        return int(counters.peak_working_set)
    return 0
