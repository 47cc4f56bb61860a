"""Which argument each part of a call is for, and which links the outputs among them are."""

import ast
from collections.abc import Callable, Mapping

from flowcore.dataflow.literal import Unreadable
from flowcore.model.descriptor import Argument
from flowcore.model.graph import Link


def given(call: ast.Call, known: Mapping[str, Argument], variadic: Argument | None) -> dict[str, ast.expr]:
    """The expressions of a call by argument; what goes to ``*arrays`` is a list. Raises Unreadable."""
    placed = list(known.values())
    found: dict[str, ast.expr] = {}
    several = ast.List(elts=[], ctx=ast.Load())
    for index, item in enumerate(call.args):
        argument = placed[index] if index < len(placed) else None
        if variadic is not None and (argument is None or index >= placed.index(variadic)):
            found[variadic.arg] = several
            several.elts.append(item)
        elif argument is None or isinstance(item, ast.Starred):
            raise Unreadable(call, f"at most {len(placed)} arguments by place")
        else:
            found[argument.arg] = item
    for word in call.keywords:
        if word.arg is None:
            raise Unreadable(call, "arguments by name, without **")
        if word.arg not in known or word.arg in found:
            why = "arguments that exist" if word.arg not in known else "each argument once"
            raise Unreadable(call, f"{why}, without {word.arg}")
        found[word.arg] = word.value
    return found


def linked(
    id: str, argument: Argument, item: ast.expr, place: Callable[[ast.expr], tuple[str, str] | None]
) -> list[Link]:
    """Links to an argument where an expression stands for outputs: one, a list, a tuple or dict of them.

    id: of the node that takes them. place: the output that an expression stands for, None for anything
    else. Raises Unreadable.
    """
    name = argument.arg
    if whole := place(item):
        return [Link(*whole, id, name)]
    match item:
        case ast.List(elts=parts):
            placed = argument.conns == 1 and "list" in argument.types and len(parts) > 1
            ends = [(part, f"{name}[{index}]" if placed else name) for index, part in enumerate(parts)]
        case ast.Tuple(elts=parts):
            ends = [(part, f"{name}[{index}]") for index, part in enumerate(parts)]
        case ast.Dict(keys=keys, values=parts):
            texts = [
                key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
            ]
            if len(texts) < len(keys):
                return []
            ends = [(part, f"{name}.{key}") for key, part in zip(texts, parts, strict=True)]
        case _:
            return []
    places = [(place(part), port) for part, port in ends]
    found = [Link(*one, id, port) for one, port in places if one]
    if found and len(found) < len(ends):
        raise Unreadable(item, "variables alone, or constants alone")
    return found
