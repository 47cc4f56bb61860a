"""Whether what a class needs is installed."""

import ast
import importlib.util
import inspect
from collections.abc import Iterator
from typing import Any

from flowcore.worker.discover.source import definition


def available(value: Any) -> bool:
    """False if a class imports a missing module when it is made, or leans on a lazy one that is missing."""
    if not inspect.isclass(value):
        return True
    functions = [one for one in vars(value).values() if inspect.isfunction(one)]
    lazy = any(_is_missing(one.__globals__.get(name)) for one in functions for name in one.__code__.co_names)
    init = vars(value).get("__init__")
    needed = _imports(init) if inspect.isfunction(init) else ()
    return not lazy and all(_installed(name) for name in needed)


def _is_missing(value: Any) -> bool:
    """A stand-in for a module, made lazily, that says of itself that the module is not there."""
    lazy = type(value).__name__.endswith("LazyModule")
    return lazy and getattr(value, "available", True) is False


def _imports(function: Any) -> Iterator[str]:
    """Modules that a function imports whenever it is called: not below an ``if`` or a ``try``."""
    found = definition(function)
    for node in found.body if found else ():
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def _installed(name: str) -> bool:
    return importlib.util.find_spec(name.partition(".")[0]) is not None
