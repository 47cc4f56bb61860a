"""Topological order (paper, 6.3) without recursion: a chain of 100,000 nodes is as good as one of ten."""

from heapq import heapify, heappop, heappush

from msgspec.structs import replace

from flowcore.model.graph import Graph
from flowcore.model.problem import FlowError, Problem


def ordered(graph: Graph) -> Graph:
    """The graph with each node after all that it depends on; ties in the order of the document.

    Links that end nowhere are left to `check`. Raises FlowError("cycle").
    """
    found, waiting = _sort(graph)
    if waiting:
        raise FlowError(_problem(graph, _cycle(graph, waiting)))
    return found


def cycles(graph: Graph) -> tuple[Problem, ...]:
    """One problem that names a cycle, or none."""
    _, waiting = _sort(graph)
    return (_problem(graph, _cycle(graph, waiting)),) if waiting else ()


def ancestors(graph: Graph, node: str) -> set[str]:
    """Every node that this one depends on."""
    return _reach(node, {id: [link.source for link in links] for id, links in graph.incoming.items()})


def descendants(graph: Graph, node: str) -> set[str]:
    """Every node that depends on this one."""
    return _reach(node, {id: [link.target for link in links] for id, links in graph.outgoing.items()})


def _sort(graph: Graph) -> tuple[Graph, set[str]]:
    """The graph with all nodes that can be ordered, and the ids that cannot."""
    if _forward(graph):
        return graph, set()
    place = {node.id: index for index, node in enumerate(graph.nodes)}
    missing = [0] * len(graph.nodes)
    after: list[list[int]] = [[] for _ in graph.nodes]
    for link in graph.links:
        source, target = place.get(link.source), place.get(link.target)
        if source is not None and target is not None:
            after[source].append(target)
            missing[target] += 1
    ready = [index for index in place.values() if not missing[index]]
    found = tuple(graph.nodes[index] for index in drained(ready, after, missing))
    left = place.keys() - {node.id for node in found} if len(found) < len(place) else set()
    return replace(graph, nodes=found), left


def drained(ready: list[int], after: list[list[int]], missing: list[int]) -> list[int]:
    """Numbers, each after all that it waits for, smallest first, without those that wait for each other.

    ready: those that wait for nothing. after: who waits for each. missing: for how many each waits; all
    three are used up (Kahn 1962).
    """
    heapify(ready)
    found = []
    while ready:
        index = heappop(ready)
        found.append(index)
        for later in after[index]:
            missing[later] -= 1
            if not missing[later]:
                heappush(ready, later)
    return found


def _forward(graph: Graph) -> bool:
    """Whether the document is in order already, as most are: each link comes from an earlier node."""
    seen = set[str]()
    for id, links in graph.incoming.items():
        for link in links:
            if link.source not in seen:
                return False
        seen.add(id)
    return len(seen) == len(graph.nodes)


def _cycle(graph: Graph, waiting: set[str]) -> tuple[str, ...]:
    """Walk backwards among nodes that all wait for each other until one comes up again.

    The cycle begins with the node of it that comes first in the document.
    """
    node = next(node.id for node in graph.nodes if node.id in waiting)
    seen: dict[str, int] = {}
    path: list[str] = []
    while node not in seen:
        seen[node] = len(path)
        path.append(node)
        node = next(link.source for link in graph.into(node) if link.source in waiting)
    around = path[seen[node] :][::-1]
    members = set(around)
    first = around.index(next(node.id for node in graph.nodes if node.id in members))
    return (*around[first:], *around[:first])


def _problem(graph: Graph, cycle: tuple[str, ...]) -> Problem:
    names = [graph.title(node) for node in cycle]
    shown = names if len(names) <= 12 else [*names[:6], "…", *names[-5:]]
    return Problem(
        "cycle",
        f"The graph has a cycle: {' -> '.join([*shown, names[0]])}.",
        f"Remove one of its links, for instance {names[-1]} -> {names[0]}.",
        cycle,
    )


def _reach(start: str, steps: dict[str, list[str]]) -> set[str]:
    found: set[str] = set()
    todo = list(steps.get(start, ()))
    while todo:
        node = todo.pop()
        if node not in found:
            found.add(node)
            todo.extend(steps.get(node, ()))
    return found
