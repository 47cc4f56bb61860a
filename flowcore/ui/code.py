"""The script of the graph, beside the drawing, with the lines of the selected node marked."""

from typing import Final

import streamlit as st
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from flowcore.model.descriptor import Catalog
from flowcore.model.graph import Graph
from flowcore.model.problem import FlowError
from flowcore.runs import scripts
from flowcore.ui import frame, session
from flowcore.ui.session import Session
from flowcore.ui.toolbar import file_name
from flowcore.ui.words import plain

STYLES: Final = {"light": "friendly", "dark": "github-dark"}
MARKED: Final = {"light": "#fff3bf", "dark": "#3b3a1e"}
START: Final = "SEED = "


def draw(here: Session, catalog: Catalog) -> None:
    """The statements; functions that were written out, and imports, are folded away."""
    try:
        source = _script(here.graph, catalog)
    except FlowError as reason:
        for problem in reason.problems[:3]:
            frame.complain(problem)
        return
    first = _first(source)
    places = scripts.lines(source)
    marked = [line for start, end in places.get(here.selected, ()) for line in range(start, end + 1)]
    head, body = source.splitlines()[: first - 1], source.splitlines()[first - 1 :]
    left, right = st.columns([2, 1], vertical_alignment="center")
    left.caption(_told(here, marked))
    right.download_button(
        "Script",
        data=source,
        file_name=f"{file_name(here.graph)}.py",
        mime="text/x-python",
        icon=":material/download:",
        key="download script",
        help="It runs by itself: python needs Keras and the packages that it imports, not flowcore.",
        on_click="ignore",
        width="stretch",
    )
    with st.expander(f"Imports and functions · {len(head)} lines", key="script head"):
        _show(head, 1, marked)
    _show(body, first, marked)


def _told(here: Session, marked: list[int]) -> str:
    if not here.selected:
        return "Select a node to see its lines."
    name = plain(here.graph.title(here.selected))
    return f"{name}: line {marked[0]}" if marked else f"{name} has no line yet."


def _first(source: str) -> int:
    """The line, from 1 on, where the functions and imports are over."""
    rows = source.splitlines()
    seed = next((index for index, row in enumerate(rows, 1) if row.startswith(START)), 0)
    return seed or min((start for ends in scripts.lines(source).values() for start, _ in ends), default=1)


def _show(rows: list[str], first: int, marked: list[int]) -> None:
    theme = "dark" if st.context.theme.type == "dark" else "light"
    formatter = HtmlFormatter(
        noclasses=True,
        nobackground=True,
        style=STYLES[theme],
        linenos="inline",
        linenostart=first,
        hl_lines=[line - first + 1 for line in marked],
        cssstyles="overflow:auto;max-height:34rem;font-size:0.75rem;line-height:1.45",
        prestyles="margin:0;background:transparent;padding:0.5rem 0",
    )
    formatter.style.highlight_color = MARKED[theme]
    st.html(highlight("\n".join(rows), PythonLexer(stripnl=False), formatter))


def _script(graph: Graph, catalog: Catalog) -> str:
    found: str = session.once("script", scripts.key(graph), lambda: scripts.script(graph, catalog))
    return found
