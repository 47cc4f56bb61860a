"""Arguments as widgets: a registry from type to widget, so that a new type is an entry, not a branch."""

from collections.abc import Callable
from functools import partial
from typing import Final

import streamlit as st
from msgspec import UNSET

from flowcore.dataflow import edit
from flowcore.dataflow.kinds import branches, family
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
from flowcore.model.value import Value, tag
from flowcore.ui import fields, habits
from flowcore.ui.widgets import WIDGETS, Change, Field, Store, choice, help_text, literal
from flowcore.ui.words import plain

_NOTHING: Final = "—"


def draw(field: Field) -> None:
    """Draw an argument by its type; one whose type nobody knows is shown as such."""
    if not field.argument.supported:
        st.text_input(
            field.label,
            value="not supported",
            disabled=True,
            key=field.key,
            help=help_text(field.argument, "Its type is not known, so it is kept out of the call."),
        )
        return
    (literal if _by_output(field) else _widget(field.argument))(field)
    if reason := fields.refusal(field.key):
        st.caption(f":red[{plain(reason)}]")


def arguments(
    descriptor: NodeDescriptor,
    args: dict[str, Value],
    key: str,
    store: Callable[[str, Change], object],
    catalog: Catalog,
    *,
    disabled: bool,
    skip: frozenset[str] = frozenset(),
) -> None:
    """The arguments of a callable: those that must be, were or mostly are set; the others folded away."""
    every = [
        Field(
            argument,
            args.get(argument.arg, UNSET),
            f"{key} {argument.arg}",
            partial(store, argument.arg),
            catalog,
            disabled,
        )
        for argument in descriptor.args
        if argument.widget != "port" and argument.arg not in skip
    ]
    usual = habits.arguments(descriptor.package)
    first = [
        field
        for field in every
        if field.argument.required or field.value is not UNSET or field.argument.arg in usual
    ] or every[:3]
    for field in first:
        draw(field)
    others = [field for field in every if field not in first]
    if others:
        with st.expander(f"More arguments ({len(others)})", key=f"{key} more"):
            for field in others:
                draw(field)


def _widget(argument: Argument) -> Callable[[Field], None]:
    kinds = [family(itype) for itype in argument.types]
    if argument.itype.startswith("list[") and kinds[0]:
        return _several
    if kinds[0]:
        return _member
    if argument.choices and argument.itype != "ints":
        return choice
    several = any(itype.startswith("list[") for itype in argument.types)  # a number, or both ends of a range
    return _or_member(kinds) or (literal if several else WIDGETS.get(argument.itype, literal))


def _by_output(field: Field) -> bool:
    """Whether a value says something of each output of a model, which no list of options shows."""
    if not any(itype.startswith("tree[") for itype in field.argument.types):
        return False
    items = branches(field.shown)
    flat = isinstance(field.shown, list) and field.argument.itype.startswith("list[")
    return items is not None and not (flat and all(_as_option(item) for item in items))


def _or_member(kinds: list[str]) -> Callable[[Field], None] | None:
    """A number that may also be an object, such as a learning rate or its schedule."""
    return _value_or_member if any(kinds) else None


def _member(field: Field) -> None:
    """One of a family: by name, or made from a class whose arguments follow."""
    name = family(field.argument.itype)
    options = [*field.argument.choices, *_classes(name, field.catalog)]
    current = _as_option(field.shown)
    if current is not None and current not in options:
        options = [current, *options]
    key = fields.show(field.key, current)
    st.selectbox(
        field.label,
        options,
        index=None,
        format_func=_option_text,
        key=key,
        placeholder="none" if not field.argument.required else "needed",
        help=help_text(field.argument),
        disabled=field.disabled,
        on_change=fields.changed(key, lambda option: field.change(lambda old: _from_option(option, old))),
    )
    _nested(field, field.shown, field.key, field.change)


def _several(field: Field) -> None:
    """Any number of a family."""
    name = family(field.argument.itype)
    current = field.shown if isinstance(field.shown, list) else []
    options = [*field.argument.choices, *_classes(name, field.catalog)]
    chosen = [option for item in current if (option := _as_option(item)) is not None]
    options += [option for option in chosen if option not in options]
    key = fields.show(field.key, chosen)

    def take(found: list[str]) -> None:
        field.change(lambda old: _from_options(found, old) or None)

    st.multiselect(
        field.label,
        options,
        format_func=_option_text,
        key=key,
        placeholder="none",
        help=help_text(field.argument),
        disabled=field.disabled,
        on_change=fields.changed(key, take),
    )
    for index, item in enumerate(current):
        _nested(field, item, f"{field.key} {index}", _at(field.change, index))


def _value_or_member(field: Field) -> None:
    names = [name for itype in field.argument.types if (name := family(itype))]
    key = f"{field.key} kind"
    current = _as_option(field.shown) if tag(field.shown) else _NOTHING
    options = [_NOTHING, *(option for name in names for option in _classes(name, field.catalog))]
    if current == _NOTHING:
        WIDGETS.get(field.argument.itype, literal)(field)
    fields.show(key, current)

    def take(chosen: str) -> None:
        field.change(lambda old: None if chosen == _NOTHING else _from_option(chosen, old))

    st.selectbox(
        f"{field.argument.arg} as",
        options,
        format_func=lambda option: field.argument.itype if option == _NOTHING else _option_text(option),
        key=key,
        disabled=field.disabled,
        on_change=fields.changed(key, take),
    )
    _nested(field, field.shown, field.key, field.change)


def _nested(field: Field, value: Value, key: str, store: Store) -> None:
    """The arguments of an object that is made for an argument."""
    descriptor = field.catalog.find(value["$new"]) if tag(value) == "$new" else None
    if descriptor is None or not descriptor.args:
        return
    args = value.get("args", {})

    def put(name: str, change: Change) -> None:
        store(lambda old: _with(old, name, change) if _as_option(old) == _as_option(value) else old)

    with st.container(border=True):
        st.caption(descriptor.name)
        arguments(descriptor, args, f"{key} {descriptor.name}", put, field.catalog, disabled=field.disabled)


def _with(value: Value, name: str, change: Change) -> Value:
    """An object that is made for an argument, with another value of one of its own."""
    args = value.get("args", {})
    return {"$new": value["$new"], "args": edit.with_value(args, name, change(args.get(name, UNSET)))}


def _at(store: Store, index: int) -> Store:
    """What stores one item of a list, where the list still has it."""

    def put(change: Change) -> None:
        def changed(old: Value) -> Value:
            if not isinstance(old, list) or index >= len(old):
                return old
            return [*old[:index], change(old[index]), *old[index + 1 :]]

        store(changed)

    return put


def _classes(name: str, catalog: Catalog) -> list[str]:
    return [f"$new {node.package}" for node in catalog.families.get(name, ())]


def _as_option(value: Value) -> str | None:
    """The entry of a list that stands for a value."""
    if isinstance(value, str):
        return value
    form = tag(value)
    return f"{form} {value[form]}" if form in ("$new", "$ref") else None


def _from_option(option: str | None, old: Value) -> Value:
    """The value that an entry stands for; arguments that were set stay."""
    if option is None or not option.startswith("$"):
        return option
    if _as_option(old) == option:
        return old
    form, type_ = option.split(" ", 1)
    return {"$new": type_, "args": {}} if form == "$new" else {"$ref": type_}


def _from_options(options: list[str], old: Value) -> list[Value]:
    known = {_as_option(item): item for item in old} if isinstance(old, list) else {}
    return [_from_option(option, known.get(option)) for option in options]


def _option_text(option: str) -> str:
    """Names as they are; classes by their own name, told apart by what can be set."""
    return f"{option.rpartition('.')[2]} …" if option.startswith("$new") else option.rpartition(" ")[2]
