"""How well a catalogue is known: types by what decided them, and what a person should look at."""

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from flowcore.model.descriptor import NOSUPPORT, Argument, Catalog, NodeDescriptor
from flowcore.model.trial import Share, Trial

UNSURE: Final = 0.6
_OPEN: Final = frozenset({NOSUPPORT, "any", ""})


class Doubt(NamedTuple):
    """An argument to review. gain: how many of its name are in doubt in its package, itself included."""

    node: NodeDescriptor
    argument: Argument
    gain: int


class Coverage(NamedTuple):
    """One package in figures. evidence: arguments by what decided their type."""

    package: str
    version: str
    nodes: int
    arguments: int
    typed: int
    review: int
    functions: int
    results: int
    evidence: dict[str, int]

    @property
    def share(self) -> float:
        """Arguments whose type is known."""
        return self.typed / self.arguments if self.arguments else 1.0

    @property
    def doubtful(self) -> float:
        """Arguments in the review queue."""
        return self.review / self.arguments if self.arguments else 0.0

    @property
    def told(self) -> float:
        """Functions whose result has a known type."""
        return self.results / self.functions if self.functions else 1.0


def coverage(catalog: Catalog) -> tuple[Coverage, ...]:
    """A catalogue in figures, package by package."""
    nodes: dict[str, list[NodeDescriptor]] = {}
    for node in catalog.nodes:
        nodes.setdefault(package(node), []).append(node)
    return tuple(_measured(name, catalog.versions.get(name, ""), nodes[name]) for name in sorted(nodes))


def review_queue(catalog: Catalog) -> tuple[Doubt, ...]:
    """Arguments whose type is unknown or unsure, first those whose name is in doubt most often."""
    found = [(node, one) for node in catalog.nodes for one in arguments(node) if doubtful(one)]
    gains = Counter((package(node), one.arg) for node, one in found)
    doubts = (Doubt(node, one, gains[package(node), one.arg]) for node, one in found)
    return tuple(sorted(doubts, key=_urgency))


def arguments(node: NodeDescriptor) -> tuple[Argument, ...]:
    """What a node takes when it is made and when it is called."""
    return (*node.args, *node.inputs)


def package(node: NodeDescriptor) -> str:
    """The top-level package of a node."""
    return node.package.partition(".")[0]


def typed(argument: Argument) -> bool:
    """Whether an argument has a type that says something."""
    return argument.itype not in _OPEN


def doubtful(argument: Argument) -> bool:
    """Whether a person should look at an argument."""
    return not argument.supported or argument.confidence < UNSURE


def _measured(name: str, version: str, nodes: Iterable[NodeDescriptor]) -> Coverage:
    nodes = tuple(nodes)
    known = [one for node in nodes for one in arguments(node)]
    functions = [node for node in nodes if node.kind == "function"]
    return Coverage(
        package=name,
        version=version,
        nodes=len(nodes),
        arguments=len(known),
        typed=sum(map(typed, known)),
        review=sum(map(doubtful, known)),
        functions=len(functions),
        results=sum(node.otype not in _OPEN for node in functions),
        evidence=dict(Counter(_evidence(one) for one in known).most_common()),
    )


def _evidence(argument: Argument) -> str:
    return argument.evidence or ("unstated" if argument.supported else "unknown")


def _urgency(doubt: Doubt) -> tuple[int, str, str, bool, float, str]:
    """The doubts of one name stay together, so that they can be settled together."""
    node, one, gain = doubt
    return -gain, package(node), one.arg, not one.required, one.confidence, node.package


def figures(catalog: Catalog, trial: Trial | None = None) -> tuple[tuple[str, str], ...]:
    """A scan in words, package by package, and how it did on trial: what, and how much."""
    rows = (pair for row in coverage(catalog) for pair in _described(row))
    return (*rows, *(_tried(trial) if trial else ()))


def _described(row: Coverage) -> tuple[tuple[str, str], ...]:
    """The figures of a package in words: what, and how much."""
    evidence = ", ".join(f"{name} {count}" for name, count in row.evidence.items())
    return (
        (f"{row.package} {row.version}: nodes", str(row.nodes)),
        ("arguments typed", str(Share(row.typed, row.arguments))),
        ("arguments to review", str(Share(row.review, row.arguments))),
        ("results of functions typed", str(Share(row.results, row.functions))),
        ("by evidence", evidence),
    )


def _tried(trial: Trial) -> tuple[tuple[str, str], ...]:
    """The figures of a trial in words; what was not tried is left out."""
    figures = (
        ("arguments typed by their default alone (paper)", trial.by_default),
        ("classes made from their descriptor alone", trial.built),
        ("optional arguments accepted by the constructor", trial.accepted),
        ("the same with another type, drawn at random", trial.control),
        ("the same, typed by their default alone (paper)", trial.accepted_by_default),
        ("words to choose from accepted", trial.choices),
        ("types equal to the package's own checks, hidden", trial.checked),
        ("of these, unknown", trial.unknown),
        ("the same, typed by their default alone (paper)", trial.checked_by_default),
        ("lists of words equal to the package's own", trial.listed),
    )
    return tuple((name, str(share)) for name, share in figures if share.total)
