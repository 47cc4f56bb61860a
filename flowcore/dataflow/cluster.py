"""A graph drawn by its groups, as TensorBoard draws name scopes: each that is closed is one node."""

import re
from typing import Final, NamedTuple

from msgspec.structs import replace

from flowcore.model.graph import Graph, Group, Link, Node

GROUP: Final = "flowcore.group"
_NUMBERED: Final = re.compile(r"(?:[A-Za-z]+_?\d+[a-z]?_)+")


class Clustered(NamedTuple):
    """What to draw. members: the nodes inside of each node that stands for a group."""

    graph: Graph
    groups: dict[str, Group]
    members: dict[str, tuple[str, ...]]


def cluster(graph: Graph, opened: frozenset[str]) -> Clustered:
    """The graph with one node in place of each group whose id is not among those opened.

    A node that is in several groups belongs to the first. Links between what is drawn are drawn once.
    """
    stands_for: dict[str, str] = {}
    groups: dict[str, Group] = {}
    members: dict[str, tuple[str, ...]] = {}
    for index, group in enumerate(graph.groups):
        inside = tuple(id for id in group.nodes if id in graph.by_id and id not in stands_for)
        name = _free(f"group-{index}", graph)
        if inside and group.id not in opened:
            groups[name], members[name] = group, inside
            stands_for |= dict.fromkeys(inside, name)
    nodes: dict[str, Node] = {}
    for node in graph.nodes:
        name = stands_for.get(node.id, node.id)
        if name in groups:
            label = groups[name].label or groups[name].id
            nodes.setdefault(name, Node(id=name, type=GROUP, label=label))
        else:
            nodes[name] = replace(node, position=None)
    links = dict.fromkeys(
        _lifted(link, stands_for)
        for link in graph.links
        if stands_for.get(link.source, link.source) != stands_for.get(link.target, link.target)
    )
    return Clustered(
        replace(graph, nodes=tuple(nodes.values()), links=tuple(links), groups=()), groups, members
    )


def by_name(graph: Graph) -> tuple[Group, ...]:
    """Groups of nodes whose names begin alike: block2a_conv and block2a_bn make block2a."""
    found: dict[str, list[str]] = {}
    for node in graph.nodes:
        name = node.args.get("name") or node.label
        start = _NUMBERED.match(name) if isinstance(name, str) else None
        if start:
            found.setdefault(start[0].rstrip("_"), []).append(node.id)
    several = {name: ids for name, ids in found.items() if len(ids) > 1}
    return tuple(Group(f"g{index}", name, tuple(ids)) for index, (name, ids) in enumerate(several.items(), 1))


def _lifted(link: Link, stands_for: dict[str, str]) -> Link:
    source, target = stands_for.get(link.source, link.source), stands_for.get(link.target, link.target)
    return Link(
        source,
        link.output if source == link.source else "",
        target,
        link.port if target == link.target else "",
    )


def _free(name: str, graph: Graph) -> str:
    while name in graph.by_id:
        name += "-"
    return name
