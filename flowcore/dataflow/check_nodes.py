"""What is wrong with nodes: what they name, the constants of their arguments, the inputs that they lack."""

from collections.abc import Iterator, Mapping

from flowcore.dataflow import fits, ports
from flowcore.dataflow.check_links import article
from flowcore.dataflow.fitting import Fitting
from flowcore.model import value
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
from flowcore.model.graph import Graph, Node
from flowcore.model.problem import Problem


def of_node(graph: Graph, node: Node, fitting: Fitting) -> list[Problem]:
    descriptor = fitting.catalog.find(node.type)
    if descriptor is None:
        bad = (*_bad_values(node, node.args, fitting.catalog), *_bad_values(node, node.call, fitting.catalog))
        return [*bad, _unknown(node, node.type)]
    found: list[Problem] = []
    if descriptor.runs == "never" or not descriptor.available:
        found.append(_forbidden(node, descriptor))
    linked = graph.filled(node.id)
    if node.args and not linked.isdisjoint(node.args):
        found += _twice(node, linked.intersection(descriptor.arguments), node.args)
    if node.args and (doubtful := fitting.doubtful(node.args, descriptor)):
        found += _constants(node, doubtful, descriptor, descriptor.arguments, fitting.catalog)
    for argument in descriptor.required:
        if argument.arg not in node.args and argument.arg not in linked:
            found.append(_missing(node, argument))
    if descriptor.apply:
        found += _call(graph, node, descriptor, linked, fitting.catalog)
    elif node.call:
        found += _bad_values(node, node.call, fitting.catalog)
    return found


def _bad_values(node: Node, args: Mapping[str, value.Value], catalog: Catalog) -> Iterator[Problem]:
    for name, item in args.items():
        yield from _bad_value(node, name, item, catalog)


def _bad_value(node: Node, name: str, item: value.Value, catalog: Catalog) -> Iterator[Problem]:
    for path, reason in value.flaws(item, name):
        yield Problem("bad-value", f"{node.title}: {path} {reason}.", "Correct the value.", (node.id,))
    yield from _named(node, item, catalog)


def _named(node: Node, item: value.Value, catalog: Catalog) -> Iterator[Problem]:
    for type_ in value.types_in(item):
        found = catalog.find(type_)
        if found is None:
            yield _unknown(node, type_)
        elif found.runs == "never" or not found.available:
            yield _forbidden(node, found)


def _unknown(node: Node, type_: str) -> Problem:
    package = type_.partition(".")[0]
    return Problem(
        "unknown-type",
        f"{node.title} needs {type_}, which no catalogue describes.",
        f"Describe the package with `flowcore describe {package}`, or replace the node.",
        (node.id,),
    )


def _forbidden(node: Node, descriptor: NodeDescriptor) -> Problem:
    if descriptor.runs == "never":
        return Problem(
            "not-allowed",
            f"{node.title} uses {descriptor.package}, which can run code of its own and is never run here.",
            "Remove it.",
            (node.id,),
        )
    return Problem(
        "not-available",
        f"{node.title} uses {descriptor.package}, which needs a package that is not installed.",
        "Install what it needs, or remove the node.",
        (node.id,),
    )


def _call(
    graph: Graph, node: Node, descriptor: NodeDescriptor, linked: frozenset[str], catalog: Catalog
) -> list[Problem]:
    found: list[Problem] = []
    known = ports.call_ports(graph, node, catalog)
    if node.call:
        inputs = {**known, **descriptor.call_arguments, **ports.call_constants(graph, node, catalog)}
        found += _twice(node, linked.intersection(inputs), node.call)
        found += _constants(node, node.call, descriptor, inputs, catalog)
    if not descriptor.is_layer or not linked.isdisjoint(known):
        for argument in known.values():
            if argument.required and argument.arg not in linked and argument.arg not in node.call:
                found.append(_missing(node, argument))
    elif not graph.out_of(node.id):
        found.append(_unconnected(node, next(iter(known), "inputs")))
    return found


def _constants(
    node: Node,
    args: Mapping[str, value.Value],
    descriptor: NodeDescriptor,
    known: Mapping[str, Argument],
    catalog: Catalog,
) -> list[Problem]:
    found: list[Problem] = []
    for name, item in args.items():
        found += _bad_value(node, name, item, catalog)
        argument = known.get(name)
        if argument is None:
            own = known if known is descriptor.arguments else descriptor.call_arguments
            found.append(_no_argument(node, descriptor, name, own))
        elif not argument.supported:
            found.append(_unsupported(node, name))
        elif not any(value.flaws(item)):
            found += [_wrong(node, flaw) for flaw in fits.flaws(item, argument, catalog)]
    return found


def _wrong(node: Node, flaw: str) -> Problem:
    return Problem("wrong-type", f"{node.title}: {flaw}.", "Change the value.", (node.id,))


def _unconnected(node: Node, port: str) -> Problem:
    return Problem(
        "unconnected",
        f"{node.title} has no input and nothing uses it.",
        f"Connect a tensor to its port {port}.",
        (node.id,),
        "notice",
    )


def _twice(node: Node, linked: frozenset[str], args: Mapping[str, value.Value]) -> list[Problem]:
    return [
        Problem(
            "argument-twice",
            f"{node.title}: {name} has a value and a link.",
            "Clear the value, or remove the link.",
            (node.id,),
        )
        for name in args
        if name in linked
    ]


def _unsupported(node: Node, name: str) -> Problem:
    return Problem(
        "unsupported-argument",
        f"{node.title}: the type of {name} is not known, so its value is kept out of the call.",
        "Clear it, or revise the descriptor.",
        (node.id,),
        "notice",
    )


def _missing(node: Node, argument: Argument) -> Problem:
    if argument.widget == "port":
        hint = f"Connect {article(argument.itype)} to its port {argument.arg}."
    else:
        hint = f"Set {argument.arg}: {fits.described(argument)}."
    return Problem("missing-argument", f"{node.title} needs {argument.arg}.", hint, (node.id,))


def _no_argument(node: Node, descriptor: NodeDescriptor, name: str, known: Mapping[str, Argument]) -> Problem:
    names = ", ".join(known) or "none"
    return Problem(
        "unknown-argument",
        f"{node.title}: {descriptor.name} has no argument {name}; it has {names}.",
        "Remove it.",
        (node.id,),
    )
