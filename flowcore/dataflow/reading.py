"""Statements of a script as nodes and links: what its variables hold, and which node a call makes."""

import ast
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import UNSET

from flowcore.dataflow import edit, marks, ports
from flowcore.dataflow.binding import given, linked
from flowcore.dataflow.literal import Unreadable, value
from flowcore.dataflow.methods import method, owner
from flowcore.dataflow.names import Meant, implied
from flowcore.dataflow.statements import EVALUATE
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
from flowcore.model.graph import Graph, Group, Link, Node
from flowcore.model.problem import error

Place = tuple[str, str]
_COPY: Final = "copy.deepcopy"


class Nodes:
    """Nodes and links that have been read.

    holds: what each variable holds now, and before that. constants: variables that hold a value.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.names = Meant(catalog)
        self.made: dict[str, Node] = {}
        self.links: list[Link] = []
        self.holds: dict[str, list[Place]] = {}
        self.constants: dict[str, ast.expr] = {}

    def graph(
        self, name: str, note: str, catalogs: dict[str, str] | None, extras: list[dict[str, Any]]
    ) -> Graph:
        """All of it, with what comments say about the graph."""
        groups: list[Group] = []
        for more in extras:
            name, note = more.get("name", name), more.get("note", note)
            catalogs = more.get("catalogs", catalogs)
            groups += [more["group"]] if "group" in more else []
        nodes = tuple(self.made.values())
        if catalogs is None:
            catalogs = self.catalog.origins(node.type for node in nodes)
        content = {"name": name, "note": note, "catalogs": catalogs, "groups": groups}
        try:
            found_graph = msgspec.convert(content, Graph)
        except msgspec.ValidationError as reason:
            raise error(
                "unreadable-script", f"A comment of the script is not as it was: {reason}.", "Undo that."
            ) from None
        return msgspec.structs.replace(found_graph, nodes=nodes, links=tuple(self.links))

    def assign(self, node: ast.expr, names: list[str], statement: marks.Statement) -> None:
        """What a variable holds from now on: a value, what another one holds, or what a node gives."""
        other = not isinstance(node, ast.Call) or self._copied(node)
        place = self.place(node) if other and len(names) == 1 else None
        if place is not None:
            if statement.mark.output and isinstance(node, ast.Name) and len(self.holds[node.id]) > 1:
                self.holds[node.id].pop()
            self._hold(names[0], place)
        elif isinstance(node, ast.Call) and self._is_node(node):
            self.add(node, names, statement)
        elif (type_ := self.names.meant(node)) and len(names) == 1:
            self._hold(names[0], (self._node(type_, statement, names), ""))
        elif len(names) == 1 and not statement.mark.id:
            self.names.hide(names[0])
            self.constants[names[0]] = node
        else:
            raise Unreadable(node, "a call of what a catalogue describes")

    def add(self, call: ast.Call, names: list[str], statement: marks.Statement) -> None:
        """The node of a call, and what its variables hold."""
        id = self._call(call, names, statement)
        descriptor = self._descriptor(id)
        outputs = [one.name for one in descriptor.outputs]
        if descriptor.returns == "self":
            outputs = outputs[1:]
        if len(names) > 1:
            found = outputs or [str(index) for index in range(len(names))]
            if len(found) < len(names):
                raise Unreadable(call, f"{len(found)} variables for {descriptor.name}")
            for name, output in zip(names, found, strict=False):
                self._hold(name, (id, output))
        elif names:
            uncalled = descriptor.is_layer and not self._applied(id)
            alone = outputs[0] if descriptor.returns == "self" and outputs else "layer" if uncalled else ""
            self._hold(names[0], (id, alone))

    def place(self, node: ast.expr) -> Place | None:
        """The output of a node that an expression stands for, None for anything else."""
        match node:
            case ast.Name(id=name) if name in self.holds:
                return self.holds[name][-1]
            case ast.Attribute(value=inner, attr=name) if place := self.place(inner):
                known = [one.name for one in self._descriptor(place[0]).outputs]
                return (place[0], name) if name in known else None
            case ast.Subscript(value=inner, slice=ast.Constant(value=int(index))) if place := self.place(
                inner
            ):
                known = [one.name for one in self._descriptor(place[0]).outputs]
                if known and index < len(known):
                    return place[0], known[index]
                return (place[0], str(index)) if place[1] in ("", "0") and index >= 0 else None
            case ast.Call(args=[inner]) if self._copied(node):
                return self.place(inner)
            case ast.Call() if self._is_node(node) and (not self.names.meant(node.func) or self._takes(node)):
                statement = marks.Statement(ast.Expr(node), marks.Mark(), ())
                return self._call(node, [], statement), ""
        return None

    def _is_node(self, call: ast.Call) -> bool:
        func = call.func
        if isinstance(func, ast.Call):
            return self.names.meant(func.func) is not None or self._is_node(func)
        if self.names.meant(func):
            return True
        inner = func.value if isinstance(func, ast.Attribute) else func
        return self.place(func) is not None or self.place(inner) is not None

    def _takes(self, call: ast.Call) -> bool:
        """Whether what comes in is the output of a node, so that the call is one and no constant."""
        given = [*call.args, *(word.value for word in call.keywords)]
        return any(isinstance(item, ast.Name) and item.id in self.holds for item in given)

    def _copied(self, call: ast.expr) -> bool:
        return isinstance(call, ast.Call) and self.names.path(call.func) == _COPY

    # Calls

    def _call(self, call: ast.Call, names: list[str], statement: marks.Statement) -> str:
        """The id of the node that a call makes, or that it goes on with."""
        func = call.func
        if isinstance(func, ast.Call):
            id = self._construct(func, names, statement)
            self._apply(id, call)
            return id
        if self.names.meant(func):
            return self._construct(call, names, statement)
        if place := self.place(func):
            return self._called(place, call, names, statement)
        if isinstance(func, ast.Attribute) and (place := self.place(func.value)):
            return self._method(place, func.attr, call, names, statement)
        path = self.names.path(func)
        raise Unreadable(func, "something that a catalogue describes" if path else "a function or a variable")

    def _construct(self, call: ast.Call, names: list[str], statement: marks.Statement) -> str:
        type_ = self.names.meant(call.func)
        if type_ is None:
            raise Unreadable(call.func, "something that a catalogue describes")
        id = self._node(type_, statement, names)
        descriptor = self._descriptor(id)
        self._bind(id, call, descriptor.arguments, descriptor)
        return id

    def _called(self, place: Place, call: ast.Call, names: list[str], statement: marks.Statement) -> str:
        """A layer is applied for the first time, or once more; of any other object it is a method."""
        descriptor = self._descriptor(place[0])
        if descriptor.is_layer and place[1] in ("", "layer"):
            own = statement.mark.id == place[0] if statement.mark.id else not self._applied(place[0])
            if own:
                if names:
                    self._label(place[0], names, statement)
                self._apply(place[0], call)
                return place[0]
        if descriptor.is_layer or self._carried(place) in ("model", "layer"):
            id = self._node(ports.CALL, statement, names)
            self.links.append(Link(*place, id, "layer"))
            graph = Graph(nodes=tuple(self.made.values()), links=tuple(self.links))
            node = self.made[id]
            constants = ports.call_constants(graph, node, self.catalog)
            known = {**ports.call_ports(graph, node, self.catalog), **constants}
            self._bind(id, call, known, called=True)
            return id
        return self._method(place, "__call__", call, names, statement)

    def _method(
        self, place: Place, name: str, call: ast.Call, names: list[str], statement: marks.Statement
    ) -> str:
        holder = self._descriptor(place[0])
        type_ = statement.mark.more.get("type") or method(
            owner(holder, place[1]), self._carried(place), name, self.catalog
        )
        descriptor = self.catalog.find(type_) if isinstance(type_, str) else None
        if descriptor is None:
            raise Unreadable(call, f"a method of {holder.name} that a catalogue describes")
        id = self._node(descriptor.package, statement, names if descriptor.returns != "self" else [])
        self.links.append(Link(*place, id, "self"))
        self._bind(id, call, {k: one for k, one in descriptor.arguments.items() if k != "self"}, descriptor)
        self._hand_on(id, descriptor, call, name)
        return id

    def _hand_on(self, id: str, descriptor: NodeDescriptor, call: ast.Call, name: str) -> None:
        """What a variable holds is what the method has made of it."""
        target = call.func if name == "__call__" else getattr(call.func, "value", None)
        if descriptor.returns == "self" and isinstance(target, ast.Name):
            self.holds[target.id].append((id, descriptor.outputs[0].name))

    def _apply(self, id: str, call: ast.Call) -> None:
        descriptor = self._descriptor(id)
        if not descriptor.is_layer:
            raise Unreadable(call, "a layer to call")
        self._bind(id, call, descriptor.call_arguments, called=True)

    # Arguments

    def _bind(
        self,
        id: str,
        call: ast.Call,
        known: Mapping[str, Argument],
        descriptor: NodeDescriptor | None = None,
        called: bool = False,
    ) -> None:
        """Links and constants for the arguments of a call. called: it is the call of a layer."""
        variadic = descriptor.variadic if descriptor else None
        found = given(call, known, variadic)
        for name, item in found.items():
            self._argument(id, name, item, known[name], called, filled=variadic is not None)

    def _argument(
        self, id: str, name: str, item: ast.expr, argument: Argument, called: bool, filled: bool
    ) -> None:
        if isinstance(item, ast.Name) and item.id in self.constants and item.id not in self.holds:
            item = self.constants[item.id]
        if links := linked(id, argument, item, self.place):
            self.links += links
            return
        node = self.made[id]
        if node.type == EVALUATE and name == "return_dict":
            return
        constant = value(item, argument, self.names)
        default = None if argument.default is UNSET else argument.default
        if filled and argument.passing != "variadic" and constant == default:
            return
        change = edit.set_call if called else edit.set_argument
        self.made[id] = change(Graph(nodes=(node,)), id, name, constant).by_id[id]

    # Nodes

    def _node(self, type_: str, statement: marks.Statement, names: list[str]) -> str:
        """A new node with the id, the label and the note that comments and the variable give it."""
        id = statement.mark.id
        if not id or id in self.made:
            id = edit.free_id(Graph(nodes=tuple(self.made.values())))
        more = statement.mark.more
        self.made[id] = Node(
            id=id, type=type_, note=str(more.get("note", "\n".join(statement.above)))[:10_000]
        )
        self._label(id, names, statement)
        return id

    def _label(self, id: str, names: list[str], statement: marks.Statement) -> None:
        descriptor = self._descriptor(id)
        label = implied(names[0], descriptor) if len(names) == 1 else ""
        label = str(statement.mark.more.get("label", label))[:200]
        self.made[id] = msgspec.structs.replace(self.made[id], label=label)

    def _descriptor(self, id: str) -> NodeDescriptor:
        found = self.catalog.find(self.made[id].type)
        assert found
        return found

    def _carried(self, place: Place) -> str:
        descriptor = self._descriptor(place[0])
        return descriptor.otypes.get(place[1], descriptor.otype)

    def _applied(self, id: str) -> bool:
        known = self._descriptor(id).call_arguments
        return any(link.target == id and link.argument in known for link in self.links)

    def _hold(self, name: str, place: Place) -> None:
        self.names.hide(name)
        self.constants.pop(name, None)
        self.holds[name] = [place]
