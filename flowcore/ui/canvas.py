"""The graph drawn by streamlit-agraph. Its private keyed call is used here and nowhere else.

The public ``agraph()`` takes no key, so that every change would lose zoom and value. agraph writes a
node's ``title`` into innerHTML: no node gets one, and ids hold nothing but letters, digits, - and _.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from streamlit_agraph import Config, _agraph

from flowcore.dataflow import layout
from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph, Link, Node
from flowcore.model.problem import Problem
from flowcore.ui import cards
from flowcore.ui.cards import Look
from flowcore.ui.colours import Palette, palette

OVERVIEW: Final = "Overview"
DETAILED: Final = "Detailed"
GROUPS: Final = "Groups"
MODES: Final = (DETAILED, OVERVIEW, GROUPS)
MANY: Final = 200
_STRAY: Final = ("direction", "sortMethod", "levelSeparation", "nodeSpacing")
Shapes = Mapping[str, Mapping[str, str]]


def draw(
    graph: Graph,
    catalog: Catalog,
    *,
    key: str,
    mode: str = DETAILED,
    shapes: Shapes | None = None,
    states: Mapping[str, str] | None = None,
    problems: Sequence[Problem] = (),
    words: Mapping[str, list[str]] | None = None,
    selected: str = "",
    height: int = 620,
) -> str | None:
    """Draw a graph; the id of the node that was clicked last comes back, None before any click.

    words: what a card says in place of arguments, by node.
    """
    shapes = shapes or {}
    marked = {id: problem.message for problem in problems for id in problem.nodes if problem.level == "error"}
    colours = palette()
    many = len(graph.nodes) > MANY
    detailed = mode != OVERVIEW and not many
    at = layout.arrange(graph, 720, height, (234, 126) if detailed else (170, 68))
    at = {id: graph.by_id[id].position or place for id, place in at.items()}
    nodes = []
    for node in graph.by_id.values():
        shown = shapes.get(node.id, {})
        look = Look(
            shape=shown.get("", next(iter(shown.values()), "")),
            state=(states or {}).get(node.id, ""),
            problem=marked.get(node.id, ""),
            selected=node.id == selected,
            words=tuple((words or {}).get(node.id, ())),
        )
        if many:
            nodes.append(_box(node, catalog, look, colours, at[node.id]))
        else:
            nodes.append(_node(graph, node, catalog, look, colours, detailed, at[node.id]))
    nodes += _corners(list(at.values()))
    between = _between(graph)
    edges = [_line(links, colours) if many else _edge(links, shapes, colours) for links in between]
    return _call(nodes, edges, f"{key} {mode} {_extent(at)}", height)


def _corners(at: list[tuple[float, float]]) -> list[dict[str, Any]]:
    """Two dots that nobody sees: vis fits its view before it knows how wide the pictures are."""
    xs, ys = [x for x, _ in at], [y for _, y in at]
    ends = ((min(xs) - cards.WIDTH / 2, min(ys)), (max(xs) + cards.WIDTH / 2, max(ys)))
    return [
        {"id": f"corner {index}", "x": x, "y": y, "shape": "dot", "size": 1, "color": "rgba(0,0,0,0)"}
        for index, (x, y) in enumerate(ends)
    ]


def _extent(at: Mapping[str, tuple[float, float]]) -> str:
    """The size of the drawing. vis fits its view once, so a drawing of another size needs another key."""
    xs, ys = [x for x, _ in at.values()], [y for _, y in at.values()]
    return f"{max(xs) - min(xs):.0f} {max(ys) - min(ys):.0f}"


def _call(nodes: list[Any], edges: list[Any], key: str, height: int) -> str | None:
    config = Config(width="100%", height=height, directed=True, physics=False, hierarchical=False, groups={})
    settings = {name: value for name, value in config.__dict__.items() if name not in _STRAY}
    settings["width"] = "100%"
    settings["interaction"] = {"dragNodes": False, "hover": False, "zoomSpeed": 0.6}
    clicked: Any = _agraph(
        data=json.dumps({"nodes": nodes, "edges": edges}),
        config=json.dumps(settings),
        key=key,
        default=None,
    )
    return clicked if isinstance(clicked, str) and not clicked.startswith("corner ") else None


def _node(
    graph: Graph,
    node: Node,
    catalog: Catalog,
    look: Look,
    colours: Palette,
    detailed: bool,
    at: tuple[float, float],
) -> dict[str, Any]:
    if detailed:
        picture, height = cards.detailed(graph, node, catalog, look, colours), cards.HEIGHT
    else:
        picture, height = cards.small(node, catalog, look, colours), cards.SMALL_HEIGHT
    return {
        "id": node.id,
        "x": at[0],
        "y": at[1],
        "shape": "image",
        "image": cards.uri(picture),
        "size": height / 2,
        "shapeProperties": {"useImageSize": False, "interpolation": True},
    }


def _box(
    node: Node, catalog: Catalog, look: Look, colours: Palette, at: tuple[float, float]
) -> dict[str, Any]:
    """A box that the browser draws by itself: a thousand pictures would take it half a minute."""
    edge = colours.bad if look.problem else colours.accent if look.selected else colours.line
    return {
        "id": node.id,
        "x": at[0],
        "y": at[1],
        "shape": "box",
        "label": cards.brief(node.title, 16),
        "color": {"background": cards.colour(catalog.find(node.type)), "border": edge},
        "borderWidth": 4 if look.problem or look.selected else 1,
        "font": {"color": "#ffffff", "size": 15, "face": "DejaVu Sans, Helvetica, Arial, sans-serif"},
        "widthConstraint": {"minimum": 110, "maximum": 140},
    }


def _line(links: list[Link], colours: Palette) -> dict[str, Any]:
    return {
        "from": links[0].source,
        "to": links[0].target,
        "color": colours.edge,
        "width": 1.4,
        "arrows": {"to": {"enabled": True, "scaleFactor": 0.5}},
        "smooth": False,
    }


def _between(graph: Graph) -> list[list[Link]]:
    """Links by the pair of nodes that they join: labels of several lines would lie on each other."""
    found: dict[tuple[str, str], list[Link]] = {}
    for link in graph.links:
        if {link.source, link.target} <= graph.by_id.keys():
            found.setdefault((link.source, link.target), []).append(link)
    return list(found.values())


def _edge(links: list[Link], shapes: Shapes, colours: Palette) -> dict[str, Any]:
    labels = [shapes.get(link.source, {}).get(link.output, "") or link.output for link in links]
    return {
        "from": links[0].source,
        "to": links[0].target,
        "label": "\n".join(dict.fromkeys(filter(None, labels))),
        "color": colours.edge,
        "width": 1.4,
        "arrows": {"to": {"enabled": True, "scaleFactor": 0.5}},
        "smooth": {"type": "cubicBezier", "forceDirection": "vertical", "roundness": 0.45},
        "font": {
            "size": 11,
            "face": "DejaVu Sans Mono, Menlo, monospace",
            "color": colours.faint,
            "strokeWidth": 4,
            "strokeColor": colours.page,
        },
    }
