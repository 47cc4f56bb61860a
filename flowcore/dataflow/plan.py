"""The training of a graph as one value, read from its model, compile and fit nodes and written back.

The graph stays the whole program: nothing about training lives beside it.
"""

from typing import Final

import msgspec
from msgspec.structs import replace

from flowcore.dataflow import edit, fits, ports
from flowcore.dataflow.kinds import sequence
from flowcore.dataflow.order import ancestors
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.problem import error
from flowcore.model.value import Value, tag

MODEL: Final = "keras.Model"
COMPILE: Final = "keras.Model.compile"
FIT: Final = "keras.Model.fit"
EVALUATE: Final = "keras.Model.evaluate"
INPUT: Final = "keras.Input"
STOPPING: Final = "keras.callbacks.EarlyStopping"

Place = tuple[str, str]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How to train. x, y, test_x, test_y: (node, output) of the data, None where nothing is linked.

    optimizer, loss, metrics: a name or a ``$new`` value; losses and metrics of several outputs in a list
    or a dict of them. patience: epochs without progress before
    training stops, None to go on to the end. validation: share of the training data, 0 to 1.
    """

    optimizer: Value = "adam"
    loss: Value = None
    metrics: tuple[Value, ...] | dict[str, Value] = ()
    epochs: int = 10
    batch_size: int = 32
    validation: float = 0.1
    patience: int | None = None
    x: Place | None = None
    y: Place | None = None
    test_x: Place | None = None
    test_y: Place | None = None


def read(graph: Graph, catalog: Catalog) -> Plan:
    """What the graph says about its training; sensible values where it says nothing that fits."""
    compiled, fitted, tested = (_first(graph, type_) for type_ in (COMPILE, FIT, EVALUATE))
    loss = _likely_loss(graph)
    plan = Plan(
        loss=loss,
        metrics=() if loss == "mean_squared_error" else ("accuracy",),
        x=_named(graph, "x_train", catalog),
        y=_named(graph, "y_train", catalog),
        test_x=_named(graph, "x_test", catalog),
        test_y=_named(graph, "y_test", catalog),
    )
    if compiled:
        metrics = _value(compiled, "metrics", catalog, None)
        plan = replace(
            plan,
            optimizer=_value(compiled, "optimizer", catalog, "rmsprop"),
            loss=_value(compiled, "loss", catalog, None),
            metrics=as_metrics(metrics),
        )
    if fitted:
        stopping = next(filter(_is_stopping, _callbacks(fitted)), None)
        plan = replace(
            plan,
            epochs=_value(fitted, "epochs", catalog, 1),
            batch_size=_value(fitted, "batch_size", catalog, None) or 32,
            validation=_value(fitted, "validation_split", catalog, 0.0) or 0.0,
            patience=_patience(stopping),
            x=_into(graph, fitted, "x"),
            y=_into(graph, fitted, "y"),
        )
    if fitted or tested:
        plan = replace(plan, test_x=_into(graph, tested, "x"), test_y=_into(graph, tested, "y"))
    return plan


def write(graph: Graph, plan: Plan, catalog: Catalog) -> Graph:
    """The graph that trains by the plan: what differs from what it says now is set, and nothing else.

    Model, compile, fit and evaluate nodes are added where they are missing. Raises FlowError:
    "no-network" where there is nothing to make a model of, and what `edit` raises.
    """
    before = read(graph, catalog)
    fresh = {type_: _first(graph, type_) is None for type_ in (COMPILE, FIT, EVALUATE)}
    graph, compiled, fitted = _nodes(graph, catalog)

    def put(graph: Graph, node: str, type_: str, field: str, name: str, value: Value) -> Graph:
        changed = fresh[type_] or getattr(plan, field) != getattr(before, field)
        if not changed or graph.into(node, name):
            return graph
        return edit.set_argument(graph, node, name, msgspec.UNSET if value is None else value)

    graph = put(graph, compiled, COMPILE, "optimizer", "optimizer", plan.optimizer)
    graph = put(graph, compiled, COMPILE, "loss", "loss", plan.loss)
    graph = put(graph, compiled, COMPILE, "metrics", "metrics", as_value(plan.metrics) or None)
    graph = put(graph, fitted, FIT, "epochs", "epochs", plan.epochs)
    graph = put(graph, fitted, FIT, "batch_size", "batch_size", plan.batch_size)
    graph = put(graph, fitted, FIT, "validation", "validation_split", plan.validation or None)
    callbacks = _with_patience(_callbacks(graph.by_id[fitted]), plan)
    graph = put(graph, fitted, FIT, "patience", "callbacks", callbacks or None)
    graph = _feed(graph, fitted, {"x": (before.x, plan.x), "y": (before.y, plan.y)}, catalog)
    return _tested(graph, fitted, before, plan, catalog)


def as_metrics(value: Value) -> tuple[Value, ...] | dict[str, Value]:
    """The metrics that a value says; of each output by its name in a dict."""
    items = sequence(value)
    return value if isinstance(value, dict) and items is None else tuple(items or ())


def as_value(metrics: tuple[Value, ...] | dict[str, Value]) -> Value:
    """Metrics as a value."""
    return metrics if isinstance(metrics, dict) else list(metrics)


def trains(graph: Graph, catalog: Catalog) -> bool:
    """Whether there is something to train, or there is no node yet; another graph is run as it is."""
    return not graph.nodes or any(_of_network(graph, node, catalog) for node in graph.nodes)


def program(graph: Graph, catalog: Catalog) -> Graph:
    """The whole program that a graph stands for: with its training, where there is something to train.

    Raises what `write` raises.
    """
    return write(graph, read(graph, catalog), catalog) if trains(graph, catalog) else graph


def sources(graph: Graph, catalog: Catalog) -> tuple[Place, ...]:
    """Every output that carries an array: what x and y can be linked to."""
    return tuple(
        (node.id, name)
        for node in graph.nodes
        for name, otype in ports.outputs(graph, node, catalog).items()
        if otype in ("array", "table")
    )


def samples(graph: Graph, catalog: Catalog) -> tuple[Place, ...]:
    """What a layer can be shown, first what the training and the test take, be it several arrays."""
    plan = read(graph, catalog)
    places = (plan.x, plan.test_x, *sources(graph, catalog))
    return tuple(dict.fromkeys(place for place in places if place))


def _nodes(graph: Graph, catalog: Catalog) -> tuple[Graph, str, str]:
    """The compile and fit nodes, added behind the model where they are missing."""
    fitted, compiled = _first(graph, FIT), _first(graph, COMPILE)
    if fitted and compiled and graph.into(fitted.id, "self") and graph.into(compiled.id, "self"):
        return graph, compiled.id, fitted.id
    graph, model = _model(graph, catalog)
    graph, first = _method(graph, COMPILE, model, "", catalog)
    graph, second = _method(graph, FIT, first, "model", catalog)
    return graph, first, second


def _tested(graph: Graph, fitted: str, before: Plan, plan: Plan, catalog: Catalog) -> Graph:
    """The evaluate node: added when there is something to evaluate on, taken out when that is cleared."""
    known = _first(graph, EVALUATE)
    if plan.test_x is None:
        cleared = known and before.test_x is not None and not graph.out_of(known.id)
        return edit.remove(graph, [known.id]) if known and cleared else graph
    graph, node = _method(graph, EVALUATE, fitted, "model", catalog)
    places = {"x": (before.test_x, plan.test_x), "y": (before.test_y, plan.test_y)}
    return _feed(graph, node, places, catalog)


def _model(graph: Graph, catalog: Catalog) -> tuple[Graph, str]:
    """The model node; made from every Input and every tensor that nobody takes where there is none."""
    known = next((node for node in graph.nodes if _is_model(node, catalog)), None)
    if known:
        return graph, known.id
    inputs = [node.id for node in graph.nodes if catalog.canonical(node.type) == INPUT]
    ends = [node.id for node in graph.nodes if _is_end(graph, node, set(inputs), catalog)]
    if not inputs or not ends:
        raise error(
            "no-network",
            "Expected an Input node and layers connected to it, found none.",
            "Add Input and at least one layer on the Build page.",
        )
    graph, model = edit.add(graph, MODEL, catalog)
    for source in inputs:
        graph = edit.connect(graph, source, "", model, "inputs", catalog)
    for source in ends:
        graph = edit.connect(graph, source, "", model, "outputs", catalog)
    return graph, model


def _of_network(graph: Graph, node: Node, catalog: Catalog) -> bool:
    type_, descriptor = catalog.canonical(node.type), catalog.find(node.type)
    layer = descriptor is not None and descriptor.is_layer
    return layer or type_ in (INPUT, COMPILE, FIT, EVALUATE) or _is_model(node, catalog)


def _is_end(graph: Graph, node: Node, inputs: set[str], catalog: Catalog) -> bool:
    if ports.carried(graph, node, "", catalog) != "tensor" or node.id in inputs:
        return False
    return not graph.out_of(node.id) and bool(inputs & ancestors(graph, node.id))


def _method(graph: Graph, type_: str, of: str, output: str, catalog: Catalog) -> tuple[Graph, str]:
    """The first node of a method, added and connected where it is missing."""
    known = _first(graph, type_)
    if known:
        if graph.into(known.id, "self"):
            return graph, known.id
        return edit.connect(graph, of, output, known.id, "self", catalog), known.id
    graph, node = edit.add(graph, type_, catalog)
    return edit.connect(graph, of, output, node, "self", catalog), node


def _feed(
    graph: Graph, node: str, places: dict[str, tuple[Place | None, Place | None]], catalog: Catalog
) -> Graph:
    """Data linked where their place is another than before: several of them, each at its key, stay."""
    for port, (before, place) in places.items():
        links = graph.into(node, port)
        if (links and place == before) or (place and Link(*place, node, port) in links):
            continue
        for link in links:
            graph = edit.disconnect(graph, link)
        if place:
            graph = edit.connect(graph, *place, node, port, catalog)
    return graph


def _is_model(node: Node, catalog: Catalog) -> bool:
    descriptor = catalog.find(node.type)
    return descriptor is not None and descriptor.makes_model


def _value(node: Node, name: str, catalog: Catalog, otherwise: Value) -> Value:
    """An argument's value, if it fits and a form can show it."""
    descriptor = catalog.find(node.type)
    argument = descriptor.arguments.get(name) if descriptor else None
    item = node.args.get(name, otherwise)
    if argument is None or tag(item) == "$float" or any(fits.flaws(item, argument, catalog)):
        return otherwise
    return item


def _patience(stopping: Value) -> int | None:
    if stopping is None:
        return None
    found = stopping.get("args", {}).get("patience", 0)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def _callbacks(fitted: Node) -> list[Value]:
    """The callbacks of a fit; one that stands alone is a list of one."""
    found = fitted.args.get("callbacks") or []
    return found if isinstance(found, list) else [found]


def _with_patience(callbacks: list[Value], plan: Plan) -> list[Value]:
    """Early stopping set, changed or taken out; other callbacks, and its other arguments, stay."""
    if plan.patience is None:
        return [item for item in callbacks if not _is_stopping(item)]
    known = next(filter(_is_stopping, callbacks), None)
    if known is None:
        monitor = "val_loss" if plan.validation else "loss"
        args = {"restore_best_weights": True, "monitor": monitor, "patience": plan.patience}
        return [*callbacks, {"$new": STOPPING, "args": args}]
    changed = {"$new": STOPPING, "args": {**known.get("args", {}), "patience": plan.patience}}
    return [changed if item is known else item for item in callbacks]


def _is_stopping(item: Value) -> bool:
    return tag(item) == "$new" and item["$new"] == STOPPING


def _likely_loss(graph: Graph) -> str:
    """What goes with the activation of the last layer that has one."""
    last = next((node for node in reversed(graph.nodes) if node.args.get("activation")), None)
    activation = last.args["activation"] if last else None
    known = {"softmax": "sparse_categorical_crossentropy", "sigmoid": "binary_crossentropy"}
    return (
        known.get(activation, "mean_squared_error") if isinstance(activation, str) else "mean_squared_error"
    )


def _first(graph: Graph, type_: str) -> Node | None:
    return next((node for node in graph.nodes if node.type == type_), None)


def _into(graph: Graph, node: Node | None, port: str) -> Place | None:
    links = graph.into(node.id, port) if node else ()
    return (links[0].source, links[0].output) if links else None


def _named(graph: Graph, output: str, catalog: Catalog) -> Place | None:
    """The last node that has an output of this name: a scaler comes after the split."""
    found = [place for place in sources(graph, catalog) if place[1] == output]
    return found[-1] if found else None
