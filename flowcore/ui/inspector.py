"""The selected node: its name, arguments, links, and what can be done with it."""

from collections.abc import Callable
from functools import partial

import streamlit as st
from msgspec import UNSET

from flowcore.dataflow import edit
from flowcore.dataflow.units import amount, size
from flowcore.model.descriptor import Catalog, NodeDescriptor
from flowcore.model.frame import Cost, ShapeReport
from flowcore.model.graph import Graph, Node
from flowcore.ui import clusters, fields, forms, links
from flowcore.ui.session import Session
from flowcore.ui.widgets import Change, Field
from flowcore.ui.words import plain


def draw(here: Session, catalog: Catalog, found: ShapeReport, run: Callable[[], None]) -> None:
    """Everything about the node that is selected; a list of nodes to select it from.

    run draws what runs the graph up to the node.
    """
    graph = here.graph
    _choose(here)
    node = graph.by_id.get(here.selected)
    if node is None:
        st.caption("Click a node in the graph, or choose one here.")
        return
    descriptor = catalog.find(node.type)
    if descriptor is None:
        st.warning(plain(f"{node.type} is described by no catalogue. The node is kept as it is."))
    else:
        _head(here, node, descriptor)
        _facts(node, found)
        run()
        _arguments(here, node, descriptor, catalog)
        links.inputs(here, node, catalog)
        links.outputs(here, node, catalog)
    _actions(here, node)


def _choose(here: Session) -> None:
    shown = links.names(here.graph)
    key = fields.show("node", here.selected or None)

    st.selectbox(
        "Node",
        list(shown),
        index=None,
        format_func=lambda id: shown.get(id, id),
        key=key,
        placeholder="Select a node",
        on_change=fields.changed(key, lambda id: here.select(id or ""), shown),
    )


def _head(here: Session, node: Node, descriptor: NodeDescriptor) -> None:
    key = fields.show(f"{node.id} label", node.label)
    st.text_input(
        "Name",
        key=key,
        placeholder=descriptor.name,
        max_chars=200,
        disabled=not here.editable,
        on_change=fields.changed(
            key, lambda name: here.apply(lambda graph: edit.rename(graph, node.id, name))
        ),
    )
    with st.expander(f"{descriptor.name}: what it does", key=f"{node.id} doc"):
        _note(here, node)
        clusters.choose(here, node)
        st.caption(plain(descriptor.package))
        st.text(descriptor.doc or "No documentation.")


def _facts(node: Node, found: ShapeReport) -> None:
    """What the checker knows of the node: shape, dtype, parameters and multiply-adds."""
    shape = found.shapes.get(node.id, {}).get("", "")
    parts = [" ".join(filter(None, (shape, found.dtypes.get(node.id, {}).get("", ""))))]
    cost = found.costs.get(node.id, Cost())
    if cost.parameters:
        parts.append(f"{amount(cost.parameters)} parameters, {size(cost.weights)}")
    if cost.activations:
        parts.append(f"hands on {size(cost.activations)} a sample")
    if cost.multiply_adds:
        parts.append(f"{amount(cost.multiply_adds)} multiply-adds a sample")
    if any(parts):
        st.caption(plain(" · ".join(filter(None, parts))))


def _note(here: Session, node: Node) -> None:
    key = fields.show(f"{node.id} note", node.note)
    st.text_area(
        "Note",
        key=key,
        placeholder="Why is it here?",
        max_chars=10_000,
        height=80,
        disabled=not here.editable,
        on_change=fields.changed(
            key, lambda note: here.apply(lambda graph: edit.annotate(graph, node.id, note))
        ),
    )


def _arguments(here: Session, node: Node, descriptor: NodeDescriptor, catalog: Catalog) -> None:
    id = node.id

    def store(name: str, change: Change) -> None:
        here.apply(lambda graph: edit.set_argument(graph, id, name, change(now(graph).args.get(name, UNSET))))

    def store_call(name: str, change: Change) -> None:
        here.apply(lambda graph: edit.set_call(graph, id, name, change(now(graph).call.get(name, UNSET))))

    def now(graph: Graph) -> Node:
        return graph.by_id.get(id, node)

    linked = here.graph.filled(node.id)
    key = f"{node.id} args"
    forms.arguments(descriptor, node.args, key, store, catalog, disabled=not here.editable, skip=linked)
    constants = [item for item in descriptor.inputs if item.widget != "port" and item.arg not in linked]
    if constants:
        with st.expander(f"Arguments of the call ({len(constants)})", key=f"{node.id} call"):
            for item in constants:
                value = node.call.get(item.arg, UNSET)
                put = partial(store_call, item.arg)
                field = f"{node.id} call {item.arg}"
                forms.draw(Field(item, value, field, put, catalog, not here.editable))


def _actions(here: Session, node: Node) -> None:
    left, right = st.columns(2)
    left.button(
        "Duplicate",
        icon=":material/content_copy:",
        key="duplicate",
        disabled=not here.editable,
        width="stretch",
        on_click=lambda: _duplicate(here, node),
    )
    right.button(
        "Delete",
        icon=":material/delete:",
        key="delete",
        shortcut="Delete",
        disabled=not here.editable,
        width="stretch",
        on_click=lambda: here.apply(lambda graph: edit.remove(graph, [node.id])),
    )


def _duplicate(here: Session, node: Node) -> None:
    def step(graph: Graph) -> Graph:
        graph, copies = edit.duplicate(graph, [node.id])
        here.select(copies[0])
        return graph

    here.apply(step)
