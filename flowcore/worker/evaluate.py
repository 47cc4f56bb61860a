"""Evaluating nodes: inputs gathered from links, each call style of a descriptor."""

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import UNSET

from flowcore.dataflow import ports
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.problem import error
from flowcore.worker.decode import constants, described
from flowcore.worker.gather import Outputs as Outputs
from flowcore.worker.gather import gather
from flowcore.worker.locate import locate

Method = Callable[[Any, str, dict[str, Any]], Any]


def evaluate(
    graph: Graph,
    node: Node,
    catalog: Catalog,
    values: Mapping[str, Outputs],
    method: Method,
    layer: Any = None,
    links: tuple[Link, ...] | None = None,
) -> Outputs:
    """The outputs of a node; ``values`` holds those of its sources.

    method(object, name, arguments) calls a method: the seam where training is watched.
    layer: one that was made of this node before, to be called once more in place of a new one.
    links: those that end at the node, of a caller who has them at hand.
    Raises FlowError and whatever the callable raises.
    """
    descriptor = described(node.type, catalog)
    called = ports.call_ports(graph, node, catalog) if descriptor.apply else {}
    known = {**descriptor.arguments, **called} if called else descriptor.arguments
    linked = gather(graph.into(node.id) if links is None else links, known, values)
    if descriptor.copy:
        _copy(descriptor, linked)
    args = {**constants(node.args, descriptor.typed, catalog), **linked} if node.args else linked
    if descriptor.kind == "method":
        return _method(descriptor, args, method)
    if not descriptor.apply:
        return _function(descriptor, args)
    if not descriptor.instance:
        args = {**constants(node.call, ports.call_constants(graph, node, catalog), catalog), **args}
        return Outputs(_call(args.pop("layer"), args, called))
    if layer is None:
        constructed = {name: item for name, item in args.items() if name not in called}
        layer = locate(descriptor.package)(**constructed)
    inputs = {name: item for name, item in linked.items() if name in called}
    if not inputs:
        return Outputs(layer, {"layer": layer})
    inputs |= constants(node.call, descriptor.typed_in_call, catalog)
    return Outputs(_call(layer, inputs, descriptor.call_arguments), {"layer": layer})


def _copy(descriptor: NodeDescriptor, linked: dict[str, Any]) -> None:
    """Side effects stay with this node: those of a method change its object alone."""
    for name in ("self",) if descriptor.kind == "method" else tuple(linked):
        if name in linked:
            linked[name] = copy.deepcopy(linked[name])


def _function(descriptor: NodeDescriptor, args: dict[str, Any]) -> Outputs:
    """The callable itself, or what it gives, by place where its signature asks for that."""
    target = locate(descriptor.package)
    if not descriptor.instance:
        return Outputs(target)
    if descriptor.by_name:
        result = target(**args)
    else:
        placed, rest = by_place(descriptor, args)
        result = target(*placed, **rest)
    return _named(descriptor, result) if descriptor.outputs else Outputs(result)


def by_place(descriptor: NodeDescriptor, args: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The values to pass by place, in order, and those to pass by name.

    Before values of any number (``*arrays``) everything goes by place; a default fills a gap.
    """
    rest = dict(args)
    variadic = descriptor.variadic
    if variadic is not None and not args.get(variadic.arg):
        variadic = None
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
    named = dict(zip(names, handed, strict=False))
    return Outputs(named.pop("", target), named)


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
    named = {}
    for index, item in enumerate(descriptor.outputs):
        if not item.name:
            continue
        if isinstance(result, Mapping):
            named[item.name] = result[item.name]
        else:
            part = getattr(result, item.name, None)
            named[item.name] = result[index] if part is None else part
    return Outputs(result, named)
