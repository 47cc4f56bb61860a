"""An argument, decided by the first evidence that answers."""

import re
from collections.abc import Callable, Mapping
from inspect import Parameter
from typing import Any, Literal

from msgspec import UNSET

from flowcore.model.descriptor import NOSUPPORT, Argument, Range
from flowcore.worker.discover import annotations, docs, names, nouns, prose, slot
from flowcore.worker.discover.choices import choices_in
from flowcore.worker.discover.constraints import from_constraints
from flowcore.worker.discover.generic import from_generic_name
from flowcore.worker.discover.guess import NOTHING, Guess, distinct
from flowcore.worker.discover.literal import types_of, written
from flowcore.worker.discover.sections import Described

DEFAULT_CONFIDENCE = 0.7
_NUMBERS = {"int", "float", "ints"}
_STATED = {"constraint", "annotation", "slot"}
_PASSING: Mapping[Any, Literal["positional", "variadic"]] = {
    Parameter.POSITIONAL_ONLY: "positional",
    Parameter.VAR_POSITIONAL: "variadic",
}
_OF = re.compile(r"(?i)^(?:list|sequence|tuple|iterable|collection)s? of ")
_SENTINELS = {"deprecated", "warn"}


def argument(
    parameter: Parameter,
    hint: Any,
    said: Described,
    registries: Mapping[str, tuple[str, ...]],
    checked: Any = None,
    used: Callable[[], Guess] = lambda: NOTHING,
) -> Argument:
    """One argument of a signature, with what decided its type in ``evidence``.

    hint: its annotation, Parameter.empty if there is none. said: its description. checked: the
    alternatives that the package checks it against when it runs. used: looks up what the source does with
    it, which takes a while, and is asked only where nothing is said.
    """
    rest = parameter.kind is Parameter.VAR_POSITIONAL
    if rest:
        said = said._replace(slot=_OF.sub("", said.slot))
    required = parameter.default is Parameter.empty
    default = None if required or _is_sentinel(parameter.default) else parameter.default
    found = {
        "constraint": from_constraints(checked),
        **_weighed(parameter.name, hint, said, default, registries, used),
    }
    evidence = next((source for source, guess in found.items() if guess.types), "")
    guess = found.get(evidence, NOTHING)
    types = _repaired(evidence, guess, found, default)
    return Argument(
        arg=parameter.name,
        required=required and not rest,
        passing=_PASSING.get(parameter.kind, "keyword"),
        default=UNSET if required else written(parameter.default),
        nullable=parameter.default is None or _nullable(found),
        help=docs.brief(said.text),
        evidence=evidence,
        confidence=guess.confidence,
        conns=None if rest else guess.conns,
        widget=guess.widget,
        **_typing(evidence, types, found, default),
    )


def _weighed(
    name: str,
    hint: Any,
    said: Described,
    default: Any,
    registries: Mapping[str, tuple[str, ...]],
    used: Callable[[], Guess],
) -> dict[str, Guess]:
    """Every guess there is, the weightiest first. An annotation that allows anything says nothing."""
    annotated = annotations.from_annotation(hint)
    anything = annotated if annotated.types == ("any",) else NOTHING
    alias = _is_alias(hint, annotated)
    word = default if default is None or isinstance(default, str) else 0  # all that a list of words asks for
    stated = {
        "annotation": NOTHING if anything.types or alias else annotated,
        "slot": slot.from_slot(said.slot),
        "name": names.from_name(name, default, registries),
        "prose": prose.read(said.text, word),
        "noun": nouns.read_noun(said.text),
        "default": Guess(types_of(default), DEFAULT_CONFIDENCE),
    }
    return stated | {
        "use": NOTHING if any(guess.types for guess in stated.values()) else used(),
        "any annotation": anything,
        "open annotation": annotated if alias else NOTHING,
        "weak prose": prose.read_weakly(said.text),
        "weak name": from_generic_name(name),
        "list": Guess(choices=choices_in(said.text, word)),
    }


def _is_alias(hint: Any, annotated: Guess) -> bool:
    """Whether an annotation is text that could not be evaluated and names nothing that is known."""
    return isinstance(hint, str) and all(name[:1].isupper() for name in annotated.types)


def _is_sentinel(default: Any) -> bool:
    """Whether a default only marks that nothing was given."""
    return isinstance(default, str) and default in _SENTINELS


def _nullable(found: Mapping[str, Guess]) -> bool:
    """What the package checks is all that it takes; else any evidence may say that None is allowed."""
    checked = found["constraint"]
    return checked.nullable if checked.types else any(one.nullable for one in found.values())


def _repaired(evidence: str, guess: Guess, found: Mapping[str, Guess], default: Any) -> tuple[str, ...]:
    """The types, with the default's own among them: evidence that leaves it out is incomplete."""
    types, own = guess.types, types_of(default)
    if evidence in ("annotation", "constraint") or guess.widget != "form":
        return distinct(types)
    if evidence == "name" and types[0] in _NUMBERS:
        types += tuple(name for name in found["prose"].types if name in _NUMBERS)
    if evidence not in _STATED and own == ("string",) and "bool" in _opinions(found):
        return ("string", "bool")
    if not own or set(own) & set(types) or _stands_for(own[0], types):
        return distinct(types)
    return distinct(own + types if evidence not in ("name", "slot") else types + own)


def _opinions(found: Mapping[str, Guess]) -> tuple[str, ...]:
    """What a description says, the clearest first."""
    return found["prose"].types or found["noun"].types or found["weak prose"].types


def _stands_for(own: str, types: tuple[str, ...]) -> bool:
    """An int where a float is meant, a tuple where ints are, and the like."""
    wider = {
        "int": {"float", "ints", "any"},
        "ints": {"shape", "tuple", "list"},
        "tuple": {"list", "shape"},
        "list": {"tuple"},
        "string": {"dtype"},
    }
    return bool(wider.get(own, set()) & set(types))


def _typing(
    evidence: str, types: tuple[str, ...], found: Mapping[str, Guess], default: Any
) -> dict[str, Any]:
    if not types:
        return {"itype": NOSUPPORT}
    chosen: dict[str, Any] = {"itype": types[0]}
    if len(types) > 1:
        chosen["itypes"] = types
    choices = _choices(evidence, types, found, default)
    only = choices and not set(types) & _NUMBERS
    ranges = {name: bounds for name, bounds in found[evidence].ranges.items() if name in types}
    return chosen | {
        "choices": choices,
        "range": None if only or ranges else _range(types, found, default),
        "ranges": ranges,
    }


def _choices(
    evidence: str, types: tuple[str, ...], found: Mapping[str, Guess], default: Any
) -> tuple[Any, ...]:
    """The words to choose from: of what decided, else of anything that lists some."""
    choices, own = found[evidence].choices, types_of(default)
    if found[evidence].widget == "registry" and any(name[:1].isupper() for name in found["noun"].types):
        return ()  # "an Optimizer instance": its name alone will not do
    if evidence == "slot" and own == ("string",) and "string" not in found["slot"].types:
        return (default,)
    if "string" in types and not choices and not found["constraint"].types:
        choices = next((one.choices for one in found.values() if one.choices), ())
    if types == ("string", "bool") and not choices:
        return (default, True, False)
    if choices and isinstance(default, str) and default not in choices:
        return (default, *choices)
    return choices


def _range(types: tuple[str, ...], found: Mapping[str, Guess], default: Any) -> Range | None:
    """The first range stated, if the types are numbers; a default below it moves its lower bound."""
    if not _NUMBERS & set(types):
        return None
    checked = found["constraint"]
    stated = (
        checked.range if checked.types else next((one.range for one in found.values() if one.range), None)
    )
    if stated and stated.low is not None and isinstance(default, (int, float)) and default < stated.low:
        return Range(float(default), stated.high)
    return stated
