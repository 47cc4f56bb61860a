"""Which node a call of a script makes, and what goes into it."""

import ast
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import UNSET

from flowcore.dataflow import marks, ports
from flowcore.dataflow.binding import given, linked
from flowcore.dataflow.literal import Unreadable, fitted, value
from flowcore.dataflow.making import Making
from flowcore.dataflow.methods import method, owner
from flowcore.dataflow.scope import Constant, Place, Scope
from flowcore.dataflow.statements import EVALUATE
from flowcore.model.descriptor import Argument, NodeDescriptor
from flowcore.model.graph import Graph, Link

UNMARKED: Final = marks.Statement(ast.Pass(), marks.Mark(), ())


class Calls:
    """Calls as nodes. place: the output that an expression stands for, None for anything else."""

    def __init__(self, scope: Scope, making: Making, place: Callable[[ast.expr], Place | None]) -> None:
        self.scope, self.making, self.place = scope, making, place

    def is_node(self, call: ast.Call) -> bool:
        """Whether a call makes a node."""
        func = call.func
        if isinstance(func, ast.Call):
            return self.scope.meant(func.func) is not None or self.is_node(func)
        if self.scope.meant(func):
            return True
        inner = func.value if isinstance(func, ast.Attribute) else func
        return self.place(func) is not None or self.place(inner) is not None

    def call(self, call: ast.Call, names: list[str], statement: marks.Statement) -> str:
        """The id of the node that a call makes, or that it goes on with."""
        func = call.func
        type_ = self.scope.meant(func.func) if isinstance(func, ast.Call) else None
        if isinstance(func, ast.Call) and type_ and self._layer(type_):
            made = self._construct(func, names, statement)
            self._apply(made, call)
            return made
        if self.scope.meant(func):
            return self._construct(call, names, statement)
        if isinstance(func, ast.Call) and type_:
            return self._called((self._construct(func, [], UNMARKED), ""), call, names, statement)
        if place := self.place(func):
            return self._called(place, call, names, statement)
        if isinstance(func, ast.Attribute) and (place := self.place(func.value)):
            return self._method(place, func.attr, call, names, statement)
        path = self.scope.path(func)
        raise Unreadable(func, "something that a catalogue describes" if path else "a function or a variable")

    def _construct(self, call: ast.Call, names: list[str], statement: marks.Statement) -> str:
        type_ = self.scope.meant(call.func)
        if type_ is None:
            raise Unreadable(call.func, "something that a catalogue describes")
        id = self.making.node(type_, statement, names)
        descriptor = self.making.descriptor(id)
        self._bind(id, call, descriptor.arguments, descriptor)
        return id

    def _called(self, place: Place, call: ast.Call, names: list[str], statement: marks.Statement) -> str:
        """A layer is applied for the first time, or once more; of any other object it is a method."""
        descriptor = self.making.descriptor(place[0])
        if self.making.carried(place) == "layer" and self._own(place[0], statement.mark.id):
            if names:
                self.making.label(place[0], names, statement)
            self._apply(place[0], call)
            return place[0]
        if self.making.carried(place) in ("model", "layer"):
            id = self.making.node(ports.CALL, statement, names)
            link = Link(*place, id, "layer")
            self.making.link(link)
            graph = Graph(nodes=(self.making.made[place[0]], self.making.made[id]), links=(link,))
            node = graph.by_id[id]
            constants = ports.call_constants(graph, node, self.scope.catalog)
            self._bind(
                id, call, {**ports.call_ports(graph, node, self.scope.catalog), **constants}, called=True
            )
            return id
        if descriptor.is_layer:
            raise Unreadable(call, "a layer to call, and no tensor")
        return self._method(place, "__call__", call, names, statement)

    def _own(self, id: str, marked: str) -> bool:
        """Whether a call of a layer is the one of its node, and not one of a node of its own."""
        if id in self.making.applied:
            return False
        return marked == id if marked else self.making.waiting[id] == 0

    def _method(
        self, place: Place, name: str, call: ast.Call, names: list[str], statement: marks.Statement
    ) -> str:
        holder, carried = self.making.descriptor(place[0]), self.making.carried(place)
        type_ = statement.mark.more.get("type") or method(
            owner(holder, place[1]), carried, name, self.scope.catalog
        )
        descriptor = self.scope.catalog.find(type_) if isinstance(type_, str) else None
        if descriptor is None or descriptor.kind != "method":
            object_ = holder.name if carried in ("any", "object") else carried
            raise Unreadable(call, f"a method that a catalogue describes, and {object_} has no such {name}")
        id = self.making.node(descriptor.package, statement, names if descriptor.returns != "self" else [])
        self.making.link(Link(*place, id, "self"))
        self._bind(id, call, {k: one for k, one in descriptor.arguments.items() if k != "self"}, descriptor)
        target = call.func if name == "__call__" else getattr(call.func, "value", None)
        if descriptor.returns == "self" and isinstance(target, ast.Name):
            held = self.scope.held(target.id)
            if held and not statement.mark.more.get("aside"):
                held.append((id, descriptor.outputs[0].name))
        return id

    def _apply(self, id: str, call: ast.Call) -> None:
        self._bind(id, call, self.making.descriptor(id).call_arguments, called=True)

    def _layer(self, type_: str) -> bool:
        descriptor = self.scope.catalog.find(type_)
        return descriptor is not None and descriptor.is_layer

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
        for name, item in given(call, known, variadic).items():
            self._argument(id, name, item, known[name], called, filled=variadic is not None)

    def _argument(
        self, id: str, name: str, item: ast.expr, argument: Argument, called: bool, filled: bool
    ) -> None:
        held = self.scope.look(item) if isinstance(item, ast.Name) else None
        if isinstance(held, ast.expr):
            item = held
        if links := linked(id, argument, item, self.place):
            self.making.link(*links)
            return
        if self.making.made[id].type == EVALUATE and name == "return_dict":
            return
        if isinstance(item, ast.Name) and isinstance(held, Constant):
            constant = fitted(self.scope.used(item, held), argument)
        else:
            constant = value(item, argument, self.scope)
        default = None if argument.default is UNSET else argument.default
        if not (filled and argument.passing != "variadic" and constant == default):
            self.making.set(id, name, constant, called)
