"""The checker: every node's shapes and a model's layers, without data and without memory for weights.

Keras' StatelessScope makes variables that have a shape and no value (keras.StatelessScope).
"""

from collections.abc import Mapping
from typing import Any

from flowcore.dataflow.order import order
from flowcore.dataflow.plan import INPUT
from flowcore.model.descriptor import Catalog
from flowcore.model.frame import CheckRequest, ShapeReport
from flowcore.model.graph import Graph, Node
from flowcore.model.problem import FlowError, Problem
from flowcore.worker import preview
from flowcore.worker.evaluate import Outputs, evaluate
from flowcore.worker.explain import explain
from flowcore.worker.locate import locate


def infer(request: CheckRequest) -> ShapeReport:
    """What can be known of a graph from the nodes that policy lets the checker make."""
    graph, catalog = request.graph, request.catalog
    keras = locate("keras")
    keras.backend.clear_session()
    values: dict[str, Outputs] = {}
    shapes: dict[str, dict[str, str]] = {}
    problems: list[Problem] = []
    try:
        ids = order(graph)
    except FlowError as reason:
        return ShapeReport(problems=reason.problems)
    # Leaving the outermost scope would give every variable its memory; an inner one is left for nothing.
    outer = keras.StatelessScope()
    outer.__enter__()
    try:
        with keras.StatelessScope():
            for id in ids:
                node = graph.by_id[id]
                if not _can_make(graph, node, catalog, values):
                    continue
                try:
                    values[id] = evaluate(graph, node, catalog, values, _no_method)
                    shapes[id] = preview.shapes(values[id])
                except Exception as reason:  # whatever a layer raises is what the analyst wants to read
                    problems.append(explain(reason, graph, node, shapes))
            summaries = {id: rows for id in values if (rows := summary(values[id][""], values))}
    finally:
        keras.backend.clear_session()
    return ShapeReport(shapes, summaries, tuple(problems))


def summary(value: Any, values: Mapping[str, Outputs]) -> tuple[Any, ...]:
    """The rows of a model, () for any other value."""
    if not isinstance(value, locate("keras").Model):
        return ()
    owners: dict[int, str] = {}
    for node, outputs in values.items():
        for layer in _layers(outputs):
            owners.setdefault(id(layer), node)  # the node that made it; others only call it once more
    return preview.layers(value, lambda layer: owners.get(id(layer), ""))


def _layers(outputs: Outputs) -> list[Any]:
    """The layer that a node made; of an Input the layer behind its tensor."""
    if "layer" in outputs:
        return [outputs["layer"]]
    history = getattr(outputs.get(""), "_keras_history", None)
    return [history[0]] if history else []


def _can_make(graph: Graph, node: Node, catalog: Catalog, values: Mapping[str, Outputs]) -> bool:
    descriptor = catalog.find(node.type)
    if descriptor is None or not descriptor.symbolic or descriptor.kind == "method":
        return False
    given = {*node.args, *(link.argument for link in graph.into(node.id))}
    complete = all(item.arg in given for item in descriptor.args if item.required)
    links = graph.into(node.id)
    if descriptor.kind == "function" and descriptor.instance and descriptor.package != INPUT:
        # Without a symbolic tensor an operation would compute, on as much memory as it is told to.
        complete &= any(_is_symbolic(values.get(link.source, {}).get(link.output)) for link in links)
    return complete and all(link.source in values for link in links)


def _is_symbolic(value: Any) -> bool:
    return isinstance(value, locate("keras").KerasTensor)


def _no_method(target: Any, name: str, args: dict[str, Any]) -> Any:
    raise AssertionError(f"the checker calls no methods, and was asked for {name}")
