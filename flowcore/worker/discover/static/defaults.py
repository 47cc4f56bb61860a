"""Defaults out of their text: literals, names of literals, and sums of them; never evaluated."""

import ast
import math
import operator
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import griffe

from flowcore.worker.discover.static.tree import Tree

HUGE: Final = 2000  # a power of two such numbers has some thousand digits at most
LARGEST: Final = 1 << 64  # no document holds a larger integer
_CONSTANTS: dict[str, Any] = {
    f"{module}.{name}": value
    for module in ("math", "numpy")
    for name, value in (("nan", math.nan), ("inf", math.inf), ("pi", math.pi), ("e", math.e))
}


class Unknown:
    """A default of which no more is known than how it is written."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def default_of(expression: Any, tree: Tree, depth: int = 20) -> Any:
    """The value of a default: of a literal, a name for one, or a sum of them; else Unknown."""
    if depth and expression != "...":  # in a stub: there is a default
        with suppress(ArithmeticError, TypeError):
            return _small(_value(expression, tree, depth - 1))
    return Unknown(text_of(expression))


def _value(expression: Any, tree: Tree, depth: int) -> Any:
    with suppress(Exception):  # Too large, too deep, or no literal.
        return ast.literal_eval(str(expression))
    return _worked_out(expression, tree, depth)


def _small(value: Any) -> Any:
    if isinstance(value, int) and abs(value) >= LARGEST:
        raise ArithmeticError("too large")
    return value


def _power(base: float, exponent: float) -> Any:
    """Raises ArithmeticError for what would have too many digits."""
    if max(abs(base), abs(exponent)) > HUGE:
        raise ArithmeticError(f"{base} ** {exponent}")
    return base**exponent


_SUMS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": _power,
}


def _worked_out(expression: Any, tree: Tree, depth: int) -> Any:
    match expression:
        case griffe.ExprBinOp(left=left, operator=sign, right=right) if sign in _SUMS:
            return _SUMS[sign](*(_number(one, tree, depth) for one in (left, right)))
        case griffe.ExprUnaryOp(operator="-", value=value):
            return -_number(value, tree, depth)
        case griffe.ExprCall(function=function, arguments=[str() as only]):
            text = only.strip("'\"")
            if tree.dotted(function) == "builtins.float" and text in ("inf", "-inf", "nan"):
                return float(text)
    path = tree.dotted(expression)
    return _CONSTANTS[path] if path in _CONSTANTS else _looked_up(expression, path, tree, depth)


def _looked_up(expression: Any, path: str, tree: Tree, depth: int) -> Any:
    """What a name stands for; a function or class as it is shown in a signature."""
    match tree.find(path):
        case griffe.Attribute(value=value) if value is not None:
            return default_of(value, tree, depth)
        case griffe.Function() as found:
            return Unknown(f"<function {found.path[len(found.module.path) + 1 :]}>")
        case griffe.Class() as found:
            return Unknown(f"<class '{found.path}'>")
    return Unknown(text_of(expression))


def _number(expression: Any, tree: Tree, depth: int) -> float:
    """A term of a sum. Raises TypeError if it is no number."""
    value = default_of(expression, tree, depth)
    if not isinstance(value, (int, float)):
        raise TypeError(text_of(expression))
    return value


def text_of(expression: Any) -> str:
    """An expression as it is written; dots for one that is too deep to write."""
    try:
        return str(expression)
    except RecursionError:
        return "..."
