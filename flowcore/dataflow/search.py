"""Ranked search over a catalogue: one plain scan, no index."""

from collections.abc import Mapping

from flowcore.model.descriptor import Catalog, NodeDescriptor


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
