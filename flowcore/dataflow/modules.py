"""The part of a catalogue that lies in some modules: to describe that part anew, and keep the rest."""

from collections.abc import Sequence

from msgspec.structs import replace

from flowcore.model.descriptor import Catalog, NodeDescriptor, merge


def inside(catalog: Catalog, modules: Sequence[str]) -> Catalog:
    """The nodes that lie in one of the modules, under their own path or under an alias."""
    return replace(catalog, nodes=tuple(node for node in catalog.nodes if _lies_in(node, modules)))


def renewed(old: Catalog, new: Catalog, modules: Sequence[str]) -> Catalog:
    """old with what lies in the modules replaced by new, sorted by path."""
    kept = replace(old, nodes=tuple(node for node in old.nodes if not _lies_in(node, modules)))
    both = merge(kept, new)
    return replace(both, nodes=tuple(sorted(both.nodes, key=lambda node: node.package)))


def _lies_in(node: NodeDescriptor, modules: Sequence[str]) -> bool:
    paths = (node.package, *node.aliases)
    return any(path == module or path.startswith(f"{module}.") for path in paths for module in modules)
