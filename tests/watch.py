"""Waiting for what other processes do."""

import time
from collections.abc import Callable
from typing import Any

import psutil


def until(true: Callable[[], Any], seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return found


def gone(process: psutil.Process | int) -> bool:
    """Whether a process, or the one with this id, has ended; it may do so while it is looked at."""
    try:
        process = psutil.Process(process) if isinstance(process, int) else process
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
