"""The frame of every page: title, menu, and what there is to say."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import streamlit as st
from streamlit.delta_generator_singletons import context_dg_stack, get_default_dg_stack_value

from flowcore.model.graph import Graph
from flowcore.model.problem import FlowError, Problem
from flowcore.store import graphs, runs
from flowcore.ui import fields, identity, own, session
from flowcore.ui.session import Session
from flowcore.ui.words import plain

PAGES: Final = (
    ("app.py", "Start", ":material/home:"),
    ("pages/build.py", "Build", ":material/account_tree:"),
    ("pages/train.py", "Train", ":material/model_training:"),
    ("pages/nodes.py", "Nodes", ":material/category:"),
)
_FREE: Final = ("app.py", "pages/nodes.py")  # of use without a graph
_ICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><g fill="#3b5bdb">'
    '<rect x="2" y="3" width="14" height="8" rx="2"/><rect x="16" y="21" width="14" height="8" rx="2"/>'
    '<path d="M8 11 v6 q0 8 8 8" fill="none" stroke="#3b5bdb" stroke-width="3"/></g></svg>'
)
_STYLE: Final = """
<style>
.block-container { padding: 1.2rem 2rem 3rem; max-width: 1600px; }
.st-key-undo kbd, .st-key-redo kbd, .st-key-delete kbd { display: none; }
[data-testid="stCaptionContainer"] p { line-height: 1.35; }
.st-key-menu { border-bottom: 1px solid rgba(128, 136, 160, .25); padding-bottom: .35rem; }
.st-key-menu p { font-weight: 500; }
.st-key-mark { display: none; }
.st-key-nodes { max-height: 640px; overflow-y: auto; flex-wrap: nowrap; }
.st-key-nodes > * { flex-shrink: 0; }
@media (max-width: 1000px) {
  .st-key-split > div > [data-testid="stHorizontalBlock"],
  .st-key-gallery > div > [data-testid="stHorizontalBlock"] { flex-wrap: wrap; }
  .st-key-split > div > div > [data-testid="stColumn"] { flex: 1 1 100%; min-width: 100%; }
  .st-key-gallery > div > div > [data-testid="stColumn"] { min-width: calc(50% - 1rem); }
  .st-key-nodes { max-height: 260px; }
}
iframe { color-scheme: normal; }
</style>
"""


def begin(title: str) -> None:
    """Set the page up and draw the menu. Menu links keep graph and run."""
    from_the_top()
    fields.begin()
    session.begin()
    st.set_page_config(page_title=f"{title} · flowcore", page_icon=_ICON, layout="wide")
    st.html(_STYLE)
    kept = {name: value for name in ("g", "run") if (value := st.query_params.get(name, ""))}
    with st.container(horizontal=True, key="menu", vertical_alignment="center", gap="small"):
        st.markdown("**:primary[flowcore]**", width="content")
        for path, label, icon in PAGES:
            barred = path not in _FREE and "g" not in kept
            st.page_link(path, label=label, icon=icon, query_params=kept, disabled=barred)
    with st.container():  # which holds the place: what is below would stand twice while it moves up
        identity.ask()
    _reachable()
    _invitation()
    _say()
    own.watch(title)


def from_the_top() -> None:
    """Draw into the page itself.

    What is asked for while Streamlit cleans up after a fragment is drawn by the same thread, and would go on
    inside the container of that fragment: in the browser the page goes white.
    """
    context_dg_stack.set(get_default_dg_stack_value())


def _say() -> None:
    for problem in session.said():
        complain(problem)


def _reachable() -> None:
    """Where the store cannot even be read there is no page, only the reason."""
    try:
        session.owner()
    except FlowError as reason:
        complain(reason.problems[0])
        st.button("Try again", key="reachable", icon=":material/refresh:")
        st.stop()


def _invitation() -> None:
    """A link of another browser: what it means, and a button to take it."""
    code = st.query_params.get("join", "")
    if not code or not session.owner():
        return
    left, right = st.columns([4, 1], vertical_alignment="center")
    left.info(
        "This link lets this browser edit all graphs of the browser that made it. Take it only from "
        "yourself: your own list here is set aside until you leave."
    )
    if right.button("Edit here too", key="join", width="stretch"):
        del st.query_params["join"]
        session.join(code)
        session.redraw()


def open_graph(title: str) -> Session:
    """The session of the graph in the URL; without one the page says so and ends."""
    begin(title)
    id = st.query_params.get("g", "")
    if not id:
        st.info("No graph is open. Open one from the Start page.")
        st.page_link("app.py", label="Go to Start", icon=":material/home:")
        st.stop()
    opened = session.opened(id)
    if opened is None:
        st.page_link("app.py", label="Go to Start", icon=":material/home:")
        st.stop()
    _say()
    if opened.editable:
        session.supervisor().workers.warm()
    if not opened.saved:
        _unsaved(opened, title)
    return opened


def _unsaved(here: Session, title: str) -> None:
    st.set_page_config(page_title=f"Not saved · {title} · flowcore")
    left, right = st.columns([5, 1], vertical_alignment="center")
    left.warning(
        "Not saved: what you see is kept in this tab alone, and saved with the next change that can be."
    )
    right.button("Save", icon=":material/save:", key="save", on_click=here.save, width="stretch")


def maybe_graph(title: str) -> Session | None:
    """The session of the graph in the URL, None where there is none."""
    begin(title)
    id = st.query_params.get("g", "")
    return session.opened(id) if id else None


def at_home(draw: Callable[[], None]) -> None:
    """Draw what only a person at this machine may do; a server for others says why not."""
    if session.hosted():
        st.info("Not on a server for others: this would run code here. Start flowcore on your own machine.")
    else:
        draw()


def current_run(here: Session) -> str:
    """The run in the URL, or the newest of this graph; "" where there is none."""
    if started := session.run_to_show():
        st.query_params["run"] = started
    asked = st.query_params.get("run", "")
    if not asked:
        return runs.latest(here.id)
    if runs.belongs(asked, here.id):
        return asked
    del st.query_params["run"]
    complain(
        Problem(
            "no-run", f"This graph has no run {asked[:30]!r}.", "The newest one is shown.", level="notice"
        )
    )
    return runs.latest(here.id)


def split(left: float, right: float) -> Sequence[Any]:
    """Two columns, one below the other where the window is narrow."""
    return st.container(key="split").columns([left, right], gap="medium")


def go(path: str, graph: str, run: str = "") -> None:
    """Show another page of this graph. Streamlit drops what the URL carries unless it is given again."""
    query = {"g": graph} | ({"run": run} if run else {})
    st.switch_page(path, query_params=query)


def open_new(graph: Graph, owner: str) -> None:
    """Keep a graph as a new one of this browser and show it, or say why that cannot be."""
    try:
        id = graphs.create(graph, owner).id
    except FlowError as reason:
        complain(reason.problems[0])
        return
    go("pages/build.py", id)


def complain(problem: Problem) -> None:
    """Show one problem: what is wrong, then what to do."""
    draw = st.error if problem.level == "error" else st.warning
    draw(plain(f"{problem.message}\n\n{problem.hint}"), icon=":material/error:")
