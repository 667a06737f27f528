"""What a worker process may take: memory bounded by the system, no dialogue when it crashes."""

import ctypes
import sys
from typing import Final

_PROCESS_MEMORY: Final = 0x100
_EXTENDED_LIMITS: Final = 9
_NO_DIALOGUES: Final = 0x0001 | 0x0002


def limit_memory(size: int) -> None:
    """Let this process have at most ``size`` bytes; beyond that an allocation fails."""
    if sys.platform == "win32":
        _limit_windows(size)
        return
    import resource  # noqa: PLC0415  (not on Windows)

    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    # A core file would hold patients' pixels.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class _BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION of the Windows API."""

    _fields_ = (
        ("process_time", ctypes.c_int64),
        ("job_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("smallest_set", ctypes.c_size_t),
        ("largest_set", ctypes.c_size_t),
        ("processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority", ctypes.c_uint32),
        ("scheduling", ctypes.c_uint32),
    )


class _ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION of the Windows API."""

    _fields_ = (
        ("basic", _BasicLimits),
        ("io", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    )


def _limit_windows(size: int) -> None:
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009  (only there on Windows)
    kernel.SetErrorMode(_NO_DIALOGUES)
    kernel.CreateJobObjectW.restype = ctypes.c_void_p
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    limits = _ExtendedLimits(basic=_BasicLimits(flags=_PROCESS_MEMORY), process_memory=size)
    job = ctypes.c_void_p(kernel.CreateJobObjectW(None, None))
    kernel.SetInformationJobObject(
        job, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
    )
    kernel.AssignProcessToJobObject(job, ctypes.c_void_p(kernel.GetCurrentProcess()))
