"""One object in each process that starts runs: owns its workers, closes what others left behind."""

import atexit
import threading
import time
from collections.abc import Callable
from functools import lru_cache

from flowcore.dataflow.check import require
from flowcore.model.descriptor import Catalog
from flowcore.model.event import Failed
from flowcore.model.graph import Graph
from flowcore.model.problem import FlowError, error
from flowcore.model.run import Run
from flowcore.runs.engine import Listener, LocalEngine, LocalRun, orphaned
from flowcore.runs.process import kill_leftover
from flowcore.store import runs
from flowcore.store.journal import Follower, Journal


class Supervisor:
    """Starts, stops and follows runs. Threads may share it."""

    def __init__(self, catalog: Callable[[], Catalog]) -> None:
        self._catalog = catalog
        self._engine = LocalEngine(catalog)
        self._runs: dict[str, LocalRun] = {}
        self._lock = threading.Lock()
        self._follower = lru_cache(maxsize=256)(lambda id: Follower(runs.folder(id)))
        atexit.register(self.close)
        self.recover()

    def start(self, graph: Graph, owner: str = "", seed: int = 0, listener: Listener | None = None) -> str:
        """Run a graph; the id of its run comes back. listener hears every event, in a thread of its own.

        Raises FlowError with all that keeps the graph from running.
        """
        require(graph, self._catalog())
        if self.active(graph.id):
            raise error("busy", "This graph is running already.", "Stop that run, or wait for its end.")
        id = runs.create(graph, owner, seed)
        handle = self._engine.start(graph, id, seed, listener)
        with self._lock:
            self._runs = {key: run for key, run in self._runs.items() if not run.wait(0).over}
            self._runs[id] = handle
        return id

    def active(self, graph: str) -> str:
        """The id of a graph's run that this process has under way, "" where there is none."""
        with self._lock:
            going = [id for id, run in self._runs.items() if run.graph == graph and not run.wait(0).over]
        return going[0] if going and graph else ""

    def forget(self, graph: str) -> None:
        """Delete everything about a graph's runs; one that is under way is ended first."""
        if id := self.active(graph):
            self._runs[id].kill()
            self._runs[id].wait(3)
        for row in runs.listing(graph, 100_000):
            runs.remove(row.id)

    def stop(self, id: str) -> None:
        """End a run of this process; no-op for any other."""
        if handle := self._runs.get(id):
            handle.stop()

    def wait(self, id: str, timeout: float | None = None) -> Run:
        """The run once it is over, or as it is after timeout seconds."""
        handle = self._runs.get(id)
        return handle.wait(timeout) if handle else self.look(id)

    def look(self, id: str) -> Run:
        """The run as its journal tells it now, whoever runs it. Raises FlowError("no-run")."""
        if not runs.exists(id):
            runs.document(id)
        run = self._follower(id).look()
        if not run.over and id not in self._runs and self._close_orphan(id):
            run = self._follower(id).look()
        return run

    def recover(self) -> None:
        """Close every run whose process is gone."""
        for id in runs.unfinished():
            try:
                self._close_orphan(id)
            except (FlowError, OSError):
                continue  # its folder is gone: there is nothing to close

    def close(self) -> None:
        """End every worker of this process."""
        for handle in self._runs.values():
            if not handle.wait(0).over:
                handle.stop()
        for handle in self._runs.values():
            handle.wait(3)

    def _close_orphan(self, id: str) -> bool:
        """Whether a run had no living owner; it is closed as failed then."""
        lock = runs.own(id)
        if lock is None:
            return False
        try:
            run = Follower(runs.folder(id)).look()
            if run.over:
                runs.note(id, run.state)
                return True
            # A run is created a moment before its process takes the lock.
            if time.time() - runs.folder(id).stat().st_ctime < 2 and not run.started:
                return False
            if worker := runs.traced(id):
                kill_leftover(worker)
            journal = Journal(runs.folder(id))
            journal.append(Failed(at=time.time(), problem=orphaned(id)))
            journal.close()
            runs.note(id, "failed")
            return True
        finally:
            lock.release()
