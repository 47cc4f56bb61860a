"""flowcore as a library: what the app does, in a few lines of Python.

>>> import flowcore
>>> graph = flowcore.load("digits.json")
>>> flowcore.check(graph)
()
>>> run = flowcore.run(graph)
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from flowcore.dataflow import check as _check
from flowcore.dataflow import document
from flowcore.model.descriptor import Catalog
from flowcore.model.event import Event
from flowcore.model.frame import ShapeReport
from flowcore.model.graph import Graph
from flowcore.model.problem import Problem, error
from flowcore.model.run import Run, Settings
from flowcore.runs.checker import Checker
from flowcore.runs.scans import read_functions
from flowcore.runs.supervisor import Supervisor
from flowcore.runs.workers import Workers
from flowcore.store import overlay
from flowcore.store.examples import examples

__all__ = ["catalog", "check", "examples", "load", "run", "save", "shapes"]


def catalog() -> Catalog:
    """Every node that can be used here: the generated catalogues with their revisions and policy.

    The user's own functions are read again first where a file has changed.
    """
    read_functions()
    return overlay.load()


def load(path: str | Path) -> Graph:
    """The graph in a file, older versions migrated. Raises FlowError with the path and the reason."""
    try:
        content = Path(path).read_bytes()
    except OSError as reason:
        raise error(
            "no-file", f"Cannot read {path}: {reason.strerror}.", "Name the file of a graph."
        ) from None
    return document.read(content, catalog())


def save(graph: Graph, path: str | Path) -> None:
    """Write a graph to a file, indented."""
    Path(path).write_bytes(document.write(graph))


def check(graph: Graph) -> tuple[Problem, ...]:
    """Everything that is wrong with a graph; nothing that it names is imported."""
    return _check.check(graph, catalog())


def shapes(graph: Graph) -> ShapeReport:
    """Shapes of every node and the layers of every model, batch axis first, worked out without data."""
    checker = Checker()
    try:
        return checker.report(graph, catalog())
    finally:
        checker.close()


def run(graph: Graph, seed: int = 0, on_event: Callable[[Event], None] | None = None) -> Run:
    """Run a graph in a worker process and wait for its end.

    on_event hears every event as it happens. Raises FlowError if the graph cannot run; a run that
    fails comes back with ``state == "failed"`` and its ``problem``.
    """
    supervisor = _supervisor()
    return supervisor.wait(supervisor.start(graph, settings=Settings(seed=seed), listener=on_event))


@lru_cache(maxsize=1)
def _supervisor() -> Supervisor:
    return Supervisor(catalog, Workers(spares=0))
