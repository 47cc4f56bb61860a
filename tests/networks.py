"""Networks of real Keras layers in a line: ``a Input 8 8 1; b Conv2D filters=2; a>b``, written as Python."""

from typing import Any

from flowcore.model.graph import Graph, Link, Node

TYPES = {"Input": "keras.Input", "Model": "keras.Model", "call": "flowcore.call"}
Step = tuple[str, dict[str, Any]]


def type_of(name: str) -> str:
    return TYPES.get(name, name if "." in name else f"keras.layers.{name}")


def chain(*steps: Step, model: bool = False) -> Graph:
    """Nodes one after the other, each by its type and arguments; ids are s0, s1, … titled by their type."""
    nodes = [Node(id=f"s{index}", type=type_of(name), args=args) for index, (name, args) in enumerate(steps)]
    ports = [_port(name) for name, _ in steps]
    links = [Link(f"s{index}", "", f"s{index + 1}", ports[index + 1]) for index in range(len(steps) - 1)]
    if model:
        nodes.append(Node(id="model", type="keras.Model"))
        links += [Link("s0", "", "model", "inputs"), Link(nodes[-2].id, "", "model", "outputs")]
    return Graph(nodes=tuple(nodes), links=tuple(links))


def joined(name: str, left: Step, right: Step, **args: Any) -> Graph:
    """Two nodes that come together in a third: ids are s0, s1 and s2."""
    nodes = [
        Node(id=f"s{index}", type=type_of(type_), label=label, args=given)
        for index, (label, (type_, given)) in enumerate((("one", left), ("two", right), ("", (name, args))))
    ]
    links = (Link("s0", "", "s2", "inputs"), Link("s1", "", "s2", "inputs"))
    return Graph(nodes=tuple(nodes), links=links)


def _port(name: str) -> str:
    if name in ("LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional", "ConvLSTM2D"):
        return "sequences"
    return "x" if name.startswith("keras.ops.") else "inputs"
