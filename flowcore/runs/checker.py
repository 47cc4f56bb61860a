"""The checker process: one in each server, started when first asked, killed when it takes too long."""

import select
import threading
import time
from typing import Final

import msgspec
import psutil

from flowcore.model.descriptor import Catalog
from flowcore.model.frame import CheckRequest, ShapeReport
from flowcore.model.graph import Graph, plain, types
from flowcore.model.problem import Problem
from flowcore.runs.process import WorkerProcess

LIMIT: Final = 2.0  # seconds of its processor time
START: Final = 60.0
BEAT: Final = 0.1
_decoder = msgspec.json.Decoder(ShapeReport)


class Checker:
    """Asks for shapes in a thread, so that a page never waits: `latest` is what is known so far."""

    def __init__(self) -> None:
        self._worker: WorkerProcess | None = None
        self._ready = False
        self._lock = threading.Lock()
        self._asked: dict[str, Graph] = {}
        self._known: dict[str, tuple[Graph, ShapeReport]] = {}

    def latest(self, graph: Graph, catalog: Catalog) -> tuple[ShapeReport, bool]:
        """The newest report on a graph, and whether it is about the graph as it is now.

        A graph that has changed is sent to the worker.
        """
        wanted = plain(graph)
        known = self._known.get(graph.id)
        if known and known[0] == wanted:
            return known[1], True
        if self._asked.get(graph.id) != wanted:
            self._asked[graph.id] = wanted
            threading.Thread(target=self._ask, args=(graph.id, wanted, catalog), daemon=True).start()
        return (known[1] if known else ShapeReport()), False

    def report(self, graph: Graph, catalog: Catalog) -> ShapeReport:
        """Wait for the report on a graph."""
        with self._lock:
            return self._exchange(graph, catalog)

    def close(self) -> None:
        with self._lock:
            self._end()

    def _ask(self, key: str, wanted: Graph, catalog: Catalog) -> None:
        with self._lock:
            if self._asked.get(key) != wanted:
                return  # edited again in the meantime
            report = self._exchange(wanted, catalog)
        self._known[key] = (wanted, report)
        while len(self._known) > 200:
            self._known.pop(next(iter(self._known)))

    def _exchange(self, graph: Graph, catalog: Catalog) -> ShapeReport:
        started = time.monotonic()
        request = CheckRequest(graph, catalog.only(types(graph)))
        line = self._answer(request)
        if line == b"":  # it has died, perhaps since the last graph
            self._end()
            line = self._answer(request)
        if line:
            self._ready = True
            return _decoder.decode(line)
        self._end()
        seconds = time.monotonic() - started
        return ShapeReport(
            problems=(
                Problem(
                    "check-failed",
                    f"Shapes could not be worked out: the checker gave no answer within {seconds:.0f} s.",
                    "Change the graph, or go on without shapes.",
                    level="notice",
                ),
            )
        )

    def _answer(self, request: CheckRequest) -> bytes | None:
        """A line of the worker, started where it is missing; b"" if it dies, None if it takes too long.

        LIMIT counts the worker's own seconds: a machine that is busy training makes no check fail.
        """
        if self._worker is None:
            self._worker, self._ready = WorkerProcess("check", keep_output=False), False
        self._worker.send(request)
        worker, begun = psutil.Process(self._worker.pid), time.monotonic()
        before = _used(worker)
        while not select.select([self._worker.events], [], [], BEAT)[0]:
            passed = time.monotonic() - begun
            if passed > START or (self._ready and passed > LIMIT and _used(worker) - before > LIMIT):
                return None
        return self._worker.events.readline()

    def _end(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self._worker.wait()
            self._worker.close()
            self._worker = None


def _used(worker: psutil.Process) -> float:
    """Seconds of processor time, all of them for one that is gone."""
    try:
        times = worker.cpu_times()
    except psutil.Error:
        return START
    return times.user + times.system
