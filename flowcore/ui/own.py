"""The user's own functions: read in the background, and what there is to say about them."""

from typing import Final

import streamlit as st

from flowcore.dataflow.coverage import package
from flowcore.runs.scans import FUNCTIONS
from flowcore.store import fallback, overlay
from flowcore.ui import session
from flowcore.ui.words import plain

NODES: Final = "Nodes"


def watch(title: str) -> None:
    """Read functions whose file has changed; say what cannot be read, on other pages than Nodes once."""
    if session.hosted():
        return
    session.scans().refresh()
    scan = session.scans().look(FUNCTIONS)
    if scan and not scan.over:
        _reading()
    problems = (*overlay.overlay().problems, *(scan.problems if scan and scan.over else ()))
    for problem in problems if title == NODES else session.untold(problems):
        st.warning(plain(f"{problem.message} {problem.hint}"), icon=":material/error:")


@st.fragment(run_every=0.5)
def _reading() -> None:
    """Say that functions are being read, and draw the page again when they are nodes."""
    scan = session.scans().look(FUNCTIONS)
    if scan is None or scan.over:
        session.refresh()
    st.caption(":material/hourglass_empty: Reading your functions…")


def draw() -> None:
    """Where functions go, which files are there, and a template."""
    st.markdown(
        "Put a Python file into this folder, and its public functions are nodes: nothing to install, "
        "nothing to start again."
    )
    for folder in fallback.folders():
        st.code(str(folder), language=None)
    _files()
    st.markdown("**A template**: save it under a name of your own, such as `my_functions.py`.")
    st.code(fallback.TEMPLATE.read_text(encoding="utf-8"), language="python")


def _files() -> None:
    files = fallback.files()
    if not files:
        st.caption("No files yet.")
        return
    catalog = overlay.overlay().catalog
    own = [node for node in catalog.nodes if package(node) == FUNCTIONS]
    st.dataframe(
        {
            "File": [path.name for path in files.values()],
            "Nodes": [
                ", ".join(node.name for node in own if node.package.split(".")[1] == name) for name in files
            ],
            "Folder": [str(path.parent) for path in files.values()],
        },
        hide_index=True,
        width="stretch",
    )
