"""Where workers come from: a warmed spare, else a fork of the zygote, else a process started by itself."""

import os
import sys
import threading
import time
from functools import partial
from typing import Final

from flowcore.model.problem import FlowError
from flowcore.runs import limits
from flowcore.runs.pool import Pool
from flowcore.runs.process import Pipes, WorkerProcess
from flowcore.runs.zygote import ForkedChild, Zygote
from flowcore.store import scratch

SPARES: Final = 2
IDLE: Final = 900.0
REFILL: Final = 3.0  # a run that has just begun has the processor for itself
PAUSE: Final = 1.0  # before a zygote that was never ready is tried again; doubled each time
LONGEST: Final = 300.0


def can_fork() -> bool:
    """Whether zygotes are used: on Linux, unless FLOWCORE_ENGINE says spawn."""
    return sys.platform == "linux" and os.environ.get("FLOWCORE_ENGINE", "fork") != "spawn"


class Workers:
    """Zygotes, one for each back end in use, and their spare workers. Threads may share it.

    spares: workers of each that wait with a tiny fit behind them. idle: seconds without a worker at work
    after which spares and zygotes end; the next worker starts them again. fork: False to start each worker
    by itself, which is all that other systems than Linux can. pool: the memory of those that are at work.
    """

    def __init__(
        self,
        spares: int | None = None,
        idle: float = IDLE,
        fork: bool | None = None,
        pool: Pool | None = None,
    ) -> None:
        self.pool = pool or Pool()
        self._fork = can_fork() if fork is None else fork
        self.spares = limits.count("FLOWCORE_SPARES", SPARES, 0) if spares is None else spares
        self._idle = idle
        self._zygotes: dict[str, Zygote] = {}
        self._pauses: dict[str, float] = {}
        self._waiting: list[WorkerProcess] = []
        self._busy: list[WorkerProcess] = []
        self._used = 0.0
        self._due = 0.0
        self._lock = threading.RLock()
        self._keeper: threading.Thread | None = None
        self._wake = threading.Condition(self._lock)
        self._closed = False
        scratch.sweep()
        scratch.share(self)

    def warm(self, backend: str = "tensorflow") -> None:
        """Make ready for a run that may come: returns at once."""
        with self._lock:
            self._used = time.monotonic()
            if not self._closed and self._fork:
                self._zygote(backend)
                self._keep()

    def take(self, mode: str, backend: str = "tensorflow") -> WorkerProcess:
        """A worker that waits for its first frame."""
        self.warm(backend)
        found = self._spare(backend) if mode == "run" else None
        found = found or self._forked(mode, backend) or WorkerProcess(mode, backend=backend)
        if self._fork:  # otherwise nothing is kept ready that could be idle
            with self._lock:
                self._busy.append(found)
        return found

    def _forked(self, mode: str, backend: str) -> WorkerProcess | None:
        for _ in range(2):  # a zygote that was killed is known to be gone once it is asked
            with self._lock:
                zygote = self._zygote(backend) if self._fork and not self._closed else None
            if zygote is None:
                return None
            try:
                return WorkerProcess(mode, backend=backend, source=zygote.fork)
            except FlowError:
                continue
        return None

    @property
    def pids(self) -> tuple[int, ...]:
        """Of the zygotes and the spares that wait."""
        with self._lock:
            zygotes = [one.pid for one in self._zygotes.values() if one.imported and not one.gone.is_set()]
            return (*zygotes, *(spare.pid for spare in self._waiting))

    def close(self) -> None:
        """End spares and zygotes, and every worker that these have forked."""
        with self._lock:
            self._closed = True
            self._clear()
            self._wake.notify_all()
        if self._keeper is not None:
            self._keeper.join(REFILL)
        scratch.close(self)

    def _spare(self, backend: str) -> WorkerProcess | None:
        with self._lock:
            self._due = time.monotonic() + REFILL
            for spare in [spare for spare in self._waiting if spare.backend == backend]:
                self._waiting.remove(spare)
                if spare.wait(0) is None:
                    return spare
                _discard(spare)
        return None

    def _zygote(self, backend: str) -> Zygote | None:
        """The one that is there or a new one; None for a while after one that was never ready."""
        found = self._zygotes.get(backend)
        if found is not None and not found.gone.is_set():
            return found
        if found is None or found.imported:
            self._pauses.pop(backend, None)
        else:
            pause = self._pauses.get(backend, PAUSE)
            if time.monotonic() < found.ended + pause:
                return None
            self._pauses[backend] = min(2 * pause, LONGEST)
        found = self._zygotes[backend] = Zygote(backend)
        return found

    def _keep(self) -> None:
        if self._keeper is None or not self._keeper.is_alive():
            self._keeper = threading.Thread(target=self._maintain, name="spares", daemon=True)
            self._keeper.start()

    def _maintain(self) -> None:
        """Refill the spares, restart a zygote that died, end all when nobody has come for long."""
        while True:
            with self._lock:
                self._busy = [worker for worker in self._busy if worker.wait(0) is None]
                if self._busy or self._booting():
                    self._used = time.monotonic()
                if time.monotonic() - self._used > self._idle:
                    self._clear()
                if self._closed or not self._zygotes:
                    self._keeper = None
                    return
                self._drop_dead()
                zygotes = [one for name in list(self._zygotes) if (one := self._zygote(name))]
                lacking = [one for one in zygotes if self._lacking(one.backend)]
            for zygote in lacking:
                if zygote.ready.is_set():
                    self._refill(zygote)
            with self._lock:
                self._wake.wait(0.2 if lacking else 1.0)

    def _booting(self) -> bool:
        """Whether somebody may wait for a zygote; for one that has failed before, nobody does."""
        return any(not one.ready.is_set() for name, one in self._zygotes.items() if name not in self._pauses)

    def _drop_dead(self) -> None:
        for spare in [spare for spare in self._waiting if spare.wait(0) is not None]:
            self._waiting.remove(spare)
            _discard(spare)

    def _lacking(self, backend: str) -> bool:
        waiting = sum(spare.backend == backend for spare in self._waiting)
        return waiting < self.spares and time.monotonic() >= self._due

    def _refill(self, zygote: Zygote) -> None:
        try:
            spare = WorkerProcess("run", backend=zygote.backend, source=partial(_warmed, zygote))
        except (FlowError, OSError):
            return  # the zygote is gone, or there is no room: the next round tries again
        with self._lock:
            if self._closed:
                _discard(spare)
            else:
                self._waiting.append(spare)

    def _clear(self) -> None:
        for spare in self._waiting:
            _discard(spare)
        for zygote in self._zygotes.values():
            zygote.close()
        self._waiting.clear()
        self._zygotes.clear()


def _warmed(zygote: Zygote, mode: str, pipes: Pipes, environment: dict[str, str]) -> ForkedChild:
    return zygote.fork(mode, pipes, environment, warm=True)


def _discard(spare: WorkerProcess) -> None:
    spare.kill()
    spare.wait(1)
    spare.output.close()
    spare.close()
