"""Build: the graph, drawn and edited."""

import streamlit as st

from flowcore.dataflow import targets
from flowcore.dataflow.check import check
from flowcore.dataflow.repair import repairs
from flowcore.ui import (
    canvas,
    clusters,
    code,
    fields,
    frame,
    inspector,
    palette,
    preview,
    report,
    session,
    shapes,
    toolbar,
)

here = frame.open_graph("Build")
catalog = session.catalog()
run_id = frame.current_run(here)
toolbar.onlooker(here)
mode, beside = toolbar.draw(here)

drawing, side = frame.split(*((1.2, 1) if beside == toolbar.SCRIPT else (2.4, 1)))
with drawing:
    found, fresh = shapes.report(here, catalog)
    known, run = shapes.known(here, found, run_id)
    seen = preview.seen(here, catalog, run_id)
    data = shapes.data(here, run, run_id, seen.known)
    fitting = targets.check(here.graph, catalog, found, data) if fresh else ()
    problems = (*check(here.graph, catalog), *found.problems, *fitting)
    if not here.graph.nodes:
        st.info("The graph is empty. Search for a node on the right and add it.", icon=":material/add:")
    else:
        shown = clusters.view(here, mode)
        clicked = canvas.draw(
            shown.graph,
            catalog,
            key="graph" if not seen.look.answers else "graph above values",
            mode=mode,
            shapes={**known, **seen.known.shapes},
            states=clusters.states(shown, {**shapes.states(here, run, run_id), **seen.states}),
            problems=clusters.problems(shown, problems),
            words=clusters.words(shown, here.graph),
            selected=here.selected,
            height=420 if seen.look.answers else 620,
        )
        if here.clicked(clicked):
            if not clusters.opens(shown, clicked):
                here.select(clicked or "")
            session.redraw()
    if not fresh:
        shapes.wait(here, catalog)
    preview.value(here, seen)
    report.problems(
        here, problems, lambda one: repairs(one, here.graph, catalog, found, data) if fresh else ()
    )

with side:
    if beside == toolbar.SCRIPT:
        with st.container(border=True, key="script"):
            code.draw(here, catalog, seen.seed)
    elif here.editable:
        with st.container(border=True, key="palette"):
            palette.draw(here, catalog)
    if here.graph.nodes:
        with st.container(border=True):
            inspector.draw(here, catalog, found, lambda: preview.controls(here, catalog, seen))

fields.drawn()
