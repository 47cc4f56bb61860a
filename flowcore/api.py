"""flowcore as a library: what the app does, in a few lines of Python.

>>> import flowcore
>>> graph, row = flowcore.add(flowcore.Graph(name="a line"), "keras.Input", shape=[1])
>>> graph, line = flowcore.add(graph, "keras.layers.Dense", after=row, units=2)
>>> graph = flowcore.change(graph, line, units=1, label="the line")
>>> flowcore.shapes(graph).shapes[line]
{'': '(None, 1)'}
>>> flowcore.check(graph)
()
"""

import time
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from flowcore.dataflow import check as _check
from flowcore.dataflow import document, edit, ports
from flowcore.dataflow import plan as _plan
from flowcore.dataflow.plan import Plan
from flowcore.dataflow.read import read
from flowcore.dataflow.search import search as _search
from flowcore.model.descriptor import Catalog, NodeDescriptor
from flowcore.model.event import Event
from flowcore.model.frame import ShapeReport
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.preview import Preview
from flowcore.model.problem import FlowError, Problem, error
from flowcore.model.run import Run, Settings
from flowcore.runs import scripts
from flowcore.runs.checker import Checker
from flowcore.runs.scans import read_functions
from flowcore.runs.sessions import Sessions
from flowcore.runs.supervisor import Supervisor
from flowcore.runs.workers import Workers
from flowcore.store import fallback, overlay, runs
from flowcore.store.examples import examples

__all__ = [
    "DEFAULT",
    "FlowError",
    "Graph",
    "Link",
    "Node",
    "NodeDescriptor",
    "Plan",
    "Problem",
    "Run",
    "add",
    "catalog",
    "change",
    "check",
    "connect",
    "evaluate",
    "examples",
    "folder",
    "group",
    "load",
    "remove",
    "run",
    "save",
    "script",
    "search",
    "shapes",
    "train",
]
Source = str | tuple[str, str]
DEFAULT: Final[UnsetType] = UNSET
"""As an argument of `change`: what the callable takes where it is told nothing."""
BEAT: Final = 0.02


def _warn(problem: Problem) -> None:
    warnings.warn(str(problem), stacklevel=5)


def catalog() -> Catalog:
    """Every node that can be used here: the generated catalogues with their revisions and policy.

    The user's own functions are read again first where a file has changed.
    """
    read_functions()
    return overlay.load()


def search(query: str, limit: int = 20) -> tuple[NodeDescriptor, ...]:
    """Nodes that match every word, best first.

    >>> [node.package for node in search("max pooling 2d", 1)]
    ['keras.layers.MaxPooling2D']
    """
    return _search(catalog(), query, limit)


def add(
    graph: Graph, type_: str, /, *, after: Source | list[Source] = "", label: str = "", **args: Any
) -> tuple[Graph, str]:
    """A graph with one node more, and the id of that node.

    after: what comes in: a node's id, a pair of an id and an output, or a list of them; each is linked to the
    first port that is free and fits. args: arguments, as plain JSON values. Raises FlowError: "unknown-type",
    "no-port" where nothing fits, and what `connect` raises.
    """
    known = catalog()
    graph, id = edit.add(graph, type_, known, args, label)
    for one in after if isinstance(after, list) else [after] if after else []:
        graph = connect(graph, one, id)
    return graph, id


def connect(graph: Graph, source: Source, target: str, port: str = "") -> Graph:
    """A graph with one link more. source: a node's id, or a pair of an id and an output.

    port: of the target; "" for the first one that is free and fits. Raises FlowError: "no-node",
    "no-port", "wrong-link", "cycle".
    """
    known = catalog()
    id, output = (source, "") if isinstance(source, str) else source
    for one in (id, target):
        if one not in graph.by_id:
            raise error("no-node", f"The graph has no node {one}.", "Name one of its nodes.")
    giver, taker = graph.by_id[id], graph.by_id[target]
    fitting = ports.fitting(graph, giver, output, taker, known)
    known_ports = ports.ports(graph, taker, known)
    free = (
        one
        for one in fitting
        if ports.room(graph, taker, one, known_ports[Link(id, output, target, one).argument])
    )
    found = port or next(free, "")
    if not found:
        carried = ports.carried(graph, giver, output, known) or "nothing"
        message = f"{giver.title} hands on {carried}, which fits no free port of {taker.title}."
        raise error("no-port", message, f"Its ports are {', '.join(known_ports) or 'none'}.", (id, target))
    return edit.connect(graph, id, output, target, found, known)


def change(
    graph: Graph, node: str, /, *, label: str | None = None, note: str | None = None, **args: Any
) -> Graph:
    """A graph where a node has other arguments, as plain JSON values, DEFAULT to take one back.

    Raises FlowError("no-node").
    """
    for name, value in args.items():
        graph = edit.set_argument(graph, node, name, value)
    graph = graph if label is None else edit.rename(graph, node, label)
    return graph if note is None else edit.annotate(graph, node, note)


def remove(graph: Graph, *what: str | Link) -> Graph:
    """A graph without some nodes, by id, and their links; or without some links.

    >>> graph, row = add(Graph(), "keras.Input", shape=[1])
    >>> graph, line = add(graph, "keras.layers.Dense", after=row, units=1)
    >>> remove(graph, *graph.links).links
    ()
    """
    for link in what:
        graph = edit.disconnect(graph, link) if isinstance(link, Link) else graph
    return edit.remove(graph, (id for id in what if isinstance(id, str)))


def group(graph: Graph, label: str, *nodes: str) -> Graph:
    """A graph where nodes are shown together under a label, "" to take them out of their group.

    Raises FlowError("no-node").
    """
    for node in nodes:
        graph = edit.gather(graph, node, label)
    return graph


def train(graph: Graph, plan: Plan | None = None) -> Graph:
    """The graph with its training: model, compile, fit and evaluate nodes, added or set by a plan.

    plan: None for what the graph says, and sensible values where it says nothing. Raises
    FlowError("no-network") where there is nothing to train.
    """
    known = catalog()
    return _plan.write(graph, plan or _plan.read(graph, known), known)


def load(path: str | Path, tell: Callable[[Problem], object] = _warn) -> Graph:
    """The graph in a file: a graph document, a script that was written from one, or a Keras model.

    tell: hears what of a script is not taken over; else that is a warning of Python's.
    Nothing that the file names is imported or run. Raises FlowError with the place and the reason.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as reason:
        raise error(
            "no-file", f"Cannot read {path}: {reason.strerror}.", "Name the file of a graph."
        ) from None
    return read(content, Path(path).name, catalog(), fallback.sources(), tell)


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


def script(graph: Graph, seed: int = 0) -> str:
    """The graph as a Python script that does the same without flowcore; `load` reads it back.

    Raises FlowError: "cycle", "not-allowed" for what policy never lets run, "no-source".
    """
    return scripts.script(graph, catalog(), seed)


def run(
    graph: Graph,
    seed: int = 0,
    on_event: Callable[[Event], None] | None = None,
    *,
    backend: str = "tensorflow",
    steps_per_execution: int | None = None,
    resume: str = "",
) -> Run:
    """Run a graph in a worker process and wait for its end.

    on_event hears every event as it happens. backend: of Keras. steps_per_execution: None to choose it by
    the time of a step. resume: the id of an earlier run of the graph whose training goes on. Raises
    FlowError if the graph cannot run, or there is no run to go on with; a run that fails comes back with
    ``state == "failed"`` and its ``problem``.
    """
    supervisor = _supervisor()
    settings = Settings(seed=seed, backend=backend, resume=resume, steps_per_execution=steps_per_execution)
    id = supervisor.start(graph, settings=settings, listener=on_event)
    return replace(supervisor.wait(id), id=id)


def folder(run: Run) -> Path:
    """What a run left: ``NODE.weights.h5`` of each that trained, and below ``files`` what its nodes wrote."""
    return runs.folder(run.id)


def evaluate(graph: Graph, node: str, seed: int = 0) -> dict[str, Preview]:
    """What the value of a node looks like, by output; it and what it needs run in a worker process.

    The worker keeps the values of a graph: only what has changed since it was asked last runs again.
    Raises FlowError with what keeps it from running, or what a node raised.
    """
    sessions, owner = _sessions(), "library"
    sessions.evaluate(graph, owner, node, seed)
    while (found := sessions.look(graph.id, owner)).busy:
        time.sleep(BEAT)
    if found.run.problem:
        raise FlowError(found.run.problem)
    if found.run.state == "stopped":
        raise error("stopped", "It was stopped before it came to this node.", "Evaluate it again.")
    return found.answers[node].found.previews


@lru_cache(maxsize=1)
def _supervisor() -> Supervisor:
    return Supervisor(catalog, _workers())


@lru_cache(maxsize=1)
def _sessions() -> Sessions:
    return Sessions(catalog, _workers())


@lru_cache(maxsize=1)
def _workers() -> Workers:
    return Workers(spares=0)
