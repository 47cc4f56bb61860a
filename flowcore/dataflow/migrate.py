"""Older documents, one step a version.

Version 0 is a GraphLinksModel of Go.js, the library that the paper draws and saves with (6.1, 6.2;
https://gojs.net/latest/api/symbols/GraphLinksModel.html): ``nodeDataArray`` with key, package (or
category), text, loc and args, ``linkDataArray`` with from, fromPort, to and toPort.
"""

import math
from collections.abc import Callable
from typing import Any, Final

from flowcore.model.graph import VERSION
from flowcore.model.problem import error

Document = dict[str, Any]


def migrate(document: Document) -> Document:
    """The document in the schema of today.

    Raises FlowError: "not-a-graph", "newer-version", "bad-document".
    """
    version = document.get("flowcore", 0 if "nodeDataArray" in document else None)
    if isinstance(version, bool) or not isinstance(version, int) or version < 0:
        found = "no version" if version is None else repr(version)[:80]
        raise error(
            "not-a-graph",
            f"Expected a version number at $.flowcore, found {found}.",
            "Upload a graph that was downloaded from flowcore.",
        )
    if version > VERSION:
        raise error(
            "newer-version",
            f"The document was written by schema version {version}; this flowcore reads up to {VERSION}.",
            "Update flowcore, or save the graph with an older one.",
        )
    while version < VERSION:
        document = _STEPS[version](document)
        version += 1
    return document


def _from_gojs(document: Document) -> Document:
    nodes = _objects(document, "nodeDataArray")
    links = _objects(document, "linkDataArray")
    ids = {str(node.get("key")): f"n{index}" for index, node in enumerate(nodes, start=1)}
    return {
        "flowcore": 1,
        "name": str(document.get("name", ""))[:200],
        "nodes": [_node(node, ids) for node in nodes],
        "links": [_link(link, ids) for link in links],
    }


def _node(node: Document, ids: dict[str, str]) -> Document:
    args = node.get("args", {})
    if isinstance(args, list):
        named = (item for item in args if isinstance(item, dict) and isinstance(item.get("arg"), str))
        args = {item["arg"]: item.get("value") for item in named}
    return {
        "id": ids[str(node.get("key"))],
        "type": str(node.get("package", node.get("category", ""))),
        "label": str(node.get("text", ""))[:200],
        "args": args,
        "position": _position(node.get("loc")),
    }


def _link(link: Document, ids: dict[str, str]) -> Document:
    return {
        "from": ids.get(str(link.get("from")), "gone"),
        "output": str(link.get("fromPort", "")),
        "to": ids.get(str(link.get("to")), "gone"),
        "port": str(link.get("toPort", "inputs")),
    }


def _position(loc: Any) -> tuple[float, float] | None:
    """Go.js writes a point as "x y"."""
    try:
        x, y = map(float, str(loc).split())
    except ValueError:
        return None
    return (x, y) if math.isfinite(x) and math.isfinite(y) else None


def _objects(document: Document, key: str) -> list[Document]:
    found = document.get(key, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise error(
            "bad-document", f"Expected a list of objects at $.{key}.", "Correct the file at this place."
        )
    return found


_STEPS: Final[dict[int, Callable[[Document], Document]]] = {0: _from_gojs}
