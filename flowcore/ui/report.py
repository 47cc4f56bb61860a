"""What is to be read: problems with their hints, and the layers of a model."""

from collections.abc import Callable, Sequence

import streamlit as st

from flowcore.dataflow import edit
from flowcore.dataflow.repair_case import Repair
from flowcore.dataflow.units import amount, size
from flowcore.model.event import LayerRow
from flowcore.model.graph import Graph
from flowcore.model.problem import Problem, error
from flowcore.ui.session import Session
from flowcore.ui.words import plain

SHOWN = 30


Proposals = Callable[[Problem], Sequence[Repair]]


def problems(here: Session, found: Sequence[Problem], proposals: Proposals | None = None) -> None:
    """A line for each problem, with a button that selects its node, and one for each repair."""
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
        if proposals and here.editable:
            _repairs(here, index, problem, proposals(problem))
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


def _repairs(here: Session, index: int, problem: Problem, proposals: Sequence[Repair]) -> None:
    """A button for each proposal; a click is one edit, which can be undone.

    Its key says what it does: a click from a browser that is behind does nothing else.
    """
    if not proposals:
        return
    with st.container(horizontal=True, key=f"repairs {index}"):
        for number, repair in enumerate(proposals[:3]):
            st.button(
                plain(repair.label),
                icon=":material/build:",
                key=f"repair {index} {number} {problem.code} {repair.label}",
                on_click=here.apply,
                args=(_put(repair, here.graph),),
            )


def _put(repair: Repair, of: Graph) -> Callable[[Graph], Graph]:
    """The graph after a repair, if it is still the one that was repaired."""

    def step(now: Graph) -> Graph:
        if now != of:
            raise error(
                "changed", "The graph has changed since this was offered.", "Take what is offered now."
            )
        return repair.graph

    return step


def layers(rows: Sequence[LayerRow]) -> None:
    """The layers of a model as a table, with totals."""
    total = sum(row.parameters for row in rows)
    trainable = sum(row.trainable for row in rows)
    figures = {
        "Layers": str(len(rows)),
        "Parameters": f"{total:,}",
        "Trainable": f"{trainable:,}",
        "Weights": size(sum(row.size for row in rows)),
        "Multiply-adds": _known(amount, [row.multiply_adds for row in rows]),
        "Activations": _known(size, [row.activations for row in rows]),
    }
    for start in range(0, len(figures), 3):
        for cell, (name, figure) in zip(st.columns(3), list(figures.items())[start : start + 3], strict=True):
            cell.metric(name, figure, help=_HELP.get(name))
    numbers = ("Parameters", "Trainable", "Multiply-adds")
    st.dataframe(
        {
            "Layer": [row.name for row in rows],
            "Type": [row.kind for row in rows],
            "Output shape": [row.shape for row in rows],
            "Parameters": [row.parameters for row in rows],
            "Trainable": [row.trainable for row in rows],
            "Multiply-adds": [row.multiply_adds for row in rows],
            "Memory": [_memory(row) for row in rows],
        },
        hide_index=True,
        width="stretch",
        column_config={
            **{name: st.column_config.NumberColumn(format="localized") for name in numbers},
            "Memory": st.column_config.TextColumn(help="Weights + what it hands on for one sample."),
        },
    )


_HELP = {
    "Multiply-adds": "Of one sample through the model, forwards.",
    "Activations": "Memory of what all layers hand on, for one sample.",
}


def _known(show: Callable[[int], str], counts: Sequence[int | None]) -> str:
    """A total as text; a size that is open has none."""
    known = [count for count in counts if count is not None]
    return show(sum(known)) if len(known) == len(counts) else "open"


def _memory(row: LayerRow) -> str:
    return f"{size(row.size)} + {_known(size, [row.activations])}"
