"""One object in each process that starts runs: owns its workers, closes what others left behind."""

import atexit
import contextlib
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from msgspec.structs import replace
from sqlalchemy.exc import SQLAlchemyError

from flowcore.dataflow.check import require
from flowcore.model.descriptor import Catalog
from flowcore.model.event import Failed
from flowcore.model.frame import Limits, RunRequest
from flowcore.model.graph import Graph, types
from flowcore.model.problem import FlowError, error
from flowcore.model.run import OVER, Run, Settings, after
from flowcore.runs import limits as limits_of
from flowcore.runs.endings import orphaned
from flowcore.runs.engine import Listener, LocalRun
from flowcore.runs.process import kill_leftover
from flowcore.runs.queue import Queue
from flowcore.runs.workers import Workers
from flowcore.store import database, runs
from flowcore.store.journal import Follower, Journal

USUAL = Settings()
SEEDS: Final = 1 << 32


class Supervisor:
    """Starts, stops and follows runs. Threads may share it.

    limits: what each run may use, those of the environment by default. queue: how many run at once.
    """

    def __init__(
        self,
        catalog: Callable[[], Catalog],
        workers: Workers | None = None,
        limits: Limits | None = None,
        queue: Queue | None = None,
    ) -> None:
        self._catalog = catalog
        self.limits = limits_of.allowed() if limits is None else limits
        self.workers = workers or Workers()
        self._queue = queue or Queue()
        self._runs: dict[str, LocalRun] = {}
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._follower = lru_cache(maxsize=256)(lambda id: Follower(runs.folder(id)))
        atexit.register(self.close)
        self.recover()

    def start(
        self, graph: Graph, owner: str = "", settings: Settings = USUAL, listener: Listener | None = None
    ) -> str:
        """Run a graph as soon as there is room; the id of its run comes back.

        listener hears every event, in a thread of its own. Raises FlowError with all that keeps the
        graph from running, "bad-setting", and where there is nothing to go on from.
        """
        catalog = self._catalog()
        require(graph, catalog)
        settings = _sound(settings)
        with self._starting:  # two tabs may ask for the same at the same time
            if self.active(graph.id):
                raise error("busy", "This graph is running already.", "Stop that run, or wait for its end.")
            self._queue.admit(owner)
            run = self._made(graph, catalog, owner, settings, listener)
            with self._lock:
                self._runs = {key: known for key, known in self._runs.items() if not known.settle()}
                self._runs[run.run_id] = run
            self._queue.enter(run)
        return run.run_id

    def _made(
        self, graph: Graph, catalog: Catalog, owner: str, settings: Settings, listener: Listener | None
    ) -> LocalRun:
        resume = str(runs.folder(settings.resume)) if settings.resume else ""
        id = runs.create(graph, owner, settings)
        request = RunRequest(
            graph,
            catalog.only(types(graph)),
            settings.seed,
            str(runs.folder(id)),
            self.limits,
            resume,
            settings.steps_per_execution,
        )
        with database.kept():
            return LocalRun(id, owner, request, settings, self.workers, listener, self._queue.leave)

    def active(self, graph: str) -> str:
        """The id of a graph's run that this process has under way, "" where there is none."""
        with self._lock:
            going = [id for id, run in self._runs.items() if run.graph == graph and not run.wait(0).over]
        return going[0] if going and graph else ""

    def forget(self, graph: str) -> None:
        """Delete everything about a graph's runs; one that is under way is ended first.

        Raises FlowError("busy") where that is for another process to do; then all are kept.
        """
        if id := self.active(graph):
            self._runs[id].kill()
            self._runs[id].wait(3)
        rows = runs.listing(graph, 100_000)
        for row in rows:
            if row.state not in OVER and row.id not in self._runs and not _left_alone(row.id):
                raise error(
                    "busy",
                    "Another server runs this graph now.",
                    "Stop that run there, then delete the graph.",
                )
        for row in rows:
            runs.remove(row.id)

    def stop(self, id: str) -> None:
        """End a run of this process; no-op for any other, as are pause and resume."""
        if handle := self._runs.get(id):
            handle.stop()

    def pause(self, id: str) -> None:
        """Hold a run at the end of its batch or node."""
        if handle := self._runs.get(id):
            handle.pause()

    def resume(self, id: str) -> None:
        """Let a run that is paused go on."""
        if handle := self._runs.get(id):
            handle.resume()

    def wait(self, id: str, timeout: float | None = None) -> Run:
        """The run once it is over, or as it is after timeout seconds."""
        handle = self._runs.get(id)
        return handle.wait(timeout) if handle else self.look(id)

    def look(self, id: str) -> Run:
        """The run as its journal tells it now, whoever runs it. Raises FlowError("no-run")."""
        if not runs.exists(id):
            runs.document(id)
        run = self._follower(id).look()
        if run.over:
            return run
        if handle := self._runs.get(id):
            now = handle.wait(0)
            return now if now.over else run  # its end may not have fitted on the disk
        return self._close_orphan(id) or run

    def recover(self) -> None:
        """Close every run whose process is gone."""
        for id in runs.unfinished():
            with contextlib.suppress(FlowError, OSError):  # its folder is gone: there is nothing to close
                self._close_orphan(id)

    def close(self) -> None:
        """End every worker of this process."""
        self._queue.close()
        handles = [handle for handle in self._runs.values() if not handle.wait(0).over]
        for handle in handles:
            handle.stop()
        for handle in handles:
            handle.wait(3)
        self.workers.close()

    def _close_orphan(self, id: str) -> Run | None:
        """How a run ended that has no living owner, on the disk if that has room; None where it has one."""
        lock = runs.own(id)
        if lock is None:
            return None
        try:
            run = Follower(runs.folder(id)).look()
            # A run is created a moment before its process takes the lock.
            if not (run.over or run.started) and time.time() - runs.folder(id).stat().st_ctime < 2:
                return None
            if not run.over and (worker := runs.traced(id)):
                kill_leftover(worker)
            end = Failed(at=time.time(), problem=orphaned(id, run))
            with contextlib.suppress(OSError, SQLAlchemyError):
                if not run.over:
                    journal = Journal(runs.folder(id))
                    journal.append(end)
                    journal.close()
                runs.note(id, after(run, end).state)
            return after(run, end)
        finally:
            lock.release()


def _sound(settings: Settings) -> Settings:
    """Settings that can be met, with the run that has the checkpoints to go on from."""
    if not 0 <= settings.seed < SEEDS:
        raise error(
            "bad-setting", f"Expected a seed from 0 to {SEEDS - 1}; found {settings.seed}.", "Change it."
        )
    steps = settings.steps_per_execution
    if steps is not None and steps < 1:
        raise error("bad-setting", f"Expected 1 step per execution or more; found {steps}.", "Change it.")
    if not settings.resume:
        return settings
    runs.document(settings.resume)
    resume = runs.continued(settings.resume)
    if not resume:
        raise error(
            "nothing-kept",
            f"The run {settings.resume[:6]} ended before it kept anything of its training.",
            "Train from the beginning.",
        )
    return replace(settings, resume=resume)


def _left_alone(id: str) -> bool:
    """Whether no living process has a run."""
    if not runs.exists(id):
        return True
    lock = runs.own(id)
    if lock is None:
        return False
    lock.release()
    return True
