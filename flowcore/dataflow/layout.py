"""Where to draw the nodes: layers from top to bottom, long graphs folded into columns.

The method is Sugiyama's (Sugiyama, Tagawa and Toda 1981): layers, a dummy where a link passes a layer,
an order within each layer that crosses few links, coordinates. It is written out here because it runs
in the server on documents of strangers, and igraph 1.0's layout_sugiyama was seen to end its process.
"""

from bisect import bisect_right, insort
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from flowcore.dataflow.order import ordered
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.problem import FlowError

LANE: Final = 0.3
SWEEPS: Final = 12
COLUMNS: Final = 24
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

    A graph of which every node feeds the last one would need a million.
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
    straight = sum(levels[other] - levels[one] - 1 for one, other in edges) > DUMMIES
    rows: list[list[int]] = [[] for _ in range(max(levels) + 1)]
    for vertex, level in enumerate(levels):
        rows[level].append(vertex)
    above: list[list[int]] = [[] for _ in place]
    below: list[list[int]] = [[] for _ in place]
    for source, target in edges:
        upper = source
        for level in () if straight else range(levels[source] + 1, levels[target]):
            dummy = len(above)
            above.append([upper])
            below.append([])
            below[upper].append(dummy)
            rows[level].append(dummy)
            upper = dummy
        above[target].append(upper)
        below[upper].append(target)
    layers = _Layers(rows, above, below, len(place))
    return layers if straight else _untangled(layers)


def _untangled(layers: _Layers) -> _Layers:
    """The order within each layer that crosses fewest links, of those that barycentre sweeps come by."""
    rows = [list(row) for row in layers.rows]
    best, fewest = [list(row) for row in rows], _crossings(rows, layers)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        near = layers.below if sweep % 2 else layers.above
        at = {vertex: float(index) for row in rows for index, vertex in enumerate(row)}
        for row in reversed(rows) if sweep % 2 else rows:
            row.sort(key=lambda vertex: _mean([at[other] for other in near[vertex]], at[vertex]))
            at.update((vertex, float(index)) for index, vertex in enumerate(row))
        found = _crossings(rows, layers)
        if found < fewest:
            best, fewest = [list(row) for row in rows], found
    return layers._replace(rows=best)


def _crossings(rows: list[list[int]], layers: _Layers) -> int:
    """How often links cross between neighbouring layers: inversions, counted by insertion."""
    count = 0
    for upper, lower in pairwise(rows):
        at = {vertex: index for index, vertex in enumerate(lower)}
        seen: list[int] = []
        for vertex in upper:
            ends = sorted(at[other] for other in layers.below[vertex] if other in at)
            count += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return count


def _mean(found: list[float], otherwise: float) -> float:
    return sum(found) / len(found) if found else otherwise


def _levels(graph: Graph, edges: list[tuple[int, int]], place: dict[str, int]) -> list[int]:
    """Each node as far down as what follows it allows, so that data stand beside what takes them.

    In a graph with a cycle a link that goes back in the document counts for nothing.
    """
    try:
        ids = [place[node.id] for node in ordered(graph).nodes]
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
