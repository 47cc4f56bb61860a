"""The Start page: examples, this browser's graphs, upload."""

import time
from typing import Final

import streamlit as st

from flowcore.dataflow import document
from flowcore.dataflow.read import KINDS, read
from flowcore.dataflow.units import duration
from flowcore.model.graph import Graph
from flowcore.model.problem import FlowError
from flowcore.store import examples as shipped
from flowcore.store import fallback, graphs
from flowcore.store.graphs import Stored
from flowcore.ui import cards, frame, session
from flowcore.ui.colours import palette
from flowcore.ui.words import plain

IN_A_ROW: Final = 4


@st.cache_data(show_spinner=False)
def _examples(hosted: bool) -> dict[str, bytes]:
    """Contents by name; a server for others shows what it offers the nodes of."""
    found = {name: document.read(path.read_bytes()) for name, path in shipped.examples().items()}
    if hosted:
        catalog = session.catalog()
        fitting = {name: shipped.offered(graph, catalog) for name, graph in found.items()}
        found = {name: graph for name, graph in fitting.items() if graph}
    return {name: document.write(graph) for name, graph in found.items()}


@st.cache_data(show_spinner=False, max_entries=64)
def _sketch(content: bytes, theme: str) -> str:
    return cards.sketch(document.read(content), session.catalog(), palette())


def examples(owner: str) -> None:
    """A card for each example of a topic; opening one makes a copy of it."""
    found = _examples(session.hosted())
    topics: dict[str, list[str]] = {}
    for topic, names in shipped.TOPICS.items():
        if here := [name for name in names if name in found]:
            topics[topic] = here
    first = next(iter(topics))
    chosen = st.pills(
        "Topic", list(topics), default=first, key="topic", label_visibility="collapsed", required=True
    )
    with st.container(key="gallery"):
        for start in range(0, len(topics[str(chosen)]), IN_A_ROW):
            row = topics[str(chosen)][start : start + IN_A_ROW]
            for cell, name in zip(st.columns(IN_A_ROW), row, strict=False):
                with cell.container(border=True, height="stretch"):
                    _card(name, found[name], owner)


def _card(name: str, content: bytes, owner: str) -> None:
    graph = document.read(content)
    st.image(_sketch(content, str(st.context.theme.type)), width="stretch")
    st.markdown(f"**{plain(graph.name)}**")
    st.caption(plain(graph.note))
    if st.button("Open", key=f"example {name}", disabled=not owner, width="stretch"):
        frame.open_new(graph, owner)


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
            frame.open_new(Graph(name="New graph"), owner)
    with right:
        file = st.file_uploader(
            "Or open a graph, a script that was written from one, or a Keras model",
            type=list(KINDS),
            key="upload",
            disabled=not owner,
            help="Nothing that is in the file is run. Of a .keras file only the layers are read, no weights.",
        )
        if file is not None:
            _upload(file.getvalue(), file.name, owner)


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
    def remove() -> bool:
        session.supervisor().forget(id)
        return graphs.remove(id, owner)

    if session.attempt(remove):
        session.sessions().end(id, session.owner())


def _upload(content: bytes, name: str, owner: str) -> None:
    try:
        graph = read(content, name, session.catalog(), fallback.sources(), session.say)
    except FlowError as reason:
        for problem in reason.problems[:5]:
            frame.complain(problem)
        return
    frame.open_new(graph, owner)
