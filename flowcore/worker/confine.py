"""The limits that the system keeps for a worker, so that too large a request fails where it is made."""

import resource
from typing import Final

from flowcore.model.frame import Limits

SLACK: Final = 1 << 29  # stacks of threads that libraries start, counted whole before they are used


def confine(limits: Limits) -> None:
    """Let an allocation beyond the limit of memory raise MemoryError, a file beyond that of disk OSError."""
    if limits.memory is not None:
        _limit(resource.RLIMIT_DATA, _data() + limits.memory + SLACK)
    if limits.disk is not None:
        _limit(resource.RLIMIT_FSIZE, limits.disk)


def _limit(kind: int, wanted: int) -> None:
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _data() -> int:
    """Bytes of data that this process has mapped by now (proc(5), VmData); 0 where nobody tells."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            line = next(line for line in file if line.startswith("VmData:"))
    except (OSError, StopIteration):
        return 0
    return int(line.split()[1]) * 1024
