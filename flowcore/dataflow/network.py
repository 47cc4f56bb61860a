"""The network of a graph: the nodes that are built as one.

What chance gives a layer depends on those before it: built again by itself it gets other weights.
"""

from flowcore.dataflow import kinds, ports
from flowcore.dataflow.order import ordered
from flowcore.dataflow.plan import INPUT
from flowcore.model.descriptor import Catalog, NodeDescriptor
from flowcore.model.graph import Graph


def network(graph: Graph, catalog: Catalog) -> tuple[str, ...]:
    """Ids of layers, of what they are made of, of operations on tensors and of models, as they are built.

    What is made of a model that a method has handed on comes after training, and is no part of it.
    Raises FlowError("cycle").
    """
    inside: dict[str, NodeDescriptor] = {}
    later: set[str] = set()
    tensors: set[str] = set()
    for node in ordered(graph).nodes:
        id, descriptor = node.id, catalog.find(node.type)
        sources = {link.source for link in graph.into(id)}
        if descriptor is None or sources & later:
            later |= {id} if sources & (later | inside.keys()) else set()
        elif descriptor.kind != "method" and (_draws(descriptor) or sources & tensors):
            inside[id] = descriptor
            tensors |= {id} if _hands_tensors_on(descriptor, sources & tensors) else set()
        elif sources & inside.keys():
            later.add(id)
    return tuple(inside)


def _draws(descriptor: NodeDescriptor) -> bool:
    """Whether a node makes what a network consists of, whatever comes in."""
    if descriptor.package in (INPUT, ports.CALL) or descriptor.is_layer or descriptor.makes_model:
        return True
    return descriptor.instance and descriptor.otype in kinds.FAMILIES


def _hands_tensors_on(descriptor: NodeDescriptor, tensors: set[str]) -> bool:
    if descriptor.makes_model:
        return False
    return descriptor.package == INPUT or bool(tensors)
