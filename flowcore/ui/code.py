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
WHOLE, ABOVE, ROOM = 300, 8, 200
"""Lines: of a script that is shown whole; above the marked ones, and in all, of a longer one."""


def draw(here: Session, catalog: Catalog, seed: int) -> None:
    """The statements; functions that were written out, and imports, are folded away.

    seed: that of the run that is looked at, so that the script gives its figures.
    """
    try:
        source = _script(here.graph, catalog, seed)
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
    start, end = window(len(body), marked[0] - first if marked else 0)
    if start:
        st.caption(f"{start:,} lines above")
    _show(body[start:end], first + start, marked)
    if end < len(body):
        st.caption(f"{len(body) - end:,} lines below")


def window(count: int, line: int) -> tuple[int, int]:
    """Which lines to show, from 0 on, so that one of them is in sight: a browser is slow with thousands."""
    if count <= WHOLE:
        return 0, count
    start = max(0, min(line - ABOVE, count - ROOM))
    return start, start + ROOM


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
    # The marked line is in sight at first; where a browser does not know how, its number is told.
    formatter.style.highlight_color = f"{MARKED[theme]}; display:block; scroll-initial-target:nearest"
    st.html(highlight("\n".join(rows), PythonLexer(stripnl=False), formatter))


def _script(graph: Graph, catalog: Catalog, seed: int) -> str:
    key = (scripts.key(graph), seed)
    found: str = session.once("script", key, lambda: scripts.script(graph, catalog, seed))
    return found
