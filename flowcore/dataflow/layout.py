"""Where to draw the nodes: layers from top to bottom, long graphs folded into columns.

Layers and the order within them are Sugiyama's (igraph.Graph.layout_sugiyama), which puts a dummy
into every layer that a link passes. Coordinates are found here, since a dummy needs less room than
a node: each layer is moved towards its neighbours, as far as the room of its nodes allows.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

import igraph

from flowcore.dataflow.order import order
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.problem import FlowError

LANE: Final = 0.3
SWEEPS: Final = 12
COLUMNS: Final = 8
DUMMIES: Final = 2_000
TORN: Final = 0.96  # what a link from one column to another costs
Cell = tuple[float, float]


class Fold(NamedTuple):
    """A cut of the layers into columns of ``deep`` layers, the first by ``short`` shorter."""

    deep: int
    short: int

    def column(self, row: int) -> int:
        return (row + self.short) // self.deep

    def row(self, row: int) -> int:
        return row if row + self.short < self.deep else (row + self.short) % self.deep


class _Layers(NamedTuple):
    """Vertices by layer, from left to right; those from ``nodes`` on are dummies."""

    rows: list[list[int]]
    above: list[list[int]]
    below: list[list[int]]
    nodes: int


def arrange(
    graph: Graph, width: float = 820, height: float = 640, cell: Cell = (250, 130)
) -> dict[str, tuple[float, float]]:
    """Centres of all nodes, in pixels, folded so that a canvas of width x height shows them largest.

    cell: the room that a node takes, gaps included. Nodes of a cycle are placed too.
    """
    return dict(_arranged(tuple(graph.by_id), graph.links, width, height, cell))


@lru_cache(maxsize=128)
def _arranged(
    ids: tuple[str, ...], links: tuple[Link, ...], width: float, height: float, cell: Cell
) -> dict[str, tuple[float, float]]:
    """Nothing but ids and links decides where nodes stand, so an edit of an argument moves none."""
    if not ids:
        return {}
    graph = Graph(nodes=tuple(Node(id=id, type="") for id in ids), links=links)
    place = {id: index for index, id in enumerate(ids)}
    layers = _layered(graph, place)
    across = _coordinates(layers)
    cells = [(0.0, 0)] * len(ids)
    for row, vertices in enumerate(layers.rows):
        for vertex in vertices:
            if vertex < layers.nodes:
                cells[vertex] = (across[vertex], row)
    ends = [(place[x.source], place[x.target]) for x in links if {x.source, x.target} <= place.keys()]

    def quality(fold: Fold) -> float:
        column = [fold.column(row) for _, row in cells]
        torn = sum(column[one] != column[other] for one, other in ends)
        return _scale(_folded(cells, fold, cell), width, height, cell) * TORN**torn

    best = max(_folds(len(layers.rows)), key=quality)
    return dict(zip(ids, _folded(cells, best, cell), strict=True))


def _folds(depth: int) -> Iterator[Fold]:
    """Ways to cut layers into columns; the first may be a little shorter than the others."""
    for columns in range(1, min(COLUMNS, depth) + 1):
        deep = -(-depth // columns)
        yield Fold(deep, 0)
        if columns > 1:
            yield from (Fold(deep + more, short) for more in (0, 1) for short in (1, 2) if short < deep)


def _layered(graph: Graph, place: dict[str, int]) -> _Layers:
    """Layers by what follows each node; dummies where a link passes a layer, unless they were too many.

    Each dummy costs igraph time; a graph of which every node feeds the last one would need a million.
    """
    edges = sorted(
        {
            (place[link.source], place[link.target])
            for link in graph.links
            if link.source in place and link.target in place and link.source != link.target
        }
    )
    levels = _levels(graph, edges, place)
    edges = [(one, other) for one, other in edges if levels[one] < levels[other]]
    if sum(levels[other] - levels[one] - 1 for one, other in edges) > DUMMIES:
        return _chained(list(enumerate(map(float, levels))), edges, [[] for _ in edges], len(place))
    drawn = igraph.Graph(n=len(place), edges=edges, directed=True)
    layout = drawn.layout_sugiyama(levels, hgap=1, vgap=1, maxiter=100)
    points = [(point[0], point[1]) for point in layout.coords[: len(place)]]
    return _chained(points, edges, layout.edge_routing, len(place))


def _chained(
    points: list[tuple[float, float]],
    edges: list[tuple[int, int]],
    routing: list[list[list[float]]],
    nodes: int,
) -> _Layers:
    """Vertices in rows, each link as a chain through the dummies of its routing."""
    above: list[list[int]] = [[] for _ in points]
    below: list[list[int]] = [[] for _ in points]
    for (source, target), bends in zip(edges, routing, strict=True):
        chain = [source, *range(len(points), len(points) + len(bends)), target]
        points += [(x, y) for x, y in bends]
        above += [[] for _ in bends]
        below += [[] for _ in bends]
        for upper, lower in pairwise(chain):
            above[lower].append(upper)
            below[upper].append(lower)
    found: dict[int, list[int]] = defaultdict(list)
    for vertex, (_, y) in enumerate(points):
        found[round(y)].append(vertex)
    rows = [sorted(found[y], key=lambda vertex: points[vertex][0]) for y in sorted(found)]
    return _Layers(rows, above, below, nodes)


def _levels(graph: Graph, edges: list[tuple[int, int]], place: dict[str, int]) -> list[int]:
    """Each node as far down as what follows it allows, so that data stand beside what takes them.

    In a graph with a cycle a link that goes back in the document counts for nothing.
    """
    try:
        ids = [place[id] for id in order(graph)]
    except FlowError:
        ids = list(range(len(place)))
        edges = [(one, other) for one, other in edges if one < other]
    following: list[list[int]] = [[] for _ in place]
    for one, other in edges:
        following[one].append(other)
    after = [0] * len(place)
    for vertex in reversed(ids):
        after[vertex] = max((after[other] + 1 for other in following[vertex]), default=0)
    deepest = max(after)
    return [deepest - steps for steps in after]


def _coordinates(layers: _Layers) -> list[float]:
    """x of every vertex, in cells."""
    room = [1.0 if vertex < layers.nodes else LANE for vertex in range(len(layers.above))]
    at = [0.0] * len(room)
    for row in layers.rows:
        for vertex, x in zip(row, _spread([0.0] * len(row), row, room), strict=True):
            at[vertex] = x
    for sweep in range(SWEEPS):
        near = layers.below if sweep % 2 else layers.above
        for row in reversed(layers.rows) if sweep % 2 else layers.rows:
            wanted = [_middle([at[other] for other in near[vertex]], at[vertex]) for vertex in row]
            for vertex, x in zip(row, _spread(wanted, row, room), strict=True):
                at[vertex] = x
    return at


def _middle(found: list[float], otherwise: float) -> float:
    """The median: a node stands straight below most of what it follows."""
    if not found:
        return otherwise
    found.sort()
    half = len(found) // 2
    return found[half] if len(found) % 2 else (found[half - 1] + found[half]) / 2


def _spread(wanted: list[float], row: list[int], room: list[float]) -> list[float]:
    """The places nearest to those wanted that keep order and room: pool adjacent violators."""
    offsets = [0.0]
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + (room[left] + room[right]) / 2)
    pools: list[tuple[float, int]] = []
    for x, offset in zip(wanted, offsets, strict=True):
        mean, count = x - offset, 1
        while pools and pools[-1][0] > mean:
            before, size = pools.pop()
            mean, count = (mean * count + before * size) / (count + size), count + size
        pools.append((mean, count))
    placed = [mean for mean, count in pools for _ in range(count)]
    return [x + offset for x, offset in zip(placed, offsets, strict=True)]


def _folded(cells: list[tuple[float, int]], fold: Fold, cell: Cell) -> list[tuple[float, float]]:
    """Pixels of all cells, columns side by side."""
    spans: dict[int, tuple[float, float]] = {}
    for x, row in cells:
        low, high = spans.get(fold.column(row), (x, x))
        spans[fold.column(row)] = (min(low, x), max(high, x))
    starts: dict[int, float] = {}
    right = 0.0
    for column in sorted(spans):
        low, high = spans[column]
        starts[column] = right - low
        right += high - low + 1 + LANE
    return [((starts[fold.column(row)] + x) * cell[0], fold.row(row) * cell[1]) for x, row in cells]


def _scale(at: list[tuple[float, float]], width: float, height: float, cell: Cell) -> float:
    """How large the drawing is when it is fitted into the canvas; beyond full size nothing is gained."""
    wide = max(x for x, _ in at) - min(x for x, _ in at) + cell[0]
    tall = max(y for _, y in at) - min(y for _, y in at) + cell[1]
    return min(1.0, width / wide, height / tall)
