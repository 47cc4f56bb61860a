"""Groups of nodes: which are open in the drawing, and which one a node is in."""

from collections.abc import Mapping
from typing import Final

import streamlit as st
from msgspec.structs import replace

from flowcore.dataflow import edit
from flowcore.dataflow.cluster import Clustered, by_name, cluster
from flowcore.model.graph import Graph, Node
from flowcore.model.problem import Problem
from flowcore.ui import canvas, fields, session
from flowcore.ui.session import Session

_KEY: Final = "open groups"
_NEXT: Final = "group to open"


def view(here: Session, mode: str) -> Clustered:
    """What is to be drawn, and above it the groups to open and close."""
    graph = here.graph
    if mode != canvas.GROUPS:
        return Clustered(graph, {}, {})
    if not graph.groups:
        _begin(here)
        return Clustered(graph, {}, {})
    opening = session.chosen(_NEXT)
    known = [group.id for group in graph.groups]
    before = [id for id in session.chosen(_KEY) or [] if id in known]
    session.remember(_KEY, [*before, *([opening] if opening in known and opening not in before else [])])
    session.remember(_NEXT, "")
    labels = {group.id: group.label or group.id for group in graph.groups}
    opened = st.pills(
        "Open groups",
        known,
        format_func=lambda id: labels.get(id, id),
        selection_mode="multi",
        key=_KEY,
        label_visibility="collapsed",
        help="Groups that are open. Click one in the drawing to open it.",
    )
    return cluster(graph, frozenset(opened))


def _begin(here: Session) -> None:
    """Where there are no groups yet: how to make some."""
    st.caption("There are no groups yet: select a node, and give it one in its form.")
    found = by_name(here.graph)
    if found and here.editable:
        st.button(
            f"Make {len(found)} groups by name",
            key="group by name",
            help="Nodes whose names begin alike, block2a_conv and block2a_bn, go together.",
            on_click=lambda: here.apply(lambda graph: replace(graph, groups=by_name(graph))),
        )


def opens(shown: Clustered, clicked: str | None) -> bool:
    """Whether a click was on a group, which is open at the next drawing."""
    if clicked not in shown.groups:
        return False
    session.remember(_NEXT, shown.groups[clicked].id)
    return True


def states(shown: Clustered, known: Mapping[str, str]) -> dict[str, str]:
    """States of nodes, and of groups: what goes on or went wrong inside, or that all of it is done."""
    found = dict(known)
    for name, inside in shown.members.items():
        all_of = [known.get(id, "") for id in inside]
        worst = next((state for state in ("failed", "running") if state in all_of), "")
        found[name] = worst or (all_of[0] if len(set(all_of)) == 1 else "")
    return found


def problems(shown: Clustered, found: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Problems with the groups of their nodes marked as well."""
    if not shown.groups:
        return found
    inside = {id: name for name, ids in shown.members.items() for id in ids}
    return tuple(replace(one, nodes=tuple(inside.get(id, id) for id in one.nodes)) for one in found)


def words(shown: Clustered, graph: Graph) -> dict[str, list[str]]:
    """What a card of a group says: how many nodes, and the first of them."""
    return {
        name: [f"{len(ids)} nodes", ", ".join(graph.title(id) for id in ids)]
        for name, ids in shown.members.items()
    }


def choose(here: Session, node: Node) -> None:
    """The group of a node: one that is there, or a new one by its name."""
    graph = here.graph
    own = next((group.label for group in graph.groups if node.id in group.nodes), None)
    key = fields.show(f"{node.id} group", own)
    st.selectbox(
        "Group",
        list(dict.fromkeys(group.label for group in graph.groups if group.label)),
        index=None,
        key=key,
        placeholder="None",
        accept_new_options=True,
        disabled=not here.editable,
        help="Nodes of a group can be drawn as one. Type a new name to make a group.",
        on_change=fields.changed(
            key, lambda name: here.apply(lambda old: edit.gather(old, node.id, name or ""))
        ),
    )
