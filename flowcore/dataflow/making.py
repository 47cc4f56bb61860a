"""The nodes and links that have been read of a script, and what is known of them while it goes on."""

from collections import Counter
from collections.abc import Iterable
from itertools import count
from typing import Any

import msgspec
from msgspec.structs import replace

from flowcore.dataflow import edit, marks
from flowcore.dataflow.model_file import MOST
from flowcore.dataflow.names import implied
from flowcore.dataflow.ports import CALL, INPUT
from flowcore.dataflow.scope import Place
from flowcore.model.descriptor import Catalog, NodeDescriptor
from flowcore.model.graph import Graph, Group, Link, Node
from flowcore.model.problem import FlowError, error
from flowcore.model.value import Value, tag


class Making:
    """A graph in the making.

    waiting: how many statements are still to come of each id that a comment names. layers: what is called
    by a shared call. applied: layers that have been called. network: nodes that an Input leads to.
    """

    def __init__(self, catalog: Catalog, script: marks.Script) -> None:
        self.catalog, self.told = catalog, script.told
        self.made: dict[str, Node] = {}
        self.links: list[Link] = []
        self.layers: dict[str, str] = {}
        self.applied: set[str] = set()
        self.network: set[str] = set()
        self.waiting = Counter(one.mark.id for one in script.statements if not one.mark.output)
        grouped = (id for more in script.told for id in _named(more))
        reserved = {*self.waiting, *grouped}
        self._free = (id for number in count(1) if (id := f"n{number}") not in reserved)

    def graph(self, name: str, note: str, catalogs: dict[str, str] | None) -> Graph:
        """All of it, with what comments say about the graph. Raises FlowError("unreadable-script")."""
        groups: list[Any] = []
        for more in self.told:
            name, note = more.get("name", name), more.get("note", note)
            catalogs = more.get("catalogs", catalogs)
            groups += [more["group"]] if "group" in more else []
        if catalogs is None:
            catalogs = self.catalog.origins(node.type for node in self.made.values())
        content = {"name": name, "note": note, "catalogs": catalogs, "groups": groups}
        try:
            found = msgspec.convert(content, Graph)
        except msgspec.ValidationError as reason:
            raise error(
                "unreadable-script", f"A comment of the script is not as it was: {reason}.", "Undo that."
            ) from None
        return replace(
            found,
            nodes=tuple(self.made.values()),
            links=tuple(self.links),
            groups=tuple(self._left(found.groups)),
        )

    def _left(self, groups: Iterable[Group]) -> Iterable[Group]:
        """Groups without the nodes whose statements have been deleted."""
        for group in groups:
            left = tuple(id for id in group.nodes if id in self.made)
            if left or not group.nodes:
                yield replace(group, nodes=left)

    def node(self, type_: str, statement: marks.Statement, names: list[str]) -> str:
        """A new node with the id, the label and the note that comments and the variable give it."""
        id = statement.mark.id
        if not id or id in self.made:
            id = next(self._free)
        if len(self.made) == MOST:
            raise _many()
        note = str(statement.mark.more.get("note", "\n".join(statement.above)))[:10_000]
        self.made[id] = Node(id=id, type=type_, note=note)
        if type_ == INPUT:
            self.network.add(id)
        self.label(id, names, statement)
        return id

    def label(self, id: str, names: list[str], statement: marks.Statement) -> None:
        """The label that a comment says, else the variable."""
        found = implied(names[0], self.descriptor(id)) if len(names) == 1 else ""
        found = str(statement.mark.more.get("label", found))[:200]
        self.made[id] = replace(self.made[id], label=found)

    def link(self, *links: Link) -> None:
        """Add links, all to one node."""
        self.links += links
        if len(self.links) > 10 * MOST:
            raise _many()
        for link in links:
            descriptor = self.descriptor(link.target)
            if link.argument in descriptor.call_arguments:
                self.applied.add(link.target)
            if descriptor.symbolic and link.source in self.network:
                self.network.add(link.target)
            if descriptor.package == CALL and link.port == "layer":
                self.layers[link.target] = link.source

    def set(self, id: str, name: str, value: Value, called: bool) -> None:
        """Give an argument a value. called: of the call of a layer."""
        change = edit.set_call if called else edit.set_argument
        self.made[id] = change(Graph(nodes=(self.made[id],)), id, name, value).by_id[id]

    def descriptor(self, id: str) -> NodeDescriptor:
        found = self.catalog.find(self.made[id].type)
        assert found
        return found

    def carried(self, place: Place) -> str:
        """What an output carries."""
        descriptor = self.descriptor(place[0])
        if descriptor.is_layer and place[1] == "layer":
            return "layer"
        return descriptor.otypes.get(place[1], descriptor.otype)

    def tensor(self, place: Place) -> bool:
        """Whether an output is a tensor of the network, on which Python's operators are those of Keras."""
        return place[0] in self.network and self.carried(place) == "tensor"

    def several(self, place: Place) -> bool:
        """Whether brackets choose one of the results of a node, rather than a part of a tensor."""
        id, output = place
        if not self.tensor(place):
            return True
        if output:
            return False
        node, layer = self.made[id], self.layers.get(id)
        if layer and not self.descriptor(layer).is_layer:
            return True  # a model may have several outputs
        args = {**node.args, **(self.made[layer].args if layer else {})}
        return _returns(args) or _returns(node.call)


def _named(more: dict[str, Any]) -> list[str]:
    """The ids that the comment of a group names, whatever has become of it."""
    group = more.get("group")
    nodes = group.get("nodes") if isinstance(group, dict) else None
    return [id for id in nodes if isinstance(id, str)] if isinstance(nodes, list) else []


def _returns(args: dict[str, Value]) -> bool:
    """Whether an argument asks for more results than one, of a layer or of one inside of it."""
    inside = (item["args"] for item in args.values() if tag(item) == "$new")
    asked = (name for name, item in args.items() if item and name.startswith("return_"))
    return any(name != "return_sequences" for name in asked) or any(map(_returns, inside))


def _many() -> FlowError:
    return error(
        "too-large", f"Expected at most {MOST:,} nodes, ten links to each; found more.", "Read less at once."
    )
