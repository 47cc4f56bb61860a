"""The memory of all workers of a server together: each may stay below its limit, and all be too many."""

import threading
from collections.abc import Callable
from typing import Final

from flowcore.dataflow.units import size
from flowcore.model.problem import Problem
from flowcore.runs import limits
from flowcore.runs.process import WorkerProcess

VARIABLE: Final = "FLOWCORE_MEMORY"
_HINT: Final = (
    "Use a smaller batch, model or data set, wait until others are done, "
    f"or raise {VARIABLE} where flowcore is started."
)


class Pool:
    """Bytes by worker. Threads may share it.

    limit: of all together, 0 for none; FLOWCORE_MEMORY or 80 % of what the machine has by default.
    """

    def __init__(self, limit: int | None = None) -> None:
        self._limit = limits.count(VARIABLE, limits.most_memory(), 0) if limit is None else limit
        self._used: dict[WorkerProcess, int] = {}
        self._spare: list[Callable[[], bool]] = []
        self._lock = threading.Lock()
        self._judging = threading.Lock()

    def before_any_ends(self, free: Callable[[], bool]) -> None:
        """Ask this first where memory is short: to free what nobody waits for; False if there is none."""
        self._spare.append(free)

    def note(self, worker: WorkerProcess, memory: int) -> Problem | None:
        """Take down what a worker uses; why it has to end, if all use too much and none uses more."""
        with self._lock:
            self._used[worker] = memory
        if not self._short():
            return None
        with self._judging:  # one after the other: what ends for one has made room for the next
            while self._short() and any(free() for free in self._spare):
                pass
            with self._lock:
                total, most = sum(self._used.values()), max(self._used.values(), default=0)
                if not self._limit or total <= self._limit or memory < most:
                    return None
                del self._used[worker]
        return Problem(
            "limit-memory",
            f"All runs together used {size(total)} of memory, this one {size(memory)}; "
            f"the limit is {size(self._limit)}.",
            _HINT,
        )

    def leave(self, worker: WorkerProcess) -> None:
        """A worker is gone."""
        with self._lock:
            self._used.pop(worker, None)

    def _short(self) -> bool:
        with self._lock:
            return 0 < self._limit < sum(self._used.values())
