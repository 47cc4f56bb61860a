"""An argument as a person corrects it, and what is wrong with that."""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from msgspec import UNSET
from msgspec.structs import replace

from flowcore.dataflow import coverage, fits, kinds, text
from flowcore.model.descriptor import Argument, Catalog, Range
from flowcore.model.problem import FlowError, Problem
from flowcore.model.value import Value

TYPED: Final = ("bool", "int", "float", "string", "shape", "ints", "dtype", "list", "tuple", "dict", "any")
Widget = Literal["form", "registry", "port"]
_NUMBERS: Final = frozenset({"int", "float", "ints"})


class Draft(NamedTuple):
    """What stands in the form. choices: values as Python writes them, with commas."""

    types: tuple[str, ...]
    choices: str = ""
    nullable: bool = False
    low: float | None = None
    high: float | None = None
    exclusive: bool = False
    help: str = ""


def draft(argument: Argument) -> Draft:
    """An argument as the form shows it."""
    bounds = argument.range or Range()
    return Draft(
        types=tuple(type_ for type_ in argument.types if argument.supported),
        choices=", ".join(
            text.show(choice, "list") if not isinstance(choice, str) else repr(choice)
            for choice in argument.choices
        ),
        nullable=argument.nullable,
        low=bounds.low,
        high=bounds.high,
        exclusive=bounds.exclusive,
        help=argument.help,
    )


def corrected(argument: Argument, drafted: Draft, catalog: Catalog) -> Argument:
    """The argument as drafted. Raises FlowError("bad-revision") with everything that makes no sense."""
    choices, unread = _choices(drafted.choices)
    bounds, old = Range(drafted.low, drafted.high, drafted.exclusive), draft(argument)
    first = drafted.types[0] if drafted.types else ""
    if not choices and kinds.family(first) and first != argument.itype:
        choices = _members(first, catalog)
    new = replace(
        argument,
        itype=first,
        itypes=drafted.types if len(drafted.types) > 1 else (),
        choices=choices,
        nullable=drafted.nullable,
        ranges=argument.ranges if _same(drafted, old) else {},
        range=bounds if (drafted.low, drafted.high) != (None, None) else None,
        widget=argument.widget if first == argument.itype else _widget(first),
        help=drafted.help.strip(),
    )
    reasons = [*unread, *_flaws(new, catalog)] if first else ["Choose a type. The type any takes everything."]
    if reasons:
        raise FlowError(*(Problem("bad-revision", reason) for reason in reasons))
    return new


def types(catalog: Catalog) -> tuple[str, ...]:
    """Every type that an argument may be given: those of the forms, families, what links carry."""
    carried = {type_ for node in catalog.nodes for one in coverage.arguments(node) for type_ in one.types}
    carried |= {node.otype for node in catalog.nodes}
    known = (*TYPED, *sorted(kinds.FAMILIES))
    return (*known, *sorted(carried - set(known) - {"nosupport", ""}))


def _same(one: Draft, other: Draft) -> bool:
    """Whether types and range are as they were."""
    return one._replace(choices="", nullable=False, help="") == other._replace(
        choices="", nullable=False, help=""
    )


def _choices(words: str) -> tuple[tuple[Value, ...], list[str]]:
    """The values in a text, or why they cannot be read."""
    if not words.strip():
        return (), []
    try:
        read = text.parse(f"[{words.strip().removeprefix('[').removesuffix(']')}]", "list")
    except FlowError:
        return (), [f"The choices cannot be read: {words[:60]}. Write them like 'same', 'valid' or 1, 2."]
    assert isinstance(read, list)
    if None in read:
        return (), ["None is no choice of its own: tick “May be None”."]
    return tuple(read), []


def _flaws(new: Argument, catalog: Catalog) -> Iterator[str]:
    open_ = replace(new, choices=(), range=None)
    for choice in new.choices:
        if list(fits.flaws(choice, open_, catalog)):
            yield f"The choice {choice!r} is not {fits.described(open_)}. Add its type, or leave it out."
    bounds = new.range or Range()
    if new.range and not _NUMBERS & set(new.types):
        yield "A range is for numbers. Add int or float to the types, or clear the range."
    if bounds.low is not None and bounds.high is not None and bounds.low > bounds.high:
        yield f"The range is empty: {bounds.low:g} is more than {bounds.high:g}."
    if new.default is not UNSET and not new.required:
        for reason in list(fits.flaws(new.default, new, catalog))[:1]:
            yield f"Its default does not fit: {reason}. Allow that too."


def _members(family: str, catalog: Catalog) -> tuple[Value, ...]:
    """The names that other arguments of a family offer."""
    known = (one for node in catalog.nodes for one in coverage.arguments(node) if one.itype == family)
    return next((one.choices for one in known if one.choices), ())


def _widget(first: str) -> Widget:
    """Typed, chosen out of a family, or filled by links."""
    inner = first.removeprefix("list[").removesuffix("]")
    return "registry" if kinds.family(first) else "form" if inner in TYPED else "port"
