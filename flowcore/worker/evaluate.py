"""Evaluating nodes: values decoded, inputs gathered from links, each call style of a descriptor."""

import copy
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from msgspec import UNSET

from flowcore.dataflow import ports
from flowcore.model import value as v
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.problem import error
from flowcore.worker.locate import locate

Outputs = dict[str, Any]
Method = Callable[[Any, str, dict[str, Any]], Any]
_PLACE: Final = re.compile(r"\[(\d+)\]|\.(\w+)")


def evaluate(
    graph: Graph,
    node: Node,
    catalog: Catalog,
    values: Mapping[str, Outputs],
    method: Method,
    layer: Any = None,
) -> Outputs:
    """The outputs of a node by name, "" being the whole value; ``values`` holds those of its sources.

    method(object, name, arguments) calls a method: the seam where training is watched.
    layer: one that was made of this node before, to be called once more in place of a new one.
    Raises FlowError and whatever the callable raises.
    """
    descriptor = _described(node.type, catalog)
    ports_of_call = ports.call_ports(graph, node, catalog)
    linked = _gather(graph, node, {**descriptor.arguments, **ports_of_call}, values)
    if descriptor.copy:
        changed = ["self"] if descriptor.kind == "method" else list(linked)
        linked |= {name: copy.deepcopy(linked[name]) for name in changed if name in linked}
    args = {**_constants(node.args, descriptor.arguments, catalog), **linked}
    if descriptor.kind == "method":
        return _method(descriptor, args, method)
    if node.type == ports.CALL:
        return {"": _call(args.pop("layer"), args, ports_of_call)}
    target = locate(descriptor.package)
    if not descriptor.instance:
        return {"": target}
    if not descriptor.apply:
        return _named(descriptor, _invoke(target, descriptor, args))
    if layer is None:
        layer = target(**{name: item for name, item in args.items() if name not in ports_of_call})
    inputs = {name: item for name, item in linked.items() if name in ports_of_call}
    if not inputs:
        return {"": layer, "layer": layer}
    inputs |= _constants(node.call, descriptor.call_arguments, catalog)
    return {"": _call(layer, inputs, descriptor.call_arguments), "layer": layer}


def output(outputs: Outputs, name: str) -> Any:
    """One output: by name, or by index into a whole value that is a sequence."""
    if name in outputs:
        return outputs[name]
    whole = outputs[""]
    if name.isdecimal() and isinstance(whole, (list, tuple)) and int(name) < len(whole):
        return whole[int(name)]
    found = f"{len(whole)} results" if isinstance(whole, (list, tuple)) else type(whole).__name__
    raise error("no-output", f"There is no output {name!r}; found {found}.", "Connect another output.")


def decode(item: v.Value, catalog: Catalog) -> Any:
    """The Python object that a value stands for."""
    if isinstance(item, list):
        return [decode(part, catalog) for part in item]
    form = v.tag(item)
    if form:
        return _FORMS[form](item, catalog)
    if isinstance(item, dict):
        return {key: decode(part, catalog) for key, part in item.items()}
    return item


def _described(type_: str, catalog: Catalog) -> NodeDescriptor:
    """Only what a catalogue describes, and policy lets run, is ever imported."""
    descriptor = catalog.find(type_)
    if descriptor is None or descriptor.runs == "never":
        reason = "is not described by a catalogue" if descriptor is None else "is never run here"
        raise error("not-allowed", f"{type_} {reason}.", "Remove the node that names it.")
    return descriptor


def _constants(args: dict[str, v.Value], known: dict[str, Argument], catalog: Catalog) -> dict[str, Any]:
    """Decoded constants, without those whose type nobody knows."""
    return {
        name: decode(item, catalog) for name, item in args.items() if name in known and known[name].supported
    }


def _gather(
    graph: Graph, node: Node, known: dict[str, Argument], values: Mapping[str, Outputs]
) -> dict[str, Any]:
    """What links bring, by argument: alone, as a list, or put into a tuple or a dict place by place."""
    found: dict[str, list[Link]] = {}
    for link in graph.into(node.id):
        found.setdefault(link.argument, []).append(link)
    return {name: _merged(known.get(name), links, values) for name, links in found.items()}


def _merged(argument: Argument | None, links: list[Link], values: Mapping[str, Outputs]) -> Any:
    items = [output(values[link.source], link.output) for link in links]
    places = [_PLACE.search(link.port) for link in links]
    if all(places):
        return _placed([place for place in places if place], items)
    many = argument is not None and (argument.itype == "tensors" or argument.passing == "variadic")
    return items if many or len(items) > 1 else items[0]


def _placed(places: list[re.Match[str]], items: list[Any]) -> Any:
    if all(place[1] is None for place in places):
        return {place[2]: item for place, item in zip(places, items, strict=True)}
    ordered = sorted(zip((int(place[1] or 0) for place in places), items, strict=True), key=lambda p: p[0])
    return tuple(item for _, item in ordered)


def _invoke(target: Callable[..., Any], descriptor: NodeDescriptor, args: dict[str, Any]) -> Any:
    """A call with arguments by place where the signature asks for it; those by name for the others."""
    placed, rest = by_place(descriptor, args)
    return target(*placed, **rest)


def by_place(descriptor: NodeDescriptor, args: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The values to pass by place, in order, and those to pass by name.

    Before values of any number (``*arrays``) everything goes by place; a default fills a gap.
    """
    rest = dict(args)
    variadic = next((one for one in descriptor.args if one.passing == "variadic" and args.get(one.arg)), None)
    placed: list[Any] = []
    for argument in descriptor.args:
        if argument is variadic:
            return [*placed, *rest.pop(argument.arg)], rest
        if argument.passing == "positional" or variadic:
            if argument.arg not in rest and not variadic:
                break
            placed.append(rest.pop(argument.arg, None if argument.default is UNSET else argument.default))
    return placed, rest


def _method(descriptor: NodeDescriptor, args: dict[str, Any], method: Method) -> Outputs:
    target = args.pop("self")
    owner = locate(descriptor.package.rpartition(".")[0])
    if not isinstance(target, owner):
        raise error(
            "wrong-object",
            f"{descriptor.package} needs a {owner.__name__}; found a {type(target).__name__}.",
            f"Link its self to a {owner.__name__}, or use the method of {type(target).__name__}.",
        )
    result = method(target, descriptor.name, args)
    if descriptor.returns != "self":
        return _named(descriptor, result)
    names = [item.name for item in descriptor.outputs]
    handed: Iterable[Any] = (target, result) if len(names) <= 2 else (target, *result)
    return {"": target, **dict(zip(names, handed, strict=False))}


def _call(layer: Any, inputs: dict[str, Any], order: Mapping[str, Argument]) -> Any:
    """Leading inputs by position, as one writes them, the others by name."""
    positional = []
    for name, argument in order.items():
        if name not in inputs or argument.widget != "port":
            break
        positional.append(inputs[name])
    named = {name: item for name, item in inputs.items() if name not in list(order)[: len(positional)]}
    return layer(*positional, **named)


def _named(descriptor: NodeDescriptor, result: Any) -> Outputs:
    outputs = {"": result}
    for index, item in enumerate(descriptor.outputs):
        if isinstance(result, Mapping):
            outputs[item.name] = result[item.name]
        else:
            outputs[item.name] = getattr(result, item.name, None) if item.name else result
            if outputs[item.name] is None:
                outputs[item.name] = result[index]
    return outputs


def _new(item: dict[str, v.Value], catalog: Catalog) -> Any:
    descriptor = _described(item["$new"], catalog)
    return locate(descriptor.package)(**_constants(item.get("args", {}), descriptor.arguments, catalog))


_FORMS: Final[dict[str, Callable[[dict[str, v.Value], Catalog], Any]]] = {
    "$new": _new,
    "$ref": lambda item, catalog: locate(_described(item["$ref"], catalog).package),
    "$tuple": lambda item, catalog: tuple(decode(part, catalog) for part in item["$tuple"]),
    "$slice": lambda item, catalog: slice(*item["$slice"]),
    "$dict": lambda item, catalog: {
        decode(key, catalog): decode(part, catalog) for key, part in item["$dict"]
    },
    "$float": lambda item, catalog: float(item["$float"]),
}
