"""The syntax tree of a function or class, out of its file: each file is read and parsed once."""

import ast
import inspect
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def definition(value: Any) -> Definition | None:
    """The definition of a function or class; None for C code, lambdas, and what cannot be read."""
    try:
        target = inspect.unwrap(value)
        known = _definitions(inspect.getsourcefile(target) or "")
    except (TypeError, ValueError, OSError):
        return None
    if inspect.isclass(target):
        return known.get(target.__qualname__)
    code = getattr(inspect.unwrap(getattr(target, "__func__", target)), "__code__", None)
    found = known.get(code.co_firstlineno) if code else None
    return found if found and code and found.name == code.co_name else None  # no lambda of the same line


@lru_cache(maxsize=4096)
def _definitions(path: str) -> dict[str | int, Definition]:
    """Classes by qualified name, functions by the line of their first decorator, or of their own."""
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found: dict[str | int, Definition] = {}
    for name, node in _walk(tree, ""):
        if isinstance(node, ast.ClassDef):
            found[name] = node
        else:
            found[min((one.lineno for one in node.decorator_list), default=node.lineno)] = node
    return found


def _walk(tree: ast.AST, home: str) -> Iterator[tuple[str, Definition]]:
    """Definitions in blocks of statements, each with its qualified name."""
    for block in ("body", "orelse", "handlers", "finalbody"):
        for node in getattr(tree, block, ()):
            if isinstance(node, Definition):
                name = f"{home}{node.name}"
                yield name, node
                yield from _walk(node, f"{name}." if isinstance(node, ast.ClassDef) else f"{name}.<locals>.")
            elif isinstance(node, (ast.stmt, ast.ExceptHandler)):
                yield from _walk(node, home)
