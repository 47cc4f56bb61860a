"""Browsing all nodes: a search, filters, and the list that one is chosen from."""

from collections.abc import Sequence
from textwrap import shorten
from typing import Final

import streamlit as st

from flowcore.dataflow import coverage
from flowcore.dataflow.search import Filter, browse, kind, labels
from flowcore.model.descriptor import Catalog, NodeDescriptor
from flowcore.ui import fields, frame, nodeview, session
from flowcore.ui.session import Session
from flowcore.ui.words import plain

BROWSE: Final = "Browse"
_PAGE: Final = 50


def draw(here: Session | None, catalog: Catalog) -> None:
    """The list on the left, the chosen node on the right."""
    left, right = frame.split(1, 1.9)
    with left:
        query = st.text_input(
            "Search",
            placeholder="Search: conv, split, random forest …",
            type="search",
            live=True,
            key="node search",
            label_visibility="collapsed",
        )
        found = browse(catalog, query or "", _filters(catalog))
        _list(found)
    with right:
        chosen = catalog.find(st.query_params.get("node", ""))
        if chosen is not None:
            nodeview.draw(here, chosen, catalog)
        else:
            _nothing(st.query_params.get("node", ""))


def choose(type_: str, argument: str = "") -> None:
    """Show a node, and the form of one of its arguments."""
    st.query_params["node"] = type_
    session.remember("view", BROWSE)
    if argument:
        session.remember("revise", argument)


def _nothing(asked: str) -> None:
    if asked:
        st.warning(plain(f"No catalogue describes {asked[:200]}. Choose a node in the list."))
    else:
        st.info("Choose a node in the list to see what it does, what it takes, and how that is known.")


def _filters(catalog: Catalog) -> Filter:
    """Package, category and kind; categories of the chosen package alone."""
    packages, categories, kinds = st.columns(3, gap="small")
    package = _pick(packages, "Package", sorted({coverage.package(node) for node in catalog.nodes}))
    inside = [node for node in catalog.nodes if not package or coverage.package(node) == package]
    category = _pick(categories, "Category", sorted({node.category for node in inside} - {""}))
    return Filter(package, category, _pick(kinds, "Kind", sorted({kind(node) for node in inside})))


def _pick(cell: st.delta_generator.DeltaGenerator, label: str, options: Sequence[str]) -> str:
    key = f"filter {label}"
    if session.chosen(key) not in (None, *options):
        session.remember(key, None)
    found = cell.selectbox(
        label, options, index=None, placeholder=label, key=key, label_visibility="collapsed"
    )
    return found or ""


def _list(found: Sequence[NodeDescriptor]) -> None:
    if not found:
        st.info("Nothing matches. Try a shorter word, or clear a filter.")
        return
    shown = min(len(found), session.chosen("shown nodes") or _PAGE)
    st.caption(f"{len(found):,} nodes" if shown == len(found) else f"{shown} of {len(found):,} nodes")
    names = labels(found[:shown])
    asked = st.query_params.get("node", "")
    key = fields.show("node list", asked if asked in names else None)
    with st.container(key="nodes"):
        st.radio(
            "Nodes",
            list(names),
            index=None,
            format_func=lambda type_: plain(names[type_]),
            captions=[_caption(node) for node in found[:shown]],
            key=key,
            label_visibility="collapsed",
            on_change=fields.changed(key, choose),
        )
        if shown < len(found):
            st.button(
                f"Show {min(_PAGE, len(found) - shown)} more",
                key="more nodes",
                on_click=session.remember,
                args=("shown nodes", shown + _PAGE),
            )


def _caption(node: NodeDescriptor) -> str:
    words = f"{node.package.rpartition('.')[0]} · {node.summary or 'no documentation'}"
    return plain(shorten(words, 90, placeholder=" …"))
