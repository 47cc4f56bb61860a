"""Arguments as widgets: a registry from type to widget, so that a new type is an entry, not a branch."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import streamlit as st
from msgspec import UNSET

from flowcore.dataflow import fits, text
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
from flowcore.model.problem import FlowError
from flowcore.model.value import Value, tag
from flowcore.ui import session
from flowcore.ui.words import plain

Store = Callable[[Value], object]
_NOTHING: Final = "—"


class Field(NamedTuple):
    """One argument to be drawn. value: UNSET where the default holds. store: takes the new value."""

    argument: Argument
    value: Value
    key: str
    store: Store
    catalog: Catalog
    disabled: bool
    title: str = ""

    @property
    def label(self) -> str:
        name = self.title or self.argument.arg
        return f"{name} *" if self.argument.required else name

    @property
    def default(self) -> Value:
        return None if self.argument.default is UNSET else self.argument.default

    @property
    def shown(self) -> Value:
        """What the widget shows: the value, or the default that holds in its place."""
        return self.default if self.value is UNSET else self.value

    def settle(self, value: Value) -> None:
        """Store a value; one that equals the default is no value at all."""
        session.refuse(self.key, "")
        plain = value is None and self.argument.default is UNSET
        self.store(UNSET if plain or value == self.default else value)


def draw(field: Field) -> None:
    """Draw an argument by its type; one whose type nobody knows is shown as such."""
    if not field.argument.supported:
        st.text_input(
            field.label,
            value="not supported",
            disabled=True,
            key=field.key,
            help=_help(field.argument, "Its type is not known, so it is kept out of the call."),
        )
        return
    _widget(field.argument)(field)
    if reason := session.refusal(field.key):
        st.caption(f":red[{reason}]")


def arguments(
    descriptor: NodeDescriptor,
    args: dict[str, Value],
    key: str,
    store: Callable[[str, Value], object],
    catalog: Catalog,
    *,
    disabled: bool,
    skip: frozenset[str] = frozenset(),
) -> None:
    """The arguments of a callable: what must or was set first, the others folded away."""
    fields = [
        Field(
            argument,
            args.get(argument.arg, UNSET),
            f"{key} {argument.arg}",
            _into(store, argument.arg),
            catalog,
            disabled,
        )
        for argument in descriptor.args
        if argument.widget != "port" and argument.arg not in skip
    ]
    first = [field for field in fields if field.argument.required or field.value is not UNSET]
    first = first or fields[:3]
    for field in first:
        draw(field)
    others = [field for field in fields if field not in first]
    if others:
        with st.expander(f"More arguments ({len(others)})", key=f"{key} more"):
            for field in others:
                draw(field)


def _into(store: Callable[[str, Value], object], name: str) -> Store:
    return lambda value: store(name, value)


def _widget(argument: Argument) -> Callable[[Field], None]:
    kinds = [fits.family(itype) for itype in argument.types]
    if argument.itype.startswith("list[") and kinds[0]:
        return _several
    if kinds[0]:
        return _member
    if argument.choices and argument.itype != "ints":
        return _choice
    return _or_member(kinds) or _WIDGETS.get(argument.itype, _literal)


def _or_member(kinds: list[str]) -> Callable[[Field], None] | None:
    """A number that may also be an object, such as a learning rate or its schedule."""
    return _value_or_member if any(kinds) else None


def _bool(field: Field) -> None:
    key = session.field(field.key, bool(field.shown))
    st.toggle(
        field.label,
        key=key,
        help=_help(field.argument),
        disabled=field.disabled,
        on_change=lambda: field.settle(session.typed(key)),
    )


def _maybe_bool(field: Field) -> None:
    """A truth that may be left open."""
    if field.default is not None or not (field.argument.nullable or field.argument.default is UNSET):
        _bool(field)
    else:
        _select(field, [True, False], str)


def _number(whole: bool) -> Callable[[Field], None]:
    def draw(field: Field) -> None:
        shown = field.shown if isinstance(field.shown, (int, float)) else None
        key = session.field(field.key, shown if shown is None else int(shown) if whole else float(shown))
        bounds = field.argument.range
        st.number_input(
            field.label,
            value=None,
            step=1 if whole else None,
            format=None if whole else "%g",
            min_value=_bound(bounds.low if bounds else None, whole),
            max_value=_bound(bounds.high if bounds else None, whole),
            key=key,
            placeholder="default" if not field.argument.required else "needed",
            help=_help(field.argument),
            disabled=field.disabled,
            on_change=lambda: field.settle(session.typed(key)),
        )

    return draw


def _choice(field: Field) -> None:
    _select(field, list(field.argument.choices), str)


def _select(field: Field, options: list[Value], show: Callable[[Value], str]) -> None:
    if field.shown is not None and field.shown not in options:
        options = [field.shown, *options]
    key = session.field(field.key, field.shown)
    st.selectbox(
        field.label,
        options,
        index=None,
        format_func=show,
        key=key,
        placeholder="default" if not field.argument.required else "needed",
        help=_help(field.argument),
        disabled=field.disabled,
        on_change=lambda: field.settle(session.typed(key)),
    )


def _string(field: Field) -> None:
    key = session.field(field.key, field.shown if isinstance(field.shown, str) else "")
    st.text_input(
        field.label,
        key=key,
        placeholder="default" if not field.argument.required else "needed",
        help=_help(field.argument),
        disabled=field.disabled,
        on_change=lambda: field.settle(session.typed(key).strip() or None),
    )


def _literal(field: Field) -> None:
    """Whatever has no widget of its own is typed as Python writes it."""
    key = session.field(field.key, "" if field.shown is None else text.show(field.shown))

    def changed() -> None:
        words = session.typed(key).strip()
        try:
            value = text.parse(words, field.argument.itype) if words else None
        except FlowError as reason:
            session.refuse(key, str(reason))
            return
        flaws = list(fits.flaws(value, field.argument, field.catalog)) if words else []
        if flaws:
            session.refuse(key, flaws[0])
        else:
            field.settle(value)

    st.text_input(
        field.label,
        key=key,
        placeholder=_PLACEHOLDERS.get(field.argument.itype, "default"),
        help=_help(field.argument),
        disabled=field.disabled,
        on_change=changed,
    )


def _member(field: Field) -> None:
    """One of a family: by name, or made from a class whose arguments follow."""
    name = fits.family(field.argument.itype)
    options = [*field.argument.choices, *_classes(name, field.catalog)]
    current = _as_option(field.shown)
    if current is not None and current not in options:
        options = [current, *options]
    key = session.field(field.key, current)
    st.selectbox(
        field.label,
        options,
        index=None,
        format_func=_option_text,
        key=key,
        placeholder="none" if not field.argument.required else "needed",
        help=_help(field.argument),
        disabled=field.disabled,
        on_change=lambda: field.settle(_from_option(session.typed(key), field.shown)),
    )
    _nested(field, field.shown, field.key, field.store)


def _several(field: Field) -> None:
    """Any number of a family."""
    name = fits.family(field.argument.itype)
    current = field.shown if isinstance(field.shown, list) else []
    options = [*field.argument.choices, *_classes(name, field.catalog)]
    chosen = [option for item in current if (option := _as_option(item)) is not None]
    options += [option for option in chosen if option not in options]
    known = dict(zip(chosen, current, strict=False))
    key = session.field(field.key, chosen)

    def changed() -> None:
        values = [_from_option(option, known.get(option)) for option in session.typed(key)]
        field.settle(values or None)

    st.multiselect(
        field.label,
        options,
        format_func=_option_text,
        key=key,
        placeholder="none",
        help=_help(field.argument),
        disabled=field.disabled,
        on_change=changed,
    )
    for index, item in enumerate(current):
        _nested(field, item, f"{field.key} {index}", _at(field.store, current, index))


def _value_or_member(field: Field) -> None:
    names = [name for itype in field.argument.types if (name := fits.family(itype))]
    key = f"{field.key} kind"
    current = _as_option(field.shown) if tag(field.shown) else _NOTHING
    options = [_NOTHING, *(option for name in names for option in _classes(name, field.catalog))]
    if current == _NOTHING:
        _WIDGETS.get(field.argument.itype, _literal)(field)
    session.field(key, current)

    def changed() -> None:
        chosen = session.typed(key)
        field.settle(None if chosen == _NOTHING else _from_option(chosen, field.shown))

    st.selectbox(
        f"{field.argument.arg} as",
        options,
        format_func=lambda option: field.argument.itype if option == _NOTHING else _option_text(option),
        key=key,
        disabled=field.disabled,
        on_change=changed,
    )
    _nested(field, field.shown, field.key, field.store)


def _nested(field: Field, value: Value, key: str, store: Store) -> None:
    """The arguments of an object that is made for an argument."""
    descriptor = field.catalog.find(value["$new"]) if tag(value) == "$new" else None
    if descriptor is None or not descriptor.args:
        return
    args = value.get("args", {})

    def put(name: str, item: Value) -> None:
        kept = {key: old for key, old in args.items() if key != name}
        store({"$new": value["$new"], "args": kept if item is UNSET else {**kept, name: item}})

    with st.container(border=True):
        st.caption(descriptor.name)
        arguments(descriptor, args, f"{key} {descriptor.name}", put, field.catalog, disabled=field.disabled)


def _at(store: Store, items: list[Value], index: int) -> Store:
    return lambda value: store([*items[:index], value, *items[index + 1 :]])


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


def _option_text(option: str) -> str:
    """Names as they are; classes by their own name, told apart by what can be set."""
    return f"{option.rpartition('.')[2]} …" if option.startswith("$new") else option.rpartition(" ")[2]


def _help(argument: Argument, more: str = "") -> str | None:
    words = " ".join(filter(None, (argument.help, more)))
    kind = "" if not argument.supported else f"*{fits.described(argument)}*"
    return "\n\n".join(filter(None, (plain(words), kind))) or None


def _bound(value: float | None, whole: bool) -> Any:
    return None if value is None else int(value) if whole else float(value)


_WIDGETS: Final[dict[str, Callable[[Field], None]]] = {
    "bool": _maybe_bool,
    "int": _number(True),
    "float": _number(False),
    "string": _string,
    "dtype": _string,
}
_PLACEHOLDERS: Final = {"shape": "28, 28, 1", "ints": "3, 3", "list": "[1, 2]", "dict": "{'a': 1}"}
