"""Graph documents: bytes to a graph and back, refusing with path and reason."""

from typing import Any, Final

import msgspec
from msgspec.structs import replace

from flowcore.dataflow.migrate import migrate
from flowcore.model import value
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, Node
from flowcore.model.problem import FlowError, Problem, error

LIMIT: Final = 20 * 2**20
ITEMS: Final = 2_000_000
HINT: Final = "Upload a graph that was downloaded from flowcore, or correct the file at this place."


def read(document: bytes, catalog: Catalog | None = None) -> Graph:
    """The graph of a document; aliases become canonical types where a catalogue is given.

    Older versions are migrated. Raises FlowError: "too-large", "not-json", "not-a-graph",
    "newer-version", "bad-document" (with the path), "bad-value".
    """
    if len(document) > LIMIT:
        size = f"{len(document) / 2**20:.1f} MB"
        raise error(
            "too-large", f"The document has {size}; at most {LIMIT // 2**20} MB are read.", "Split it."
        )
    if items(document) > ITEMS:
        raise error("too-large", f"The document has more than {ITEMS:,} items.", "Split it.")
    graph = _convert(migrate(_decode(document)))
    flaws = [
        Problem("bad-value", f"{path} {reason}.", HINT, (node.id,))
        for index, node in enumerate(graph.nodes)
        for part in ("args", "call")
        for path, reason in value.flaws(getattr(node, part), f"$.nodes[{index}].{part}")
    ]
    if flaws:
        raise FlowError(*flaws)
    return canonical(graph, catalog) if catalog else graph


def items(content: bytes) -> int:
    """How many items JSON holds at most, counted before any takes the memory of fifty of its bytes."""
    return sum(content.count(mark) for mark in (b",", b"[", b"{"))


def write(graph: Graph) -> bytes:
    """The document of a graph, indented for people and diffs."""
    return msgspec.json.format(msgspec.json.encode(graph), indent=2) + b"\n"


def canonical(graph: Graph, catalog: Catalog) -> Graph:
    """The graph with every alias rewritten to the type that a catalogue calls it by."""
    nodes = tuple(_canonical(node, catalog) for node in graph.nodes)
    return replace(graph, nodes=nodes) if nodes != graph.nodes else graph


def _decode(document: bytes) -> dict[str, Any]:
    try:
        decoded = msgspec.json.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError) as reason:
        raise error("not-json", f"The document is not JSON: {reason}.", HINT) from None
    except RecursionError:
        raise error("not-json", "The document is nested too deep.", HINT) from None
    if not isinstance(decoded, dict):
        found = type(decoded).__name__
        raise error("not-a-graph", f"Expected an object at $, found {found}.", HINT)
    return decoded


def _convert(decoded: dict[str, Any]) -> Graph:
    try:
        return msgspec.convert(decoded, Graph)
    except msgspec.ValidationError as reason:
        text = str(reason)
        where = "" if "`$" in text else " - at `$`"
        raise error("bad-document", f"The document is not a graph: {text}{where}.", HINT) from None


def _canonical(node: Node, catalog: Catalog) -> Node:
    type_ = catalog.canonical(node.type)
    args = {name: _rewrite(item, catalog) for name, item in node.args.items()}
    call = {name: _rewrite(item, catalog) for name, item in node.call.items()}
    return replace(node, type=type_, args=args, call=call)


def _rewrite(item: value.Value, catalog: Catalog) -> value.Value:
    if isinstance(item, list):
        return [_rewrite(part, catalog) for part in item]
    if not isinstance(item, dict):
        return item
    return {
        key: catalog.canonical(part) if key in ("$new", "$ref") else _rewrite(part, catalog)
        for key, part in item.items()
    }
