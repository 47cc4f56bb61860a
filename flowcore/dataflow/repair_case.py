"""A problem to be put right: what is known around it, and what a repair is."""

from collections.abc import Mapping

import msgspec

from flowcore.dataflow import axes, edit
from flowcore.dataflow.axes import Shape
from flowcore.dataflow.training import Known
from flowcore.model.descriptor import Catalog
from flowcore.model.frame import ShapeReport
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.value import Value


class Repair(msgspec.Struct, frozen=True):
    """A change that puts a problem right, and the graph after it."""

    label: str
    graph: Graph


class Case(msgspec.Struct, frozen=True):
    """A node with a problem. found: by the checker. known: of the data."""

    graph: Graph
    node: Node
    catalog: Catalog
    found: ShapeReport
    known: Known

    def links(self) -> tuple[Link, ...]:
        """The links that bring data of a shape that is known, in order."""
        return tuple(
            link
            for link in self.graph.into(self.node.id)
            if link.argument in axes.DATA and self.shape(link.source, link.output) is not None
        )

    def shape(self, node: str, output: str = "") -> Shape | None:
        return axes.parse(self.found.shapes.get(node, {}).get(output, ""))

    def insert(self, link: Link, name: str, args: Mapping[str, Value] | None = None) -> Graph:
        """The graph with a layer in a link."""
        return edit.insert(self.graph, link, axes.LAYERS + name, "inputs", self.catalog, args)[0]

    def set(self, node: Node, name: str, value: Value) -> Graph:
        return edit.set_argument(self.graph, node.id, name, value)
