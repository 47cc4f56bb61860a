"""What the checker may make: what policy lets it, with all that it needs."""

from collections.abc import Mapping
from typing import Any

from flowcore.dataflow.plan import INPUT
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, Node
from flowcore.model.value import Value, types_in
from flowcore.worker.evaluate import Outputs
from flowcore.worker.locate import locate
from flowcore.worker.standin import stands_in


def can_make(graph: Graph, node: Node, catalog: Catalog, values: Mapping[str, Outputs]) -> bool:
    """Whether a node can be made of the values of those before it, without data."""
    descriptor = catalog.find(node.type)
    if descriptor is None or descriptor.kind == "method":
        return False
    if not descriptor.symbolic and not stands_in(node):
        return False
    if not _harmless([*node.args.values(), *node.call.values()], catalog):
        return False
    links = graph.into(node.id)
    if not all(link.source in values for link in links):
        return False
    given = {*node.args, *graph.filled(node.id)}
    complete = all(item.arg in given for item in descriptor.args if item.required)
    if descriptor.kind == "function" and descriptor.instance and descriptor.package != INPUT:
        # Without a symbolic tensor an operation would compute, on as much memory as it is told to.
        complete &= any(_is_symbolic(values[link.source].get(link.output)) for link in links)
    return complete


def _harmless(values: list[Value], catalog: Catalog) -> bool:
    """Whether the checker may make what arguments name, too: a call of a function would compute."""
    named = [catalog.find(type_) for type_ in types_in(values)]
    made = [catalog.find(type_) for type_ in types_in(values, ("$new",))]
    return all(one and one.symbolic for one in named) and all(one and one.kind == "class" for one in made)


def _is_symbolic(value: Any) -> bool:
    return isinstance(value, locate("keras").KerasTensor)
