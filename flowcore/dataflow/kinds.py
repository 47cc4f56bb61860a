"""Whether a value is of a type."""

from collections.abc import Callable
from typing import Final

from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
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
_UNNAMED: Final = frozenset({"layer", "callback", "schedule"})
# What does as well as a new member, and the functions that are called in place of one.
_OTHERS: Final = {"activation": ("layer",), "layer": ("model",), "metric": ("loss",)}
_FUNCTIONS: Final = {
    "activation": frozenset({"activation", "tensor"}),
    "loss": frozenset({"loss", "metric", "tensor"}),
    "metric": frozenset({"loss", "metric", "tensor"}),
}


def kinds(value: Value, argument: Argument, catalog: Catalog) -> list[str]:
    """The types of an argument that a value is of."""
    known = names(argument, catalog)
    listed = [itype[5:-1] for itype in argument.types if itype.startswith("list[")]

    def is_(value: Value, itype: str) -> bool:
        if itype.startswith("list["):
            items = sequence(value)
            return items is not None and all(any(is_(item, one) for one in listed) for item in items)
        if itype.startswith("tree["):
            items = branches(value)
            return items is not None and all(
                item is None or is_(item, itype[5:-1]) or is_(item, itype) for item in items
            )
        if itype in FAMILIES:
            return _is_member(value, itype, known, catalog)
        test = _TESTS.get(itype)
        return test(value) if test is not None else _made(value, itype, catalog)

    return [itype for itype in argument.types if is_(value, itype)]


def names(argument: Argument, catalog: Catalog) -> tuple[str, ...]:
    """Every text that is understood: the choices, and what else stands for their family; () is any text."""
    if not argument.choices:
        return ()
    found = [one for one in argument.choices if isinstance(one, str)]
    families = {family(itype) for itype in argument.types}
    return (*found, *(name for one in sorted(families) for name in catalog.names.get(one, ())))


def family(itype: str) -> str:
    """The family that a type is offered from: "metric" of "metric" and of "list[metric]", else ""."""
    name = itype.removeprefix("list[").removeprefix("tree[").removesuffix("]")
    return name if name in FAMILIES else ""


def member(node: NodeDescriptor, name: str) -> bool:
    """Whether a descriptor makes, or is, an object of a family."""
    return node.is_layer if name == "layer" else node.otype == name


def sequence(value: Value) -> list[Value] | None:
    """The items of a list or a tuple."""
    if isinstance(value, list):
        return value
    return value["$tuple"] if tag(value) == "$tuple" else None


def branches(value: Value) -> list[Value] | None:
    """The items of a list, a tuple or a plain dict."""
    plain = isinstance(value, dict) and not tag(value)
    return list(value.values()) if plain else sequence(value)


def _is_member(value: Value, name: str, known: tuple[str, ...], catalog: Catalog) -> bool:
    if isinstance(value, str):
        return name not in _UNNAMED and (not known or value in known)
    form = tag(value)
    node = catalog.find(value[form]) if form in ("$new", "$ref") else None
    if node is None or node.runs == "never":
        return False
    if form == "$ref" and node.kind == "function" and name in _FUNCTIONS:
        return node.otype in _FUNCTIONS[name]
    others = _OTHERS.get(name, ()) if form == "$new" else ()
    return any(member(node, one) for one in (name, *others))


def _made(value: Value, itype: str, catalog: Catalog) -> bool:
    """Whether a value is a new object of this very type."""
    node = catalog.find(value["$new"]) if tag(value) == "$new" else None
    return node is not None and node.runs != "never" and node.otype == itype


def _int(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _float(value: Value) -> bool:
    return (isinstance(value, (int, float)) and not isinstance(value, bool)) or tag(value) == "$float"


def _shape(value: Value) -> bool:
    items = sequence(value)
    return items is not None and all(item is None or _int(item) for item in items)


def _ints(value: Value) -> bool:
    items = sequence(value)
    return _int(value) or (items is not None and bool(items) and all(_int(item) for item in items))


_TESTS: dict[str, Callable[[Value], bool]] = {
    "bool": lambda value: isinstance(value, bool),
    "int": _int,
    "float": _float,
    "string": lambda value: isinstance(value, str),
    "dtype": lambda value: isinstance(value, str),
    "shape": _shape,
    "ints": _ints,
    "list": lambda value: sequence(value) is not None,
    "tuple": lambda value: sequence(value) is not None,
    "dict": lambda value: isinstance(value, dict) and tag(value) in ("", "$dict"),
    "array": lambda value: isinstance(value, list),
    "table": lambda value: isinstance(value, dict) and not tag(value),
    "slice": lambda value: tag(value) == "$slice",
    "callable": lambda value: tag(value) == "$ref",
    "any": lambda value: True,
}
