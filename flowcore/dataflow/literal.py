"""Argument values as Python expressions, and back from the syntax tree: nothing is ever run.

``{"$new": "keras.optimizers.Adam", "args": {"learning_rate": 0.01}}`` is ``keras.optimizers.Adam(
learning_rate=0.01)``. Where a tuple is usual (a shape, a kernel size) a list is written as one.
"""

import ast
import math
from collections.abc import Iterable, Mapping
from keyword import iskeyword
from typing import Any, Final, Protocol

from msgspec import UNSET, UnsetType

from flowcore.model.descriptor import Argument, Catalog
from flowcore.model.problem import error
from flowcore.model.value import Value, tag


class Writes(Protocol):
    """How types are called in a script."""

    catalog: Catalog

    def written(self, type_: str) -> str: ...


class Means(Protocol):
    """Which types the names of a script mean."""

    catalog: Catalog

    def meant(self, node: ast.expr) -> str | None: ...

    def scalar(self, node: ast.Name) -> Value | UnsetType: ...

    def builtin(self, name: str) -> bool: ...


class Unreadable(Exception):  # noqa: N818 - it never leaves the reader
    """What stands here is no value. node: where it stands. hint: what to do, "" for what holds for all."""

    def __init__(self, node: ast.AST, expected: str, hint: str = "") -> None:
        super().__init__(expected)
        self.node, self.hint = node, hint


def expression(item: Value, argument: Argument | None, names: Writes) -> str:
    """The Python expression of a value for an argument."""
    usual = argument is not None and argument.tuples

    def inner(part: Value) -> str:
        return expression(part, None, names)

    if isinstance(item, list):
        return _row("()" if usual else "[]", map(inner, item))
    if not isinstance(item, dict):
        return repr(item)
    match tag(item):
        case "":
            return "{" + ", ".join(f"{key!r}: {inner(part)}" for key, part in item.items()) + "}"
        case "$new":
            known = _arguments(item["$new"], names.catalog)
            given = item.get("args", {})
            args = (
                f"{keyword(name)}={expression(given[name], argument, names)}"
                for name, argument in known.items()
                if name in given
            )
            return f"{names.written(item['$new'])}({', '.join(args)})"
        case "$ref":
            return names.written(item["$ref"])
        case "$tuple":
            parts = list(map(inner, item["$tuple"]))
            return f"tuple({_row('[]', parts)})" if usual else _row("()", parts)
        case "$slice":
            return f"slice({', '.join(map(inner, item['$slice']))})"
        case "$float":
            return f'float("{item["$float"]}")'
    pairs = (_row("()", map(inner, pair)) for pair in item["$dict"])
    return f"dict({_row('[]', pairs)})"


def value(node: ast.expr, argument: Argument | None, names: Means) -> Value:
    """The value that an expression stands for, as one of an argument. Raises Unreadable."""
    usual = argument is not None and argument.tuples

    def inner(part: ast.expr) -> Value:
        return value(part, None, names)

    match node:
        case ast.Constant(value=None | bool() | int() | float() | str()):
            return _finite(node, node.value)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            if not isinstance(number, bool):
                return _finite(node, -number)
        case ast.List(elts=parts):
            return [inner(part) for part in parts]
        case ast.Tuple(elts=parts):
            return [inner(part) for part in parts] if usual else {"$tuple": [inner(part) for part in parts]}
        case ast.Dict(keys=keys, values=values) if all(
            isinstance(key, ast.Constant) and isinstance(key.value, str) for key in keys
        ):
            return {
                key.value: inner(part)
                for key, part in zip(keys, values, strict=True)
                if isinstance(key, ast.Constant)
            }
        case ast.Name() | ast.Attribute() if type_ := names.meant(node):
            return {"$ref": type_}
        case ast.Name() if (found := names.scalar(node)) is not UNSET:
            return found
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _BUILT_IN and names.builtin(
            name
        ):
            return _BUILT_IN[name](node, [inner(part) for part in args])
        case ast.Call(func=func, args=args, keywords=words) if type_ := names.meant(func):
            known = _arguments(type_, names.catalog)
            given = [*zip(known, args, strict=False), *((_argument(word), word.value) for word in words)]
            if len(given) < len(args) + len(words):
                raise Unreadable(node, f"at most {len(known)} arguments of {type_}")
            return {
                "$new": type_,
                "args": {name: value(part, known.get(name), names) for name, part in given},
            }
    raise Unreadable(node, "a number, text, list, tuple, dict or an object that a catalogue describes")


def fitted(item: Value, argument: Argument) -> Value:
    """A value as one of an argument: a tuple is a list where a tuple is what one writes."""
    return item["$tuple"] if argument.tuples and tag(item) == "$tuple" else item


def keyword(name: str) -> str:
    """The name of an argument in a call. Raises FlowError("not-a-name") where Python has no such name."""
    if not name.isidentifier() or iskeyword(name):
        raise error("not-a-name", f"The argument {name!r} is no name in Python.", "Remove it.")
    return name


def _arguments(type_: str, catalog: Catalog) -> Mapping[str, Argument]:
    descriptor = catalog.find(type_)
    return descriptor.typed if descriptor else {}


def _finite(node: ast.AST, number: Any) -> Value:
    if isinstance(number, float) and not math.isfinite(number):
        return {"$float": str(number)}
    return number


def _tuple(node: ast.expr, args: list[Value]) -> Value:
    if len(args) == 1 and isinstance(args[0], list):
        return {"$tuple": args[0]}
    raise Unreadable(node, "tuple() of one list")


def _slice(node: ast.expr, args: list[Value]) -> Value:
    if len(args) == 3:
        return {"$slice": args}
    raise Unreadable(node, "slice() of start, stop and step")


def _float(node: ast.expr, args: list[Value]) -> Value:
    if args in (["nan"], ["inf"], ["-inf"]):
        return {"$float": args[0]}
    raise Unreadable(node, 'float() of "nan", "inf" or "-inf"')


def _dict(node: ast.expr, args: list[Value]) -> Value:
    pairs: list[Value] = args[0] if len(args) == 1 and isinstance(args[0], list) else [None]
    if all(tag(pair) == "$tuple" and len(pair["$tuple"]) == 2 for pair in pairs):
        return {"$dict": [pair["$tuple"] for pair in pairs]}
    raise Unreadable(node, "dict() of a list of pairs")


_BUILT_IN: Final = {"tuple": _tuple, "slice": _slice, "float": _float, "dict": _dict}


def _argument(word: ast.keyword) -> str:
    if word.arg is None:
        raise Unreadable(word.value, "arguments by name, without **")
    return word.arg


def _row(brackets: str, parts: Iterable[str]) -> str:
    parts = list(parts)
    comma = "," if brackets == "()" and len(parts) == 1 else ""
    return f"{brackets[0]}{', '.join(parts)}{comma}{brackets[1]}"
