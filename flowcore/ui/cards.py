"""Nodes as cards: SVG written from values, every text of a graph escaped."""

from html import escape
from textwrap import shorten, wrap
from typing import Final, NamedTuple
from urllib.parse import quote

from flowcore.dataflow import ports, text
from flowcore.dataflow.layout import arrange
from flowcore.model.descriptor import Catalog, NodeDescriptor
from flowcore.model.graph import Graph, Node
from flowcore.ui.colours import Palette, hue

WIDTH: Final = 210
HEIGHT: Final = 92
SMALL_WIDTH: Final = 150
SMALL_HEIGHT: Final = 38


class Look(NamedTuple):
    """What is shown of a node beside the node itself."""

    shape: str = ""
    state: str = ""
    problem: str = ""
    selected: bool = False
    words: tuple[str, ...] = ()


def detailed(graph: Graph, node: Node, catalog: Catalog, look: Look, colours: Palette) -> str:
    """A card with title, type, the arguments that were set, output shape and state."""
    descriptor = catalog.find(node.type)
    name = descriptor.name if descriptor else node.type.rpartition(".")[2]
    own = _arguments(node) if node.args or node.call else _about(descriptor)
    lines = look.words or own
    rows = "".join(
        f'<text x="12" y="{48 + 15 * index}" font-size="11.5" fill="{colours.faint}">{_cut(line, 30)}</text>'
        for index, line in enumerate(lines[:2])
    )
    subtitle = "" if node.title == name else _cut(name, 16)
    return _svg(
        WIDTH,
        HEIGHT,
        _frame(WIDTH, HEIGHT, look, colours)
        + f'<path d="M1.5 27 V9 Q1.5 1.5 9 1.5 H{WIDTH - 9} Q{WIDTH - 1.5} 1.5 {WIDTH - 1.5} 9 V27 Z" '
        f'fill="{colour(descriptor)}"/>'
        f'<text x="12" y="19" font-size="13" font-weight="600" fill="#fff">{_cut(node.title, 20)}</text>'
        f'<text x="{WIDTH - (28 if look.state or look.problem else 12)}" y="18.5" font-size="10.5" '
        f'text-anchor="end" fill="#fff" fill-opacity=".85">{subtitle}</text>'
        f"{_mark(WIDTH - 15, 14.5, look, colours)}{rows}"
        f'<text x="12" y="{HEIGHT - 9}" font-size="11.5" font-family="DejaVu Sans Mono, Menlo, monospace" '
        f'fill="{colours.text}">{_cut(look.shape, 26)}</text>'
        f"{_dots(graph, node, catalog, colours)}",
    )


def small(node: Node, catalog: Catalog, look: Look, colours: Palette) -> str:
    """A pill with the title and the state."""
    descriptor = catalog.find(node.type)
    return _svg(
        SMALL_WIDTH,
        SMALL_HEIGHT,
        _frame(SMALL_WIDTH, SMALL_HEIGHT, look, colours)
        + f'<rect x="1.5" y="1.5" width="8" height="{SMALL_HEIGHT - 3}" rx="4" fill="{colour(descriptor)}"/>'
        f'<text x="18" y="24" font-size="13" font-weight="600" fill="{colours.text}">{_cut(node.title, 15)}'
        f"</text>{_mark(SMALL_WIDTH - 14, SMALL_HEIGHT / 2, look, colours)}",
    )


def sketch(graph: Graph, catalog: Catalog, colours: Palette, width: int = 220, height: int = 120) -> str:
    """A graph as a small picture: coloured boxes and lines, no text."""
    at = arrange(graph, width, height, (26, 16))
    if not at:
        return _svg(width, height, "")
    left, top = min(x for x, _ in at.values()), min(y for _, y in at.values())
    wide = max(x for x, _ in at.values()) - left + 22
    tall = max(y for _, y in at.values()) - top + 10
    scale = min(2.2, (width - 8) / wide, (height - 8) / tall)
    across, down = (width - wide * scale) / 2, (height - tall * scale) / 2

    def place(id: str) -> tuple[float, float]:
        x, y = at[id]
        return across + (x - left + 11) * scale, down + (y - top + 5) * scale

    lines, boxes = "", ""
    for link in graph.links:
        if link.source in at and link.target in at:
            (x1, y1), (x2, y2) = place(link.source), place(link.target)
            lines += f'<path d="M{x1:.1f} {y1:.1f} L{x2:.1f} {y2:.1f}" stroke="{colours.edge}"/>'
    for node in graph.by_id.values():
        x, y = place(node.id)
        boxes += (
            f'<rect x="{x - 11 * scale:.1f}" y="{y - 4.5 * scale:.1f}" width="{22 * scale:.1f}" '
            f'height="{9 * scale:.1f}" rx="3" fill="{colour(catalog.find(node.type))}"/>'
        )
    return _svg(width, height, lines + boxes)


def uri(svg: str) -> str:
    """The address of a picture that holds itself."""
    return "data:image/svg+xml;charset=utf-8," + quote(svg)


def _arguments(node: Node) -> list[str]:
    """The arguments that were set, as many to a line as fit."""
    lines = [""]
    for name, value in {**node.args, **node.call}.items():
        item = f"{name} {_brief(value)}"
        if lines[-1] and len(lines[-1]) + len(item) > 29:
            lines.append(item)
        else:
            lines[-1] = f"{lines[-1]} · {item}" if lines[-1] else item
    return lines


def _about(descriptor: NodeDescriptor | None) -> list[str]:
    """The summary of a node whose arguments all have their defaults, in two lines."""
    words = descriptor.summary if descriptor else "not described by any catalogue"
    lines = wrap(words, 30)
    return lines if len(lines) <= 2 else [lines[0], shorten(" ".join(lines[1:]), 30, placeholder="…")]


def _brief(value: object) -> str:
    if isinstance(value, list) and value and all(isinstance(item, int) for item in value):
        return "×".join(map(str, value))
    if isinstance(value, list):
        return ", ".join(_brief(item) for item in value)
    return text.show(value)


def colour(descriptor: NodeDescriptor | None) -> str:
    return hue(descriptor.category) if descriptor else "#868e96"


def _frame(width: int, height: int, look: Look, colours: Palette) -> str:
    edge, weight = colours.line, 1.2
    if look.problem:
        edge, weight = colours.bad, 2
    if look.selected:
        edge, weight = colours.accent, 3
    return (
        f'<rect x="1.5" y="1.5" width="{width - 3}" height="{height - 3}" rx="8" fill="{colours.card}" '
        f'stroke="{edge}" stroke-width="{weight}"/>'
    )


def _mark(x: float, y: float, look: Look, colours: Palette) -> str:
    """A dot for the state of the last run or a value that is kept; an exclamation mark for a problem."""
    if look.problem:
        return (
            f'<circle cx="{x}" cy="{y}" r="8" fill="{colours.bad}"/>'
            f'<text x="{x}" y="{y + 4}" font-size="12" font-weight="700" text-anchor="middle" '
            'fill="#fff">!</text>'
        )
    fill = _fills(colours).get(look.state)
    return f'<circle cx="{x}" cy="{y}" r="5" fill="{fill}" stroke="#fff"/>' if fill else ""


def _fills(colours: Palette) -> dict[str, str]:
    return {
        "done": colours.good,
        "kept": colours.accent,
        "running": colours.busy,
        "failed": colours.bad,
    }


def _dots(graph: Graph, node: Node, catalog: Catalog, colours: Palette) -> str:
    """A dot for every port above, filled where something is linked, and for every output below."""
    linked = graph.filled(node.id)
    taken = {link.output for link in graph.out_of(node.id)}
    above = [
        (item.arg in linked, item.required)
        for item in ports.ports(graph, node, catalog).values()
        if item.widget == "port" and (item.required or item.arg in linked)
    ]
    below = [(name in taken, True) for name in ports.outputs(graph, node, catalog) if name != "layer"]
    return _row(above, 2.5, colours) + _row(below, HEIGHT - 2.5, colours)


def _row(dots: list[tuple[bool, bool]], y: float, colours: Palette) -> str:
    step = WIDTH / (len(dots) + 1)
    return "".join(
        f'<circle cx="{step * index:.1f}" cy="{y}" r="2.5" stroke="{colours.edge}" '
        f'fill="{colours.edge if filled else colours.card}"/>'
        for index, (filled, _) in enumerate(dots, start=1)
    )


def brief(words: str, length: int) -> str:
    """The beginning of a text, without what does not print."""
    words = "".join(letter if letter.isprintable() else " " for letter in words)
    return words if len(words) <= length else words[: length - 1] + "…"


def _cut(words: str, length: int) -> str:
    return escape(brief(words, length))


def _svg(width: int, height: int, inner: str) -> str:
    """Drawn at twice its size, so that zooming in stays sharp."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * width}" height="{2 * height}" '
        f'viewBox="0 0 {width} {height}" font-family="DejaVu Sans, Helvetica, Arial, sans-serif">'
        f"{inner}</svg>"
    )
