"""Statements of a script as nodes and links: what its variables hold, and which node a call makes."""

import ast
from typing import Final

from flowcore.dataflow import marks, operators
from flowcore.dataflow.calling import UNMARKED, Calls
from flowcore.dataflow.literal import Unreadable, value
from flowcore.dataflow.making import Making
from flowcore.dataflow.scope import Constant, Lost, Place, Scope
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Link
from flowcore.model.value import Value

_COPY: Final = "copy.deepcopy"


class Nodes:
    """What has been read. places: the outputs of the calls and operators that are nodes by now."""

    def __init__(self, catalog: Catalog, script: marks.Script) -> None:
        self.catalog = catalog
        self.scope = Scope(catalog)
        self.making = Making(catalog, script)
        self.calls = Calls(self.scope, self.making, self.place)
        self.places: dict[ast.expr, Place | None] = {}

    def assign(self, node: ast.expr, name: str, statement: marks.Statement) -> None:
        """What a variable means from now on: an object, a part of one, a value, a path, or nothing."""
        if isinstance(node, ast.Name) and (place := self._going_on(node, statement)):
            self.scope.bind(name, [place])
        elif isinstance(node, ast.Name) and (held := self.scope.held(node.id)):
            self.scope.bind(name, held)
        elif id := self._operated(node, [name], statement):
            self.scope.bind(name, [(id, "")])
        elif isinstance(node, ast.Call) and not self._copied(node) and self.calls.is_node(node):
            self.add(node, [name], statement)
        elif place := self.place(node):
            self.scope.bind(name, [place])
        elif (type_ := self.scope.meant(node)) and not self._made(type_):
            self.scope.bind(name, [(self.making.node(type_, statement, [name]), "")])
        elif path := self.scope.path(node):
            self.scope.bind(name, path)
        elif isinstance(node, ast.Name) and (same := self.scope.look(node)):
            self.scope.bind(name, same)
        else:
            self._keep(node, name)

    def add(self, call: ast.Call, names: list[str], statement: marks.Statement) -> None:
        """The node of a call, and what its variables hold."""
        id = self.calls.call(call, names, statement)
        descriptor = self.making.descriptor(id)
        outputs = [one.name for one in descriptor.outputs]
        if descriptor.returns == "self":
            outputs = outputs[1:]
        if len(names) > 1:
            found = outputs or [str(index) for index in range(len(names))]
            if len(found) != len(names):
                raise Unreadable(call, f"{len(found)} variables for {descriptor.name}")
            for name, output in zip(names, found, strict=True):
                self.scope.bind(name, [(id, output)])
        elif names:
            alone = descriptor.returns == "self" and outputs
            self.scope.bind(names[0], [(id, outputs[0]) if alone else self._whole(id)])

    def place(self, node: ast.expr) -> Place | None:
        """The output of a node that an expression stands for, None for anything else."""
        if isinstance(node, ast.Name):
            found = self.scope.look(node)
            return found[-1] if isinstance(found, list) else None
        if node not in self.places:
            self.places[node] = self._place(node)
        return self.places[node]

    def _place(self, node: ast.expr) -> Place | None:
        match node:
            case ast.Attribute(value=inner, attr=name) if place := self.place(inner):
                return (place[0], name) if name in self._parts(place) else None
            case ast.Subscript(value=inner, slice=ast.Constant(value=index)) if (
                type(index) is int and (place := self.place(inner)) and self.making.several(place)
            ):
                known = self._parts(place)
                if index < len(known):
                    return place[0], known[index]
                return (place[0], str(index)) if place[1] == "" else None
            case ast.Call(args=[inner]) if self._copied(node):
                return self.place(inner)
            case ast.Call() if self.calls.is_node(node) and (
                not self.scope.meant(node.func) or self._takes(node)
            ):
                return self._whole(self.calls.call(node, [], UNMARKED))
        id = self._operated(node, [], UNMARKED)
        return (id, "") if id else None

    def _parts(self, place: Place) -> list[str]:
        """The names of the parts of a whole result."""
        return [one.name for one in self.making.descriptor(place[0]).outputs] if place[1] == "" else []

    def _made(self, type_: str) -> bool:
        descriptor = self.catalog.find(type_)
        return descriptor is not None and descriptor.instance

    def _whole(self, id: str) -> Place:
        uncalled = self.making.descriptor(id).is_layer and id not in self.making.applied
        return id, "layer" if uncalled else ""

    def _takes(self, call: ast.Call) -> bool:
        """Whether what comes in is the output of a node, so that the call is one and no constant."""
        inside = [*call.args, *(word.value for word in call.keywords)]
        names = (one.id for item in inside for one in ast.walk(item) if isinstance(one, ast.Name))
        return any(isinstance(self.scope.bound.get(name), list | ast.expr) for name in names)

    def _copied(self, call: ast.expr) -> bool:
        return isinstance(call, ast.Call) and self.scope.path(call.func) == _COPY

    def _going_on(self, node: ast.Name, statement: marks.Statement) -> Place | None:
        """What a method has made of an object whose old name means it as it was: a comment says so."""
        held = self.scope.held(node.id)
        return held.pop() if held and statement.mark.output and len(held) > 1 else None

    def _keep(self, node: ast.expr, name: str) -> None:
        """A value as it is now, or a list of objects as they are now: names in it may mean others later."""
        if isinstance(node, ast.List | ast.Tuple | ast.Dict):
            parts = node.values if isinstance(node, ast.Dict) else node.elts
            if any(map(self.place, parts)):
                aliases = [self._alias(part) for part in parts]
                kept: ast.expr = (
                    ast.Dict(node.keys, aliases)
                    if isinstance(node, ast.Dict)
                    else type(node)(aliases, ast.Load())
                )
                self.scope.bind(name, ast.copy_location(kept, node))
                return
        try:
            self.scope.bind(name, Constant(value(node, None, self.scope), node.lineno))
        except Unreadable:
            if not self.scope.idle(node):
                raise Unreadable(node, "a call of what a catalogue describes") from None
            self.scope.bind(name, Lost(node.lineno))

    def _alias(self, part: ast.expr) -> ast.expr:
        """A name that no statement can change, for an object."""
        place = self.place(part)
        if place is None:
            raise Unreadable(part, "variables alone, or constants alone")
        alias = f"{len(self.scope.bound)} at {part.lineno}"
        held = self.scope.held(part.id) if isinstance(part, ast.Name) else None
        self.scope.bind(alias, held or [place])
        return ast.copy_location(ast.Name(alias, ast.Load()), part)

    # Operators

    def _operated(self, node: ast.expr, names: list[str], statement: marks.Statement) -> str | None:
        """The node of an operator or of brackets on tensors, None for anything else."""
        if isinstance(node, ast.Subscript):
            place = self.place(node.value)
            if place is None or not self.making.tensor(place) or self._chosen(node, place):
                return None
            key = operators.index(node.slice, lambda part: value(part, None, self.scope))
            if not operators.indices(key):
                raise Unreadable(node, "whole numbers and slices of them in brackets")
            return self._operation(operators.GET_ITEM, [place, key], names, statement)
        found = operators.parted(node)
        if found is None:
            return None
        type_, operands = found
        places = [self.place(one) for one in operands]
        if not any(place and self.making.tensor(place) for place in places):
            return None
        items = [place or self._number(one, node) for place, one in zip(places, operands, strict=True)]
        if not all(isinstance(item, int | float) or self.making.tensor(item) for item in items):
            raise Unreadable(node, "tensors of the network, or numbers, beside an operator")
        return self._operation(type_, items, names, statement)

    def _chosen(self, node: ast.Subscript, place: Place) -> bool:
        return isinstance(node.slice, ast.Constant) and self.making.several(place)

    def _number(self, operand: ast.expr, whole: ast.expr) -> int | float:
        found = value(operand, None, self.scope)
        if type(found) not in (int, float):
            raise Unreadable(whole, "tensors of the network, or numbers, beside an operator")
        number: int | float = found
        return number

    def _operation(
        self, type_: str, items: list[Place | Value], names: list[str], statement: marks.Statement
    ) -> str:
        id = self.making.node(type_, statement, names)
        for name, item in zip(self.making.descriptor(id).arguments, items, strict=False):
            if isinstance(item, tuple):
                self.making.link(Link(item[0], item[1], id, name))
            else:
                self.making.set(id, name, item, called=False)
        return id
