"""A run: the whole graph, node by node, in one process of its own."""

import gc
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from flowcore.dataflow.order import ordered
from flowcore.model.event import DataSeen, Done, Event, Failed, NodeState, Result, Started, Stopped, Summary
from flowcore.model.frame import RunRequest
from flowcore.model.problem import FlowError, Problem
from flowcore.model.run import FILES
from flowcore.worker import chance, fingerprint, preview
from flowcore.worker.channel import Channel
from flowcore.worker.confine import Parameters, confine
from flowcore.worker.control import StopRun
from flowcore.worker.earlier import Earlier
from flowcore.worker.evaluate import Outputs, evaluate
from flowcore.worker.explain import explained, print_trace
from flowcore.worker.gather import output
from flowcore.worker.layers import summary
from flowcore.worker.locate import locate
from flowcore.worker.stamps import OWN, code
from flowcore.worker.train import Watch


def serve(channel: Channel) -> None:
    """Take one request, run it, report how it ended."""
    request = channel.receive()
    if not isinstance(request, RunRequest):
        return
    gc.freeze()  # the graph stays to the end: garbage need not be looked for in it again and again
    confine(request.limits)
    channel.send(_end(request, channel))


def _end(request: RunRequest, channel: Channel) -> Event:
    try:
        _run(request, channel)
    except StopRun:
        return Stopped()
    except FlowError as reason:
        return Failed(problem=reason.problems[0])
    return Done()


def _run(request: RunRequest, channel: Channel) -> None:
    graph, catalog = ordered(request.graph), request.catalog
    channel.send(
        Started(
            pid=os.getpid(),
            seed=request.seed,
            order=tuple(node.id for node in graph.nodes),
            versions=_versions(request),
            backend=os.environ.get("KERAS_BACKEND", ""),
            fingerprint=fingerprint.of_graph(request.graph),
        )
    )
    os.environ["FLOWCORE_FILES"] = str(Path(request.folder) / FILES)
    chance.seed(request.seed)  # that of the model's weights comes at its first node
    values: dict[str, Outputs] = {}
    parameters = Parameters(request.limits.parameters)
    seeded = False
    earlier = Earlier(Path(request.resume), graph, catalog) if request.resume else None
    for node, links in graph.steps():
        id = node.id
        channel.control.obey(channel.send)
        channel.send(NodeState(node=id, state="running"))
        channel.flush()
        with explained(graph, node, values, request.limits):
            descriptor = catalog.find(node.type)
            if not seeded and descriptor and descriptor.symbolic:
                # Building a model is one unit: what ran before it must not decide its weights.
                locate("keras").utils.set_random_seed(request.seed)
                seeded = True
            method = _watch(id, request, channel, earlier)
            outputs = evaluate(graph, node, catalog, values, method, links=links)
            parameters.admit(outputs, *(values[link.source] for link in links))
        values[id] = outputs
        if node.type.startswith(OWN) and (source := code(node.type)):
            channel.send(DataSeen(node=id, fingerprints={"source": source}))
        shapes = preview.shapes(outputs)
        _report(channel, id, values, request)
        channel.send(NodeState(node=id, state="done", shapes=shapes, classes=preview.classes(outputs)))


def _watch(id: str, request: RunRequest, channel: Channel, earlier: Earlier | None) -> Watch:
    folder, steps = Path(request.folder), request.steps_per_execution
    return Watch(id, channel.send, channel.control, folder, earlier, steps)


def _report(channel: Channel, id: str, values: dict[str, Outputs], request: RunRequest) -> None:
    """Layers of a new model, numbers that came out, weights of a trained model."""
    descriptor = request.catalog.find(request.graph.by_id[id].type)
    if descriptor is None:
        return
    if descriptor.makes_model:
        channel.send(Summary(node=id, rows=summary(values[id].whole, values)))
    for one in descriptor.outputs:
        if one.otype == "metrics":
            channel.send(Result(node=id, metrics=preview.numbers(output(values[id], one.name))))
    named = any(one.otype == "metrics" for one in descriptor.outputs)
    leaf = not request.graph.out_of(id)
    if not named and (leaf or descriptor.otype in ("int", "float")):
        found = preview.few_numbers(values[id].whole)
        if found:
            channel.send(Result(node=id, metrics=found))
    if descriptor.kind == "method" and descriptor.mutates and descriptor.name == "fit":
        _save_weights(values[id].whole, Path(request.folder) / f"{id}.weights.h5")


def _save_weights(model: Any, path: Path) -> None:
    """Weights alone, never a pickle (keras.Model.save_weights)."""
    if hasattr(model, "save_weights"):
        model.save_weights(path)


def _versions(request: RunRequest) -> dict[str, str]:
    """Of Python, the back end, and the packages that the graph has nodes of."""
    found = {"python": platform.python_version()}
    used = {node.origin.dist for node in request.catalog.nodes if node.origin}
    for dist in (*sorted(used), os.environ.get("KERAS_BACKEND", "tensorflow")):
        try:
            found[dist] = version(dist)
        except PackageNotFoundError:
            continue
    return found


def crash(reason: BaseException) -> Failed:
    """The last word of a worker that failed outside any node."""
    print_trace(reason)
    return Failed(problem=Problem("worker-failed", f"The worker failed: {reason!r}.", "Run it again."))
