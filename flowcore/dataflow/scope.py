"""What the names of a script mean at the statement that is being read: each means one thing at a time."""

import ast
import builtins
from typing import Final, NamedTuple

from msgspec import UNSET, UnsetType

from flowcore.dataflow.literal import Unreadable
from flowcore.model.descriptor import Catalog
from flowcore.model.value import Value, types_in

Place = tuple[str, str]
_TENSORFLOW: Final = "tensorflow."
_HARMLESS: Final = frozenset(
    {"abs", "bool", "float", "format", "int", "len", "list", "max", "min", "range"}
) | {*("repr", "round", "sorted", "str", "sum", "tuple", "type")}


class Constant(NamedTuple):
    """A value that a variable holds. line: of the statement that made it."""

    value: Value
    line: int


class Lost(NamedTuple):
    """Something that nobody can read. line: of the statement that made it."""

    line: int
    hint: str = ""


Meaning = str | list[Place] | Constant | ast.expr | Lost
"""A dotted path; an object by what it is now and was before, in one list for all names that it has; a value;
a list, tuple or dict of objects; or nothing that can be read."""


class Scope:
    """Meanings by name."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.bound: dict[str, Meaning] = {}

    def bind(self, name: str, meaning: Meaning) -> None:
        """A name means something else from now on."""
        self.bound[name] = plain(meaning) if isinstance(meaning, str) else meaning

    def held(self, name: str) -> list[Place] | None:
        """The object that a variable holds, None where it holds none."""
        found = self.bound.get(name)
        return found if isinstance(found, list) else None

    def look(self, node: ast.Name) -> Meaning | None:
        """What a name means, None for what is built in. Raises Unreadable where nobody can tell."""
        found = self.bound.get(node.id)
        if isinstance(found, Lost):
            hint = found.hint or f"Write line {found.line} as a call of a node, or take it out."
            raise Unreadable(node, f"a variable that line {found.line} makes in a way that is read", hint)
        if found is None and not hasattr(builtins, node.id):
            hint = f"Write a statement that makes {node.id} before it."
            raise Unreadable(node, f"a name that is defined before line {node.lineno}", hint)
        return found

    def path(self, node: ast.expr) -> str | None:
        """The dotted path that a name or an attribute leads to, None for anything else."""
        match node:
            case ast.Name():
                found = self.look(node)
                return found if isinstance(found, str) else None
            case ast.Attribute(value=inner, attr=name):
                path = self.path(inner)
                return plain(f"{path}.{name}") if path else None
        return None

    def meant(self, node: ast.expr) -> str | None:
        """The type that a name or an attribute leads to."""
        path = self.path(node)
        descriptor = self.catalog.find(path) if path else None
        return descriptor.package if descriptor else None

    def builtin(self, name: str) -> bool:
        """Whether a name is Python's own."""
        return name not in self.bound and hasattr(builtins, name)

    def scalar(self, node: ast.Name) -> Value | UnsetType:
        """The number, the text or the like that a variable holds."""
        found = self.look(node)
        single = isinstance(found, Constant) and not isinstance(found.value, list | dict)
        return found.value if single and isinstance(found, Constant) else UNSET

    def used(self, node: ast.Name, constant: Constant) -> Value:
        """The value of a variable; an object that stands in it is there once, and cannot be two."""
        if any(types_in(constant.value)):
            hint = f"Write what {node.id} holds at each place where it is used."
            self.bind(node.id, Lost(constant.line, hint))
        return constant.value

    def idle(self, node: ast.AST) -> bool:
        """Whether nothing happens where an expression is evaluated, so that it may be left out."""
        return all(not isinstance(one, ast.Call) or self._idle(one.func) for one in ast.walk(node))

    def _idle(self, func: ast.expr) -> bool:
        match func:
            case ast.Name(id=name):
                return name in _HARMLESS and self.builtin(name)
            case ast.Attribute(value=ast.Constant(value=str())):
                return True
        return False


def plain(path: str) -> str:
    """Keras under its own name: TensorFlow hands it on."""
    inside = path.startswith(f"{_TENSORFLOW}keras.") or path == f"{_TENSORFLOW}keras"
    return path.removeprefix(_TENSORFLOW) if inside else path
