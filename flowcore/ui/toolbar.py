"""The row above the drawing: name, undo and redo, how to draw, take home, share."""

from typing import Final

import streamlit as st

from flowcore.dataflow import document, edit
from flowcore.model.graph import Graph
from flowcore.store import graphs, owners
from flowcore.ui import canvas, fields, frame, session
from flowcore.ui.session import Session

FORMS: Final = "Forms"
SCRIPT: Final = "Script"


def draw(here: Session) -> tuple[str, str]:
    """Draw the row; the mode that the graph is to be drawn in comes back, and what is to be beside it."""
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    with left:
        _name(here)
    with right.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        _steps(here)
        chosen = st.segmented_control(
            "Mode",
            canvas.MODES,
            default=canvas.MODES[0],
            key="mode",
            label_visibility="collapsed",
            required=True,
            width="content",
        )
        beside = st.segmented_control(
            "Beside the drawing",
            (FORMS, SCRIPT),
            default=FORMS,
            key="beside",
            label_visibility="collapsed",
            required=True,
            width="content",
        )
        _take_home(here)
    return str(chosen), str(beside)


def _name(here: Session) -> None:
    key = fields.show("name", here.graph.name)
    st.text_input(
        "Graph",
        key=key,
        placeholder="Name of the graph",
        label_visibility="collapsed",
        max_chars=200,
        disabled=not here.editable,
        on_change=fields.changed(key, lambda name: here.apply(lambda graph: edit.title(graph, name))),
    )


def _steps(here: Session) -> None:
    st.button(
        "",
        icon=":material/undo:",
        key="undo",
        help="Undo (Ctrl+Z)",
        shortcut="Ctrl+Z",
        disabled=not (here.editable and here.history.past),
        on_click=here.undo,
    )
    st.button(
        "",
        icon=":material/redo:",
        key="redo",
        help="Redo (Ctrl+Shift+Z)",
        shortcut="Ctrl+Shift+Z",
        disabled=not (here.editable and here.history.future),
        on_click=here.redo,
    )


def _take_home(here: Session) -> None:
    st.download_button(
        "Download",
        data=document.write(here.graph),
        file_name=f"{file_name(here.graph)}.json",
        mime="application/json",
        icon=":material/download:",
        key="download",
        on_click="ignore",
        width="content",
    )
    with st.popover("Share", icon=":material/share:", width="content"):
        st.caption("Whoever has this address sees the graph and its runs, and can copy it. Only you edit it.")
        address = (st.context.url or "").partition("?")[0]
        st.code(f"{address}?g={here.id}", language=None, wrap_lines=True)
        if here.editable:
            _second_browser(here, address)


def _second_browser(here: Session, address: str) -> None:
    st.caption("To edit it in another browser of yours, open a link there that works once, for ten minutes.")
    if st.button("Open here too", icon=":material/devices:", key="invite"):
        code = session.attempt(lambda: owners.invite(here.owner))
        if code is None:
            session.redraw()
        st.code(f"{address}?g={here.id}&join={code}", language=None, wrap_lines=True)


def onlooker(here: Session) -> None:
    """What a browser that does not own the graph is told."""
    if here.editable:
        return
    left, right = st.columns([5, 1], vertical_alignment="center")
    left.info("You are looking on: changes by its owner appear here. Make a copy to edit it.")
    if right.button("Make a copy", icon=":material/content_copy:", key="copy", disabled=not here.owner):
        frame.open_new(here.graph, here.owner)
    _follow(here)


@st.fragment(run_every=2)
def _follow(here: Session) -> None:
    """Draw again when the owner has changed the graph."""
    if graphs.version(here.id) != here.stored.version:
        session.refresh()


def file_name(graph: Graph) -> str:
    """A name that every file system takes."""
    letters = "".join(c if c.isalnum() and c.isascii() else "-" for c in graph.name.lower())
    return "-".join(filter(None, letters.split("-")))[:60] or "graph"
