"""Listening to constructors: what they refuse tells what they take.

For packages that are trusted alone, since it runs their code. Every class of the families to probe is
made from its descriptor; then text that no argument can mean is handed over, and what comes back is read.
"""

import inspect
import re
from collections.abc import Iterable
from typing import Any, Final

from msgspec.structs import replace

from flowcore.dataflow.coverage import doubtful
from flowcore.model.descriptor import Argument, Catalog, NodeDescriptor
from flowcore.worker.discover.samples import Samples
from flowcore.worker.discover.walk import resolve

CONFIDENCE: Final = 0.8
NONSENSE: Final = "no such value"
_CANDIDATES: Final = ("bool", "int", "float", "string", "ints", "list", "dict", "array", "callable")
_WORDS = re.compile(r"""[`'"]([A-Za-z][\w.+-]*)[`'"]""")
_UNKNOWN = re.compile(
    r"does not take|unexpected keyword|unrecognized keyword|not allowed|invalid keyword", re.I
)


def probed(catalog: Catalog, families: Iterable[str]) -> Catalog:
    """The catalogue with what the constructors of these families told."""
    wanted, samples = set(families), Samples(catalog)
    nodes = tuple(
        _probed(node, samples) if is_class_of(node, wanted) and node.available else node
        for node in catalog.nodes
    )
    return replace(catalog, nodes=nodes)


def is_class_of(node: NodeDescriptor, families: Iterable[str]) -> bool:
    """Whether a descriptor is a class of one of these families."""
    return node.kind == "class" and ("layer" if node.is_layer else node.otype) in families


def _probed(node: NodeDescriptor, samples: Samples) -> NodeDescriptor:
    reason = refusal(node, {}, samples)
    if isinstance(reason, ImportError):
        return replace(node, available=False)
    if reason is not None:
        return _helped(node, samples, reason)
    asked = [one for one in node.args if not one.required and one.widget != "registry"]
    explicit = _explicit(resolve(node.package))
    handed = {one.arg: _first(one, samples) for one in asked if one.arg not in explicit}
    doubted = _doubted(node, handed, samples)
    open_ = (one.arg for one in asked if _is_open(one))
    choosy = _doubted(node, dict.fromkeys(open_, NONSENSE), samples)
    taken = (one for one in node.args if one.arg not in doubted or _is_taken(node, one, samples))
    return replace(node, args=tuple(_asked(node, one, samples, choosy) for one in taken))


def _explicit(value: Any) -> set[str]:
    """The arguments that a constructor names itself: whatever it says of their values, it takes them."""
    try:
        return set(inspect.signature(value.__init__).parameters)
    except (TypeError, ValueError):
        return set()


def _helped(node: NodeDescriptor, samples: Samples, reason: Exception) -> NodeDescriptor:
    """A class that its required arguments do not make: one that it asks for by name is required, too."""
    for one in node.args:
        if one.required or not re.search(rf"\b{one.arg}\b", str(reason)):
            continue
        needed = replace(one, required=True, evidence="probe", confidence=max(one.confidence, CONFIDENCE))
        changed = replace(node, args=tuple(needed if arg is one else arg for arg in node.args))
        if refusal(changed, {}, samples) is None:
            return changed
    return node


def _doubted(node: NodeDescriptor, given: dict[str, Any], samples: Samples) -> frozenset[str]:
    """Which of these values may be refused: the others were taken together, at once or by halves."""
    if not given or refusal(node, given, samples) is None:
        return frozenset()
    if len(given) == 1:
        return frozenset(given)
    names = list(given)
    halves = names[: len(names) // 2], names[len(names) // 2 :]
    return frozenset().union(*(_doubted(node, {one: given[one] for one in half}, samples) for half in halves))


def _is_taken(node: NodeDescriptor, argument: Argument, samples: Samples) -> bool:
    """Whether a class takes an argument at all, of whatever value."""
    values = (samples.of(argument) or (0,))[:2]
    refusals = (_said(node, argument, value, samples) for value in values)
    return not all(reason is not None and _UNKNOWN.search(reason) for reason in refusals)


def _asked(node: NodeDescriptor, argument: Argument, samples: Samples, choosy: frozenset[str]) -> Argument:
    """An argument with what trying it out told. choosy: those that do not take any text."""
    if argument.required or argument.widget == "registry":
        return argument
    if _is_open(argument):
        return _listened(node, argument, samples) if argument.arg in choosy else argument
    return _tried(node, argument, samples) if doubtful(argument) else argument


def _is_open(argument: Argument) -> bool:
    """Whether any text may stand for it, as far as one knows."""
    return argument.itype == "string" and not argument.choices


def _first(argument: Argument, samples: Samples) -> Any:
    return next(iter(samples.of(argument)), 0)


def _listened(node: NodeDescriptor, argument: Argument, samples: Samples) -> Argument:
    """The words that a refusal of nonsense lists, those of them that are then accepted."""
    reason = _said(node, argument, NONSENSE, samples)
    if reason is None:
        return argument
    words = [word for word in dict.fromkeys(_WORDS.findall(reason)) if word != argument.arg]
    words += (
        re.findall(r"[\w-]+", reason.rpartition("one of")[2].partition(". ")[0]) if len(words) < 2 else []
    )
    taken = [word for word in words if _said(node, argument, word, samples) is None]
    if len(taken) < 2:
        return argument
    own = [argument.default] if isinstance(argument.default, str) and argument.default not in taken else []
    return replace(argument, choices=(*own, *taken), evidence="probe", confidence=CONFIDENCE)


def _tried(node: NodeDescriptor, argument: Argument, samples: Samples) -> Argument:
    """A type that is accepted by a constructor which refuses what has no meaning."""
    if _said(node, argument, object(), samples) is None:
        return argument
    for itype in dict.fromkeys((argument.itype, *_CANDIDATES) if argument.supported else _CANDIDATES):
        values = samples.of_type(itype, argument)[:2]
        if any(_said(node, argument, value, samples) is None for value in values):
            types = argument.types if itype == argument.itype else (itype,)
            return replace(
                argument,
                itype=types[0],
                itypes=types if len(types) > 1 else (),
                evidence="probe",
                confidence=CONFIDENCE,
            )
    return argument


def refusal(node: NodeDescriptor, given: dict[str, Any], samples: Samples) -> Exception | None:
    """What the constructor raises against values, None if it takes them."""
    try:
        samples.make(node, **given)
    except Exception as reason:  # A constructor is code of the package: it may raise anything.
        return reason
    return None


def _said(node: NodeDescriptor, argument: Argument, value: Any, samples: Samples) -> str | None:
    """The words of a refusal."""
    reason = refusal(node, {argument.arg: value}, samples)
    return None if reason is None else str(reason) or type(reason).__name__
