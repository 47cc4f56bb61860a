"""The training form: it edits the model, compile, fit and evaluate nodes of the graph."""

from collections.abc import Callable

import streamlit as st
from msgspec import UNSET
from msgspec.structs import replace

from flowcore.dataflow import plan as plans
from flowcore.dataflow.plan import Plan
from flowcore.model.descriptor import Catalog
from flowcore.model.value import Value
from flowcore.ui import fields, forms, links
from flowcore.ui.session import Session
from flowcore.ui.widgets import Change, Field, Store


def draw(here: Session, catalog: Catalog) -> Plan:
    """Every choice of a training, each applied to the graph at once."""
    plan = plans.read(here.graph, catalog)
    if not plans.trains(here.graph, catalog):
        st.caption("No layers, so there is nothing to train: the graph is run as it is.")
        return plan

    def change(step: Step) -> None:
        here.apply(lambda graph: plans.write(graph, step(plans.read(graph, catalog)), catalog))

    def put(**changes: object) -> None:
        change(lambda now: replace(now, **changes))

    _compile(here, plan, change, catalog)
    left, right = st.columns(2)
    with left:
        _number(here, "Epochs", "epochs", plan.epochs, put, low=1, high=100_000)
        _share(here, plan, put)
    with right:
        _number(here, "Batch size", "batch_size", plan.batch_size, put, low=1, high=1_000_000)
        _stopping(here, plan, put)
    with st.expander("Data", key="plan data", expanded=plan.x is None or plan.y is None):
        for name, label in _DATA:
            _place(here, name, label, getattr(plan, name), put, catalog)
    return plan


_DATA = (
    ("x", "Train on (x)"),
    ("y", "Targets (y)"),
    ("test_x", "Evaluate on (x)"),
    ("test_y", "Evaluate targets (y)"),
)
Put = Callable[..., None]
Step = Callable[[Plan], Plan]


def _compile(here: Session, plan: Plan, change: Callable[[Step], None], catalog: Catalog) -> None:
    descriptor = catalog.find(plans.COMPILE)
    if descriptor is None:
        st.warning("The catalogue of Keras is missing. Make it with `flowcore describe keras`.")
        return
    for name in ("optimizer", "loss", "metrics"):
        argument = replace(descriptor.arguments[name], default=UNSET)
        store, value = _store(change, name), _value(plan, name)
        forms.draw(
            Field(argument, value, f"plan {name}", store, catalog, not here.editable, name.capitalize())
        )


def _value(plan: Plan, name: str) -> Value:
    return plans.as_value(plan.metrics) or UNSET if name == "metrics" else getattr(plan, name)


def _store(change: Callable[[Step], None], name: str) -> Store:
    def step(plan: Plan, make: Change) -> Plan:
        value = make(_value(plan, name))
        if name == "metrics":
            return replace(plan, metrics=plans.as_metrics(value))
        return replace(plan, **{name: None if value is UNSET else value})

    return lambda make: change(lambda plan: step(plan, make))


def _number(here: Session, label: str, name: str, value: int, put: Put, low: int, high: int) -> None:
    key = fields.show(f"plan {name}", value)
    st.number_input(
        label,
        value=None,
        step=1,
        min_value=low,
        max_value=high,
        key=key,
        disabled=not here.editable,
        on_change=fields.changed(key, lambda found: put(**{name: found or value})),
    )


def _share(here: Session, plan: Plan, put: Put) -> None:
    share = plan.validation if isinstance(plan.validation, (int, float)) else 0  # it may say $float
    key = fields.show("plan validation", round(100 * share))
    st.number_input(
        "Validation %",
        value=None,
        step=5,
        min_value=0,
        max_value=90,
        key=key,
        help="The last rows of the training data, kept out of training to draw the validation curves.",
        disabled=not here.editable,
        on_change=fields.changed(key, lambda found: put(validation=(found or 0) / 100)),
    )


def _stopping(here: Session, plan: Plan, put: Put) -> None:
    key = fields.show("plan patience", plan.patience)
    st.number_input(
        "Stop early",
        value=None,
        step=1,
        min_value=1,
        max_value=10_000,
        placeholder="never",
        key=key,
        help="Epochs without a better validation loss after which training stops; the best weights are kept.",
        disabled=not here.editable,
        on_change=fields.changed(key, lambda found: put(patience=found)),
    )


def _place(
    here: Session, name: str, label: str, value: plans.Place | None, put: Put, catalog: Catalog
) -> None:
    shown = links.names(here.graph)
    options = list(plans.sources(here.graph, catalog))
    if value is not None and value not in options:
        options.insert(0, value)
    key = fields.show(f"plan {name}", value)

    st.selectbox(
        label,
        options,
        index=None,
        format_func=lambda place: shown.get(place[0], place[0]) + (f" · {place[1]}" if place[1] else ""),
        key=key,
        placeholder="nothing" if name.startswith("test") else "needed: add a data node on Build",
        disabled=not here.editable,
        on_change=fields.changed(key, lambda found: put(**{name: found}), options),
    )
