"""Which runs may run now, and in which order the others wait."""

import os
import threading
from collections import Counter
from typing import Final, Protocol

from flowcore.model.problem import error
from flowcore.runs import limits

WAITING: Final = 20


class Waiting(Protocol):
    """What stands in the queue."""

    owner: str

    def begin(self) -> bool:
        """False if it was stopped before."""

    def queue(self, place: int) -> None: ...


class Queue:
    """First come, first served; nobody has more than his share at work or waiting. Threads may share it.

    total: runs at once, FLOWCORE_RUNS or one for each processor. each: of one owner, FLOWCORE_RUNS_EACH
    or as many, half of them where the server is hosted. waiting: of one owner.
    """

    def __init__(
        self,
        total: int | None = None,
        each: int | None = None,
        waiting: int = WAITING,
        hosted: bool = False,
    ) -> None:
        self._total = total or limits.count("FLOWCORE_RUNS", os.cpu_count() or 1)
        self._each = each or limits.count("FLOWCORE_RUNS_EACH", limits.share(self._total, hosted))
        self._limit = waiting
        self._going: list[Waiting] = []
        self._waiting: list[Waiting] = []
        self._lock = threading.RLock()
        self._closed = False

    def admit(self, owner: str) -> None:
        """Raises FlowError("queue-full") for one who has enough runs waiting."""
        with self._lock:
            count = sum(run.owner == owner for run in self._waiting)
        if count >= self._limit:
            raise error(
                "queue-full",
                f"{count} of your runs wait already; at most {self._limit} may.",
                "Stop one of them, or wait until one begins.",
            )

    def enter(self, run: Waiting) -> None:
        """Begin a run, or let it wait for its turn."""
        with self._lock:
            self._waiting.append(run)
            self._advance()

    def leave(self, run: Waiting) -> None:
        """A run is over: others move up."""
        with self._lock:
            for line in (self._going, self._waiting):
                if run in line:
                    line.remove(run)
            self._advance()

    def close(self) -> None:
        """Begin no more runs."""
        with self._lock:
            self._closed = True

    def _advance(self) -> None:
        if self._closed:
            return
        busy = Counter(run.owner for run in self._going)
        for run in list(self._waiting):
            if len(self._going) < self._total and busy[run.owner] < self._each:
                self._waiting.remove(run)
                if run.begin():
                    self._going.append(run)
                    busy[run.owner] += 1
        for place, run in enumerate(self._waiting, 1):
            run.queue(place)
