"""Nodes: everything that can be put into a graph, how it is known, and how to add more."""

import streamlit as st

from flowcore.ui import adding, catalogue, coverage, fields, frame, own, review, session

here = frame.maybe_graph("Nodes")
catalog = session.catalog()

browse, share, queue, add, functions = st.tabs(
    [catalogue.BROWSE, "Coverage", "To review", "Add a package", "Your functions"],
    key="view",
    bind="query-params",
)
with browse:
    if browse.open:
        catalogue.draw(here, catalog)
with share:
    if share.open:
        coverage.draw(catalog)
with queue:
    if queue.open:
        review.draw(catalog)
with add:
    if add.open:
        frame.at_home(lambda: adding.draw(catalog))
with functions:
    if functions.open:
        frame.at_home(own.draw)

fields.drawn()
