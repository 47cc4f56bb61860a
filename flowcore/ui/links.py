"""The links of a node: what each input is connected to, and where each output goes."""

from collections import Counter
from typing import Any

import streamlit as st

from flowcore.dataflow import edit, fits, ports
from flowcore.dataflow.order import ancestors, descendants
from flowcore.model.descriptor import Argument, Catalog
from flowcore.model.graph import Graph, Link, Node
from flowcore.ui import fields
from flowcore.ui.session import Session

Place = tuple[str, str]


def names(graph: Graph) -> dict[str, str]:
    """What to call each node: its title, with its id where two have the same."""
    count = Counter(node.title for node in graph.nodes)
    return {
        node.id: f"{node.title} ({node.id})" if count[node.title] > 1 else node.title for node in graph.nodes
    }


def inputs(here: Session, node: Node, catalog: Catalog) -> None:
    graph = here.graph
    linked = graph.filled(node.id)
    shown = [
        item
        for item in ports.ports(graph, node, catalog).values()
        if item.widget == "port" or item.arg in linked
    ]
    if shown:
        st.markdown("**Inputs**")
    for argument in shown:
        for port in ports.places(argument):
            _port(here, node, argument, port, catalog)


def _port(here: Session, node: Node, argument: Argument, port: str, catalog: Catalog) -> None:
    """What a port is connected to: one source, or several in their order."""
    graph = here.graph
    current = [(link.source, link.output) for link in graph.into(node.id) if link.port == port]
    offered = _sources(graph, node, port, catalog)
    options = current + [place for place in offered if place not in current]
    shown = names(graph)
    key = f"{node.id} in {port}"
    label = f"{port} *" if argument.required else port
    text = f"{fits.described(argument)}"

    def name(place: Place) -> str:
        return shown.get(place[0], place[0]) + (f" · {place[1]}" if place[1] else "")

    def relink(chosen: Any) -> None:
        wanted = chosen if isinstance(chosen, list) else [chosen] if chosen else []
        here.apply(lambda graph: _relinked(graph, node, port, current, wanted, catalog))

    if argument.conns == 1:
        st.selectbox(
            label,
            options,
            index=None,
            format_func=name,
            key=fields.show(key, current[0] if current else None),
            placeholder=f"not connected ({text})",
            disabled=not here.editable,
            on_change=fields.changed(key, relink, options),
        )
    else:
        st.multiselect(
            label,
            options,
            format_func=name,
            key=fields.show(key, current),
            placeholder=f"not connected ({text})",
            disabled=not here.editable,
            on_change=fields.changed(key, relink, options),
        )


def _relinked(
    graph: Graph, node: Node, port: str, current: list[Place], wanted: list[Place], catalog: Catalog
) -> Graph:
    for place in current:
        if place not in wanted:
            graph = edit.disconnect(graph, Link(*place, node.id, port))
    for place in wanted:
        if place not in current:
            graph = edit.connect(graph, *place, node.id, port, catalog)
    return graph


def _sources(graph: Graph, node: Node, port: str, catalog: Catalog) -> list[Place]:
    """Outputs that fit a port and close no cycle."""
    later = descendants(graph, node.id) | {node.id}
    return [
        (source.id, output)
        for source in graph.nodes
        if source.id not in later
        for output in ports.outputs(graph, source, catalog)
        if port in ports.fitting(graph, source, output, node, catalog)
    ]


def outputs(here: Session, node: Node, catalog: Catalog) -> None:
    graph = here.graph
    st.markdown("**Outputs**")
    for output in ports.outputs(graph, node, catalog):
        _output(here, node, output, catalog)


def _output(here: Session, node: Node, output: str, catalog: Catalog) -> None:
    """Where an output goes: every place that it fits is offered."""
    graph = here.graph
    current = [(link.target, link.port) for link in graph.out_of(node.id) if link.output == output]
    if output == "layer" and not current:
        return
    offered = _targets(graph, node, output, catalog)
    options = current + [place for place in offered if place not in current]
    shown = names(graph)
    key = f"{node.id} out {output}"

    def send(wanted: list[Place]) -> None:
        here.apply(lambda graph: _sent(graph, node, output, current, wanted, catalog))

    st.multiselect(
        f"{output or 'result'} goes to",
        options,
        format_func=lambda place: f"{shown.get(place[0], place[0])} · {place[1]}",
        key=fields.show(key, current),
        placeholder="nowhere yet" if options else "no port fits yet",
        disabled=not here.editable,
        on_change=fields.changed(key, send, options),
    )


def _sent(
    graph: Graph, node: Node, output: str, current: list[Place], wanted: list[Place], catalog: Catalog
) -> Graph:
    for place in current:
        if place not in wanted:
            graph = edit.disconnect(graph, Link(node.id, output, *place))
    for place in wanted:
        if place not in current:
            graph = edit.connect(graph, node.id, output, *place, catalog)
    return graph


def _targets(graph: Graph, node: Node, output: str, catalog: Catalog) -> list[Place]:
    """Ports that an output fits, in nodes that it does not depend on."""
    found = []
    earlier = ancestors(graph, node.id) | {node.id}
    for target in graph.nodes:
        if target.id in earlier:
            continue
        known = ports.ports(graph, target, catalog)
        for port in ports.fitting(graph, node, output, target, catalog):
            argument = known[Link(node.id, output, target.id, port).argument]
            if argument.widget == "port" or not argument.required:
                found.append((target.id, port))
    return found
