"""The public callables of a package, each under one path."""

import importlib
import inspect
import pkgutil
import typing
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from types import ModuleType
from typing import Any

_NOT_FOR_USERS = {"tests", "test", "conftest", "setup"}


@dataclass(frozen=True)
class Found:
    """A callable, its canonical path, and the other public paths that lead to it."""

    path: str
    aliases: tuple[str, ...]
    value: Callable[..., Any]


def walk(package: str, exclude: tuple[str, ...] = ()) -> tuple[Found, ...]:
    """Every public callable of a package and of its public modules, sorted by canonical path.

    A module is visited once, under its own name, however many paths lead to it; one that cannot be
    imported, for want of an optional dependency for instance, is left out. Modules and objects whose
    path matches a pattern of ``exclude`` are left out too.
    """
    paths: dict[int, list[str]] = {}
    values: dict[int, Callable[..., Any]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in modules(package, exclude):
            for name, value in members(module, package):
                path = f"{module.__name__}.{name}"
                if not _excluded(path, exclude):
                    values[id(value)] = value
                    paths.setdefault(id(value), []).append(path)
    found = (_found(value, paths[key]) for key, value in values.items())
    return tuple(sorted(found, key=lambda one: one.path))


def modules(package: str, exclude: tuple[str, ...] = ()) -> Iterator[ModuleType]:
    """A package's public modules, itself first, each once."""
    waiting, seen = [package], {package}
    while waiting:
        name = waiting.pop(0)
        module = load(name)
        if module is None:
            continue
        yield module
        for child in _children(module):
            parts = child.split(".")
            public = not _NOT_FOR_USERS & set(parts) and not any(part.startswith("_") for part in parts)
            if child.startswith(f"{package}.") and public and not _excluded(child, exclude):
                waiting += [child] if child not in seen else []
                seen.add(child)


def members(module: ModuleType, package: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """A module's public callables by name; without ``__all__``, those that the package defines."""
    listed = getattr(module, "__all__", None)
    for name in sorted(listed if listed is not None else dir(module)):
        value = _attribute(module, name)
        with suppress(Exception):  # some objects raise whatever they are asked
            if describable(value) and (listed is not None or _is_own(name, value, package)):
                yield name, value


def _is_own(name: str, value: Any, package: str) -> bool:
    """Whether a package defines a value itself, under a public name."""
    home = str(getattr(value, "__module__", "")).partition(".")[0]
    return home == package.partition(".")[0] and not name.startswith("_")


def load(name: str) -> ModuleType | None:
    """A module, None if it cannot be imported."""
    try:
        return importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException:  # Importing runs the package's code: it may raise anything, or exit.
        return None


def resolve(path: str) -> Any:
    """The object at a dotted path: its longest importable prefix, then attributes.

    Raises LookupError if nothing is there.
    """
    parts = path.split(".")
    for count in range(len(parts), 0, -1):
        value: Any = load(".".join(parts[:count]))
        if value is not None:
            break
    for name in parts[count:]:
        value = _attribute(value, name)
    if value is None:
        raise LookupError(f"Expected an object at {path}; found none.")
    return value


def describable(value: Any) -> bool:
    """Whether it is a callable to make a node of: no module, exception, enumeration or result type."""
    if inspect.isclass(value):
        result = issubclass(value, tuple) and hasattr(value, "_fields")
        protocol = getattr(value, "_is_protocol", False)
        kinds = (BaseException, Enum)
        return not (result or protocol or inspect.isabstract(value) or issubclass(value, kinds))
    alias = typing.get_origin(value) is not None or isinstance(value, (ModuleType, typing.TypeVar))
    return callable(value) and hasattr(value, "__name__") and not alias


def _children(module: ModuleType) -> Iterator[str]:
    for name in getattr(module, "__all__", None) or dir(module):
        value = _attribute(module, name)
        if isinstance(value, ModuleType):
            yield str(getattr(value, "__name__", ""))
    for info in pkgutil.iter_modules(getattr(module, "__path__", ())):
        yield f"{module.__name__}.{info.name}"


def _attribute(value: Any, name: str) -> Any:
    with suppress(Exception):  # A lazy attribute imports what may be missing or broken.
        return getattr(value, name)
    return None


def _found(value: Callable[..., Any], paths: list[str]) -> Found:
    """The path with fewest dots, then the object's own name, then the module that defines it."""
    home = set(str(getattr(value, "__module__", "")).split("."))

    def rank(path: str) -> tuple[int, bool, bool, str]:
        parts = path.split(".")
        return len(parts), parts[-1] != getattr(value, "__name__", ""), parts[-2] not in home, path

    first, *others = sorted(set(paths), key=rank)
    return Found(first, tuple(sorted(others)), value)


def _excluded(path: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in patterns)
