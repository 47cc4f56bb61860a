"""What a callable takes: its own parameters, and those that ``**kwargs`` hands to its bases."""

import ast
import hashlib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter
from typing import Any

from flowcore.worker.discover.annotations import hints
from flowcore.worker.discover.documented import documented
from flowcore.worker.discover.source import definition

_VARIADIC = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


@dataclass(frozen=True)
class Taken:
    """A parameter, and its annotation evaluated."""

    parameter: Parameter
    hint: Any


@dataclass(frozen=True)
class _Handed:
    """How a constructor calls the next one: arguments it fills itself, and whether kwargs go on."""

    positional: int
    names: frozenset[str]
    kwargs: bool


def parameters(value: Callable[..., Any], bases: frozenset[type] = frozenset()) -> tuple[Taken, ...]:
    """Parameters in the order of the signature, those behind ``**kwargs`` last.

    bases: classes at which following ``**kwargs`` along the bases ends, themselves included.
    """
    if not inspect.isclass(value):
        return _own(value)
    found: dict[str, Taken] = {}
    filled: set[str] = set()
    for init in _constructors(value, bases):
        own = [one for one in _own(init, bound=True) if one.parameter.name not in filled]
        found |= {one.parameter.name: one for one in own if one.parameter.name not in found}
        handed = _handed(init)
        if not any(p.kind is Parameter.VAR_KEYWORD for p in _signed(init)) or not handed.kwargs:
            break
        following = next(_constructors(value, bases, after=init), None)
        names = [p.name for p in _signed(following)][1:] if following else []
        filled |= handed.names | set(names[: handed.positional])
    if not found and "__init__" not in vars(value) and _constructor(value) is None:
        return _own(value)
    return tuple(found.values())


def fingerprint(*values: Callable[..., Any]) -> str:
    """A short hash of the text of one or more signatures."""
    text = " ".join(re.sub(r" at 0x[0-9a-f]+", "", str(_signature(value))) for value in values)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def taken_by_call(value: Callable[..., Any]) -> tuple[Taken, ...]:
    """Parameters of a method, without ``self``."""
    return tuple(one for one in _own(value) if one.parameter.name != "self")


def _constructors(cls: type, bases: frozenset[type], after: Any = None) -> Any:
    """The constructors along the bases, most derived first; those behind ``after`` alone."""
    passed = after is None
    for base in cls.__mro__:
        init = vars(base).get("__init__")
        if base is not object and inspect.isfunction(init):
            if passed:
                yield init
            passed = passed or init is after
        if base in bases:
            return


def _constructor(cls: type) -> Any:
    return next(_constructors(cls, frozenset()), None)


def _own(value: Any, bound: bool = False) -> tuple[Taken, ...]:
    """The parameters of a callable; bound: without the first, which is the object."""
    known = hints(value)
    constructor = inspect.isclass(value) and inspect.isfunction(_constructor(value))
    signed = _signed(value)[bound or constructor :]
    kinds = _VARIADIC if inspect.isclass(value) or _is_method(value) else _VARIADIC[1:]
    return tuple(
        Taken(one, known.get(one.name, Parameter.empty))
        for one in signed
        if one.kind not in kinds and not (one.name.startswith("_") and one.default is not Parameter.empty)
    )


def _is_method(value: Any) -> bool:
    """Whether a function belongs to a class: its ``*args`` are those of other methods of the name."""
    home = str(getattr(value, "__qualname__", "")).rpartition(".")[0]
    return bool(home) and not home.endswith("<locals>")


def _signed(value: Any) -> list[Parameter]:
    signature = _signature(value)
    return list(signature.parameters.values()) if signature else []


def _signature(value: Any) -> inspect.Signature | None:
    """A class is read at its constructor: ``__new__`` may hide it behind ``*args, **kwargs``."""
    target = (_constructor(value) or value) if inspect.isclass(value) else value
    try:
        found = inspect.signature(target)
    except (ValueError, TypeError):
        return documented(value)
    unsaid = not inspect.isfunction(target) and all(
        one.kind in _VARIADIC for one in found.parameters.values()
    )
    return (documented(value) or found) if unsaid else found


def _handed(init: Callable[..., Any]) -> _Handed:
    """What ``super().__init__(…)`` or ``Base.__init__(self, …)`` is called with in a constructor."""
    found = definition(init)
    for call in (node for node in ast.walk(found) if isinstance(node, ast.Call)) if found else ():
        if isinstance(call.func, ast.Attribute) and call.func.attr == "__init__":
            owner = call.func.value
            unbound = not isinstance(owner, ast.Call)
            plain = [arg for arg in call.args if not isinstance(arg, ast.Starred)]
            names = frozenset(word.arg for word in call.keywords if word.arg)
            kwargs = any(word.arg is None for word in call.keywords)
            return _Handed(len(plain) - unbound, names, kwargs)
    return _Handed(0, frozenset(), False)
