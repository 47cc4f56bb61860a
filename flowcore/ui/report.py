"""What is to be read: problems with their hints, and the layers of a model."""

from collections.abc import Sequence

import streamlit as st

from flowcore.dataflow import edit
from flowcore.dataflow.units import size
from flowcore.model.event import LayerRow
from flowcore.model.problem import Problem
from flowcore.ui.session import Session
from flowcore.ui.words import plain

SHOWN = 30


def problems(here: Session, found: Sequence[Problem]) -> None:
    """A line for each problem, with a button that selects its node."""
    if not found:
        st.caption(":material/check_circle: No problems.")
        return
    errors = sum(problem.level == "error" for problem in found)
    notices = len(found) - errors
    parts = [f"{errors} problem{'s'[: errors != 1]}"] if errors else []
    parts += [f"{notices} notice{'s'[: notices != 1]}"] if notices else []
    st.markdown(f"**{' and '.join(parts)}**")
    if here.editable and any(problem.code in ("duplicate-id", "dangling-link") for problem in found):
        st.button("Tidy up ids and links", key="tidy", on_click=lambda: here.apply(edit.tidy))
    for index, problem in enumerate(found[:SHOWN]):
        _line(here, index, problem)
    if len(found) > SHOWN:
        st.caption(f"and {len(found) - SHOWN} more.")


def _line(here: Session, index: int, problem: Problem) -> None:
    left, right = st.columns([6, 1], vertical_alignment="center")
    sign = ":red[:material/error:]" if problem.level == "error" else ":orange[:material/info:]"
    left.markdown(f"{sign} {plain(problem.message)} :gray[{plain(problem.hint)}]")
    nodes = [id for id in problem.nodes if id in here.graph.by_id]
    if nodes:
        right.button(
            "Show",
            key=f"show {index}",
            type="tertiary",
            on_click=here.select,
            args=(nodes[-1],),
        )


def layers(rows: Sequence[LayerRow]) -> None:
    """The layers of a model as a table, with totals."""
    total = sum(row.parameters for row in rows)
    trainable = sum(row.trainable for row in rows)
    cells = st.columns(4)
    cells[0].metric("Layers", len(rows))
    cells[1].metric("Parameters", f"{total:,}")
    cells[2].metric("Trainable", f"{trainable:,}")
    cells[3].metric("Weights", size(sum(row.size for row in rows)))
    st.dataframe(
        {
            "Layer": [row.name for row in rows],
            "Type": [row.kind for row in rows],
            "Output shape": [row.shape for row in rows],
            "Parameters": [row.parameters for row in rows],
            "Trainable": [row.trainable for row in rows],
        },
        hide_index=True,
        width="stretch",
        column_config={
            "Parameters": st.column_config.NumberColumn(format="localized"),
            "Trainable": st.column_config.NumberColumn(format="localized"),
        },
    )
