"""Finding a node and adding it."""

from collections import Counter

import streamlit as st

from flowcore.dataflow import edit, ports
from flowcore.dataflow.search import labels, search
from flowcore.model.descriptor import Catalog, NodeDescriptor
from flowcore.model.graph import Graph, Node
from flowcore.ui import habits, session
from flowcore.ui.session import Session
from flowcore.ui.words import plain

SHOWN = 6


def draw(here: Session, catalog: Catalog) -> None:
    """A search field, the best matches, and a button that adds the chosen one."""
    after = here.graph.by_id.get(here.selected)
    query = st.text_input(
        f"Add a node after {plain(after.title)}" if after else "Add a node",
        placeholder="Search: conv, dense, split …",
        type="search",
        live=True,
        key="search",
    )
    if after and not query:
        return  # the selected node's own form has the room
    found = _matches(catalog, query or "", here)
    if not found:
        st.info("Nothing matches. Try a shorter word, such as conv or pool.")
        return
    names = labels(found)
    chosen = st.radio(
        "Matches",
        list(names),
        format_func=lambda type_: names[type_],
        captions=[_caption(node) for node in found],
        key=f"match {query}",
        label_visibility="collapsed",
    )
    link = after is not None and st.checkbox(
        f"Connect {plain(after.title)} to it", value=True, key="connect new"
    )
    st.button(
        "Add node",
        icon=":material/add:",
        type="primary",
        key="add",
        on_click=lambda: _add(here, str(chosen), catalog, after if link else None),
        width="stretch",
    )


def _matches(catalog: Catalog, query: str, here: Session) -> tuple[NodeDescriptor, ...]:
    uses = habits.types() + Counter(node.type for node in here.graph.nodes)
    if query.strip():
        return search(catalog, query, SHOWN, uses)
    most = [node for type_, _ in uses.most_common(SHOWN) if (node := catalog.find(type_))]
    return tuple(most)


def _add(here: Session, type_: str, catalog: Catalog, after: Node | None) -> None:
    def step(graph: Graph) -> Graph:
        graph, id = edit.add(graph, type_, catalog)
        here.select(id)
        return _linked(graph, after, graph.by_id[id], catalog) if after else graph

    here.apply(step)
    session.remember("search", "")


def _linked(graph: Graph, after: Node, node: Node, catalog: Catalog) -> Graph:
    """Connect to the first required port that an output fits."""
    for output in ports.outputs(graph, after, catalog):
        known = ports.ports(graph, node, catalog)
        for port in ports.fitting(graph, after, output, node, catalog):
            if port in known and known[port].widget == "port" and output != "layer":
                return edit.connect(graph, after.id, output, node.id, port, catalog)
    return graph


def _caption(node: NodeDescriptor) -> str:
    words = f"{node.package.rpartition('.')[0]} · {node.summary or 'no documentation'}"
    return plain(words if len(words) <= 40 else words[:39] + "…")
