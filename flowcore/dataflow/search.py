"""Ranked search over a catalogue: one plain scan, no index."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import compress, repeat
from operator import contains
from typing import Final, NamedTuple

from flowcore.model.descriptor import Catalog, Entry, NodeDescriptor


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
    used = uses or {}
    found: Sequence[Entry] = catalog.entries
    longest, *others = sorted(words, key=len, reverse=True) or [""]  # a long word leaves the fewest
    if longest:
        found = list(compress(found, map(contains, catalog.texts, repeat(longest))))
    for word in others:
        found = [one for one in found if word in one.text]
    if len(words) == 1:
        found = _nearest(words[0], found, limit)

    def rank(one: Entry) -> tuple[int, int]:
        return -sum([_points(word, one) for word in words]), -used.get(one.node.package, 0)

    return tuple(one.node for one in sorted(found, key=rank)[:limit])


def _nearest(word: str, found: Sequence[Entry], limit: int) -> Sequence[Entry]:
    """No more of the matches than can be among the first: a letter is in the text of nearly all."""
    for near in (str.startswith, str.__contains__):
        nearer = [one for one in found if near(one.name, word)]
        if len(nearer) >= limit:
            return nearer
    return found


def _points(word: str, one: Entry) -> int:
    if one.name == word:
        return 100
    if one.name.startswith(word):
        return 60
    if word in one.name:
        return 40
    return 20 if word in one.node.package.lower() else 5


def browse(catalog: Catalog, query: str, chosen: Filter = NONE) -> tuple[NodeDescriptor, ...]:
    """All nodes that match, best first; those that cannot be used here are included, last."""
    words = query.lower().replace(".", " ").split()
    found = search(catalog, query, len(catalog.nodes)) if words else catalog.nodes
    barred = (node for node in catalog.nodes if node.runs == "never" or not node.available)
    hidden = [node for node in barred if words and all(word in node.package.lower() for word in words)]
    return tuple(node for node in (*found, *hidden) if _passes(node, chosen))


def labels(nodes: Iterable[NodeDescriptor]) -> dict[str, str]:
    """What to call each node in a list, by type: its name, a later one of that name with its home.

    No two are called the same: a list that is chosen from by its words gives the wrong one else.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for node in nodes:
        home = node.package.rpartition(".")[0]
        words = (node.name, f"{node.name} ({home.rpartition('.')[2]})", f"{node.name} ({home})")
        found[node.package] = next((word for word in words if word not in taken), node.package)
        taken.add(found[node.package])
    return found


def kind(node: NodeDescriptor) -> str:
    """What a node is, in a word: layer, class, function or method."""
    return "layer" if node.is_layer else node.kind


def _passes(node: NodeDescriptor, chosen: Filter) -> bool:
    return (
        (not chosen.package or node.package.startswith(f"{chosen.package}."))
        and chosen.category in ("", node.category)
        and chosen.kind in ("", kind(node))
    )
