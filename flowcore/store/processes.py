"""What the system says of the memory of a process (proc(5)), and the end of all that one has started."""

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Container
from typing import Final

import psutil

_SUBREAPER: Final = 36


def status(pid: int | str = "self") -> dict[str, int]:
    """Bytes by field, such as VmData and RssAnon; {} of a process that is gone, and where nobody tells."""
    return _fields(pid, "status")


def shares(pid: int) -> dict[str, int]:
    """Bytes by field, such as Pss_Anon: of a page that several processes have, each has its part.

    Takes the system milliseconds for each gigabyte.
    """
    return _fields(pid, "smaps_rollup")


def end_group(pid: int) -> None:
    """End the processes of a group, those that are left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def end_tree(pid: int) -> None:
    """End a process, its group, and whatever else descends from it."""
    try:
        others = psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        others = []
    end_group(pid)
    for other in others:
        with contextlib.suppress(psutil.Error):
            other.kill()


def adopt() -> None:
    """Be the parent of whatever a child leaves behind when it ends (PR_SET_CHILD_SUBREAPER of prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SUBREAPER, 1)


def end_children(but: Container[int] = (), seconds: float = 1.0) -> None:
    """End the children of this process, some apart, and what they leave to it, which took other groups.

    A process that the system holds is left to it after some seconds.
    """
    end = time.monotonic() + seconds
    while strays := [child for child in psutil.Process().children() if child.pid not in but]:
        for stray in strays:
            with contextlib.suppress(psutil.Error):
                stray.kill()
        psutil.wait_procs(strays, max(0.0, end - time.monotonic()))
        if time.monotonic() > end:
            return


def _fields(pid: int | str, name: str) -> dict[str, int]:
    try:
        with open(f"/proc/{pid}/{name}", encoding="ascii", errors="replace") as file:
            lines = [line.split() for line in file if line.rstrip().endswith(" kB")]
    except OSError:
        return {}
    return {name.rstrip(":"): int(amount) * 1024 for name, amount, _ in lines}
