"""The statements of a script, node by node, in the order in which a run makes them."""

from typing import Final

from flowcore.dataflow import marks, ports
from flowcore.dataflow.calls import call, gathered, own
from flowcore.dataflow.literal import expression
from flowcore.dataflow.methods import method, owner
from flowcore.dataflow.names import FALLBACK, Written, base, free, implied, slug
from flowcore.dataflow.operators import GET_ITEM, brackets
from flowcore.dataflow.order import ordered
from flowcore.model.descriptor import Catalog, NodeDescriptor
from flowcore.model.graph import Graph, Link, Node

EVALUATE: Final = "keras.Model.evaluate"
COMPILE: Final = "keras.Model.compile"
Place = tuple[str, str]


class Statements:
    """Nodes become lines one by one.

    said: expression by node and output. holds: of each variable of an object that methods hand on,
    whose output it is now. before: the lines that come right before the first node of the network.
    network: nodes that an Input leads to.
    """

    def __init__(
        self, graph: Graph, catalog: Catalog, names: Written, taken: set[str], before: list[str]
    ) -> None:
        self.graph, self.catalog, self.names, self.taken = graph, catalog, names, taken
        self.functions = names.taken()
        self.before = before
        self.nodes = ordered(graph).nodes
        self.place = {node.id: index for index, node in enumerate(self.nodes)}
        self.said: dict[Place, str] = {}
        self.holds: dict[str, Place] = {}
        self.lines: list[str] = []
        self.prints: list[str] = []
        self.noted: set[str] = set()
        self.network: set[str] = set()
        self.counts: dict[str, int] = {}
        self.copies = False
        self.more: dict[str, object] = {}

    def write(self) -> None:
        """All of them. network: whether the last one was part of a network."""
        network = False
        for node in self.nodes:
            id, descriptor = node.id, self._descriptor(node.id)
            if descriptor.symbolic != network or node.note:
                self.lines.append("")
            if descriptor.symbolic:
                self.lines += self.before
                self.before = []
            network = descriptor.symbolic
            sources = {link.source for link in self.graph.into(id)}
            if node.type == ports.INPUT or (network and sources & self.network):
                self.network.add(id)
            self._node(node, descriptor)

    def _node(self, node: Node, descriptor: NodeDescriptor) -> None:
        links = gathered(self.graph, node, self.catalog, self._output)
        missing = {"method": "self"}.get(descriptor.kind, "layer" if node.type == ports.CALL else "")
        if missing and missing not in links:
            self.lines += [f"# {node.id}: {node.title} waits for a link to {missing}.", ""]
        elif descriptor.kind == "method":
            self._method(node, descriptor, links)
        elif descriptor.is_layer:
            self._layer(node, descriptor, links)
        elif node.type == ports.CALL:
            layer = links.pop("layer")
            given = own(node.args, links, descriptor.typed, self.names)
            if links:
                given |= own(
                    node.call, links, ports.call_constants(self.graph, node, self.catalog), self.names
                )
            order_ = ports.call_ports(self.graph, node, self.catalog)
            self._give(node, descriptor, call(layer, links | given, order_))
        elif not descriptor.instance:
            self._give(node, descriptor, self.names.written(node.type))
        elif node.type == GET_ITEM and (taken := self._taken(node, links)):
            self._give(node, descriptor, taken)
        else:
            given = own(node.args, links, descriptor.typed, self.names)
            self._give(
                node, descriptor, call(self.names.written(node.type), given, descriptor.arguments, descriptor)
            )
        if descriptor.makes_model and self._shown(node):
            self.lines.append(f"{self.said[node.id, '']}.summary()")

    def _taken(self, node: Node, links: dict[str, str]) -> str:
        """A part of a tensor in brackets, "" where it is no tensor of the network or no plain index."""
        ends = self.graph.into(node.id)
        inside = len(ends) == 1 and ends[0].port == "x" and ends[0].source in self.network
        carried = self._carried(self._handle(ends[0])) if inside else ""
        key = brackets(node.args.get("key")) if carried == "tensor" else ""
        return f"{links['x']}[{key}]" if key else ""

    def _layer(self, node: Node, descriptor: NodeDescriptor, links: dict[str, str]) -> None:
        called = ports.call_ports(self.graph, node, self.catalog)
        inputs = {name: item for name, item in links.items() if name in called}
        rest = {name: item for name, item in links.items() if name not in called}
        known = {name: one for name, one in descriptor.typed.items() if name not in called}
        made = call(self.names.written(node.type), own(node.args, rest, known, self.names), known, descriptor)
        if not inputs:
            self._give(node, descriptor, made)
            self.said[node.id, "layer"] = self.said[node.id, ""]
            return
        if any(link.output == "layer" for link in self.graph.out_of(node.id)):
            variable = self._variable(f"{self._base(node, descriptor)}_layer")
            self._line(f"{variable} = {made}", node)
            made = self.said[node.id, "layer"] = variable
        inputs |= own(node.call, {}, descriptor.typed_in_call, self.names)
        self._give(node, descriptor, call(made, inputs, descriptor.call_arguments))

    def _method(self, node: Node, descriptor: NodeDescriptor, links: dict[str, str]) -> None:
        target = links.pop("self")
        held = self.holds.get(target)
        link = self.graph.into(node.id, "self")[0]
        handle = self._handle(link)
        if descriptor.copy and self._used(handle, others=node.id):
            self.copies, held = True, None
            target = self._alias(self._base_of(handle), f"copy.deepcopy({target})")
        elif descriptor.returns == "self" and not target.isidentifier():
            target = self._alias(self._base_of(handle), target)
        given = own(
            node.args, links, {k: one for k, one in descriptor.typed.items() if k != "self"}, self.names
        )
        if node.type == EVALUATE:
            given.setdefault("return_dict", "True")
        name = target if descriptor.name == "__call__" else f"{target}.{descriptor.name}"
        made = call(
            name, given, {k: one for k, one in descriptor.arguments.items() if k != "self"}, descriptor
        )
        holder = self._descriptor(handle[0])
        if (
            method(owner(holder, handle[1]), self._carried(handle), descriptor.name, self.catalog)
            != descriptor.package
        ):
            self.more["type"] = descriptor.package
        if descriptor.returns != "self":
            self._give(node, descriptor, made)
            return
        first, *rest = (one.name for one in descriptor.outputs)
        before = held or next((place for place, said in self.said.items() if said == target), None)
        later = self.place[node.id]
        kept = (
            before if before and any(self.place[one.target] > later for one in self._links(before)) else None
        )
        if kept and not self._used((node.id, first), others=""):
            self.more["aside"], kept, first = True, None, ""
        variables = [self._variable(one) for one in rest]
        self._line(f"{', '.join(variables)} = {made}" if rest else made, node, named=False)
        self.said |= {(node.id, one): variable for one, variable in zip(rest, variables, strict=True)}
        if first:
            self._hand_on(node, first, target, kept)
        self._print(node, descriptor)

    def _hand_on(self, node: Node, output: str, variable: str, kept: Place | None) -> None:
        """The object of a method goes on under its name, or another where the old one is still meant."""
        if kept:
            new = self._variable(self._base_of(kept))
            self.lines.append(f"{new} = {variable}{marks.mark(node.id, output)}")
            variable = new
        self.holds[variable] = (node.id, output)
        self.said[node.id, output] = self.said[node.id, ""] = variable

    def _give(self, node: Node, descriptor: NodeDescriptor, made: str) -> None:
        """A value gets a variable, or its parts get one each."""
        names = [one.name for one in descriptor.outputs]
        used = {link.output for link in self.graph.out_of(node.id)}
        exact = descriptor.revised or descriptor.package.startswith(f"{FALLBACK}.")
        if len(names) > 1 and exact and used <= set(names) and descriptor.otype != "Bunch":
            variables = [self._variable(name) for name in names]
            self._line(f"{', '.join(variables)} = {made}", node, named=False)
            self.said |= {(node.id, name): one for name, one in zip(names, variables, strict=True)}
            return
        variable = self._variable(self._base(node, descriptor))
        self._line(f"{variable} = {made}", node, variable)
        self.said[node.id, ""] = variable
        for index, name in enumerate(names):
            attribute = descriptor.otype == "Bunch" or exact
            part = f".{name}" if attribute else f"[{index}]"
            self.said.setdefault(
                (node.id, name), f"{variable}{part}" if len(names) > 1 or attribute else variable
            )
        self._print(node, descriptor)

    def _print(self, node: Node, descriptor: NodeDescriptor) -> None:
        """What a run would show as results."""
        metrics = [one.name for one in descriptor.outputs if one.otype == "metrics"]
        title = expression(node.title, None, self.names)
        for name in metrics:
            self.prints.append(f"print({title}, {self.said[node.id, name]})")
        quiet = (
            descriptor.is_layer
            or descriptor.makes_model
            or descriptor.returns == "self"
            or descriptor.symbolic
        )
        if not metrics and not quiet and not self.graph.out_of(node.id) and descriptor.instance:
            self.prints.append(f"print({title}, {self.said[node.id, '']})")

    # Words

    def _output(self, link: Link) -> str:
        id, output = self._handle(link)
        if (id, output) in self.said:
            return self.said[id, output]
        whole = self.said.get((id, ""), "None")
        return f"{whole}[{output}]" if output.isdecimal() else whole

    def _handle(self, link: Link) -> Place:
        return link.source, ports.same_object(self._descriptor(link.source), link.output)

    def _carried(self, place: Place) -> str:
        descriptor = self._descriptor(place[0])
        return descriptor.otypes.get(place[1], descriptor.otype)

    def _links(self, place: Place) -> list[Link]:
        return [link for link in self.graph.out_of(place[0]) if self._handle(link) == place]

    def _used(self, place: Place, others: str) -> bool:
        return any(link.target != others for link in self._links(place))

    def _alias(self, name: str, target: str) -> str:
        variable = self._variable(name)
        self.lines.append(f"{variable} = {target}")
        return variable

    def _base_of(self, place: Place) -> str:
        node = self.graph.by_id[place[0]]
        return self._base(node, self._descriptor(node.id))

    def _base(self, node: Node, descriptor: NodeDescriptor) -> str:
        named = slug(node.label)
        return named if named and named not in self.functions else base(descriptor)

    def _variable(self, name: str) -> str:
        found = free(name, self.taken, self.counts)
        self.taken.add(found)
        return found

    def _descriptor(self, id: str) -> NodeDescriptor:
        found = self.catalog.find(self.graph.by_id[id].type)
        if found is None:
            self.names.written(self.graph.by_id[id].type)
            raise AssertionError
        return found

    def _shown(self, node: Node) -> bool:
        links = self.graph.out_of(node.id)
        return not links or any(self.graph.by_id[link.target].type == COMPILE for link in links)

    def _line(self, text: str, node: Node, variable: str = "", named: bool = True) -> None:
        """A statement of a node; what its variable does not say goes into the comment."""
        descriptor = self._descriptor(node.id)
        label = implied(variable, descriptor) if variable and named else ""
        more, self.more = self.more, {}
        if label != node.label:
            more["label"] = node.label
        if node.note and node.id not in self.noted:
            self.noted.add(node.id)
            if marks.clean(node.note):
                self.lines += marks.above(node.note)
            else:
                more["note"] = node.note
        self.lines.append(text + marks.mark(node.id, more=more))
