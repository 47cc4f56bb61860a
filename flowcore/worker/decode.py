"""From the values of a document to Python objects; only what a catalogue describes is ever imported."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from flowcore.model import value as v
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
from flowcore.model.problem import error
from flowcore.worker.locate import locate


def described(type_: str, catalog: Catalog) -> NodeDescriptor:
    """The descriptor of what policy lets run. Raises FlowError("not-allowed") for anything else."""
    descriptor = catalog.runnable.get(type_)
    if descriptor is None:
        reason = "is never run here" if catalog.find(type_) else "is not described by a catalogue"
        raise error("not-allowed", f"{type_} {reason}.", "Remove the node that names it.")
    return descriptor


def constants(args: dict[str, v.Value], known: Mapping[str, Argument], catalog: Catalog) -> dict[str, Any]:
    """Decoded arguments. known: those whose type somebody knows; the others stay out of the call."""
    return {name: _passed(item, known[name], catalog) for name, item in args.items() if name in known}


def _passed(item: v.Value, argument: Argument, catalog: Catalog) -> Any:
    found = decode(item, catalog)
    return tuple(found) if isinstance(item, list) and argument.tuples else found


def decode(item: v.Value, catalog: Catalog) -> Any:
    """The Python object that a value stands for."""
    if isinstance(item, list):
        return [decode(part, catalog) for part in item]
    if not isinstance(item, dict):
        return item
    if form := v.tag(item):
        return _FORMS[form](item, catalog)
    return {key: decode(part, catalog) for key, part in item.items()}


def _new(item: dict[str, v.Value], catalog: Catalog) -> Any:
    descriptor = described(item["$new"], catalog)
    return locate(descriptor.package)(**constants(item.get("args", {}), descriptor.typed, catalog))


_FORMS: Final[dict[str, Callable[[dict[str, v.Value], Catalog], Any]]] = {
    "$new": _new,
    "$ref": lambda item, catalog: locate(described(item["$ref"], catalog).package),
    "$tuple": lambda item, catalog: tuple(decode(part, catalog) for part in item["$tuple"]),
    "$slice": lambda item, catalog: slice(*item["$slice"]),
    "$dict": lambda item, catalog: {
        decode(key, catalog): decode(part, catalog) for key, part in item["$dict"]
    },
    "$float": lambda item, catalog: float(item["$float"]),
}
