"""Where to draw the nodes: layers from top to bottom, long graphs folded into columns."""

from typing import Final

import igraph

from flowcore.model.graph import Graph

WIDTH: Final = 250
HEIGHT: Final = 130
LANE: Final = 90


def arrange(
    graph: Graph, width: float = 820, height: float = 640, cell: tuple[float, float] = (WIDTH, HEIGHT)
) -> dict[str, tuple[float, float]]:
    """Centres of all nodes, in pixels, as large as they can be drawn in a canvas of width x height.

    cell: the room that a node takes with its gaps. Sugiyama's method keeps links that skip layers
    on lanes of their own. Nodes of a cycle are placed too.
    """
    if not graph.nodes:
        return {}
    ids = list(graph.by_id)
    place = {id: index for index, id in enumerate(ids)}
    edges = [
        (place[link.source], place[link.target])
        for link in graph.links
        if {link.source, link.target} <= place.keys()
    ]
    drawn = igraph.Graph(n=len(ids), edges=edges, directed=True)
    coords = drawn.layout_sugiyama(hgap=1, vgap=1, maxiter=100).coords[: len(ids)]
    levels = {level: row for row, level in enumerate(sorted({round(y) for _, y in coords}))}
    cells = [(x, levels[round(y)]) for x, y in coords]
    folds = (_fold(cells, len(levels), columns, cell) for columns in range(1, min(6, len(levels)) + 1))
    best = max(folds, key=lambda at: _scale(at, width, height, cell))
    return dict(zip(ids, best, strict=True))


def _fold(
    cells: list[tuple[float, int]], rows: int, columns: int, cell: tuple[float, float]
) -> list[tuple[float, float]]:
    """Cut the layers into columns of equal height and put these side by side."""
    deep = -(-rows // columns)
    spans: dict[int, tuple[float, float]] = {}
    for x, row in cells:
        column = row // deep
        low, high = spans.get(column, (x, x))
        spans[column] = (min(low, x), max(high, x))
    starts: dict[int, float] = {}
    right = 0.0
    for column in sorted(spans):
        low, high = spans[column]
        starts[column] = right - low * cell[0]
        right += (high - low + 1) * cell[0] + LANE
    return [(starts[row // deep] + x * cell[0], (row % deep) * cell[1]) for x, row in cells]


def _scale(at: list[tuple[float, float]], width: float, height: float, cell: tuple[float, float]) -> float:
    """How large the drawing is when it is fitted into the canvas; beyond full size nothing is gained."""
    wide = max(x for x, _ in at) - min(x for x, _ in at) + cell[0]
    tall = max(y for _, y in at) - min(y for _, y in at) + cell[1]
    return min(1.0, width / wide, height / tall)
