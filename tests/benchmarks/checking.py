"""From an edit to all shapes known, 50 layers, one changed; start and memory of the checker by back end.

The whole graph is sent under a new name, of which the worker has kept nothing.

``python -m tests.benchmarks.checking``: medians of 5 rounds, arms in turn.
"""

import statistics
import time
from itertools import count
from typing import Final

import psutil
from msgspec.structs import replace

from flowcore.dataflow import edit
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, Link, Node
from flowcore.runs import backends
from flowcore.runs.checker import Checker
from flowcore.store import descriptors

ROUNDS: Final = 5
EDITS: Final = 50
LAYERS: Final = 50
PLACES: Final = {"start": 1, "middle": LAYERS // 2, "end": LAYERS}
_news = count(100)


def main() -> None:
    catalog = descriptors.load()
    for backend in (name for name in ("jax", "tensorflow") if name in backends.installed()):
        _figures(backend, catalog)


def _figures(backend: str, catalog: Catalog) -> None:
    checker = Checker(backend)
    began = time.perf_counter()
    checker.report(chain(1), catalog)
    started = time.perf_counter() - began
    assert checker._worker is not None
    worker = psutil.Process(checker._worker.pid)
    memory = worker.memory_full_info().pss / 1e6
    print(f"{backend}: start {started:.2f} s, {memory:.0f} MB")
    graph = chain(LAYERS)
    times: dict[str, list[float]] = {name: [] for name in (*PLACES, "whole graph")}
    checker.report(graph, catalog)
    for _ in range(ROUNDS):
        for name, place in PLACES.items():
            graph = edit.set_argument(graph, f"n{place}", "units", next(_news))
            times[name].append(_timed(checker, graph, catalog))
        times["whole graph"].append(_timed(checker, replace(graph, id=f"new {next(_news)}"), catalog))
    for name, found in times.items():
        print(f"  {name:12}{statistics.median(found):6.1f} ms  ({', '.join(f'{one:.0f}' for one in found)})")
    _processor(checker, worker, graph, catalog)
    checker.close()


def _processor(checker: Checker, worker: psutil.Process, graph: Graph, catalog: Catalog) -> None:
    """What an edit costs the worker itself, whoever else is at work: its clock ticks 100 times a second."""
    for name, place in PLACES.items():
        before = sum(worker.cpu_times()[:2])
        for _ in range(EDITS):
            graph = edit.set_argument(graph, f"n{place}", "units", next(_news))
            checker.report(graph, catalog)
        used = (sum(worker.cpu_times()[:2]) - before) / EDITS
        print(f"  {name:12}{used * 1e3:6.1f} ms of processor time, mean of {EDITS}")


def _timed(checker: Checker, graph: Graph, catalog: Catalog) -> float:
    """Milliseconds at the client, frames both ways included."""
    began = time.perf_counter()
    report = checker.report(graph, catalog)
    passed = (time.perf_counter() - began) * 1e3
    assert len(report.shapes) == LAYERS + 2, report.problems
    return passed


def chain(layers: int) -> Graph:
    """An Input, dense layers one after the other, and a model of them."""
    nodes = [Node(id="n0", type="keras.Input", args={"shape": [20]})]
    nodes += [
        Node(id=f"n{index}", type="keras.layers.Dense", args={"units": 20, "activation": "relu"})
        for index in range(1, layers + 1)
    ]
    links = [Link(f"n{index}", "", f"n{index + 1}", "inputs") for index in range(layers)]
    links += [Link("n0", "", "model", "inputs"), Link(f"n{layers}", "", "model", "outputs")]
    return Graph(id="chain", nodes=(*nodes, Node(id="model", type="keras.Model")), links=tuple(links))


if __name__ == "__main__":
    main()
