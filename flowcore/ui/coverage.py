"""How much of each package is known, by what, as a chart and as a table."""

from collections.abc import Sequence
from typing import Any, Final

import plotly.graph_objects as go
import streamlit as st

from flowcore.dataflow.coverage import Coverage, coverage
from flowcore.model.descriptor import Catalog
from flowcore.store import overlay
from flowcore.ui import session
from flowcore.ui.colours import Palette, palette

# From what is certain to what is not, then what nobody knows.
_COLOURS: Final = {
    "revision": "#2b8a3e",
    "constraint": "#087f5b",
    "annotation": "#0b7285",
    "any annotation": "#3bc9db",
    "call": "#1864ab",
    "hierarchy": "#3b5bdb",
    "name": "#5f3dc4",
    "slot": "#7950f2",
    "noun": "#9c36b5",
    "prose": "#9775fa",
    "default": "#b197fc",
    "probe": "#d0a2f7",
    "consensus": "#c0a5e0",
    "weak name": "#f08c00",
    "weak prose": "#e8a33d",
    "guess": "#e67700",
    "unstated": "#adb5bd",
    "unknown": "#d6336c",
}


def draw(catalog: Catalog) -> None:
    """Share by evidence for each package, then the figures."""
    found = _measured(catalog)
    st.caption(
        "An argument is typed when its type says something. What decided it is its evidence; what is "
        "unknown, or less than 60 % sure, waits to be reviewed."
    )
    st.plotly_chart(_chart(found, palette()), key="coverage chart", config={"displayModeBar": False})
    own = set(overlay.own_packages()) if not session.hosted() else set()
    st.dataframe(
        {
            "Package": [one.package for one in found],
            "Version": [one.version for one in found],
            "Nodes": [one.nodes for one in found],
            "Arguments": [one.arguments for one in found],
            "Typed": [one.share for one in found],
            "To review": [one.review for one in found],
            "Results known": [one.told for one in found],
            "Added by": ["you" if one.package in own else "flowcore" for one in found],
        },
        hide_index=True,
        width="stretch",
        column_config={
            "Typed": st.column_config.ProgressColumn(format="percent"),
            "Results known": st.column_config.NumberColumn(
                format="percent", help="Functions whose result has a known type."
            ),
        },
    )


@st.cache_data(show_spinner=False, max_entries=2, hash_funcs={Catalog: id})
def _measured(catalog: Catalog) -> tuple[Coverage, ...]:
    return tuple(sorted(coverage(catalog), key=lambda one: -one.nodes))


def _chart(found: Sequence[Coverage], colours: Palette) -> Any:
    figure = go.Figure()
    kinds = {kind for one in found for kind in one.evidence}
    for kind in (*(kind for kind in _COLOURS if kind in kinds), *sorted(kinds - _COLOURS.keys())):
        figure.add_bar(
            orientation="h",
            name=kind,
            y=[one.package for one in found],
            x=[one.evidence.get(kind, 0) / one.arguments if one.arguments else 0 for one in found],
            customdata=[one.evidence.get(kind, 0) for one in found],
            hovertemplate=f"{kind}: %{{customdata}} arguments, %{{x:.1%}}<extra>%{{y}}</extra>",
            marker={"color": _COLOURS.get(kind, colours.edge), "line": {"width": 0}},
        )
    figure.update_layout(
        barmode="stack",
        height=120 + 34 * len(found),
        margin={"l": 8, "r": 28, "t": 8, "b": 8},
        legend={"orientation": "h", "traceorder": "normal", "y": -0.25, "x": 0},
        xaxis={
            "tickformat": ".0%",
            "range": [0, 1],
            "dtick": 0.25,
            "gridcolor": colours.line,
            "fixedrange": True,
        },
        yaxis={"autorange": "reversed", "fixedrange": True},
        bargap=0.35,
    )
    return figure
