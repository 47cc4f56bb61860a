"""Whether a value fits an argument, and whether an output fits a port."""

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Final

from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor, Range
from flowcore.model.value import Value, tag

FAMILIES: Final = frozenset(
    [
        "activation",
        "initializer",
        "regularizer",
        "constraint",
        "loss",
        "metric",
        "optimizer",
        "callback",
        "layer",
        "schedule",
    ]
)
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
    if argument.choices and isinstance(value, str) and value not in argument.choices:
        free = argument.itype != "string" and {"string", "any"} & set(argument.types)
        if not free and not _spelt(value, argument, catalog):
            yield f"{path} is {value!r}; expected {_listed(value, argument)}"
        return
    kinds = [itype for itype in argument.types if _is(value, itype, catalog)]
    if not kinds:
        yield f"{path} is {_shown(value)}; expected {described(argument)}"
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        ranges = [argument.ranges.get(itype, argument.range) for itype in kinds]
        reasons = [list(_outside(value, bounds, path)) for bounds in ranges if bounds]
        if reasons and len(reasons) == len(kinds) and all(reasons):
            yield from reasons[0]
    yield from _nested(value, catalog, path)


def described(argument: Argument) -> str:
    """The types of an argument in words: "int or list of ints"."""
    words = [_WORDS.get(itype, itype) for itype in argument.types]
    if argument.nullable:
        words.append("None")
    return " or ".join(words)


def family(itype: str) -> str:
    """The family that a type is offered from: "metric" of "metric" and of "list[metric]", else ""."""
    name = itype.removeprefix("list[").removesuffix("]")
    return name if name in FAMILIES else ""


def member(node: NodeDescriptor, name: str) -> bool:
    """Whether a descriptor makes, or is, an object of a family."""
    return node.is_layer if name == "layer" else node.otype == name


def _nested(value: Value, catalog: Catalog, path: str) -> Iterator[str]:
    """Flaws of the arguments of new objects inside a value."""
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


def _spelt(value: str, argument: Argument, catalog: Catalog) -> bool:
    """Whether a word is another name of one of the choices: swish is silu."""
    known = (catalog.by_type[type_] for type_ in catalog.spellings.get(value, ()))
    return any(node.name in argument.choices and node.otype in argument.types for node in known)


def _is(value: Value, itype: str, catalog: Catalog) -> bool:
    if itype.startswith("list[") and itype.endswith("]"):
        return isinstance(value, list) and all(_is(item, itype[5:-1], catalog) for item in value)
    if itype in FAMILIES:
        return _is_member(value, itype, catalog)
    test = _TESTS.get(itype)
    return test(value) if test is not None else _made(value, itype, catalog)


def _is_member(value: Value, name: str, catalog: Catalog) -> bool:
    if isinstance(value, str):
        return name not in ("layer", "callback", "schedule")
    form = tag(value)
    if form not in ("$new", "$ref"):
        return False
    node = catalog.find(value[form])
    return node is not None and node.runs != "never" and member(node, name)


def _made(value: Value, itype: str, catalog: Catalog) -> bool:
    """Whether a value is a new object of this very type."""
    node = catalog.find(value["$new"]) if tag(value) == "$new" else None
    return node is not None and node.runs != "never" and node.otype == itype


def _callable(value: Value) -> bool:
    return tag(value) == "$ref"


def _sequence(value: Value) -> list[Value] | None:
    if isinstance(value, list):
        return value
    return value["$tuple"] if tag(value) == "$tuple" else None


def _int(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _float(value: Value) -> bool:
    return (isinstance(value, (int, float)) and not isinstance(value, bool)) or tag(value) == "$float"


def _shape(value: Value) -> bool:
    items = _sequence(value)
    return items is not None and all(item is None or _int(item) for item in items)


def _ints(value: Value) -> bool:
    items = _sequence(value)
    return _int(value) or (items is not None and bool(items) and all(_int(item) for item in items))


_TESTS: dict[str, Callable[[Value], bool]] = {
    "bool": lambda value: isinstance(value, bool),
    "int": _int,
    "float": _float,
    "string": lambda value: isinstance(value, str),
    "dtype": lambda value: isinstance(value, str),
    "shape": _shape,
    "ints": _ints,
    "list": lambda value: _sequence(value) is not None,
    "tuple": lambda value: _sequence(value) is not None,
    "dict": lambda value: isinstance(value, dict) and tag(value) in ("", "$dict"),
    "array": lambda value: isinstance(value, list),
    "table": lambda value: isinstance(value, dict) and not tag(value),
    "slice": lambda value: tag(value) == "$slice",
    "callable": _callable,
    "any": lambda value: True,
}
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


def _listed(value: str, argument: Argument) -> str:
    names = [str(choice) for choice in argument.choices]
    near = get_close_matches(value, names, n=3)
    return f"one of {', '.join(near or names[:12])}{'' if near or len(names) <= 12 else ', …'}"


def _shown(value: Value) -> str:
    form = tag(value)
    if form in ("$new", "$ref"):
        return str(value[form])
    text = repr(value["$tuple"] if form == "$tuple" else value)
    return text if len(text) <= 60 else text[:57] + "…"
