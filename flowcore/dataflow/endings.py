"""The layers that a model ends with: which one decides how wide its output is, and what is applied last."""

import re
from collections.abc import Callable
from typing import Final

from flowcore.dataflow import axes
from flowcore.model.graph import Graph, Node
from flowcore.model.value import tag

_SIZED: Final = ("Activation", "Softmax", "Dropout", "ReLU")
_VALUED: Final = ("Dropout", "Reshape", "Flatten")
# Not a recurrent layer, whose activation is not the last thing that it does.
_APPLIED: Final = re.compile(r"Activation|Dense|EinsumDense|(?:Depthwise|Separable)?Conv[123]D(?:Transpose)?")


def head(graph: Graph, id: str) -> Node | None:
    """The Dense layer whose units are the width of an output: the last, but for what changes no size."""
    node = _before(graph, id, lambda node: axes.kind(node) in _SIZED)
    return node if axes.kind(node) == "Dense" else None


def active(graph: Graph, id: str) -> Node:
    """The layer that decides what values an output has: the last, but for what hands them on."""

    def passed(node: Node) -> bool:
        kind = axes.kind(node)
        return kind in _VALUED or (kind == "Activation" and activation(graph, node) == "linear")

    return _before(graph, id, passed)


def activation(graph: Graph, node: Node) -> str:
    """The name of the activation that a layer ends with, "" where that is not known."""
    kind = axes.kind(node)
    if kind in ("Softmax", "ReLU"):
        return kind.lower()
    if not _APPLIED.fullmatch(kind) or graph.into(node.id, "activation"):
        return ""
    value = node.args.get("activation")
    if value is None:
        return "linear"
    name = value[tag(value)] if tag(value) in ("$new", "$ref") else value
    return name.rpartition(".")[2].lower() if isinstance(name, str) else ""


def _before(graph: Graph, id: str, passed: Callable[[Node], bool]) -> Node:
    """The first node, going back from one, that is not passed."""
    node = graph.by_id[id]
    while passed(node) and len(links := graph.into(node.id, "inputs")) == 1:
        node = graph.by_id[links[0].source]
    return node
