"""One node in full: what it does, what it takes, how that is known, and where it may run."""

from collections.abc import Sequence
from typing import Any, Final

import streamlit as st
from msgspec import UNSET

from flowcore.dataflow import coverage, edit, fits, text
from flowcore.dataflow.manner import manner, results
from flowcore.dataflow.search import kind
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor, Range
from flowcore.model.graph import Graph
from flowcore.store import descriptors, policy
from flowcore.ui import frame, revise, session
from flowcore.ui.session import Session
from flowcore.ui.words import plain

_SHOWN: Final = 12
_RUNS: Final = {
    "always": ("runs everywhere", "green", "Runs here and on a server for others"),
    "local": ("on your machine only", "orange", "Runs on your own machine, not on a server for others"),
    "never": ("never run", "red", "Is never offered nor run"),
}


def draw(here: Session | None, node: NodeDescriptor, catalog: Catalog) -> None:
    """Everything that the catalogue knows of a node."""
    _head(here, node, catalog)
    if not session.hosted():
        revise.draw(node, catalog)
    _arguments("Arguments", node.args)
    if node.inputs:
        _arguments("Arguments of the call", node.inputs)
    _facts(node)
    with st.expander("Documentation", expanded=True, key="documentation"):
        st.text(node.doc or "No documentation.")


def _head(here: Session | None, node: NodeDescriptor, catalog: Catalog) -> None:
    left, right = st.columns([3, 1], vertical_alignment="top")
    with left:
        st.subheader(plain(node.name), anchor=False)
        label, colour, _ = _RUNS[node.runs]
        with st.container(horizontal=True, gap="small"):
            st.badge(kind(node), color="blue")
            if node.category:
                st.badge(plain(node.category), color="gray")
            st.badge(label, color=colour)  # type: ignore[arg-type]  # one of its literals
            if not node.available:
                st.badge("not installed in full", color="red")
        st.code(node.package, language=None)
        if node.summary:
            st.markdown(plain(node.summary))
        st.caption(f"{manner(node)} Result: {plain(results(node))}.")
    with right:
        _use(here, node, catalog)


def _use(here: Session | None, node: NodeDescriptor, catalog: Catalog) -> None:
    reason = _barred(here, node)
    pressed = st.button(
        "Use in graph",
        icon=":material/add:",
        type="primary",
        key="use",
        width="stretch",
        disabled=bool(reason),
        help=reason or None,
    )
    if here is None:
        st.caption("Open a graph first.")
    if pressed and here is not None:

        def step(graph: Graph) -> Graph:
            graph, id = edit.add(graph, node.package, catalog)
            here.select(id)
            return graph

        here.apply(step)
        frame.go("pages/build.py", here.id, st.query_params.get("run", ""))


def _barred(here: Session | None, node: NodeDescriptor) -> str:
    """Why a node cannot be added, "" where it can."""
    if node.runs == "never":
        return "This node is never run."
    if not node.available:
        return "It needs a package that is not installed."
    if here is None:
        return "Open a graph on Start, then come back."
    return "" if here.editable else "This graph is another browser's. Make a copy of it on Build."


def _arguments(title: str, arguments: Sequence[Argument]) -> None:
    st.markdown(f"**{title}**")
    if not arguments:
        st.caption("None.")
        return
    rows = [_row(one) for one in arguments]
    st.dataframe(
        {column: [row[column] for row in rows] for column in rows[0]},
        hide_index=True,
        width="stretch",
        height=min(38 + 35 * len(rows), 430),
        key=title,
        column_config={
            "Sure": st.column_config.NumberColumn(format="percent", width=60, help="Below 60 % is reviewed."),
            "Known from": st.column_config.TextColumn(width=85, help="What decided the type."),
            "Name": st.column_config.TextColumn(width=125),
            "Type": st.column_config.TextColumn(width=120),
            "Default": st.column_config.TextColumn(width=80),
            "Allowed": st.column_config.TextColumn(width=105, help="Its choices, or its range."),
            "Explanation": st.column_config.TextColumn(width=195),
        },
    )


def _row(one: Argument) -> dict[str, Any]:
    return {
        "Name": one.arg,
        "Type": fits.described(one) if one.supported else "not known",
        "Default": _default(one),
        "Allowed": "; ".join(filter(None, (_choices(one), _range(one)))),
        "Explanation": one.help,
        "Known from": one.evidence,
        "Sure": one.confidence if one.supported else 0.0,
    }


def _default(one: Argument) -> str:
    if one.widget == "port" and one.required:
        return "linked"
    if one.required or one.default is UNSET:
        return "needed" if one.required else ""
    return "None" if one.default is None else text.show(one.default)


def _choices(one: Argument) -> str:
    more = " …" if len(one.choices) > _SHOWN else ""
    return ", ".join(map(str, one.choices[:_SHOWN])) + more


def _range(one: Argument) -> str:
    """The bounds of its numbers; of each type where they differ."""
    if one.ranges:
        return "; ".join(f"{itype} {_bounds(bounds)}" for itype, bounds in one.ranges.items())
    return _bounds(one.range) if one.range else ""


def _bounds(bounds: Range) -> str:
    low = "" if bounds.low is None else f"{'>' if bounds.exclusive else '≥'} {bounds.low:g}"
    high = "" if bounds.high is None else f"{'<' if bounds.exclusive else '≤'} {bounds.high:g}"
    return ", ".join(filter(None, (low, high)))


def _facts(node: NodeDescriptor) -> None:
    """Where it may run and why, where it comes from, its other names."""
    reason = policy.why(node.package, descriptors.policy())
    words = _RUNS[node.runs][2]
    lines = [f"{words}: {reason}." if reason else f"{words}: nobody has looked at it for that."]
    if node.origin:
        lines.append(f"From {node.origin.dist} {node.origin.version}.".replace(" .", "."))
    if node.aliases:
        lines.append(f"Also known as {', '.join(node.aliases)}.")
    doubts = sum(map(coverage.doubtful, coverage.arguments(node)))
    if doubts:
        lines.append(f"{doubts} of its arguments should be reviewed.")
    for line in lines:
        st.caption(plain(line))
