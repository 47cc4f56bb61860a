"""Signatures out of documentation: C code often has no other."""

import ast
import inspect
import re
from inspect import Parameter
from typing import Any

_FIRST = 2000


def documented(value: Any) -> inspect.Signature | None:
    """The signature that opens a callable's documentation, None if there is none that can be read."""
    text = getattr(value, "__doc__", None)
    doc = inspect.cleandoc(text)[:_FIRST] if isinstance(text, str) else ""
    found = re.match(
        rf"(?:\w+\.)*{re.escape(getattr(value, '__name__', ''))}\s*\((.*?)\)\s*(?:->.*)?(?:\n|$)", doc, re.S
    )
    if not found:
        return None
    inside = " ".join(found[1].split()).replace(", ...", "").replace("...", "None")
    return _parsed(inside) or _bracketed(inside)


def _parsed(inside: str) -> inspect.Signature | None:
    try:
        tree = ast.parse(f"def f({inside}): ...").body[0]
    except (SyntaxError, ValueError):
        return None
    if not isinstance(tree, ast.FunctionDef):
        return None
    given = tree.args
    plain = [*given.posonlyargs, *given.args]
    defaults = [*([Parameter.empty] * (len(plain) - len(given.defaults))), *map(_literal, given.defaults)]
    found = [
        Parameter(one.arg, _kind(index < len(given.posonlyargs)), default=default)
        for index, (one, default) in enumerate(zip(plain, defaults, strict=True))
    ]
    if given.vararg:
        found.append(Parameter(given.vararg.arg, Parameter.VAR_POSITIONAL))
    for one, node in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        default = Parameter.empty if node is None else _literal(node)
        found.append(Parameter(one.arg, Parameter.KEYWORD_ONLY, default=default))
    return inspect.Signature(found)


def _bracketed(inside: str) -> inspect.Signature | None:
    """``[start,] stop[, step]``: what stands in brackets may be left out."""
    found: dict[str, Parameter] = {}
    depth = 0
    for mark, name, default in re.findall(r"([\[\]])|([A-Za-z_]\w*)(?:\s*=\s*([^,\[\]]+))?", inside):
        depth += {"[": 1, "]": -1}.get(mark, 0)
        if not name:
            continue
        optional = depth > 0 or default or any(one.default is not Parameter.empty for one in found.values())
        value = _text_literal(default) if default else None if optional else Parameter.empty
        found[name] = Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=value)
    try:
        return inspect.Signature(list(found.values())) if found else None
    except ValueError:
        return None


def _kind(positional: bool) -> Any:
    return Parameter.POSITIONAL_ONLY if positional else Parameter.POSITIONAL_OR_KEYWORD


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _text_literal(text: str) -> Any:
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError):
        return None
