"""What is known of the shapes in a graph: from the checker as one edits, from the last run for data."""

import streamlit as st

from flowcore.dataflow.training import Known
from flowcore.model.descriptor import Catalog
from flowcore.model.frame import ShapeReport
from flowcore.model.graph import Graph, Node
from flowcore.model.run import Run
from flowcore.store import runs
from flowcore.ui import session
from flowcore.ui.session import Session

Shapes = dict[str, dict[str, str]]


def report(here: Session, catalog: Catalog) -> tuple[ShapeReport, bool]:
    """The checker's newest report, and whether it is of today. Opening another's graph starts nothing."""
    if not here.editable or not here.graph.nodes:
        return ShapeReport(), True
    return session.checker().latest(here.graph, catalog)


def known(here: Session, found: ShapeReport, run_id: str) -> tuple[Shapes, Run | None]:
    """Shapes by node and output, and the run that those of data nodes were seen in."""
    if not run_id or not runs.exists(run_id):
        return dict(found.shapes), None
    run = session.supervisor().look(run_id)
    ran = session.ran(run_id)
    seen = {id: shapes for id, shapes in run.shapes.items() if _same(here.graph, ran, id)}
    return {**seen, **found.shapes}, run


def data(here: Session, run: Run | None, run_id: str, seen: Known) -> Known:
    """What the last run has told of the data nodes that have not changed since, and what was looked at since.

    seen: of values that are up to date.
    """
    if run is None:
        return seen
    ran = session.ran(run_id)
    same = {id for id in run.shapes if _same(here.graph, ran, id)}
    shapes_ = {id: texts for id, texts in run.shapes.items() if id in same}
    counts = {id: counts for id, counts in run.classes.items() if id in same}
    return Known({**shapes_, **seen.shapes}, {**counts, **seen.classes})


def states(here: Session, run: Run | None, run_id: str) -> dict[str, str]:
    """How each node that has not changed since fared in the run."""
    if run is None:
        return {}
    ran = session.ran(run_id)
    return {id: state for id, state in run.nodes.items() if _same(here.graph, ran, id)}


def _same(now: Graph, then: Graph, id: str) -> bool:
    one, other = now.by_id.get(id), then.by_id.get(id)
    return one is not None and other is not None and _work(one) == _work(other)


def _work(node: Node) -> tuple[object, ...]:
    return node.type, node.args, node.call


@st.fragment(run_every=0.5)
def wait(here: Session, catalog: Catalog) -> None:
    """Say that shapes are on their way, and draw the page again when they are here."""
    st.caption(":material/hourglass_empty: Working out shapes…")
    if session.checker().latest(here.graph, catalog)[1]:
        session.refresh()
