"""Whether a value fits an argument, and whether an output fits a port."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from flowcore.dataflow.kinds import branches, kinds, names
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor, Range
from flowcore.model.value import Value, tag

# Typed arguments other than a layer's weights may be computed by another node, if it yields such a value.
_WIDER: Final = {
    "float": {"int"},
    "tensors": {"tensor"},
    "layer": {"model"},
    "array": {"table", "tensor"},
    "callable": {"activation", "loss", "metric"},
    "object": {"*"},
}


def accepts(argument: Argument, otype: str) -> bool:
    """Whether a link that carries otype may end at this argument."""
    if not argument.supported:
        return False
    if otype == "any":
        return argument.widget == "port"
    types = argument.types
    if otype in types or "any" in types:
        return True
    for itype in types:
        wider = _WIDER.get(itype, set())
        if otype in wider or ("*" in wider and argument.widget == "port"):
            return True
    return "tuple" in types and argument.widget == "port"


def flaws(value: Value, argument: Argument, catalog: Catalog, path: str = "") -> Iterator[str]:
    """Every reason why a constant does not fit, each with the path inside the value."""
    path = path or argument.arg
    if value is None and (argument.nullable or argument.default is None):
        return
    known = names(argument, catalog)
    if argument.choices and isinstance(value, str) and value not in known:
        if not any(itype in ("string", "any") for itype in argument.types) or argument.itype == "string":
            yield f"{path} is {value!r}; expected {_listed(value, argument, known)}"
        return
    found = kinds(value, argument, catalog)
    if not found:
        wrong = next((text for text in _texts(value) if text not in known), None) if known else None
        expected = described(argument) if wrong is None else f"{_listed(wrong, argument, known)} in it"
        yield f"{path} is {_shown(value)}; expected {expected}"
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        ranges = [argument.ranges.get(itype, argument.range) for itype in found]
        reasons = [list(_outside(value, bounds, path)) for bounds in ranges if bounds]
        if reasons and len(reasons) == len(found) and all(reasons):
            yield from reasons[0]
    yield from _nested(value, catalog, path)


def described(argument: Argument) -> str:
    """The types of an argument in words: "int or list of ints"."""
    words = [_WORDS.get(itype) or _TREE.sub(r"a list or dict of \1", itype) for itype in argument.types]
    if argument.nullable:
        words.append("None")
    return " or ".join(words)


def _nested(value: Value, catalog: Catalog, path: str) -> Iterator[str]:
    """Flaws of the arguments of new objects inside a value."""
    value = value["$tuple"] if tag(value) == "$tuple" else value
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _nested(item, catalog, f"{path}[{index}]")
    elif tag(value) == "$new":
        node = catalog.find(value["$new"])
        yield from () if node is None else arguments(node, value.get("args", {}), catalog, path)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _nested(item, catalog, f"{path}.{key}")


def arguments(node: NodeDescriptor, args: dict[str, Value], catalog: Catalog, path: str) -> Iterator[str]:
    """Flaws of the arguments of a nested object."""
    for name, value in args.items():
        argument = node.arguments.get(name)
        if argument is None:
            yield f"{path}.{name} is not an argument of {node.name}"
        elif argument.supported:
            yield from flaws(value, argument, catalog, f"{path}.{name}")
    for argument in node.args:
        if argument.required and argument.arg not in args:
            yield f"{path} needs {argument.arg} for {node.name}"


_TREE: Final = re.compile(r"tree\[(.*)\]")
_WORDS: Final = {
    "shape": "a shape such as 28, 28, 1",
    "ints": "an int or a list of ints",
    "bool": "true or false",
    "string": "text",
}


def _outside(value: float, bounds: Range, path: str) -> Iterator[str]:
    low, high, exclusive = bounds.low, bounds.high, bounds.exclusive
    if low is not None and (value < low or (exclusive and value == low)):
        yield f"{path} is {value}; expected {'more than' if exclusive else 'at least'} {low:g}"
    if high is not None and (value > high or (exclusive and value == high)):
        yield f"{path} is {value}; expected {'less than' if exclusive else 'at most'} {high:g}"


def _texts(value: Value) -> Iterator[str]:
    """The texts of a list or a dict, at any depth."""
    if isinstance(value, str):
        yield value
    for item in branches(value) or ():
        yield from _texts(item)


def _listed(value: str, argument: Argument, known: tuple[str, ...]) -> str:
    """The names that are like a text, else the first of those that are offered."""
    offered = [str(choice) for choice in argument.choices]
    near = get_close_matches(value, offered) or list(dict.fromkeys(get_close_matches(value, known)))
    return f"one of {', '.join(near or offered[:12])}{'' if near or len(offered) <= 12 else ', …'}"


def _shown(value: Value) -> str:
    form = tag(value)
    if form in ("$new", "$ref"):
        return str(value[form])
    text = repr(value["$tuple"] if form == "$tuple" else value)
    return text if len(text) <= 60 else text[:57] + "…"
