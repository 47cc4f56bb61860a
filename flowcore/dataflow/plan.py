"""The training of a graph as one value, read from its model, compile and fit nodes and written back.

The graph stays the whole program: nothing about training lives beside it.
"""

from typing import Final

import msgspec
from msgspec.structs import replace

from flowcore.dataflow import edit, ports
from flowcore.dataflow.order import ancestors
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.problem import error
from flowcore.model.value import Value, new, tag

MODEL: Final = "keras.Model"
COMPILE: Final = "keras.Model.compile"
FIT: Final = "keras.Model.fit"
EVALUATE: Final = "keras.Model.evaluate"
INPUT: Final = "keras.Input"
STOPPING: Final = "keras.callbacks.EarlyStopping"

Place = tuple[str, str]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How to train. x, y, test_x, test_y: (node, output) of the data, None where nothing is linked.

    optimizer, loss, metrics: a name or a ``$new`` value. patience: epochs without progress before
    training stops, None to go on to the end. validation: share of the training data, 0 to 1.
    """

    optimizer: Value = "adam"
    loss: Value = None
    metrics: tuple[Value, ...] = ()
    epochs: int = 10
    batch_size: int = 32
    validation: float = 0.1
    patience: int | None = None
    x: Place | None = None
    y: Place | None = None
    test_x: Place | None = None
    test_y: Place | None = None


def read(graph: Graph, catalog: Catalog) -> Plan:
    """What the graph says about its training; sensible values where it says nothing."""
    compiled, fitted, tested = (_first(graph, type_) for type_ in (COMPILE, FIT, EVALUATE))
    plan = Plan(
        loss=_likely_loss(graph),
        x=_named(graph, "x_train", catalog),
        y=_named(graph, "y_train", catalog),
        test_x=_named(graph, "x_test", catalog),
        test_y=_named(graph, "y_test", catalog),
    )
    plan = replace(plan, metrics=() if plan.loss == "mean_squared_error" else ("accuracy",))
    if compiled:
        args = compiled.args
        plan = replace(
            plan,
            optimizer=args.get("optimizer", "rmsprop"),
            loss=args.get("loss"),
            metrics=tuple(args.get("metrics") or ()),
        )
    if fitted:
        plan = _with_fit(plan, graph, fitted)
    if fitted or tested:
        plan = replace(plan, test_x=_into(graph, tested, "x"), test_y=_into(graph, tested, "y"))
    return plan


def write(graph: Graph, plan: Plan, catalog: Catalog) -> Graph:
    """The graph that trains by the plan; model, compile, fit and evaluate nodes are added where missing.

    Raises FlowError: "no-network" where there is nothing to make a model of, and what `edit` raises.
    """
    graph, model = _model(graph, catalog)
    graph, compiled = _method(graph, COMPILE, model, "", catalog)
    graph, fitted = _method(graph, FIT, compiled, "model", catalog)
    graph = _set(
        graph, compiled, optimizer=plan.optimizer, loss=plan.loss, metrics=list(plan.metrics) or None
    )
    callbacks = [*_other_callbacks(graph.by_id[fitted]), *_stopping(graph.by_id[fitted], plan)]
    graph = _set(
        graph,
        fitted,
        epochs=plan.epochs,
        batch_size=plan.batch_size,
        validation_split=plan.validation or None,
        callbacks=callbacks or None,
    )
    graph = _feed(graph, fitted, {"x": plan.x, "y": plan.y}, catalog)
    tested = _first(graph, EVALUATE)
    if plan.test_x is None:
        return edit.remove(graph, [tested.id]) if tested and not graph.out_of(tested.id) else graph
    graph, last = _method(graph, EVALUATE, fitted, "model", catalog)
    return _feed(graph, last, {"x": plan.test_x, "y": plan.test_y}, catalog)


def sources(graph: Graph, catalog: Catalog) -> tuple[Place, ...]:
    """Every output that carries an array: what x and y can be linked to."""
    return tuple(
        (node.id, name)
        for node in graph.nodes
        for name, otype in ports.outputs(graph, node, catalog).items()
        if otype in ("array", "table")
    )


def _with_fit(plan: Plan, graph: Graph, fitted: Node) -> Plan:
    stopping = [item for item in fitted.args.get("callbacks") or () if _is_stopping(item)]
    return replace(
        plan,
        epochs=fitted.args.get("epochs", 1),
        batch_size=fitted.args.get("batch_size") or 32,
        validation=fitted.args.get("validation_split") or 0.0,
        patience=stopping[0].get("args", {}).get("patience", 0) if stopping else None,
        x=_into(graph, fitted, "x"),
        y=_into(graph, fitted, "y"),
    )


def _model(graph: Graph, catalog: Catalog) -> tuple[Graph, str]:
    """The model node; made from every Input and every tensor that nobody takes where there is none."""
    known = _first(graph, MODEL)
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


def _feed(graph: Graph, node: str, places: dict[str, Place | None], catalog: Catalog) -> Graph:
    for port, place in places.items():
        if place is None:
            for link in graph.into(node, port):
                graph = edit.disconnect(graph, link)
        elif Link(*place, node, port) not in graph.into(node):
            graph = edit.connect(graph, *place, node, port, catalog)
    return graph


def _set(graph: Graph, node: str, **args: Value) -> Graph:
    for name, value in args.items():
        graph = edit.set_argument(graph, node, name, msgspec.UNSET if value is None else value)
    return graph


def _stopping(fitted: Node, plan: Plan) -> list[Value]:
    if plan.patience is None:
        return []
    known = next((item for item in fitted.args.get("callbacks") or () if _is_stopping(item)), None)
    monitor = "val_loss" if plan.validation else "loss"
    start = known["args"] if known else {"restore_best_weights": True}
    return [new(STOPPING, **{**start, "monitor": monitor, "patience": plan.patience})]


def _other_callbacks(fitted: Node) -> list[Value]:
    return [item for item in fitted.args.get("callbacks") or () if not _is_stopping(item)]


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
