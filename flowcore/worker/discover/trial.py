"""A catalogue tried out on its package: constructors are called, and run-time checks compared with."""

import random
from collections.abc import Iterable, Iterator
from typing import Any, Final

from msgspec.structs import replace

from flowcore.model.descriptor import NOSUPPORT, Argument, Catalog, NodeDescriptor, Source
from flowcore.model.trial import Share, Trial
from flowcore.worker.discover.catalogue import describe
from flowcore.worker.discover.constraints import constraints, from_constraints
from flowcore.worker.discover.literal import types_of
from flowcore.worker.discover.probe import is_class_of, refusal
from flowcore.worker.discover.samples import Samples
from flowcore.worker.discover.walk import resolve

FEW: Final = 4
SEED: Final = 0
_BASIC: Final = (bool, int, float, str, list, tuple, dict)
_SAME: Final = {"ints": {"int", "tuple", "list"}, "estimator": {"object"}, "shape": {"tuple", "list"}}


def tried(catalog: Catalog, package: str, source: Source) -> Trial:
    """Everything that can be found out about a catalogue without a person."""
    trial = _made(catalog, source)
    arguments = [one for node in catalog.nodes for one in node.args]
    by_default = Share(sum(bool(_by_default(one)) for one in arguments), len(arguments))
    trial = replace(trial, by_default=by_default)
    if not any(one.evidence == "constraint" for one in arguments):
        return trial
    return _compared(describe(package, replace(source, hide=("constraint",))), trial)


def _made(catalog: Catalog, source: Source) -> Trial:
    """Classes of the families to probe, made from their descriptors."""
    samples, draw = Samples(catalog), random.Random(SEED)
    nodes = [node for node in catalog.nodes if is_class_of(node, source.probe)]
    failures: list[str] = []
    built = [node for node in nodes if not _refused(node, {}, samples, failures)]
    optional = [(node, one) for node in built for one in node.args if not one.required and one.supported]
    types = sorted({one.itype for _, one in optional})
    others = [
        (node, _other(one, draw.choice([name for name in types if name != one.itype])))
        for node, one in optional
    ]
    guessed = [(node, _other(one, name)) for node, one in optional if (name := _by_default(one))]
    words = [(node, one, word) for node, one in optional if one.widget != "registry" for word in one.choices]
    return Trial(
        built=Share(len(built), len(nodes)),
        accepted=_accepted(optional, samples, failures),
        control=_accepted(others, samples, []),
        choices=_share(not _refused(node, {one.arg: word}, samples, failures) for node, one, word in words),
        accepted_by_default=_accepted(guessed, samples, []),
        failures=tuple(failures),
    )


def _accepted(
    pairs: Iterable[tuple[NodeDescriptor, Argument]], samples: Samples, failures: list[str]
) -> Share:
    """Arguments of which one of the first FEW values is taken."""
    results = []
    for node, argument in pairs:
        reasons: list[str] = []
        values = samples.of(argument)[:FEW]
        good = any(not _refused(node, {argument.arg: value}, samples, reasons) for value in values)
        results.append(good)
        failures += (
            [] if good else reasons[:1] or [f"{node.package}.{argument.arg}: no value of {argument.itype}"]
        )
    return _share(results)


def _refused(node: NodeDescriptor, args: dict[str, Any], samples: Samples, failures: list[str]) -> bool:
    reason = refusal(node, args, samples)
    if reason is not None:
        words = " ".join(str(reason).split())[:120]
        failures.append(f"{'.'.join([node.package, *args])}: {type(reason).__name__}: {words}")
    return reason is not None


def _other(argument: Argument, itype: str) -> Argument:
    """The same argument, thought to be of another type."""
    return replace(argument, itype=itype, itypes=(), choices=(), range=None, ranges={}, widget="form")


def _by_default(argument: Argument) -> str:
    """The type that the paper's method gives: of a default of a basic type; "" for None and required."""
    if argument.required or not isinstance(argument.default, _BASIC):
        return ""
    tuples = isinstance(argument.default, dict) and "$tuple" in argument.default
    return "tuple" if tuples else next(iter(types_of(argument.default)), "")


def _compared(catalog: Catalog, trial: Trial) -> Trial:
    """Types and lists of words, found without the checks, against the checks."""
    right, unknown, listed, paper, failures = [], [], [], [], []
    for node, argument, checked in _checked(catalog):
        truth = from_constraints(checked)
        if not truth.types:
            continue
        fits = _fits(argument, set(truth.types))
        right.append(fits)
        unknown.append(argument.itype in (NOSUPPORT, "any"))
        paper.append(_by_default(argument) in truth.types)
        if not fits:
            found, expected = " or ".join(argument.types), " or ".join(truth.types)
            failures.append(f"{node.package}.{argument.arg}: {found}, checked as {expected}")
        words = _texts(truth.choices)
        if words:
            listed.append(_texts(argument.choices) == words)
    return replace(
        trial,
        checked=_share(right),
        unknown=_share(unknown),
        listed=_share(listed),
        checked_by_default=_share(paper),
        failures=(*trial.failures, *failures),
    )


def _checked(catalog: Catalog) -> Iterator[tuple[NodeDescriptor, Argument, Any]]:
    for node in catalog.nodes:
        known = constraints(resolve(node.package)) if node.kind != "method" else {}
        yield from ((node, one, known[one.arg]) for one in node.args if one.arg in known)


def _fits(argument: Argument, truth: set[str]) -> bool:
    """Whether the first type is one that is checked for; "int or float" stands for any number."""
    first = argument.itype
    number = first == "int" and "float" in argument.types and "float" in truth
    return first in truth or number or bool(_SAME.get(first, set()) & truth)


def _texts(choices: Iterable[Any]) -> set[str]:
    return {one for one in choices if isinstance(one, str) and one != "deprecated"}


def _share(results: Iterable[bool]) -> Share:
    found = list(results)
    return Share(sum(found), len(found))
