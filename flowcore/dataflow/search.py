"""Ranked search over a catalogue: one plain scan, no index."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from flowcore.model.descriptor import Catalog, NodeDescriptor


class Filter(NamedTuple):
    """What to leave of a catalogue; "" leaves everything."""

    package: str = ""
    category: str = ""
    kind: str = ""


NONE: Final = Filter()


def search(
    catalog: Catalog, query: str, limit: int = 20, uses: Mapping[str, int] | None = None
) -> tuple[NodeDescriptor, ...]:
    """Nodes that match every word, best first. uses: how often a type is used, which breaks ties."""
    words = query.lower().replace(".", " ").split()
    uses = uses or {}
    found = []
    for name, package, doc, node in catalog.lowered:
        points = [_points(word, name, package, doc) for word in words]
        if all(points):
            found.append((-sum(points), -uses.get(node.package, 0), len(name), node.package, node))
    found.sort(key=lambda item: item[:4])
    return tuple(item[4] for item in found[:limit])


def _points(word: str, name: str, package: str, doc: str) -> int:
    if name == word:
        return 100
    if name.startswith(word):
        return 60
    if word in name:
        return 40
    if word in package:
        return 20
    return 5 if word in doc else 0


def browse(catalog: Catalog, query: str, chosen: Filter = NONE) -> tuple[NodeDescriptor, ...]:
    """All nodes that match, best first; those that cannot be used here are included, last."""
    words = query.lower().replace(".", " ").split()
    found = search(catalog, query, len(catalog.nodes)) if words else catalog.nodes
    barred = (node for node in catalog.nodes if node.runs == "never" or not node.available)
    hidden = [node for node in barred if words and all(word in node.package.lower() for word in words)]
    return tuple(node for node in (*found, *hidden) if _passes(node, chosen))


def kind(node: NodeDescriptor) -> str:
    """What a node is, in a word: layer, class, function or method."""
    return "layer" if node.is_layer else node.kind


def _passes(node: NodeDescriptor, chosen: Filter) -> bool:
    return (
        (not chosen.package or node.package.startswith(f"{chosen.package}."))
        and chosen.category in ("", node.category)
        and chosen.kind in ("", kind(node))
    )
