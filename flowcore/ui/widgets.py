"""One widget for each type of argument: a registry, so that a new type is an entry, not a branch."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import streamlit as st
from msgspec import UNSET

from flowcore.dataflow import fits, text
from flowcore.model import value as values
from flowcore.model.descriptor import Argument, Catalog
from flowcore.model.problem import FlowError
from flowcore.model.value import Value
from flowcore.ui import fields
from flowcore.ui.words import plain

Change = Callable[[Value], Value]
Store = Callable[[Change], object]


class Field(NamedTuple):
    """One argument to be drawn. value: UNSET where the default holds.

    store: takes what makes the new value of the present one, which another field may have changed since.
    """

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

    def placeholder(self, example: str = "") -> str:
        """What an empty widget says."""
        if self.value is None and self.default is not None:
            return "None"
        return example or ("needed" if self.argument.required else "default")

    def settle(self, value: Value) -> None:
        """Store a value; one that equals the default, or nothing where that cannot be, is no value at all."""
        self.change(lambda _: value)

    def change(self, change: Change) -> None:
        """Store what becomes of the present value."""
        fields.refuse(self.key, "")
        self.store(lambda old: self._kept(change(self.default if old is UNSET else old)))

    def _kept(self, value: Value) -> Value:
        cleared = value is None and not self.argument.nullable
        return UNSET if cleared or _items(value) == _items(self.default) else value


def _items(value: Value) -> Value:
    """A shape is the same whether it is written as a list or as a tuple."""
    return value["$tuple"] if values.tag(value) == "$tuple" else value


def _bool(field: Field) -> None:
    key = fields.show(field.key, bool(field.shown))
    st.toggle(
        field.label,
        key=key,
        help=help_text(field.argument),
        disabled=field.disabled,
        on_change=fields.changed(key, field.settle),
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
        key = fields.show(field.key, shown if shown is None else int(shown) if whole else float(shown))
        bounds = field.argument.range
        st.number_input(
            field.label,
            value=None,
            step=1 if whole else None,
            format=None if whole else "%g",
            min_value=_bound(bounds.low if bounds else None, whole),
            max_value=_bound(bounds.high if bounds else None, whole),
            key=key,
            placeholder=field.placeholder(),
            help=help_text(field.argument),
            disabled=field.disabled,
            on_change=fields.changed(key, field.settle),
        )

    return draw


def choice(field: Field) -> None:
    _select(field, list(field.argument.choices), str)


def _select(field: Field, options: list[Value], show: Callable[[Value], str]) -> None:
    if field.shown is not None and field.shown not in options:
        options = [field.shown, *options]
    key = fields.show(field.key, field.shown)
    st.selectbox(
        field.label,
        options,
        index=None,
        format_func=show,
        key=key,
        placeholder=field.placeholder(),
        help=help_text(field.argument),
        disabled=field.disabled,
        on_change=fields.changed(key, field.settle),
    )


def _string(field: Field) -> None:
    key = fields.show(field.key, field.shown if isinstance(field.shown, str) else "")
    st.text_input(
        field.label,
        key=key,
        placeholder=field.placeholder(),
        help=help_text(field.argument),
        disabled=field.disabled,
        on_change=fields.changed(key, lambda found: field.settle(found.strip() or None)),
    )


def literal(field: Field) -> None:
    """Whatever has no widget of its own is typed as Python writes it."""
    key = fields.show(field.key, "" if field.shown is None else text.show(field.shown, field.argument.itype))

    def take(found: str) -> None:
        words = found.strip()
        try:
            value = text.parse(words, field.argument.itype) if words else None
        except FlowError as reason:
            fields.refuse(key, str(reason))
            return
        flaws = [f"{path} {reason}" for path, reason in values.flaws(value, field.argument.arg)]
        flaws += fits.flaws(value, field.argument, field.catalog) if words else []
        if flaws:
            fields.refuse(key, flaws[0])
        else:
            field.settle(value)

    st.text_input(
        field.label,
        key=key,
        placeholder=field.placeholder(_PLACEHOLDERS.get(field.argument.itype, "")),
        help=help_text(field.argument),
        disabled=field.disabled,
        on_change=fields.changed(key, take),
    )


def help_text(argument: Argument, more: str = "") -> str | None:
    words = " ".join(filter(None, (argument.help, more)))
    kind = "" if not argument.supported else f"*{fits.described(argument)}*"
    return "\n\n".join(filter(None, (plain(words), kind))) or None


def _bound(value: float | None, whole: bool) -> Any:
    return None if value is None else int(value) if whole else float(value)


WIDGETS: Final[dict[str, Callable[[Field], None]]] = {
    "bool": _maybe_bool,
    "int": _number(True),
    "float": _number(False),
    "string": _string,
    "dtype": _string,
}
_PLACEHOLDERS: Final = {"shape": "28, 28, 1", "ints": "3, 3", "list": "[1, 2]", "dict": "{'a': 1}"}
