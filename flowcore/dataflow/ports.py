"""What a node takes in and hands on: the ports and outputs that its descriptor gives it in its graph."""

import re
from collections.abc import Mapping
from typing import Final

from flowcore.dataflow.fits import accepts
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
from flowcore.model.graph import Graph, Node

CALL: Final = "flowcore.call"
INPUT: Final = "keras.Input"
_INPUTS: Final = Argument(
    arg="inputs", itype="tensor", itypes=("tensor", "array"), required=True, widget="port", conns=None
)
_TRAINING: Final = Argument(
    arg="training",
    itype="bool",
    default=None,
    nullable=True,
    help="Whether layers such as dropout behave as in training; None to leave it to the run.",
)

_UNKNOWN: Final = {"": "any"}
_UNCALLED: Final = {"": "layer", "layer": "layer"}


def call_ports(graph: Graph, node: Node, catalog: Catalog) -> Mapping[str, Argument]:
    """The ports of a layer's call; of a shared call those of the layer that it calls."""
    descriptor = catalog.find(node.type)
    if descriptor is None or not descriptor.apply:
        return {}
    if node.type != CALL:
        return descriptor.call_ports
    shared = _shared(graph, node, catalog)
    found = shared.call_ports if shared and shared.is_layer else {}
    return found or {_INPUTS.arg: _INPUTS}


def call_constants(graph: Graph, node: Node, catalog: Catalog) -> Mapping[str, Argument]:
    """What a layer's call takes, ports and constants; of a shared call what the layer that it calls does."""
    descriptor = catalog.find(node.type)
    if descriptor is None or not descriptor.apply:
        return {}
    if node.type != CALL:
        return descriptor.typed_in_call
    shared = _shared(graph, node, catalog)
    if shared is None or not shared.is_layer:
        return {_TRAINING.arg: _TRAINING} if shared and shared.makes_model else {}
    return shared.typed_in_call


def _shared(graph: Graph, node: Node, catalog: Catalog) -> NodeDescriptor | None:
    """What made the object that a shared call calls, None where nothing is linked that anybody knows."""
    for link in graph.into(node.id, "layer"):
        source = graph.by_id.get(link.source)
        return catalog.find(source.type) if source else None
    return None


def ports(graph: Graph, node: Node, catalog: Catalog) -> Mapping[str, Argument]:
    """Every argument that a link may fill: call ports first, then typed arguments."""
    descriptor = catalog.find(node.type)
    if descriptor is None:
        return {}
    if node.type != CALL:
        return descriptor.ports
    return {**call_ports(graph, node, catalog), **descriptor.ports}


def outputs(graph: Graph, node: Node, catalog: Catalog) -> Mapping[str, str]:
    """Output names with what they carry; "" is the whole value."""
    descriptor = catalog.find(node.type)
    if descriptor is None:
        return _UNKNOWN
    if not descriptor.is_layer:
        return descriptor.otypes
    called = not graph.filled(node.id).isdisjoint(descriptor.call_arguments)
    return descriptor.called_otypes if called else _UNCALLED


def carried(graph: Graph, node: Node, output: str, catalog: Catalog) -> str | None:
    """The type that an output carries, None if the node has no such output.

    An index into results (``LSTM(return_state=True)``) is known only once the node has run.
    """
    known = outputs(graph, node, catalog)
    if output in known:
        return known[output]
    descriptor = catalog.find(node.type)
    if output == "":
        return next(iter(known.values())) if descriptor and descriptor.returns == "self" else "any"
    if descriptor is None:
        return "any"
    if not output.isdecimal() or descriptor.outputs:
        return None
    return "any" if descriptor.otype in ("list", "tuple") else descriptor.otype


def same_object(descriptor: NodeDescriptor, output: str) -> str:
    """One name for outputs that hand on the same object: "" is the first output of ``returns: self``."""
    return descriptor.outputs[0].name if descriptor.returns == "self" and not output else output


def fitting(graph: Graph, source: Node, output: str, target: Node, catalog: Catalog) -> tuple[str, ...]:
    """The ports of target that an output fits, call ports and ports before other arguments."""
    otype = carried(graph, source, output, catalog)
    if otype is None:
        return ()
    found = [item for item in ports(graph, target, catalog).values() if accepts(item, otype)]
    found.sort(key=lambda item: (item.widget != "port", not item.required))
    return tuple(name for item in found for name in places(item))


def room(graph: Graph, target: Node, port: str, argument: Argument) -> bool:
    """Whether a port can merge one more link."""
    if argument.conns is None:
        return True
    taken = [link for link in graph.into(target.id, argument.arg) if link.port == port]
    return len(taken) < argument.conns


def allowed(argument: Argument, port: str) -> bool:
    """Whether a port names a place of its argument: all of it, one in a tuple or a list, a key of a dict."""
    if port == argument.arg:
        return argument.itype != "tuple"
    if "dict" in argument.types and re.fullmatch(rf"{argument.arg}\.\w+", port):
        return True
    if "list" in argument.types and re.fullmatch(rf"{argument.arg}\[\d+\]", port):
        return True
    return port in places(argument)


def places(argument: Argument) -> tuple[str, ...]:
    """A tuple is filled place by place."""
    return (f"{argument.arg}[0]", f"{argument.arg}[1]") if argument.itype == "tuple" else (argument.arg,)
