"""Annotations as the objects that they stand for: by a list of what is known, never evaluated."""

import ast
import collections.abc
import typing
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import griffe

from flowcore.worker.discover.static.tree import Tree

MOST: Final = 1000
_GENERIC = ("Collection", "Container", "Generator", "Hashable", "Iterable", "Iterator", "Mapping")
_ABSTRACT = ("Callable", *_GENERIC, "MutableMapping", "MutableSequence", "Sequence", "Set", "Sized")
_TYPING = ("Any", "Dict", "FrozenSet", "List", "Text", "Tuple", "Type", *_ABSTRACT)
_PLAIN = (bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset, object, type, slice)
KNOWN: dict[str, Any] = {
    **{f"builtins.{kind.__name__}": kind for kind in _PLAIN},
    **{f"typing.{name}": getattr(typing, name) for name in _TYPING},
    **{f"collections.abc.{name}": getattr(collections.abc, name) for name in _ABSTRACT},
}
_WRAPPERS = {"Annotated", "ClassVar", "Final", "InitVar", "Required", "NotRequired", "Unpack"}


NOT_KNOWN = typing.TypeVar("NOT_KNOWN")  # an annotation that says nothing, whatever it is part of


class Annotations:
    """Reads annotations as the objects that they stand for.

    The objects never hold a string but in a Literal: ``typing.get_type_hints`` evaluates strings.
    """

    def __init__(self, tree: Tree, cls: Callable[[str, griffe.Class | None], Any]) -> None:
        """cls: makes what stands for a class, of a path and what was found there."""
        self._tree = tree
        self._cls = cls

    def read(self, expression: Any, depth: int = 20) -> Any:
        """What an annotation says; NOT_KNOWN for what it leaves open."""
        if depth == 0:
            return NOT_KNOWN
        match expression:
            case "None":
                return None
            case griffe.ExprBinOp(left=left, operator="|", right=right):
                return _union([self.read(left, depth - 1), self.read(right, depth - 1)])
            case griffe.ExprSubscript():
                return self._subscript(expression, depth - 1)
            case griffe.ExprName() | griffe.ExprAttribute():
                return self._named(self._tree.dotted(expression), depth - 1)
            case griffe.ExprCall() if self._tree.dotted(expression.function).endswith(".TypeVar"):
                return self._variable(expression, depth - 1)
        return NOT_KNOWN

    def _named(self, path: str, depth: int) -> Any:
        path = path.replace("typing_extensions.", "typing.")
        if path in KNOWN:
            return KNOWN[path]
        found = self._tree.find(path)
        if isinstance(found, (griffe.Attribute, griffe.TypeAlias)) and found.value is not None:
            return self.read(found.value, depth)
        if isinstance(found, griffe.Class):
            return self._cls(path, found)
        return self._cls(path, None) if found is None and "." in path else NOT_KNOWN

    def _subscript(self, expression: griffe.ExprSubscript, depth: int) -> Any:
        path = self._tree.dotted(expression.left)
        module, _, name = path.rpartition(".")
        inside = expression.slice
        items = list(inside.elements) if isinstance(inside, griffe.ExprTuple) else [inside]
        if len(items) > MOST:
            return NOT_KNOWN
        if module in ("typing", "typing_extensions", "dataclasses"):
            if name == "Literal":
                return _literal(items)
            if name == "Optional":
                return _union([self.read(inside, depth), None])
            if name == "Union":
                return _union([self.read(item, depth) for item in items])
            if name in _WRAPPERS:
                return self.read(items[0], depth)
        origin = self._named(path, depth)
        if path not in KNOWN or origin in (Callable, typing.Callable):
            return origin
        arguments = tuple(... if item == "..." else self.read(item, depth) for item in items)
        with suppress(TypeError):
            return origin[arguments]
        return origin

    def _variable(self, call: griffe.ExprCall, depth: int) -> Any:
        """A type variable as what it may be."""
        words = [one for one in call.arguments[1:] if isinstance(one, griffe.ExprKeyword)]
        bound = [one.value for one in words if one.name == "bound"]
        among = bound or [one for one in call.arguments[1:] if not isinstance(one, griffe.ExprKeyword)]
        return _union([self.read(one, depth) for one in among[:MOST]]) if among else NOT_KNOWN


def _union(parts: list[Any]) -> Any:
    return typing.Union[tuple(parts)]  # noqa: UP007


def _literal(items: list[Any]) -> Any:
    values = []
    for item in items:
        with suppress(Exception):
            values.append(ast.literal_eval(str(item)))
    plain = tuple(one for one in values if one is None or isinstance(one, (str, int, bytes)))
    return typing.Literal[plain] if plain else NOT_KNOWN
