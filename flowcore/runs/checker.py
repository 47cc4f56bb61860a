"""The checker process: one in each server, started when first asked, killed when it takes too long."""

import select
import threading
import time
from typing import Final

import msgspec
import psutil
from msgspec.structs import replace

from flowcore.dataflow import caps, edit
from flowcore.dataflow.check import errors
from flowcore.dataflow.check_nodes import of_node
from flowcore.dataflow.fitting import Fitting
from flowcore.dataflow.order import descendants
from flowcore.model.descriptor import Catalog
from flowcore.model.event import Failed
from flowcore.model.frame import CheckRequest, ShapeReport
from flowcore.model.graph import Graph, plain, types
from flowcore.model.problem import Problem
from flowcore.runs.backends import installed
from flowcore.runs.process import WorkerProcess

LIMIT: Final = 2.0  # seconds of its processor time
START: Final = 60.0
BEAT: Final = 0.1
KEPT: Final = 200
_decoder = msgspec.json.Decoder(ShapeReport | Failed)
_Question = tuple[Graph, Catalog]


class Checker:
    """Asks for shapes in a thread, so that a page never waits: `latest` is what is known so far."""

    def __init__(self, backend: str = "") -> None:
        """backend: of Keras, "" for the lightest that is installed."""
        self._backend = backend or ("jax" if "jax" in installed() else "tensorflow")
        self._worker: WorkerProcess | None = None
        self._lock = threading.Lock()
        self._asked: dict[str, _Question] = {}
        self._known: dict[str, tuple[_Question, ShapeReport]] = {}

    def latest(self, graph: Graph, catalog: Catalog) -> tuple[ShapeReport, bool]:
        """The newest report on a graph, and whether it is about the graph as it is now.

        A graph that has changed is sent to the worker, and so is one whose nodes are described otherwise.
        """
        wanted = plain(graph), catalog.only(types(graph))
        known = self._known.get(graph.id)
        if known and known[0] == wanted:
            return known[1], True
        if self._asked.get(graph.id) != wanted:
            self._asked[graph.id] = wanted
            threading.Thread(target=self._ask, args=(graph.id, wanted), daemon=True).start()
        return (known[1] if known else ShapeReport()), False

    def report(self, graph: Graph, catalog: Catalog) -> ShapeReport:
        """Wait for the report on a graph."""
        with self._lock:
            return self._exchange(plain(graph), catalog, graph.id)

    def close(self) -> None:
        with self._lock:
            self._end()

    def _ask(self, key: str, wanted: _Question) -> None:
        with self._lock:
            if self._asked.get(key) != wanted:
                return  # edited again in the meantime
            try:
                self._known[key] = (wanted, self._exchange(*wanted, key))
            finally:
                self._asked.pop(key, None)
            while len(self._known) > KEPT:
                self._known.pop(next(iter(self._known)))

    def _exchange(self, graph: Graph, catalog: Catalog, key: str = "") -> ShapeReport:
        """The worker's report on what keeps to the caps, with what does not.

        Nodes that `flowcore.dataflow.check` finds wrong are not sent: no value reaches Keras that fits no
        argument.
        """
        problems = caps.exceeded(graph)
        if any(not problem.nodes for problem in problems):
            return ShapeReport(problems=problems)
        fitting = Fitting(catalog)
        gone = {id for problem in problems for id in problem.nodes}
        rest = [node for node in graph.nodes if node.id not in gone]
        gone |= {node.id for node in rest if errors(tuple(of_node(graph, node, fitting)))}
        if gone:
            graph = edit.remove(graph, gone.union(*(descendants(graph, id) for id in gone)))
        request = CheckRequest(graph, catalog.only(types(graph)), key)
        answer = self._answer(request) or self._answer(request)  # it may have died since the last graph
        answer = answer or _no_answer("the checker could not be started")
        return replace(answer, problems=(*problems, *answer.problems))

    def _answer(self, request: CheckRequest) -> ShapeReport | None:
        """The worker's report, started where it is missing; None if it has died."""
        if self._worker is None:
            self._worker = WorkerProcess("check", keep_output=False, backend=self._backend)
            if not self._line(START):
                self._end()
                return None
        self._worker.send(request)
        line = self._line(LIMIT)
        if line is None:
            self._end()
            return _no_answer(f"the checker gave no answer within {LIMIT:.0f} s")
        if not line:
            self._end()
            return None
        found = _decoder.decode(line)
        return found if isinstance(found, ShapeReport) else ShapeReport(problems=(found.problem,))

    def _line(self, seconds: float) -> bytes | None:
        """A line of the worker; b"" if it has died, None if it takes more than its seconds.

        These are its own: a machine that is busy training makes no check fail.
        """
        assert self._worker is not None
        worker, begun = psutil.Process(self._worker.pid), time.monotonic()
        before = _used(worker)
        while not select.select([self._worker.events], [], [], BEAT)[0]:
            passed = time.monotonic() - begun
            if passed > START or (passed > seconds and _used(worker) - before > seconds):
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


def _no_answer(reason: str) -> ShapeReport:
    return ShapeReport(
        problems=(
            Problem(
                "check-failed",
                f"Shapes could not be worked out: {reason}.",
                "Change the graph, or go on without shapes.",
                level="notice",
            ),
        )
    )
