"""What the checker may make: what policy lets it, with all that it needs."""

from collections.abc import Mapping
from typing import Any

from flowcore.dataflow.plan import INPUT
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, Node
from flowcore.worker.evaluate import Outputs
from flowcore.worker.locate import locate


def can_make(graph: Graph, node: Node, catalog: Catalog, values: Mapping[str, Outputs]) -> bool:
    """Whether a node can be made of the values of those before it, without data."""
    descriptor = catalog.find(node.type)
    if descriptor is None or not descriptor.symbolic or descriptor.kind == "method":
        return False
    links = graph.into(node.id)
    given = {*node.args, *(link.argument for link in links)}
    complete = all(item.arg in given for item in descriptor.args if item.required)
    if descriptor.kind == "function" and descriptor.instance and descriptor.package != INPUT:
        # Without a symbolic tensor an operation would compute, on as much memory as it is told to.
        complete &= any(_is_symbolic(values.get(link.source, {}).get(link.output)) for link in links)
    return complete and all(link.source in values for link in links)


def _is_symbolic(value: Any) -> bool:
    return isinstance(value, locate("keras").KerasTensor)
