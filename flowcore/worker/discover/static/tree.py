"""Modules parsed, never run, and where the names in them lead."""

import builtins
import importlib.util
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import griffe

# Griffe's own loader is not used: it runs git in the package's folder and follows links in circles.
_PLAIN = griffe.Extensions()


class Tree:
    """Modules by their files, each parsed when it is first asked for."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self.files = files
        self._modules: dict[str, griffe.Module | None] = {}
        self._found: dict[str, griffe.Object | None] = {}

    def module(self, name: str) -> griffe.Module | None:
        """A module, None if there is no file of it that can be parsed."""
        if name not in self._modules:
            self._modules[name] = self._parsed(name) if name in self.files else None
        return self._modules[name]

    def find(self, path: str) -> griffe.Object | None:
        """What a dotted path leads to, through imports and assignments of one name to another."""
        if path not in self._found:
            self._found[path] = None  # a path that leads back to itself leads nowhere
            self._found[path] = self._search(path)
        return self._found[path]

    def exports(self, module: griffe.Module) -> tuple[str, ...] | None:
        """``__all__``, as far as it can be read; None if there is none."""
        if not module.exports:
            return None
        found: dict[str, None] = {}
        for export in module.exports:
            other = None if isinstance(export, str) else self.find(self.dotted(export).rpartition(".")[0])
            if isinstance(export, str):
                found[export] = None
            elif isinstance(other, griffe.Module) and other is not module:
                found |= dict.fromkeys(self.exports(other) or ())
        return tuple(found)

    def names(self, module: griffe.Module) -> tuple[str, ...]:
        """The names that a module has once it is imported, submodules apart."""
        return tuple(dict.fromkeys(self._names(module, set())))

    def dotted(self, expression: Any) -> str:
        """The dotted path that an expression spells, its first name looked up; "" for any other."""
        match expression:
            case griffe.ExprName():
                return _scoped(expression)
            case griffe.ExprAttribute(values=[first, *rest]):
                head = self.dotted(first)
                return ".".join([head, *map(str, rest)]) if head else ""
            case griffe.ExprSubscript(left=left):
                return self.dotted(left)
        return ""

    def _parsed(self, name: str) -> griffe.Module | None:
        owner, _, own = name.rpartition(".")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return griffe.visit(
                    own,
                    filepath=self.files[name],
                    code=importlib.util.decode_source(self.files[name].read_bytes()),
                    parent=self._package(owner),
                    extensions=_PLAIN,
                )
        except Exception:  # Whatever is wrong with a file: its syntax, its encoding, its depth.
            return None

    def _package(self, name: str) -> griffe.Module | None:
        """The package around a module; an empty one if it cannot be parsed, for the sake of its path."""
        if not name:
            return None
        owner, _, own = name.rpartition(".")
        return self.module(name) or griffe.Module(
            own, filepath=Path(own, "__init__.py"), parent=self._package(owner)
        )

    def _search(self, path: str) -> griffe.Object | None:
        owner, _, name = path.rpartition(".")
        holder = self.find(owner) if owner else None
        if not isinstance(holder, (griffe.Module, griffe.Class)):
            return self.module(path)
        member = holder.members.get(name)
        if isinstance(member, griffe.Alias):
            return self.find(member.target_path) or self.module(path)
        if isinstance(member, griffe.Attribute):
            return self.find(self.dotted(member.value)) or member
        if member is not None or isinstance(holder, griffe.Class):
            return member
        if overloads := holder.overloads.get(name):  # in a stub, without what they overload
            return overloads[0]
        starred = (self.find(f"{star}.{name}") for star in _stars(holder))
        return next((one for one in starred if one), None) or self.module(f"{holder.path}.{name}")

    def _names(self, module: griffe.Module, seen: set[str]) -> Iterator[str]:
        if module.path in seen:
            return
        seen.add(module.path)
        yield from (name for name, one in module.members.items() if one.runtime and "/" not in name)
        yield from (name for name, overloads in module.overloads.items() if overloads)
        for star in _stars(module):
            other = self.find(star)
            if isinstance(other, griffe.Module):
                names = self.exports(other)
                own = (name for name in self._names(other, seen) if not name.startswith("_"))
                yield from own if names is None else names


def _stars(module: griffe.Module) -> Iterator[str]:
    """Modules out of which everything is imported; Griffe writes such a member as ``package/module/*``."""
    for name, member in module.members.items():
        if name.endswith("/*") and isinstance(member, griffe.Alias):
            yield member.target_path


def _scoped(name: griffe.ExprName) -> str:
    """Where a name is looked up: in the classes around it, then in its module, then in builtins."""
    scope: Any = name.parent
    while isinstance(scope, griffe.Object):
        member = scope.members.get(name.name)
        if isinstance(member, griffe.Alias):
            return member.target_path
        # A method is no type, whatever its name: ``def list(self): ...`` beside ``x: list``.
        if member is not None and (scope.is_module or not member.is_function):
            return f"{scope.path}.{name.name}"
        if scope.is_module:
            return f"builtins.{name.name}" if hasattr(builtins, name.name) else f"{scope.path}.{name.name}"
        scope = scope.parent
    return ""
