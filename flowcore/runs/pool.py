"""The memory of all runs and sessions of a server: each may stay below its limit, and all be too much."""

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

    limit: of all together, 0 for none; by default FLOWCORE_MEMORY, or 80 % of what the machine has, and
    never less than one run may use.
    """

    def __init__(self, limit: int | None = None) -> None:
        self._limit = limits.count(VARIABLE, limits.memory_of_all(), 0) if limit is None else limit
        self._used: dict[WorkerProcess, int] = {}
        self._spare: list[Callable[[], bool]] = []
        self._lock = threading.Lock()
        self._judging = threading.Lock()

    def before_any_ends(self, free: Callable[[], bool]) -> None:
        """Ask this first where memory is short: to free what nobody waits for; False if there is none."""
        self._spare.append(free)

    def note(self, worker: WorkerProcess, memory: int) -> None:
        """Take down what a worker uses."""
        with self._lock:
            self._used[worker] = memory

    def verdict(self, worker: WorkerProcess) -> Problem | None:
        """Why a worker has to end, if all use too much and none uses more; it counts no more then."""
        if not self._short():
            return None
        with self._judging:  # one after the other: what ends for one has made room for the next
            while self._short() and any(free() for free in self._spare):
                pass
            with self._lock:
                mine, total = self._used.get(worker), sum(self._used.values())
                if mine is None or total <= self._limit or mine < max(self._used.values()):
                    return None
                del self._used[worker]
        return Problem(
            "limit-memory",
            f"All runs and sessions together used {size(total)} of memory, this one {size(mine)}; "
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
