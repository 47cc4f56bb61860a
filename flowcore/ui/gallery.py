"""The Start page: examples, this browser's graphs, upload."""

import time
from typing import Final

import streamlit as st

from flowcore.dataflow import document
from flowcore.dataflow.units import duration
from flowcore.model.graph import Graph
from flowcore.model.problem import FlowError
from flowcore.store import examples as shipped
from flowcore.store import graphs
from flowcore.store.graphs import Stored
from flowcore.ui import cards, frame, session
from flowcore.ui.colours import palette
from flowcore.ui.words import plain

_WIDE: Final = 4  # cards in a row


@st.cache_data(show_spinner=False)
def _examples(hosted: bool) -> list[tuple[str, bytes]]:
    """Names and contents; a server for others shows what it offers the nodes of."""
    found = {name: document.read(path.read_bytes()) for name, path in shipped.examples().items()}
    if not hosted:
        return [(name, document.write(graph)) for name, graph in found.items()]
    fitting = {name: shipped.offered(graph, session.catalog()) for name, graph in found.items()}
    return [(name, document.write(graph)) for name, graph in fitting.items() if graph]


@st.cache_data(show_spinner=False, max_entries=64)
def _sketch(content: bytes, theme: str) -> str:
    return cards.sketch(document.read(content), session.catalog(), palette())


def examples(owner: str) -> None:
    """A card for each example; opening one makes a copy of it."""
    found = _examples(session.hosted())
    gallery = st.container(key="gallery")
    rows = [found[start : start + _WIDE] for start in range(0, len(found), _WIDE)]
    cells = [cell for _ in rows for cell in gallery.columns(_WIDE)]
    for cell, (name, content) in zip(cells, found, strict=False):
        graph = document.read(content)
        with cell.container(border=True, height="stretch"):
            st.image(_sketch(content, str(st.context.theme.type)), width="stretch")
            st.markdown(f"**{plain(graph.name)}**")
            st.caption(plain(graph.note))
            if st.button("Open", key=f"example {name}", disabled=not owner, width="stretch"):
                _open(graph, owner)


def start(owner: str) -> None:
    """An empty graph, or one from a file."""
    left, right = st.columns([1, 3], vertical_alignment="center")
    with left:
        if st.button(
            "Empty graph",
            icon=":material/add:",
            key="empty",
            type="primary",
            disabled=not owner,
            width="stretch",
        ):
            _open(Graph(name="New graph"), owner)
    with right:
        file = st.file_uploader("Or open a graph file", type="json", key="upload", disabled=not owner)
        if file is not None:
            _upload(file.getvalue(), owner)


def mine(owner: str) -> None:
    """The graphs that were made in this browser, newest first."""
    if session.joined():
        st.caption("These are the graphs of another browser of yours, which this one has joined.")
        st.button("Leave it", key="leave", on_click=session.leave)
    found = graphs.listing(owner) if owner else ()
    if not found:
        st.caption("Nothing yet. Open an example: you get a copy of your own.")
        return
    for stored in found:
        _row(stored, owner)


def _row(stored: Stored, owner: str) -> None:
    name, nodes, when, link, gone = st.columns([5, 1.4, 2, 1.2, 1.2], vertical_alignment="center")
    name.markdown(f"**{plain(stored.name or 'Without a name')}**")
    nodes.caption(f"{stored.nodes} node{'s'[: stored.nodes != 1]}")
    when.caption(f"{duration(time.time() - stored.updated)} ago")
    if link.button("Open", key=f"open {stored.id}", width="stretch"):
        frame.go("pages/build.py", stored.id)
    with gone.popover("Delete", width="stretch"):
        st.write("Delete this graph for good?")
        st.button("Yes, delete it", key=f"delete {stored.id}", on_click=_remove, args=(stored.id, owner))


def _remove(id: str, owner: str) -> None:
    if graphs.remove(id, owner):
        session.sessions().end(id, session.owner())
        session.supervisor().forget(id)


def _open(graph: Graph, owner: str) -> None:
    frame.go("pages/build.py", graphs.create(graph, owner).id)


def _upload(content: bytes, owner: str) -> None:
    try:
        graph = document.read(content, session.catalog())
    except FlowError as reason:
        for problem in reason.problems[:5]:
            frame.complain(problem)
        return
    _open(graph, owner)
