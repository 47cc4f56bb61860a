"""Stand-ins: classes and functions that `inspect` reads like the real ones, and that do nothing.

A stand-in has the name, place in the file, documentation, signature, annotations and bases of what it
stands for; its code only raises. So what describes imported packages describes parsed ones too.
"""

import builtins
import inspect
from abc import ABC, update_abstractmethods
from collections.abc import Iterator
from contextlib import suppress
from enum import Enum
from types import CodeType, FunctionType, new_class
from typing import Any, NoReturn

import griffe

from flowcore.worker.discover.static.annotations import Annotations
from flowcore.worker.discover.static.defaults import Unknown, default_of, text_of
from flowcore.worker.discover.static.fields import dataclass_fields, tuple_fields
from flowcore.worker.discover.static.tree import Tree

_KINDS = {kind.name: kind for kind in inspect._ParameterKind}
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
# Other special methods would be called while a class is made or compared.
_SPECIAL = {"__init__", "__new__", "__call__"}
_ABC = ("abc.ABC", "abc.ABCMeta")


class StandIns:
    """Makes one stand-in of each thing that a tree holds."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._annotations = Annotations(tree, self._class)
        self._classes: dict[str, type] = {}
        self._functions: dict[str, FunctionType] = {}
        self._filled: set[str] = set()
        self._parsed: dict[type, griffe.Class] = {}

    def of(self, path: str) -> Any:
        """What stands for the class or function that a path leads to; None for anything else."""
        found = self._tree.find(path)
        if isinstance(found, griffe.Function):
            return self._function(found)
        if isinstance(found, griffe.Class):
            cls = self._class(found.path, found)
            for base in reversed(cls.__mro__):
                self._fill(base)
            return cls
        return None

    def _class(self, path: str, found: griffe.Class | None) -> type:
        """A class with its bases, and without its methods, which only a class that is described needs."""
        path = found.path if found else path
        if path not in self._classes:
            home, _, name = path.rpartition(".")
            self._classes[path] = object  # a class that is its own base has none
            place = {"__module__": _home(found) if found else home}
            doc = found.docstring.value if found and found.docstring else None
            self._classes[path] = _made(name, self._bases(found) if found else (), {**place, "__doc__": doc})
            if found:
                self._parsed[self._classes[path]] = found
        return self._classes[path]

    def _bases(self, found: griffe.Class) -> tuple[type, ...]:
        bases = [self._base(self._tree.dotted(base)) for base in found.bases[:50]]
        if self._tree.dotted(found.keywords.get("metaclass")) in _ABC and ABC not in bases:
            bases.append(ABC)
        return tuple(dict.fromkeys(base for base in bases if base is not object))

    def _base(self, path: str) -> type:
        module, _, name = path.rpartition(".")
        found = self._tree.find(path)
        if isinstance(found, griffe.Class):
            return self._class(path, found)
        builtin = getattr(builtins, name, None) if module == "builtins" else None
        if isinstance(builtin, type):
            return builtin
        if module == "enum":
            return Enum
        if path in _ABC:
            return ABC
        if path in ("typing.NamedTuple", "typing_extensions.NamedTuple"):
            return tuple
        foreign = module and module not in ("typing", "typing_extensions", "collections.abc")
        return self._class(path, None) if foreign else object

    def _fill(self, cls: type) -> None:
        """Gives a class its methods; and a data class, or a named tuple, its fields."""
        found = self._parsed.get(cls)
        if found is None or found.path in self._filled:
            return
        self._filled.add(found.path)
        for name, value in self._members(found, cls):
            with suppress(TypeError, AttributeError):
                setattr(cls, name, value)
        update_abstractmethods(cls)

    def _members(self, found: griffe.Class, cls: type) -> Iterator[tuple[str, Any]]:
        missing = {one for base in cls.__mro__[1:] for one in getattr(base, "__abstractmethods__", ())}
        for name, member in found.members.items():
            plain = name in _SPECIAL or not (name.startswith("__") and name.endswith("__"))
            if isinstance(member, griffe.Function) and plain:
                yield name, self._method(member)
            elif isinstance(member, griffe.Attribute) and "abstractmethod" in member.labels:
                yield name, _ABSTRACT
            elif name in missing:
                yield name, None
        if "dataclass" in found.labels and "__init__" not in found.members:
            parsed = (self._parsed[base] for base in reversed(cls.__mro__) if base in self._parsed)
            fields = griffe.Parameters(griffe.Parameter("self"), *dataclass_fields(parsed, self._tree))
            yield "__init__", self._stub(found, "__init__", fields, "None")
        if cls.__bases__ == (tuple,) and found.bases:
            named = {one.name: self._annotations.read(one.annotation) for one in tuple_fields(found)}
            yield from (("_fields", tuple(named)), ("__annotations__", named))

    def _method(self, found: griffe.Function) -> Any:
        made = self._function(found)
        if "abstractmethod" in found.labels:
            _abstract(made)
        if "staticmethod" in found.labels or found.name == "__new__":
            return staticmethod(made)
        return classmethod(made) if "classmethod" in found.labels else made

    def _function(self, found: griffe.Function) -> FunctionType:
        if found.path not in self._functions:
            made = self._stub(found, found.name, found.parameters, found.returns)
            self._functions[found.path] = made
        return self._functions[found.path]

    def _stub(
        self, found: griffe.Object, name: str, parameters: griffe.Parameters, returns: Any = None
    ) -> FunctionType:
        made = FunctionType(_code(found, name), {}, name)
        made.__module__ = _home(found)
        made.__qualname__ = f"{found.path}.{name}"[len(found.module.path) + 1 :]
        made.__doc__ = found.docstring.value if found.docstring and found.name == name else None
        annotated = {one.name: one.annotation for one in parameters if one.annotation}
        hints = {key: self._annotations.read(one) for key, one in annotated.items()}
        if returns:
            hints["return"] = self._annotations.read(returns)
        made.__annotations__ = hints
        signature = inspect.Signature(
            [_parameter(one, found.module, self._tree) for one in parameters],
            return_annotation=_shown(returns, found.module if found.name == name else None),
            __validate_parameters__=False,
        )
        vars(made)["__signature__"] = signature
        return made


def _made(name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> type:
    """A class; without its bases if they do not go together."""
    if any(issubclass(base, Enum) for base in bases):
        return new_class(name, (Enum,))
    try:
        return new_class(name, bases, exec_body=lambda body: body.update(namespace))
    except TypeError:
        return type(name, (), namespace)


def _home(found: griffe.Object) -> str:
    """The module that a class or function says it is of: ``@set_module("numpy")`` changes it."""
    for decorator in getattr(found, "decorators", ()):
        match decorator.value:
            case griffe.ExprCall(arguments=[str(named)]) if decorator.callable_path.endswith("set_module"):
                return named.strip("'\"")
    return found.module.path


def _parameter(found: griffe.Parameter, module: griffe.Module, tree: Tree) -> inspect.Parameter:
    kind = _KINDS[found.kind.name.upper()] if found.kind else inspect.Parameter.POSITIONAL_OR_KEYWORD
    given = kind not in _VARIADIC and found.default is not None
    default = default_of(found.default, tree) if given else inspect.Parameter.empty
    return inspect.Parameter(found.name, kind, default=default, annotation=_shown(found.annotation, module))


def _shown(annotation: Any, module: griffe.Module | None) -> Any:
    """An annotation as a signature shows it: where annotations are postponed, as a string."""
    if annotation is None:
        return inspect.Parameter.empty
    text = text_of(annotation)
    return Unknown(repr(text) if module and module.imports_future_annotations else text)


def _code(found: griffe.Object, name: str) -> CodeType:
    """Code that only raises, at the place of what it stands for: `inspect.getsource` finds the text."""
    own = found.name == name
    return _nothing.__code__.replace(
        co_name=name,
        co_filename=str(found.filepath) if own else "<fields>",
        co_firstlineno=(own and found.lineno) or 1,
    )


def _nothing(*args: Any, **kwargs: Any) -> NoReturn:
    raise NotImplementedError("A stand-in cannot be called.")


def _abstract(function: FunctionType) -> FunctionType:
    vars(function)["__isabstractmethod__"] = True
    return function


_ABSTRACT = property(_abstract(FunctionType(_nothing.__code__, {})))
