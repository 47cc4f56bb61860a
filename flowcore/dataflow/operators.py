"""Python's operators on tensors: the functions of ``keras.ops`` that Keras calls for them."""

import ast
from collections.abc import Callable
from typing import Final

from flowcore.model.value import Value, tag

GET_ITEM: Final = "keras.ops.get_item"
_NAMES: Final[dict[type[ast.AST], str]] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "true_divide",
    ast.FloorDiv: "floor_divide",
    ast.Mod: "mod",
    ast.Pow: "power",
    ast.MatMult: "matmul",
    ast.BitAnd: "logical_and",
    ast.BitOr: "logical_or",
    ast.BitXor: "logical_xor",
    ast.Invert: "logical_not",
    ast.USub: "negative",
    # Tensors have no ==: Python compares the objects then.
    ast.NotEq: "not_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
}


def parted(node: ast.expr) -> tuple[str, list[ast.expr]] | None:
    """The function that an operator stands for, and what it is applied to; None for anything else."""
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            parts = [left, right]
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            parts = [left, right]
        case ast.UnaryOp(op=op, operand=operand):
            parts = [operand]
        case _:
            return None
    name = _NAMES.get(type(op))
    return (f"keras.ops.{name}", parts) if name else None


def index(node: ast.expr, value: Callable[[ast.expr], Value]) -> Value:
    """The value of what stands in brackets: ``1:3, None``."""
    match node:
        case ast.Tuple(elts=parts):
            return {"$tuple": [index(part, value) for part in parts]}
        case ast.Slice(lower=lower, upper=upper, step=step):
            return {"$slice": [end and value(end) for end in (lower, upper, step)]}
    return value(node)


def indices(key: Value) -> bool:
    """Whether a value is what may stand in brackets: whole numbers, None, slices of them, tuples of these."""
    return all(_index(part) for part in (key["$tuple"] if tag(key) == "$tuple" else [key]))


def brackets(key: Value) -> str:
    """``1:3, None`` for an index of which `indices` is true, "" where it is better named."""
    if not indices(key) or tag(key) not in ("$tuple", "$slice") or key == {"$tuple": []}:
        return ""
    if tag(key) == "$slice":
        return _part(key)
    parts = [_part(part) for part in key["$tuple"]]
    return ", ".join(parts) + "," * (len(parts) == 1)


def _index(item: Value) -> bool:
    if tag(item) == "$slice":
        return all(_end(part) for part in item["$slice"])
    return _end(item)


def _end(item: Value) -> bool:
    return item is None or type(item) is int


def _part(item: Value) -> str:
    if tag(item) != "$slice":
        return repr(item)
    start, stop, step = ("" if part is None else repr(part) for part in item["$slice"])
    return f"{start}:{stop}" + f":{step}" * bool(step)
