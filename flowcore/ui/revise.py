"""Correcting an argument: a form, what is wrong with what stands in it, and the way back."""

from collections.abc import Callable
from typing import Final

import streamlit as st

from flowcore.dataflow import correct, coverage
from flowcore.dataflow.correct import Draft
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
from flowcore.model.problem import FlowError
from flowcore.store import corrections, overlay
from flowcore.store.corrections import Part
from flowcore.ui import fields, session
from flowcore.ui.words import plain

_CALL: Final = " (call)"


def draw(node: NodeDescriptor, catalog: Catalog) -> None:
    """A list of the node's arguments, and the form of the chosen one."""
    names = [one.arg for one in node.args] + [one.arg + _CALL for one in node.inputs]
    if not names:
        return
    if session.chosen("revise") not in (None, *names):
        session.remember("revise", None)
    name = st.selectbox(
        "Correct an argument",
        names,
        index=None,
        key="revise",
        placeholder="Correct an argument: choose it here",
        label_visibility="collapsed",
        format_func=lambda name: f"Correct {name}",
    )
    if name:
        part: Part = "inputs" if name.endswith(_CALL) else "args"
        _form(node, part, name.removesuffix(_CALL), catalog)


def _form(node: NodeDescriptor, part: Part, name: str, catalog: Catalog) -> None:
    known = node.call_arguments if part == "inputs" else node.arguments
    key = f"revise {node.package} {part} {name}"
    with st.form(key, enter_to_submit=False):
        drafted = _fields(known[name], key, catalog)
        others = _others(node, known[name], catalog)
        every = bool(others) and st.checkbox(
            f"The same for {len(others)} more of this name in {coverage.package(node)} that are in doubt",
            key=f"{key} every",
        )
        with st.container(horizontal=True):
            save = st.form_submit_button("Save", type="primary", key=f"{key} save")
            back = _revised(node, part, name) and st.form_submit_button(
                "Back to what was generated", key=f"{key} back", icon=":material/undo:"
            )
    if save:
        _save([(node, part, name), *(others if every else ())], drafted, catalog)
    if back:
        _do(lambda: corrections.take_back(node, part, name))


def _fields(argument: Argument, key: str, catalog: Catalog) -> Draft:
    now = correct.draft(argument)
    known = correct.types(catalog)

    def at(name: str, value: object) -> str:
        return fields.show(f"{key} {name}", value, draft=True)

    left, right = st.columns(2)
    types = left.multiselect(
        "Types, the first one first",
        known,
        key=at("types", [type_ for type_ in now.types if type_ in known]),
        placeholder="Choose a type",
    )
    choices = right.text_input(
        "Choices", key=at("choices", now.choices), placeholder="any value; or a list: 'same', 'valid'"
    )
    low, high, exclusive, nullable = st.columns(4, vertical_alignment="bottom")
    return Draft(
        types=tuple(types),
        choices=choices,
        low=low.number_input("At least", value=None, format="%g", key=at("low", now.low), placeholder="open"),
        high=high.number_input(
            "At most", value=None, format="%g", key=at("high", now.high), placeholder="open"
        ),
        exclusive=exclusive.checkbox("Without the bounds", key=at("exclusive", now.exclusive)),
        nullable=nullable.checkbox("May be None", key=at("nullable", now.nullable)),
        help=st.text_input("Explanation", key=at("help", now.help)),
    )


def _others(
    node: NodeDescriptor, argument: Argument, catalog: Catalog
) -> list[tuple[NodeDescriptor, Part, str]]:
    """Doubtful arguments of the same name in the same package: one answer mostly holds for all."""
    if not coverage.doubtful(argument):
        return []
    found: list[tuple[NodeDescriptor, Part, str]] = []
    for doubt in coverage.review_queue(catalog):
        other = doubt.node
        if doubt.argument.arg == argument.arg and coverage.package(other) == coverage.package(node):
            part: Part = "args" if argument.arg in other.arguments else "inputs"
            found += [(other, part, argument.arg)] if other.package != node.package else []
    return found


def _save(chosen: list[tuple[NodeDescriptor, Part, str]], drafted: Draft, catalog: Catalog) -> None:
    """Write the revision of each, or say what is wrong with the first that cannot be."""
    base = overlay.overlay().base

    def write() -> None:
        made = []
        for node, part, name in chosen:
            generated = base.by_type[node.package]
            old = (generated.call_arguments if part == "inputs" else generated.arguments)[name]
            made.append((generated, part, name, old, correct.corrected(old, drafted, catalog)))
        for generated, part, name, old, new in made:
            corrections.put(generated, part, name, corrections.change(old, new))

    _do(write)


def _do(write: Callable[[], None]) -> None:
    """Write and draw the page anew, or say what is wrong."""
    try:
        write()
    except FlowError as reason:
        for problem in reason.problems:
            st.error(plain(str(problem)), icon=":material/error:")
        return
    session.redraw()


def _revised(node: NodeDescriptor, part: Part, name: str) -> bool:
    """Whether the user has revised this very argument."""
    revisions = overlay.overlay().revisions.get(coverage.package(node), {})
    revision = revisions.get(node.package)
    return revision is not None and name in getattr(revision, part)
