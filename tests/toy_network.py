"""Real classes with the manners of Keras: weights by chance, a model that its own methods change."""

import random
from collections.abc import Iterator
from typing import Any

from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor, Output
from flowcore.model.graph import Graph, Link, Node

HERE = "tests.toy_network"


class Layer:
    def __init__(self, units: int) -> None:
        self.weights = [random.random() for _ in range(units)]

    def __call__(self, inputs: list["Layer"]) -> list["Layer"]:
        return [*inputs, self]


class Model:
    def __init__(self, outputs: list[Layer]) -> None:
        self.layers = outputs
        self.rate = 0.0

    def compile(self, rate: float) -> None:
        self.rate = rate

    def fit(self, x: list[float], epochs: int) -> list[float]:
        """Every weight moves a little, by chance."""
        history = []
        for _ in range(epochs):
            for layer in self.layers:
                layer.weights = [one + self.rate * random.random() * sum(x) for one in layer.weights]
            history.append(self.evaluate(x))
        return history

    def evaluate(self, x: list[float]) -> float:
        return sum(map(sum, (layer.weights for layer in self.layers))) * len(x) + sum(x)


def load(rows: int) -> list[float]:
    return [row + random.random() for row in range(rows)]


def scaled(x: list[float], by: float) -> list[float]:
    random.random()  # chance that nothing here depends on
    return [one * by for one in x]


def one_by_one(x: list[float]) -> Iterator[float]:
    yield from x


def weighed(layers: list[Layer]) -> float:
    return sum(sum(layer.weights) for layer in layers)


def added(x: Iterator[float]) -> float:
    return sum(x)


def _argument(name: str, itype: str, port: bool = False) -> Argument:
    return Argument(arg=name, itype=itype, required=True, widget="port" if port else "form")


def _function(name: str, *args: Argument, otype: str = "array") -> NodeDescriptor:
    return NodeDescriptor(name=name, package=f"{HERE}.{name}", kind="function", otype=otype, args=args)


def _method(name: str, *args: Argument, result: str = "", mutates: bool = False) -> NodeDescriptor:
    outputs = (Output("model", "model"), *((Output(result, "any"),) if result else ()))
    return NodeDescriptor(
        name=name,
        package=f"{HERE}.Model.{name}",
        kind="method",
        args=(_argument("self", "model", port=True), *args),
        outputs=outputs,
        returns="self",
        mutates=mutates,
    )


_X = _argument("x", "array", port=True)
CATALOG = Catalog(
    {"tests": "1"},
    (
        _function("load", _argument("rows", "int")),
        _function("scaled", _X, _argument("by", "float")),
        _function("one_by_one", _X, otype="any"),
        _function("added", _argument("x", "any", port=True), otype="float"),
        _function("weighed", _argument("layers", "any", port=True), otype="float"),
        NodeDescriptor(
            name="Layer",
            package=f"{HERE}.Layer",
            otype="tensor",
            apply=True,
            args=(_argument("units", "int"),),
            inputs=(_argument("inputs", "tensor", port=True),),
        ),
        NodeDescriptor(
            name="Model",
            package=f"{HERE}.Model",
            otype="model",
            args=(_argument("outputs", "tensor", port=True),),
        ),
        _method("compile", _argument("rate", "float"), mutates=True),
        _method("fit", _X, _argument("epochs", "int"), result="history", mutates=True),
        _method("evaluate", _X, result="metrics"),
    ),
)


def node(id: str, type_: str, **args: Any) -> Node:
    return Node(id=id, type=f"{HERE}.{type_}", label=id, args=args)


def linked(*links: str) -> tuple[Link, ...]:
    """``"a.output>b.port"``, one link each."""
    found = []
    for link in links:
        (source, _, output), (target, _, port) = (end.partition(".") for end in link.split(">"))
        found.append(Link(source, output, target, port))
    return tuple(found)


GRAPH = Graph(
    id="toy",
    nodes=(
        node("load", "load", rows=4),
        node("scaled", "scaled", by=0.5),
        node("empty", "load", rows=0),
        node("one", "Layer", units=2),
        node("two", "Layer", units=3),
        node("model", "Model"),
        node("compiled", "Model.compile", rate=0.1),
        node("seen", "Model.evaluate"),
        node("fit", "Model.fit", epochs=2),
        node("tested", "Model.evaluate"),
        node("again", "Model.fit", epochs=1),
        node("last", "Model.evaluate"),
    ),
    links=linked(
        "load.>scaled.x", "empty.>one.inputs", "one.>two.inputs", "two.>model.outputs",
        "model.>compiled.self", "compiled.model>seen.self", "load.>seen.x",
        "seen.model>fit.self", "scaled.>fit.x",
        "fit.model>tested.self", "load.>tested.x", "tested.model>again.self", "scaled.>again.x",
        "again.model>last.self", "load.>last.x",
    ),
)  # fmt: skip
