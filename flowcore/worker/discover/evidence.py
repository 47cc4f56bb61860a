"""An argument, decided by the first evidence that answers: annotation, name, prose, default."""

from collections.abc import Mapping
from inspect import Parameter
from typing import Any

from msgspec import UNSET

from flowcore.model.descriptor import NOSUPPORT, Argument, Range
from flowcore.worker.discover import annotations, docs, names, prose
from flowcore.worker.discover.guess import NOTHING, Guess, distinct
from flowcore.worker.discover.literal import types_of, written

DEFAULT_CONFIDENCE = 0.7
_NUMBERS = {"int", "float", "ints"}


def argument(
    parameter: Parameter, hint: Any, text: str, registries: Mapping[str, tuple[str, ...]]
) -> Argument:
    """One argument of a signature, with what decided its type in ``evidence``.

    hint: its annotation, Parameter.empty if there is none. text: its description.
    """
    required = parameter.default is Parameter.empty
    default = None if required else parameter.default
    found = _weighed(parameter.name, hint, text, default, registries)
    evidence = next((source for source, guess in found.items() if guess.types), "")
    guess = found.get(evidence, NOTHING)
    types = _repaired(evidence, guess, found, default)
    return Argument(
        arg=parameter.name,
        required=required,
        default=UNSET if required else written(default),
        nullable=any(one.nullable for one in found.values()) or (default is None and not required),
        help=docs.brief(text),
        evidence=evidence,
        confidence=guess.confidence,
        conns=guess.conns,
        widget=guess.widget,
        **_typing(types, guess, found, default),
    )


def _weighed(
    name: str, hint: Any, text: str, default: Any, registries: Mapping[str, tuple[str, ...]]
) -> dict[str, Guess]:
    """Every guess there is, the weightiest first."""
    return {
        "annotation": annotations.from_annotation(hint),
        "name": names.from_name(name, default, registries),
        "prose": prose.read(text, default),
        "default": Guess(types_of(default), DEFAULT_CONFIDENCE),
        "weak prose": prose.read_weakly(text),
    }


def _repaired(evidence: str, guess: Guess, found: Mapping[str, Guess], default: Any) -> tuple[str, ...]:
    """The types, with the default's own among them: evidence that leaves it out is incomplete."""
    types, own = guess.types, types_of(default)
    if evidence == "annotation" or guess.widget != "form":
        return distinct(types)
    if evidence == "name" and types[0] in _NUMBERS:
        types += tuple(name for name in found["prose"].types if name in _NUMBERS)
    if own == ("string",) and "bool" in (found["prose"].types or found["weak prose"].types):
        return ("string", "bool")
    if not own or set(own) & set(types) or _stands_for(own[0], types):
        return distinct(types)
    return distinct(own + types if evidence != "name" else types + own)


def _stands_for(own: str, types: tuple[str, ...]) -> bool:
    """An int where a float is meant, a tuple where ints are, and the like."""
    wider = {"int": {"float", "ints", "any"}, "ints": {"shape", "tuple", "list"}, "string": {"dtype"}}
    return bool(wider.get(own, set()) & set(types))


def _typing(types: tuple[str, ...], guess: Guess, found: Mapping[str, Guess], default: Any) -> dict[str, Any]:
    if not types:
        return {"itype": NOSUPPORT}
    chosen: dict[str, Any] = {"itype": types[0]}
    if len(types) > 1:
        chosen["itypes"] = types
    choices = guess.choices
    if not choices and "string" in types:
        choices = next((one.choices for one in found.values() if one.choices and "string" in one.types), ())
    if types == ("string", "bool"):
        choices = (default, True, False)
    elif choices and isinstance(default, str) and default not in choices:
        choices = (default, *choices)
    return chosen | {"choices": choices, "range": None if choices else _range(types, found, default)}


def _range(types: tuple[str, ...], found: Mapping[str, Guess], default: Any) -> Range | None:
    """The first range stated, if the types are numbers; a default below it moves its lower bound."""
    if not _NUMBERS & set(types):
        return None
    stated = next((guess.range for guess in found.values() if guess.range), None)
    if stated and stated.low is not None and isinstance(default, (int, float)) and default < stated.low:
        return Range(float(default), stated.high)
    return stated
