"""The graph document, schema version 1: file, store, share link and submission to a worker alike."""

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from operator import attrgetter
from typing import Annotated, Final

import msgspec

from flowcore.model.value import Value, types_in

VERSION: Final = 1
FEW: Final = 8
PLACE: Final = re.compile(r"\[(\d+)\]|\.(\w+)")
"""What a port adds to its argument: a place of a tuple, or a key of a dict."""

# Ids reach HTML and file names, so they hold nothing that means anything there.
Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]
GraphId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{0,64}\Z")]
Name = Annotated[str, msgspec.Meta(max_length=200)]
Note = Annotated[str, msgspec.Meta(max_length=10_000)]


class Node(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A callable at work: ``args`` of its constructor or function, ``call`` the constants of its call.

    state is written on export only; neither state nor position counts for equality.
    """

    id: Id
    type: Name
    label: Name = ""
    args: dict[str, Value] = {}
    call: dict[str, Value] = {}
    position: tuple[float, float] | None = None
    state: str = "idle"
    note: Note = ""

    @property
    def title(self) -> str:
        return self.label or self.type.rpartition(".")[2]


class Link(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    gc=False,
    rename={"source": "from", "target": "to"},
):
    """From an output of one node to a port of another. ``output`` "" is the whole value."""

    source: Id
    output: Name
    target: Id
    port: Name

    @property
    def argument(self) -> str:
        """The argument that the port fills: ``x`` of ``x``, ``x[0]`` and ``x.left``."""
        port = self.port
        return port if port.isidentifier() else port.partition("[")[0].partition(".")[0]


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nodes that are shown together."""

    id: Id
    label: Name
    nodes: tuple[str, ...]


class Graph(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True):
    """Nodes and the links between them, with the versions of the packages that describe them.

    note: what the graph is about, in the words of its author.
    """

    flowcore: int = VERSION
    id: GraphId = ""
    name: Name = ""
    note: Note = ""
    catalogs: dict[str, str] = {}
    nodes: tuple[Node, ...] = ()
    links: tuple[Link, ...] = ()
    groups: tuple[Group, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, Node]:
        return {node.id: node for node in self.nodes}

    @cached_property
    def incoming(self) -> dict[str, tuple[Link, ...]]:
        return _grouped(self, attrgetter("target"))

    @cached_property
    def outgoing(self) -> dict[str, tuple[Link, ...]]:
        return _grouped(self, attrgetter("source"))

    @cached_property
    def _filled(self) -> dict[str, frozenset[str]]:
        alike: dict[frozenset[str], frozenset[str]] = {}  # few differ
        found = {}
        for node, links in self.incoming.items():
            names = frozenset([link.argument for link in links])
            found[node] = alike.setdefault(names, names)
        return found

    def steps(self) -> Iterator[tuple[Node, tuple[Link, ...]]]:
        """Each node with the links that end at it, without a look-up; for graphs whose ids are unique."""
        return zip(self.nodes, self.incoming.values(), strict=True)

    def into(self, node: str, argument: str | None = None) -> tuple[Link, ...]:
        """Links that end at a node, or at one argument of it, in the order of the document."""
        links = self.incoming.get(node, ())
        return links if argument is None else tuple(link for link in links if link.argument == argument)

    def filled(self, node: str) -> frozenset[str]:
        """The arguments of a node that links fill."""
        return self._filled.get(node, frozenset())

    def out_of(self, node: str) -> tuple[Link, ...]:
        return self.outgoing.get(node, ())

    def title(self, node: str) -> str:
        return self.by_id[node].title if node in self.by_id else node


def types(graph: Graph) -> set[str]:
    """Every type that a graph names, inside the values of arguments too."""
    found = {node.type for node in graph.nodes}
    for node in graph.nodes:
        found.update(types_in([*node.args.values(), *node.call.values()]))
    return found


def plain(graph: Graph) -> Graph:
    """A graph without what does not count for equality: id, positions, states."""
    replace = msgspec.structs.replace
    nodes = tuple(replace(node, position=None, state="idle") for node in graph.nodes)
    return replace(graph, id="", nodes=nodes)


def equal(one: Graph, other: Graph) -> bool:
    """Whether two documents hold the same program."""
    return plain(one) == plain(other)


def _grouped(graph: Graph, end: Callable[[Link], str]) -> dict[str, tuple[Link, ...]]:
    """Links by one of their ends, of every node in the order of the document.

    Most have few: a list, which grows at no cost, is for the others.
    """
    found: dict[str, tuple[Link, ...]] = {node.id: () for node in graph.nodes}
    many: dict[str, list[Link]] = {}
    for node, link in zip(map(end, graph.links), graph.links, strict=True):
        known = found.get(node)
        if known is None:
            continue  # it ends nowhere, which is for a check to say
        if not known:
            found[node] = (link,)
        elif len(known) < FEW:
            found[node] = (*known, link)
        elif node in many:
            many[node].append(link)
        else:
            many[node] = [*known, link]
    found.update((node, tuple(ends)) for node, ends in many.items())
    return found
